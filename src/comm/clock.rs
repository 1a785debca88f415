//! Where a rank's time goes: a stopwatch with one hand per phase, of which one runs at a time.
//!
//! The clock belongs to the communicator, because that is what every collective piece of work has in
//! hand and no rayon closure can hold. Work names its phase by [`during`]; phases nest, and the time
//! of the inner one is not counted for the outer one, so the hands add up to the time that passed.
//! Work whose communicator has no clock (tests) runs as if nothing had been said.
//!
//! The last movement of the hand is also a number that another thread may read: a rank whose hand
//! has not moved for long is stuck ([`Standing`]).

use super::Comm;
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What a rank may be doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Points and weights are drawn.
    Sampling,
    /// The network is swept: jets, rows, pullbacks.
    Network,
    /// Rows are compressed on their way up the tree of cells.
    Assembly,
    /// Messages: waiting for other ranks, and the transfer.
    Communication,
    /// What was gathered is factored, by rank 0 or by all, and solved with.
    Solve,
    /// Errors against tests, history, checkpoints, fields.
    Output,
    /// All else: the stepper's own arithmetic.
    Step,
}

impl Phase {
    /// All phases, in the order of a step.
    pub const ALL: [Self; 7] = [
        Self::Sampling,
        Self::Network,
        Self::Assembly,
        Self::Communication,
        Self::Solve,
        Self::Step,
        Self::Output,
    ];

    /// The name in tables and in `summary.json`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sampling => "sampling",
            Self::Network => "network",
            Self::Assembly => "assembly",
            Self::Communication => "communication",
            Self::Solve => "solve",
            Self::Step => "step",
            Self::Output => "output",
        }
    }

    fn index(self) -> usize {
        Self::ALL.iter().position(|p| *p == self).unwrap_or(0)
    }
}

/// The clock of one rank.
#[derive(Debug)]
pub struct Clock {
    phase: Cell<Phase>,
    since: Cell<Instant>,
    spent: [Cell<Duration>; Phase::ALL.len()],
    begun: Instant,
    hand: Arc<AtomicU64>,
}

impl Default for Clock {
    fn default() -> Self {
        let now = Instant::now();
        let clock = Self {
            phase: Cell::new(Phase::Step),
            since: Cell::new(now),
            spent: Default::default(),
            begun: now,
            hand: Arc::default(),
        };
        clock.enter(Phase::Step);
        clock
    }
}

impl Clock {
    /// Begins a phase and tells which one it interrupts.
    pub(super) fn enter(&self, phase: Phase) -> Phase {
        let now = Instant::now();
        let before = self.phase.replace(phase);
        let spent = &self.spent[before.index()];
        spent.set(spent.get() + (now - self.since.replace(now)));
        let moved = (now - self.begun).as_millis() as u64;
        let packed = moved << 16 | (before.index() as u64) << 8 | phase.index() as u64;
        self.hand.store(packed, Ordering::Relaxed);
        before
    }

    /// Sets all hands to zero.
    pub fn restart(&self) {
        self.spent.iter().for_each(|s| s.set(Duration::ZERO));
        self.since.set(Instant::now());
    }

    /// Seconds in every phase, in the order of [`Phase::ALL`].
    pub fn seconds(&self) -> [f64; Phase::ALL.len()] {
        self.enter(self.phase.get());
        self.spent.each_ref().map(|s| s.get().as_secs_f64())
    }

    /// What another thread may see of this clock.
    pub(super) fn watched(&self) -> impl Fn() -> Standing + Send + 'static {
        let (hand, begun) = (Arc::clone(&self.hand), self.begun);
        move || Standing::read(hand.load(Ordering::Relaxed), begun)
    }
}

/// How long a rank has been in a phase without a word.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Standing {
    /// The phase.
    pub(super) phase: Phase,
    /// The one that it interrupted.
    pub(super) within: Phase,
    /// For so long.
    pub(super) time: Duration,
    /// Differs between two movements of the hand.
    pub(super) mark: u64,
}

impl Standing {
    fn read(hand: u64, begun: Instant) -> Self {
        let phase = |bits: u64| Phase::ALL[(bits & 0xff) as usize];
        let moved = Duration::from_millis(hand >> 16);
        Self {
            phase: phase(hand),
            within: phase(hand >> 8),
            time: begun.elapsed().saturating_sub(moved),
            mark: hand,
        }
    }
}

/// Does `work` as part of a phase.
pub fn during<T>(comm: &dyn Comm, phase: Phase, work: impl FnOnce() -> T) -> T {
    let Some(clock) = comm.clock() else {
        return work();
    };
    let before = clock.enter(phase);
    let result = work();
    clock.enter(before);
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hands_add_up_to_the_time_that_passed() {
        let clock = Clock::default();
        let outer = clock.enter(Phase::Network);
        let inner = clock.enter(Phase::Communication);
        assert_eq!((outer, inner), (Phase::Step, Phase::Network));
        std::thread::sleep(Duration::from_millis(5));
        let standing = clock.watched()();
        assert_eq!(standing.phase, Phase::Communication);
        assert_eq!(standing.within, Phase::Network);
        clock.enter(inner);
        clock.enter(outer);
        let all = clock.begun.elapsed().as_secs_f64();
        let seconds = clock.seconds();
        let sum: f64 = seconds.iter().sum();
        assert!(seconds[Phase::Communication.index()] >= 5e-3);
        assert!(sum >= all && sum <= clock.begun.elapsed().as_secs_f64());
        clock.restart();
        assert!(clock.seconds()[Phase::Communication.index()] == 0.0);
    }
}
