//! How long the process may run: `--max-time`, and when the batch system ends the job.

use super::RunArgs;
use crate::comm::Comm;
use crate::deck;
use crate::error::{Error, Result};
use crate::run::{Limits, Signals};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Slurm's end of the job, in seconds since 1970.
const JOB_END: &str = "SLURM_JOB_END_TIME";

/// The limits of a rank that began at `started`; signals are caught from here on. Rank 0's clock decides.
///
/// # Errors
/// If signals cannot be caught.
pub(super) fn limits(arguments: &RunArgs, comm: &dyn Comm, started: Instant) -> Result<Limits> {
    let refused = |e| Error::Failed(format!("signals cannot be caught: {e}"));
    let left = match comm.rank() {
        0 => job_left(),
        _ => None,
    };
    Ok(Limits {
        started,
        signals: Signals::catch().map_err(refused)?,
        max_time: arguments.max_time,
        job_end: left.map(|left| started.elapsed() + left),
    })
}

/// Time that the batch system leaves; warns where what it says means nothing.
fn job_left() -> Option<Duration> {
    let text = std::env::var(JOB_END).ok()?;
    let left = left_until(&text);
    match &left {
        None => tracing::warn!("{JOB_END}=\"{text}\" is no time in seconds; it is not heeded"),
        Some(Duration::ZERO) => {
            tracing::warn!("{JOB_END}={text} is over already; it is not heeded");
        }
        Some(_) => {}
    }
    left.filter(|left| !left.is_zero())
}

/// Time from now to `text` in seconds since 1970; zero if it is over.
fn left_until(text: &str) -> Option<Duration> {
    let end = Duration::from_secs(text.trim().parse().ok()?);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    Some(end.saturating_sub(now))
}

/// `23.5h`, `90m`, `3600s`, `HH:MM:SS`, `D-HH:MM:SS`. A bare number has no unit: to some it is
/// minutes, to others seconds.
pub(super) fn wall_time(text: &str) -> std::result::Result<Duration, String> {
    let seconds = match text.contains(':') {
        true => by_clock(text),
        false => deck::seconds(text),
    };
    let seconds = seconds
        .filter(|s| *s > 0.0)
        .map(Duration::try_from_secs_f64);
    match seconds {
        Some(Ok(time)) => Ok(time),
        _ => Err("expected a time such as 23.5h, 90m, 3600s or 23:30:00".into()),
    }
}

fn by_clock(text: &str) -> Option<f64> {
    let (days, clock) = text.split_once('-').unwrap_or(("0", text));
    let parts: Option<Vec<u32>> = clock.split(':').map(|part| part.parse().ok()).collect();
    let &[hours, minutes, seconds] = parts?.as_slice() else {
        return None;
    };
    let days = f64::from(days.parse::<u32>().ok()?);
    let below_60 = minutes < 60 && seconds < 60;
    let [hours, minutes, seconds] = [hours, minutes, seconds].map(f64::from);
    below_60.then_some(((days * 24.0 + hours) * 60.0 + minutes) * 60.0 + seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_all_forms() {
        for (text, seconds) in [
            ("23.5h", 84600.0),
            ("90m", 5400.0),
            ("90min", 5400.0),
            ("3600s", 3600.0),
            ("0.25s", 0.25),
            ("01:30:05", 5405.0),
            ("1-12:00:00", 129600.0),
        ] {
            assert_eq!(
                wall_time(text).map(|t| t.as_secs_f64()),
                Ok(seconds),
                "{text}"
            );
        }
        for text in [
            "",
            "90",
            "h",
            "-1h",
            "0s",
            "nanh",
            "infs",
            "1e300h",
            "10:30",
            "1:60:00",
            "1:2:3:4",
            "x-1:00:00",
        ] {
            assert!(wall_time(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_end_of_a_job_may_be_over() {
        assert_eq!(left_until("1000"), Some(Duration::ZERO));
        assert!(left_until("99999999999").is_some_and(|left| !left.is_zero()));
        assert_eq!(left_until("tomorrow"), None);
    }
}
