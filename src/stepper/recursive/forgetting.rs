//! How fast earlier subsets are forgotten.

use serde::{Deserialize, Serialize};

/// The first 1 − β.
const FIRST: f64 = 0.4;
/// Factors on 1 − β after a step that the guard shortened, and after one that it did not.
const SHORTENED: f64 = 0.7;
const PASSED: f64 = 1.1;

/// 1 − β, between a least and a ceiling that comes down as the energy settles.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Forgetting {
    share: f64,
    ceiling: f64,
    least: f64,
}

impl Forgetting {
    /// At its fastest; never slower than `least`.
    pub(super) fn new(least: f64) -> Self {
        Self {
            share: FIRST,
            ceiling: FIRST,
            least,
        }
    }

    /// Whether this can be of a run.
    pub(super) fn fits(self) -> bool {
        let ordered = [0.0, self.least, self.share, self.ceiling, 1.0];
        ordered.is_sorted() && ordered.iter().all(|share| share.is_finite())
    }

    /// 1 − β.
    pub(super) fn share(self) -> f64 {
        self.share
    }

    /// After a step.
    pub(super) fn stepped(&mut self, shortened: bool) {
        let change = if shortened { SHORTENED } else { PASSED };
        self.share = (change * self.share).clamp(self.least, self.ceiling);
    }

    /// Whether it gets no slower.
    pub(super) fn is_slowest(self) -> bool {
        self.ceiling <= self.least
    }

    /// Halves the ceiling: from here on twice as many subsets are remembered.
    pub(super) fn slow_down(&mut self) {
        self.ceiling = (0.5 * self.ceiling).max(self.least);
        self.share = self.share.min(self.ceiling);
        tracing::debug!("remembers {:.0} subsets from here on", 1.0 / self.ceiling);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_stays_between_the_least_and_a_falling_ceiling() {
        let mut forgetting = Forgetting::new(0.05);
        (0..40).for_each(|_| forgetting.stepped(true));
        assert_eq!(forgetting.share(), 0.05);
        (0..40).for_each(|_| forgetting.stepped(false));
        assert_eq!(forgetting.share(), FIRST);
        forgetting.slow_down();
        assert_eq!(forgetting.share(), 0.5 * FIRST);
        assert!(!forgetting.is_slowest());
        (0..3).for_each(|_| forgetting.slow_down());
        forgetting.stepped(false);
        assert_eq!(forgetting.share(), 0.05);
        assert!(forgetting.is_slowest());
        assert!(forgetting.fits());
        let crossed = Forgetting {
            ceiling: 0.01,
            ..forgetting
        };
        let unknown = Forgetting {
            share: f64::NAN,
            ..forgetting
        };
        assert!(!crossed.fits() && !unknown.fits());
    }
}
