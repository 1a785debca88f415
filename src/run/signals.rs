//! What the outside tells a process by signals. Handlers only set flags; the run looks at them
//! between two steps.
//!
//! USR1, USR2, TERM, INT and HUP ask for a checkpoint and an end. USR1 is the one that every launcher passes
//! on as it is; USR2 comes from LSF before the time is up, HUP from a terminal that is closed. Once a TERM or
//! INT is a second old, the next one ends the process at once: sooner it is the same one, since a terminal
//! sends it to all processes and a launcher passes it on once more.

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2};
use signal_hook::{flag, low_level::pipe};
use std::fs::read_to_string;
use std::io::{self, Read};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// The signals that ask a run to stop.
#[derive(Clone, Debug, Default)]
pub struct Signals {
    caught: Arc<AtomicUsize>,
}

const SAME: Duration = Duration::from_secs(1);

impl Signals {
    /// Catches signals from here on. Once per process.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn catch() -> io::Result<Self> {
        let signals = Self::default();
        let armed = Arc::new(AtomicBool::new(false));
        let (bell, ringing) = UnixStream::pair()?;
        for signal in [SIGTERM, SIGINT] {
            // 128 + signal: what a shell says of a process that a signal has ended.
            flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&armed))?;
            pipe::register(signal, bell.try_clone()?)?;
        }
        let asks = [SIGUSR1, SIGUSR2, SIGTERM, SIGINT].into_iter();
        for signal in asks.chain((!hangup_ignored()).then_some(SIGHUP)) {
            flag::register_usize(signal, Arc::clone(&signals.caught), signal as usize)?;
        }
        thread::spawn(move || arm_after(ringing, &armed));
        Ok(signals)
    }

    /// The last signal that asked for an end.
    pub(super) fn caught(&self) -> Option<i32> {
        let signal = self.caught.load(Ordering::Relaxed) as i32;
        (signal != 0).then_some(signal)
    }
}

/// Whether the process was started to outlive its terminal, by nohup, as far as a library that catches HUP as
/// it is loaded has left that to be seen; also where the system does not tell.
fn hangup_ignored() -> bool {
    let ignored = read_to_string("/proc/self/status").ok().and_then(|status| {
        let mask = status
            .lines()
            .find_map(|line| line.strip_prefix("SigIgn:"))?;
        u64::from_str_radix(mask.trim(), 16).ok()
    });
    ignored.is_none_or(|mask| mask >> (SIGHUP - 1) & 1 == 1)
}

/// Waits for the bell, and arms the second ring.
fn arm_after(mut ringing: UnixStream, armed: &AtomicBool) {
    if ringing.read_exact(&mut [0]).is_ok() {
        thread::sleep(SAME);
        armed.store(true, Ordering::SeqCst);
    }
}
