//! When a run must stop though it has not converged: limits of steps and time, signals, notes.
//!
//! Between two steps all ranks agree on [`Orders`] by one maximum: rank 0 alone looks at clocks and
//! files, a signal may have reached any rank. A limit of wall time leaves room for what is still to
//! be done: the run stops when
//!
//! ```text
//! now + 1.5 · (slowest step so far) + (last checkpoint's time) > limit
//! ```
//!
//! as `gmx mdrun -maxh` does (Abraham et al. 2015, doi:10.1016/j.softx.2015.06.001).

use super::cause::Cause;
use super::notes::{Notes, Wishes};
use super::signals::Signals;
use crate::comm::Comm;
use crate::deck::{Interval, Stop};
use std::time::{Duration, Instant};

/// What a process is told about its end; the runs of one process share it.
#[derive(Clone, Debug)]
pub struct Limits {
    /// When the process began.
    pub started: Instant,
    /// The signals it has caught.
    pub signals: Signals,
    /// `--max-time`.
    pub max_time: Option<Duration>,
    /// When the batch system ends the job, from the start of the process.
    pub job_end: Option<Duration>,
}

impl Default for Limits {
    /// None at all.
    fn default() -> Self {
        Self {
            started: Instant::now(),
            signals: Signals::default(),
            max_time: None,
            job_end: None,
        }
    }
}

/// What all ranks do before the next step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Orders {
    /// End the run.
    pub stop: Option<Cause>,
    /// Save and go on.
    pub save: bool,
}

/// How far a run has come.
pub struct Progress<'a> {
    /// Limits of the deck.
    pub stop: &'a Stop,
    /// How often the deck wants a checkpoint.
    pub every: Interval,
    /// Steps done.
    pub step: u64,
    /// Wall time over all restarts.
    pub seconds: f64,
}

/// Watches the limits of one run.
#[derive(Debug)]
pub struct Watch<'a> {
    limits: Option<&'a Limits>,
    /// Rank 0's notes.
    notes: Option<Notes>,
    followed: Wishes,
    /// When the step under way began.
    begun: Option<Instant>,
    slowest: Duration,
    saving: Duration,
    saved: Instant,
    saved_step: u64,
}

impl<'a> Watch<'a> {
    /// A watch on `notes` for a run that stands at `step`.
    pub fn new(notes: Option<Notes>, step: u64) -> Self {
        Self {
            limits: None,
            notes,
            followed: Wishes::default(),
            begun: None,
            slowest: Duration::ZERO,
            saving: Duration::ZERO,
            saved: Instant::now(),
            saved_step: step,
        }
    }

    /// The same under the limits of the process.
    pub fn under(&mut self, limits: &'a Limits) {
        self.limits = Some(limits);
    }

    /// Agrees with the other ranks on what is to be done. Collective.
    pub fn orders(&mut self, comm: &dyn Comm, run: &Progress) -> Orders {
        if let Some(begun) = self.begun.take() {
            self.slowest = self.slowest.max(begun.elapsed());
        }
        let signal = self.limits.and_then(|limits| limits.signals.caught());
        let mut stop = signal.map(Cause::Signal);
        let mut save = false;
        if comm.rank() == 0 {
            let wishes = self.notes.as_mut().map(Notes::look).unwrap_or_default();
            self.followed.stop |= wishes.stop;
            self.followed.checkpoint |= wishes.checkpoint;
            stop = self
                .clock(run)
                .or(wishes.stop.then_some(Cause::Note))
                .or(stop);
            save = wishes.checkpoint || self.save_is_due(run);
        }
        let mut flags = [stop.map_or(0.0, Cause::code), f64::from(save)];
        comm.max(&mut flags);
        Orders {
            stop: Cause::of(flags[0]),
            save: flags[1] > 0.0,
        }
    }

    /// The limit of steps or time that is reached.
    fn clock(&self, run: &Progress) -> Option<Cause> {
        if run.step >= run.stop.steps {
            return Some(Cause::Steps);
        }
        if run.stop.seconds.is_some_and(|limit| run.seconds >= limit) {
            return Some(Cause::Seconds);
        }
        let limits = self.limits?;
        let needed = limits.started.elapsed() + self.slowest.mul_f64(1.5) + self.saving;
        let over = |limit: Option<Duration>| limit.is_some_and(|limit| needed > limit);
        if over(limits.max_time) {
            return Some(Cause::MaxTime);
        }
        over(limits.job_end).then_some(Cause::JobEnd)
    }

    fn save_is_due(&self, run: &Progress) -> bool {
        match run.every {
            Interval::Steps(steps) => {
                run.step != self.saved_step && run.step.is_multiple_of(steps.max(1))
            }
            Interval::Seconds(seconds) => self.saved.elapsed().as_secs_f64() >= seconds,
        }
    }

    /// A step begins.
    pub fn begin(&mut self) {
        self.begun = Some(Instant::now());
    }

    /// A checkpoint of `step` was written, which began at `began`: the notes have been followed as
    /// far as they ask for it.
    pub fn saved(&mut self, step: u64, began: Instant) {
        self.saved = Instant::now();
        self.saving = began.elapsed();
        self.saved_step = step;
        if let Some(notes) = &self.notes {
            notes.take(self.followed);
        }
        self.followed = Wishes::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comm::Solo;

    fn at<'a>(stop: &'a Stop, step: u64) -> Progress<'a> {
        Progress {
            stop,
            every: Interval::Steps(3),
            step,
            seconds: 2.0,
        }
    }

    #[test]
    fn checkpoints_are_due_once_every_so_many_steps() {
        let stop = Stop::default();
        let mut watch = Watch::new(None, 0);
        let mut due = |step| {
            let save = watch.orders(&Solo, &at(&stop, step)).save;
            if save {
                watch.saved(step, Instant::now());
            }
            save
        };
        assert_eq!(
            [0, 1, 2, 3, 3, 4, 6].map(&mut due),
            [false, false, false, true, false, false, true]
        );
    }

    #[test]
    fn a_limit_leaves_room_for_a_step_and_a_checkpoint() {
        let stop = Stop::default();
        let limits = Limits {
            max_time: Some(Duration::from_secs(100)),
            ..Limits::default()
        };
        let mut watch = Watch::new(None, 0);
        watch.under(&limits);
        let mut stops = |slowest, saving| {
            watch.slowest = Duration::from_secs(slowest);
            watch.saving = Duration::from_secs(saving);
            watch.orders(&Solo, &at(&stop, 1)).stop
        };
        assert_eq!(stops(0, 0), None);
        assert_eq!(stops(50, 10), None);
        assert_eq!(stops(50, 26), Some(Cause::MaxTime));
        assert_eq!(stops(67, 0), Some(Cause::MaxTime));
    }

    #[test]
    fn the_decks_limits_come_before_all_others() {
        let stop = Stop {
            steps: 5,
            seconds: Some(1.0),
            ..Stop::default()
        };
        let mut watch = Watch::new(None, 0);
        assert_eq!(watch.orders(&Solo, &at(&stop, 5)).stop, Some(Cause::Steps));
        assert_eq!(
            watch.orders(&Solo, &at(&stop, 4)).stop,
            Some(Cause::Seconds)
        );
    }

    #[test]
    fn notes_are_followed_once() {
        let folder = tempfile::tempdir().unwrap();
        let [note, again] = ["CHECKPOINT", "STOP"].map(|name| folder.path().join(name));
        std::fs::write(&note, "").unwrap();
        let stop = Stop::default();
        let mut watch = Watch::new(Some(Notes::new(folder.path())), 1);
        let orders = watch.orders(&Solo, &at(&stop, 1));
        assert_eq!((orders.stop, orders.save), (None, true));
        watch.saved(1, Instant::now());
        assert!(!note.exists());
        std::fs::write(&again, "").unwrap();
        let mut watch = Watch::new(Some(Notes::new(folder.path())), 1);
        assert_eq!(watch.orders(&Solo, &at(&stop, 1)).stop, Some(Cause::Note));
        assert!(again.exists(), "it is taken away only once all is saved");
        watch.saved(1, Instant::now());
        assert!(!again.exists());
    }
}
