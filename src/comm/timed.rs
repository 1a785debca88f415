//! Ranks with a clock: every verb counts as communication while it lasts, and a watchdog may tell
//! which rank has been stuck where, and ends a job that does not recover.
//!
//! A rank that hangs, in a file system that is gone or on a host that is cut off, sends no error to
//! those who wait for it: MPI waits for ever, and the job burns its time. Only a clock can tell.

use super::Comm;
use super::clock::{Clock, Phase, Standing};
use super::failure;
use std::thread;
use std::time::Duration;

/// A [`Comm`] that keeps a [`Clock`].
pub struct Timed {
    inner: Box<dyn Comm>,
    clock: Clock,
}

impl Timed {
    /// Puts a clock on `inner`. With a `patience`, a thread warns when this rank has done
    /// the same for longer than that: of ranks that wait for one another, the one that does not say
    /// that it waits is the one they wait for. After ten times as long it ends all ranks.
    pub fn new(inner: Box<dyn Comm>, patience: Option<Duration>) -> Self {
        let clock = Clock::default();
        if let Some(patience) = patience {
            let (rank, host) = (inner.rank(), inner.hostname());
            let look = clock.watched();
            // Of rank 0 too, unlike other warnings: who hangs is all that matters.
            let tell = move |message: &str| tracing::warn!(rank, host, "{message}");
            thread::spawn(move || watch(patience, &look, &tell));
        }
        Self { inner, clock }
    }

    fn talk<T>(&self, verb: impl FnOnce(&dyn Comm) -> T) -> T {
        let before = self.clock.enter(Phase::Communication);
        let result = verb(self.inner.as_ref());
        self.clock.enter(before);
        result
    }
}

/// So many times its patience makes the watchdog give up. Between the two a person may look.
const ENOUGH: u32 = 10;

/// Looks at a rank's clock for ever, tells once for every time that its hand stands still, and
/// panics, which ends all ranks, when it does not move again.
fn watch(patience: Duration, look: &dyn Fn() -> Standing, tell: &dyn Fn(&str)) {
    let mut told = None;
    loop {
        thread::sleep((patience / 4).min(Duration::from_secs(10)));
        let now = look();
        if now.time >= patience && told != Some(now.mark) {
            told = Some(now.mark);
            tell(&describe(&now));
        }
        let enough = patience.saturating_mul(ENOUGH + u32::from(now.phase == Phase::Communication));
        // Those who wait leave the last word to the one that they wait for.
        assert!(now.time < enough, "{}; this ends the job", describe(&now));
    }
}

fn describe(now: &Standing) -> String {
    let step = match failure::context() {
        Some(context) => format!(", {context}"),
        None => String::new(),
    };
    let (seconds, within) = (now.time.as_secs(), now.within.name());
    match now.phase {
        Phase::Communication => {
            format!("watchdog: has waited {seconds} s for other ranks, in {within}{step}")
        }
        phase => format!(
            "watchdog: has been busy for {seconds} s in {}{step}; others may wait for it",
            phase.name()
        ),
    }
}

impl Comm for Timed {
    fn rank(&self) -> usize {
        self.inner.rank()
    }

    fn size(&self) -> usize {
        self.inner.size()
    }

    fn send(&self, to: usize, data: &[f64]) {
        self.talk(|comm| comm.send(to, data));
    }

    fn recv(&self, from: usize) -> Vec<f64> {
        self.talk(|comm| comm.recv(from))
    }

    /// What is done meanwhile counts for the phase that it belongs to.
    fn overlap(&self, outgoing: &[(usize, Vec<f64>)], work: &mut dyn FnMut()) {
        let outer = self.clock.enter(Phase::Communication);
        self.inner.overlap(outgoing, &mut || {
            self.clock.enter(outer);
            work();
            self.clock.enter(Phase::Communication);
        });
        self.clock.enter(outer);
    }

    fn broadcast(&self, data: &mut [f64]) {
        self.talk(|comm| comm.broadcast(data));
    }

    fn broadcast_bytes(&self, data: &mut Vec<u8>) {
        self.talk(|comm| comm.broadcast_bytes(data));
    }

    fn max(&self, values: &mut [f64]) {
        self.talk(|comm| comm.max(values));
    }

    fn barrier(&self) {
        self.talk(|comm| comm.barrier());
    }

    fn hostname(&self) -> String {
        self.inner.hostname()
    }

    fn name(&self) -> String {
        self.inner.name()
    }

    fn threading(&self) -> &'static str {
        self.inner.threading()
    }

    fn clock(&self) -> Option<&Clock> {
        Some(&self.clock)
    }

    fn finish(self: Box<Self>, code: u8) {
        self.inner.finish(code);
    }
}
