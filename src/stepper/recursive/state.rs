//! What the recursion remembers between steps, and how early the next stage takes over.

use super::Follower;
use super::forgetting::Forgetting;
use super::lowest::Lowest;
use crate::solver::Recursion;
use crate::stepper::counted;
use crate::stepper::settling::Settling;
use serde::{Deserialize, Serialize};

/// The least 1 − β: a hundred subsets are remembered where another stage finishes, five hundred elsewhere.
const LEAST: f64 = 0.01;
const LEAST_ALONE: f64 = 0.002;
/// Share of an energy without residual that it still may fall by when the next stage takes over; and when
/// the equation of its stationary points does so for the first time, which sees better from afar.
const NEAR: f64 = 1e-8;
const FIRST_NEAR: f64 = 1e-4;

/// What is remembered between steps.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    pub(super) forgetting: Forgetting,
    /// Whether θ is disturbed before the next step.
    pub(super) kick: bool,
    /// |θ| at the start, the scale of kicks.
    pub(super) size: f64,
    pub(super) recursion: Recursion,
    pub(super) settling: Settling,
    /// Steps in a row that the guard refused at any length.
    pub(super) refused: u32,
    /// Where the energy was least since all was forgotten.
    pub(super) lowest: Lowest,
    /// Share of an energy without residual that it still may fall by when the next stage takes over.
    pub(super) near: f64,
}

impl State {
    /// Nothing yet.
    pub(super) fn new(followed: Option<Follower>) -> Self {
        let (least, near) = match followed {
            None => (LEAST_ALONE, NEAR),
            Some(Follower::Finish | Follower::Late) => (LEAST, NEAR),
            Some(Follower::Stationarity) => (LEAST, FIRST_NEAR),
        };
        Self {
            forgetting: Forgetting::new(least),
            kick: false,
            size: 0.0,
            recursion: Recursion::default(),
            settling: match followed {
                // An attempt too early costs little, and the stage that finishes starts best early.
                Some(Follower::Finish) => Settling::impatient(),
                _ => Settling::default(),
            },
            refused: 0,
            lowest: Lowest::default(),
            near,
        }
    }

    /// Forgets all that was seen, not what was learnt of the stage that follows.
    pub(super) fn forget(&mut self, followed: Option<Follower>) {
        let mut settling = self.settling.clone();
        settling.forget();
        *self = Self {
            size: self.size,
            near: self.near,
            settling,
            ..Self::new(followed)
        };
    }

    /// The next stage took over and was stuck: it is called later from here on, with a longer memory.
    pub(super) fn was_early(&mut self) {
        self.near = NEAR;
        self.settling.wait();
        self.forgetting.slow_down();
    }

    /// Without R, which is rank 0's.
    pub(in crate::stepper) fn elsewhere(self) -> Self {
        Self {
            recursion: Recursion::default(),
            ..self
        }
    }

    /// Whether this can be of a run with `p` parameters.
    pub(in crate::stepper) fn fits(&self, p: usize) -> bool {
        self.recursion.fits(p)
            && self.forgetting.fits()
            && self.settling.fits()
            && counted(self.refused)
            && self.lowest.fits(p)
    }
}
