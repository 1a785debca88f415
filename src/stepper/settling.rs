//! Whether the energy of fresh samples still falls.
//!
//! Samples that are drawn independently of θ estimate the energy of the whole domain without bias, but
//! each alone by few points; so log E is averaged over windows of steps, and one window is compared
//! with the one before.
//!
//! A short window sees the end of a fast fall early, and is deceived by chance more often.

use serde::{Deserialize, Serialize};

/// Averages of log E over this window and the one before.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Settling {
    /// Steps of a window.
    window: u32,
    steps: u32,
    sum: f64,
    before: Option<f64>,
}

/// Steps of a window, and of a short one.
const WINDOW: u32 = 50;
const SHORT: u32 = 20;
/// The energy has settled when log E falls by less than this from window to window.
const FALL: f64 = 0.5;

impl Default for Settling {
    fn default() -> Self {
        Self {
            window: WINDOW,
            steps: 0,
            sum: 0.0,
            before: None,
        }
    }
}

impl Settling {
    /// With short windows.
    pub(super) fn short() -> Self {
        Self {
            window: SHORT,
            ..Self::default()
        }
    }

    /// The next windows are as long as any.
    pub(super) fn lengthen(&mut self) {
        self.window = WINDOW;
    }

    /// Forgets all energies.
    pub(super) fn forget(&mut self) {
        *self = Self {
            window: self.window,
            ..Self::default()
        };
    }

    /// Whether this can be of a run.
    pub(super) fn fits(&self) -> bool {
        self.steps < self.window && self.window <= WINDOW
    }

    /// Takes in the energy of a step; whether it has settled.
    pub(super) fn look(&mut self, energy: f64) -> bool {
        // The crate's logarithm has the same bits on every machine, so that all ranks decide alike.
        self.sum += libm::log(energy.max(f64::MIN_POSITIVE));
        self.steps += 1;
        if self.steps < self.window {
            return false;
        }
        let mean = self.sum / f64::from(self.window);
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
        let falls = |k: u32| (-0.03 * f64::from(k)).exp();
        let settles_after = |mut settling: Settling| {
            assert!((0..500).all(|k| !settling.look(falls(k))));
            (1..).find(|_| settling.look(falls(500)))
        };
        let long = settles_after(Settling::default());
        let short = settles_after(Settling::short());
        assert!(
            short < long && long <= Some(2 * WINDOW),
            "{short:?} {long:?}"
        );
    }

    #[test]
    fn windows_once_lengthened_stay_long() {
        let mut settling = Settling::short();
        assert!((0..SHORT).all(|_| !settling.look(1.0)));
        settling.lengthen();
        assert!((1..WINDOW).all(|_| !settling.look(1.0)));
        assert!(settling.look(1.0));
        settling.forget();
        assert!((0..WINDOW).all(|_| !settling.look(1.0)));
        assert!((1..WINDOW).all(|_| !settling.look(1.0)));
        assert!(settling.look(1.0) && settling.fits());
    }
}
