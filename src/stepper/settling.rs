//! Whether the energy of fresh samples still falls.
//!
//! Samples that are drawn independently of θ estimate the energy of the whole domain without bias, but
//! each alone by few points; so log E is averaged over windows of steps, and one window is compared
//! with the one before.

use serde::{Deserialize, Serialize};

/// Averages of log E over this window and the one before.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Settling {
    steps: u32,
    sum: f64,
    before: Option<f64>,
}

/// Steps of a window.
const WINDOW: u32 = 50;
/// The energy has settled when log E falls by less than this from window to window.
const FALL: f64 = 0.5;

impl Settling {
    /// Whether this can be of a run.
    pub(super) fn fits(&self) -> bool {
        self.steps < WINDOW
    }

    /// Takes in the energy of a step; whether it has settled.
    pub(super) fn look(&mut self, energy: f64) -> bool {
        self.sum += energy.max(f64::MIN_POSITIVE).ln();
        self.steps += 1;
        if self.steps < WINDOW {
            return false;
        }
        let mean = self.sum / f64::from(WINDOW);
        let before = self.before.replace(mean);
        (self.steps, self.sum) = (0, 0.0);
        before.is_some_and(|before| mean > before - FALL)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_falling_energy_has_not_settled_and_a_standing_one_has() {
        let mut settling = Settling::default();
        let falls = |k: u32| (-0.02 * f64::from(k)).exp();
        assert!((0..500).all(|k| !settling.look(falls(k))));
        assert!((0..2 * WINDOW).any(|_| settling.look(falls(500))));
    }
}
