//! What the natural-level rule is told of a run, and what it remembers between steps.

use super::level::{Accepted, SHORTEST};
use super::progress::Progress;
use crate::stepper::counted;
use crate::vector::norm;
use serde::{Deserialize, Serialize};

/// The step length that is tried where nothing foretells it.
pub(super) const FIRST: f64 = 1e-2;

/// What the rule is told of the run.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Least relative cutoff.
    pub cutoff: f64,
    /// Whether an exact solution has energy zero, so that standing still above is being stuck.
    pub exact: bool,
    /// Whether energies of different steps can be compared because the points stay.
    pub fixed: bool,
    /// What went before, if this is not the first stage.
    pub before: Option<Before>,
}

/// What went before a stage.
#[derive(Clone, Copy, Debug)]
pub struct Before {
    /// The energy at the start of the run.
    pub initial: f64,
    /// Attempts to finish so far.
    pub attempts: u32,
}

/// What the rule remembers between steps.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    /// Relative cutoff τ.
    pub(super) cutoff: f64,
    /// Step length λ in (0, 1].
    pub(super) length: f64,
    /// Running mean of λ at this cutoff.
    pub(super) pace: f64,
    /// |d| and the simplified correction of the last accepted step.
    pub(super) last: Option<Last>,
    pub(super) progress: Progress,
    /// Energy at the start.
    pub(super) initial: Option<f64>,
    /// |θ₀|, the scale of kicks.
    pub(super) size: f64,
    pub(super) failures: u32,
    /// Levels of τ passed since the best energy was last halved.
    pub(super) barren: u32,
    /// Kicks since the best energy was last halved.
    pub(super) kicks: u32,
}

impl State {
    /// Whether this can be of a run with `p` parameters.
    pub(in crate::stepper) fn fits(&self, p: usize) -> bool {
        let last = self.last.as_ref();
        last.is_none_or(|last| last.simplified.len() == p)
            && self.progress.fits(p)
            && counted(self.failures)
            && counted(self.barren)
            && counted(self.kicks)
    }

    /// The a-priori step length from the last step's simplified correction.
    pub(super) fn predict(&mut self, d: &[f64]) {
        let Some(last) = &self.last else {
            return;
        };
        let gap: Vec<f64> = last.simplified.iter().zip(d).map(|(a, b)| a - b).collect();
        let predicted = last.direction * norm(&last.simplified) / (norm(&gap) * norm(d) + 1e-300);
        self.length = (self.length * predicted).clamp(SHORTEST, 1.0);
    }

    /// Remembers an accepted step along a direction of length `direction`; its parameters.
    pub(super) fn take(&mut self, accepted: Accepted, direction: f64) -> Vec<f64> {
        self.walked(accepted.length);
        self.failures = 0;
        if accepted.length < 1.0 {
            self.length = accepted.length;
            self.last = Some(Last {
                direction,
                simplified: accepted.simplified,
            });
        } else {
            self.forget_path();
        }
        accepted.theta
    }

    /// The last step no longer tells how far the next may go: its correction has been iterated away, or the
    /// directions are others.
    pub(super) fn forget_path(&mut self) {
        self.length = FIRST;
        self.last = None;
    }

    /// Takes a step length into their mean.
    pub(super) fn walked(&mut self, length: f64) {
        self.pace = 0.8 * self.pace + 0.2 * length;
    }
}

/// The last accepted step.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Last {
    /// |d|.
    pub(super) direction: f64,
    /// The simplified correction after it.
    pub(super) simplified: Vec<f64>,
}
