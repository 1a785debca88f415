//! Whether the energy of fresh samples still falls.
//!
//! Samples that are drawn independently of θ estimate the energy of the whole domain without bias, but
//! each alone by few points; so log E is averaged over windows of steps, and one window is compared
//! with the one before.
//!
//! A short window sees the end of a fast fall early, and is deceived by chance more often. Where another
//! stage finishes, the first fall need not come to its end at all: once E is 1e-8 of its first value, that stage
//! goes further in less time. Far from a solution it does not: attempts there took most of the time in vain.
//!
//! Relative errors after 20 s with 64 units, one seed, on one thread, when short windows ended any first fall
//! and an attempt went through all cutoffs; and with longer memories first, and three cutoffs at most, where E is
//! above 1e-4 and 1e-6 of its first value:
//!
//! | | before | now |
//! |---|---|---|
//! | Maxwell's equations in a cavity, 2D and time | 1.2e-2 | 2.5e-5 |
//! | shallow water, 2D and time | 0.11 | 2.4e-3 |
//! | a free wave packet of Schrödinger's equation | 3.2e-2 | 1.4e-3 |
//! | heat in 3D and time | 6.4e-2 | 1.2e-2 |
//! | nonlinear Klein–Gordon | 7.9e-5 | 6.2e-6 |
//! | channel flow of Navier and Stokes | 1.7e-8 | 8.2e-10 |
//! | waves in 2D and time | 3.1e-4 | 4.1e-4 |

use serde::{Deserialize, Serialize};

/// Averages of log E over this window and the one before.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Settling {
    /// Whether another stage waits for its first attempt.
    impatient: bool,
    steps: u32,
    sum: f64,
    before: Option<f64>,
    /// The energy that falls are measured by.
    first: Option<f64>,
}

/// What the fall of an energy has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fall {
    /// It falls no more.
    Over,
    /// It is so small that another stage goes further from here.
    Deep,
}

/// Steps of a window, and of a short one.
const WINDOW: u32 = 50;
const SHORT: u32 = 20;
/// The energy has settled when log E falls by less than this from window to window.
const FALL: f64 = 0.5;
/// Shares of the first energy: above this a solution is far, below it short windows serve for a first attempt of
/// another stage; and from this on that stage goes further in less time at once.
const NEAR: f64 = 1e-4;
const EARLY: f64 = 1e-8;
/// What rounding leaves of it: means of its logarithm never settle.
const ROUNDING: f64 = 1e-24;

impl Settling {
    /// For a stage that another one follows, which begins best early.
    pub(super) fn impatient() -> Self {
        Self {
            impatient: true,
            ..Self::default()
        }
    }

    /// Every fall is waited for from here on, in long windows.
    pub(super) fn wait(&mut self) {
        self.impatient = false;
    }

    /// Forgets all energies but the first.
    pub(super) fn forget(&mut self) {
        *self = Self {
            impatient: self.impatient,
            first: self.first,
            ..Self::default()
        };
    }

    /// Whether this can be of a run.
    pub(super) fn fits(&self) -> bool {
        self.steps < WINDOW
    }

    /// Whether the energy stands, or may stand, far above zero.
    pub(super) fn is_far(&self) -> bool {
        let near = libm::log(NEAR * self.first.unwrap_or(0.0));
        !self.before.is_some_and(|before| before < near)
    }

    /// Steps of the present window.
    fn window(&self) -> u32 {
        match self.impatient && !self.is_far() {
            true => SHORT,
            false => WINDOW,
        }
    }

    /// Takes in the energy of a step; what its fall has come to, if anything. Falls are measured by `scale`, or
    /// the first energy.
    pub(super) fn look(&mut self, energy: f64, scale: Option<f64>) -> Option<Fall> {
        let first = *self.first.get_or_insert(scale.unwrap_or(energy));
        let deep = if self.impatient { EARLY } else { ROUNDING };
        if energy < deep * first {
            return Some(Fall::Deep);
        }
        // The crate's logarithm has the same bits on every machine, so that all ranks decide alike.
        self.sum += libm::log(energy.max(f64::MIN_POSITIVE));
        self.steps += 1;
        if self.steps < self.window() {
            return None;
        }
        let mean = self.sum / f64::from(self.steps);
        let before = self.before.replace(mean);
        (self.steps, self.sum) = (0, 0.0);
        (before? < mean + FALL).then_some(Fall::Over)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_falling_energy_has_not_settled_and_a_standing_one_has() {
        let falls = |k: u32| (-0.03 * f64::from(k)).exp();
        let settles_after = |mut settling: Settling| {
            assert!((0..500).all(|k| settling.look(falls(k), None).is_none()));
            (1..).find(|_| settling.look(falls(500), None).is_some())
        };
        let long = settles_after(Settling::default());
        let short = settles_after(Settling::impatient());
        assert!(
            short < long && long <= Some(2 * WINDOW),
            "{short:?} {long:?}"
        );
    }

    #[test]
    fn a_deep_fall_is_enough_for_another_stage_once() {
        let falls = |k: u32| 7.0 * (-0.1 * f64::from(k)).exp();
        let deep =
            |settling: &mut Settling| (0..1000).find(|&k| settling.look(falls(k), None).is_some());
        let mut settling = Settling::impatient();
        // e^(−18.42) is 1e-8.
        assert_eq!(deep(&mut settling), Some(185));
        settling.wait();
        settling.forget();
        // e^(−55.26) is 1e-24: later ones wait for rounding.
        assert_eq!(deep(&mut settling), Some(553));
        assert_eq!(deep(&mut Settling::default()), Some(553));
    }

    #[test]
    fn windows_are_short_near_the_end_of_a_first_fall_alone() {
        // From 1 to `low` at once, and then no further.
        let stands = |settling: &mut Settling, low: f64| {
            settling.forget();
            assert!(settling.look(1.0, None).is_none());
            (2..).find(|_| settling.look(low, None).is_some())
        };
        let mut settling = Settling::impatient();
        assert_eq!(stands(&mut settling, 1e-2), Some(2 * WINDOW));
        assert_eq!(stands(&mut settling, 1e-6), Some(WINDOW + SHORT));
        settling.wait();
        assert_eq!(stands(&mut settling, 1e-6), Some(2 * WINDOW));
        assert!(settling.fits());
    }
}
