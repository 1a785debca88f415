//! What a rule that may let the energy rise remembers of it: the best parameters, and for how long
//! there has been no progress.

use crate::stepper::guard::ROUNDING;
use crate::stepper::{Best, counted};
use serde::{Deserialize, Serialize};

/// See the module's page.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Progress {
    /// The parameters of least energy.
    pub(super) best: Option<Best>,
    /// Steps without progress.
    pub(super) since: u32,
    /// Energy that counts as progress when halved.
    level: f64,
    /// gᵀ G⁺ g at the best parameters.
    decrement: f64,
}

/// What is seen of a step.
pub(super) struct Seen<'a> {
    /// The parameters.
    pub(super) theta: &'a [f64],
    /// Their energy.
    pub(super) energy: f64,
    /// gᵀ G⁺ g, twice what the energy is above its minimum, to second order.
    pub(super) decrement: f64,
    /// Whether the energy can reach zero.
    pub(super) exact: bool,
}

impl Seen<'_> {
    /// Whether the energy is below this share of `level`; where it cannot reach zero, below `level` by
    /// more than rounding.
    fn below(&self, level: f64, share: f64) -> bool {
        match self.exact {
            true => self.energy < share * level,
            false => self.energy < level - ROUNDING * self.energy.abs(),
        }
    }
}

impl Progress {
    /// Whether this can be of a run with `p` parameters.
    pub(super) fn fits(&self, p: usize) -> bool {
        let best = self.best.as_ref();
        best.is_none_or(|best| best.theta.len() == p) && counted(self.since)
    }

    /// Nothing has been seen.
    pub(super) fn new() -> Self {
        Self {
            best: None,
            since: 0,
            level: f64::INFINITY,
            decrement: f64::INFINITY,
        }
    }

    /// Takes a step in; whether it halves the best energy. Progress is half the energy where it can
    /// reach zero; elsewhere a smaller energy or, at its rounding, half the decrement.
    pub(super) fn look(&mut self, seen: &Seen) -> bool {
        let even = !seen.exact && seen.energy <= self.level + ROUNDING * seen.energy.abs();
        let progress =
            seen.below(self.level, 0.5) || (even && seen.decrement < 0.5 * self.decrement);
        self.since = if progress { 0 } else { self.since + 1 };
        let best = self.best.as_ref().map_or(f64::INFINITY, |b| b.energy);
        if seen.below(best, 1.0) || (even && seen.decrement < self.decrement) {
            self.decrement = seen.decrement;
            self.best = Some(Best {
                energy: seen.energy,
                theta: seen.theta.to_vec(),
            });
        }
        if progress || seen.energy < self.level {
            self.level = seen.energy;
        }
        seen.below(best, 0.5)
    }

    /// Counts anew, from another place; the best stays.
    pub(super) fn restart(&mut self) {
        self.level = f64::INFINITY;
        self.since = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(energy: f64, decrement: f64, exact: bool) -> Seen<'static> {
        Seen {
            theta: &[],
            energy,
            decrement,
            exact,
        }
    }

    #[test]
    fn an_energy_that_can_reach_zero_makes_progress_by_halves() {
        let mut progress = Progress::new();
        assert!(progress.look(&seen(1.0, 0.0, true)));
        for energy in [8.0, 0.9, 0.6] {
            assert!(!progress.look(&seen(energy, 0.0, true)));
        }
        assert_eq!(progress.since, 3);
        assert_eq!(progress.best.as_ref().map(|b| b.energy), Some(0.6));
        progress.look(&seen(0.2, 0.0, true));
        assert_eq!(progress.since, 0);
    }

    #[test]
    fn at_the_rounding_of_the_energy_the_decrement_tells() {
        let mut progress = Progress::new();
        progress.look(&seen(-5.0, 1e-14, false));
        progress.look(&seen(-5.0, 0.9e-14, false));
        assert_eq!(progress.since, 1);
        progress.look(&seen(-5.0, 1e-15, false));
        assert_eq!(progress.since, 0);
        progress.look(&seen(-4.0, 1e-20, false));
        assert_eq!(progress.best.as_ref().map(|b| b.energy), Some(-5.0));
    }
}
