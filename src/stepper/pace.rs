//! How far a step goes: as far as told, as far as the energy falls, or as far as it is accurate.
//!
//! The controller of the last kind is proportional and integral: dt is multiplied by
//! 0.9 e^(−0.7/k) e₋^(0.4/k), where e and e₋ are the errors of this step and the last one relative to
//! what is allowed, and k is the order of a step's error in dt (Gustafsson 1991,
//! doi:10.1145/210232.210242; exponents: Hairer, Wanner, Solving Ordinary Differential Equations II,
//! 1996, ch. IV.2). The integral part alone would swing about the limit of stability, where gradient
//! flows spend most of their time.

/// How far a step goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// As far as this dt.
    Fixed(f64),
    /// As far as the energy does not rise, and at most as far as this dt.
    Descending(f64),
    /// As far as the error of a step is below this part of the way of the unknowns; the first trial
    /// takes this dt.
    Accurate {
        /// Error over way.
        tolerance: f64,
        /// dt of the first trial.
        first: f64,
    },
}

/// What a trial has shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shown {
    /// Its length.
    pub(super) dt: f64,
    /// By how much the energy has risen.
    pub(super) rise: f64,
    /// Its error relative to the way of the unknowns.
    pub(super) error: f64,
    /// The error of the last step in the same measure.
    pub(super) last: f64,
    /// k: a step's error is of the order dt^k.
    pub(super) order: u32,
}

/// What becomes of a trial.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Verdict {
    /// Taken; the next step tries this dt.
    Taken(f64),
    /// Tried again with this dt.
    Again(f64),
}

/// The controller aims at this part of the tolerance, and changes dt by at most these factors.
const SAFETY: f64 = 0.9;
pub(super) const SHRINK: f64 = 0.2;
const GROW: f64 = 5.0;
/// A last step that was more accurate than this part of what is allowed tells nothing of the next.
const LEAST: f64 = 1e-4;

impl Pace {
    /// dt of the very first trial.
    pub(super) fn first(self) -> f64 {
        match self {
            Self::Fixed(dt) | Self::Accurate { first: dt, .. } => dt,
            Self::Descending(_) => 1.0,
        }
    }

    /// dt of a step's first trial, where `next` is what the last step proposed.
    pub(super) fn start(self, next: f64) -> f64 {
        match self {
            Self::Fixed(dt) => dt,
            Self::Descending(largest) => next.min(largest),
            Self::Accurate { .. } => next,
        }
    }

    /// Whether a trial is taken.
    pub(super) fn judge(self, shown: Shown) -> Verdict {
        match self {
            Self::Fixed(dt) => Verdict::Taken(dt),
            Self::Descending(_) if shown.rise <= 0.0 => Verdict::Taken(2.0 * shown.dt),
            Self::Descending(_) => Verdict::Again(0.5 * shown.dt),
            Self::Accurate { tolerance, .. } => control(shown, tolerance),
        }
    }
}

fn control(shown: Shown, tolerance: f64) -> Verdict {
    let [error, last] = [shown.error, shown.last].map(|e| e / tolerance);
    // The crate's power has the same bits on every machine, which the system's need not have.
    let power = |e: f64, exponent: f64| libm::pow(e, exponent / f64::from(shown.order));
    if error <= 1.0 {
        let factor = SAFETY * power(error, -0.7) * power(last.max(LEAST), 0.4);
        Verdict::Taken(shown.dt * factor.clamp(SHRINK, GROW))
    } else {
        let factor = SAFETY * power(error, -1.0);
        Verdict::Again(shown.dt * factor.max(SHRINK))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Follows steps of error (c dt)³, and of stability limit 2: beyond it errors explode.
    fn settle(c: f64, tolerance: f64, first: f64) -> (f64, u32) {
        let pace = Pace::Accurate { tolerance, first };
        let (mut dt, mut last, mut refused) = (first, 0.0, 0);
        for _ in 0..40 {
            let error = (c * dt).powi(3) * if dt > 2.0 { 1e6 } else { 1.0 };
            let shown = Shown {
                dt,
                rise: 0.0,
                error,
                last,
                order: 3,
            };
            match pace.judge(shown) {
                Verdict::Taken(next) => (dt, last) = (next, error),
                Verdict::Again(shorter) => {
                    refused += 1;
                    dt = shorter;
                }
            }
        }
        (dt, refused)
    }

    #[test]
    fn dt_settles_where_the_error_is_a_little_below_the_tolerance() {
        for first in [1e-6, 1.0] {
            let (dt, refused) = settle(10.0, 1e-3, first);
            let error = (10.0 * dt).powi(3);
            assert!((0.3e-3..1e-3).contains(&error), "{error}");
            assert!(refused <= 3, "{refused}");
        }
    }

    #[test]
    fn what_is_no_number_is_not_taken() {
        let shown = Shown {
            dt: 1.0,
            rise: f64::NAN,
            error: f64::NAN,
            last: 0.0,
            order: 3,
        };
        let accurate = Pace::Accurate {
            tolerance: 1.0,
            first: 1.0,
        };
        for pace in [Pace::Descending(1.0), accurate] {
            assert!(matches!(pace.judge(shown), Verdict::Again(dt) if dt < 1.0));
        }
    }

    #[test]
    fn a_descent_halves_and_doubles() {
        let shown = |rise| Shown {
            dt: 1.0,
            rise,
            error: 0.0,
            last: 0.0,
            order: 1,
        };
        let pace = Pace::Descending(1.5);
        assert_eq!(pace.judge(shown(1e-9)), Verdict::Again(0.5));
        assert_eq!(pace.judge(shown(0.0)), Verdict::Taken(2.0));
        assert_eq!(pace.start(2.0), 1.5);
    }
}
