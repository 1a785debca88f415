//! Why a run stops that has not converged: in words, and as a number that travels in a maximum.

use crate::deck::Stop;
use signal_hook::low_level::signal_name;

/// Why a run is stopped.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cause {
    /// A signal.
    Signal(i32),
    /// A file STOP in the folder.
    Note,
    /// The end of the batch job is near.
    JobEnd,
    /// `--max-time` is near.
    MaxTime,
    /// `stop.seconds`.
    Seconds,
    /// `stop.steps`.
    Steps,
}

impl Cause {
    /// A number greater than 0 that travels in a maximum; of several causes the last one above wins.
    pub(super) fn code(self) -> f64 {
        match self {
            Self::Signal(signal) => f64::from(signal),
            Self::Note => 1001.0,
            Self::JobEnd => 1002.0,
            Self::MaxTime => 1003.0,
            Self::Seconds => 1004.0,
            Self::Steps => 1005.0,
        }
    }

    pub(super) fn of(code: f64) -> Option<Self> {
        Some(match code as i32 {
            0 => return None,
            1001 => Self::Note,
            1002 => Self::JobEnd,
            1003 => Self::MaxTime,
            1004 => Self::Seconds,
            1005 => Self::Steps,
            signal => Self::Signal(signal),
        })
    }

    /// For the summary.
    pub fn reason(self, stop: &Stop) -> String {
        let again = "; the same command goes on";
        match self {
            Self::Signal(signal) => {
                let name = signal_name(signal).unwrap_or("a signal");
                format!("{name} was received{again}")
            }
            Self::Note => format!("a file STOP was found{again}"),
            Self::JobEnd => format!("the batch job's time (SLURM_JOB_END_TIME) is up{again}"),
            Self::MaxTime => format!("the time of --max-time is up{again}"),
            Self::Seconds => {
                let seconds = stop.seconds.unwrap_or_default();
                format!("`stop.seconds` = {seconds} s used")
            }
            Self::Steps => format!("`stop.steps` = {} steps done", stop.steps),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_come_back_from_their_codes() {
        let (int, term, usr1) = (2, 15, 10);
        for cause in [
            Cause::Signal(int),
            Cause::Signal(term),
            Cause::Signal(usr1),
            Cause::Note,
            Cause::JobEnd,
            Cause::MaxTime,
            Cause::Seconds,
            Cause::Steps,
        ] {
            assert_eq!(Cause::of(cause.code()), Some(cause));
        }
        assert_eq!(Cause::of(0.0), None);
    }
}
