//! A step length by the strong Wolfe conditions: the energy falls enough, and its slope flattens.
//!
//! Along φ(α) = E(θ + α d) a length α is looked for with
//!
//! ```text
//! φ(α) ≤ φ(0) + c₁ α φ'(0),   |φ'(α)| ≤ c₂ |φ'(0)|,
//! ```
//!
//! by bracketing and zooming: algorithms 3.5 and 3.6 of Nocedal and Wright, Numerical Optimization,
//! 2006 (doi:10.1007/978-0-387-40065-5). The second condition makes the curvature that a
//! quasi-Newton method learns from the step positive. Within a bracket the minimum of the parabola
//! through φ, φ' at its lower end and φ at the other is tried.

/// One length that was tried.
#[derive(Clone, Debug)]
pub(super) struct Trial<P> {
    /// α.
    pub(super) length: f64,
    /// φ(α).
    pub(super) energy: f64,
    /// φ'(α).
    pub(super) slope: f64,
    /// What the caller knows there.
    pub(super) place: P,
}

/// c₁ and c₂, as is usual for quasi-Newton methods.
const ENOUGH: f64 = 1e-4;
const FLAT: f64 = 0.9;
/// Lengths tried until there is a bracket, and inside it.
const BRACKETING: usize = 30;
const ZOOMING: usize = 30;
/// A trial keeps this part of the bracket between itself and the bracket's ends.
const MARGIN: f64 = 0.1;

/// Trials of length α.
pub(super) type Try<'a, P> = &'a mut dyn FnMut(f64) -> Trial<P>;

/// Finds a length from `origin`, whose slope is negative, by trying `first` first. Where rounding
/// hides a length that satisfies both conditions, one that satisfies the first will do; none if there
/// is none.
pub(super) fn search<P>(origin: Trial<P>, first: f64, attempt: Try<P>) -> Option<Trial<P>> {
    let line = Line {
        energy: origin.energy,
        slope: origin.slope,
    };
    let mut last = origin;
    let mut length = first;
    for _ in 0..BRACKETING {
        let most = line.most(length);
        let trial = attempt(length);
        let falls = trial.energy <= most && (last.length == 0.0 || trial.energy < last.energy);
        if !falls {
            return line.zoom(last, trial, attempt);
        }
        if line.is_flat(&trial) {
            return Some(trial);
        }
        if trial.slope >= 0.0 {
            return line.zoom(trial, last, attempt);
        }
        length = 2.0 * trial.length;
        last = trial;
    }
    Some(last)
}

/// φ at 0.
struct Line {
    energy: f64,
    slope: f64,
}

impl Line {
    /// The largest energy that is a sufficient decrease.
    fn most(&self, length: f64) -> f64 {
        self.energy + ENOUGH * length * self.slope
    }

    fn is_flat<P>(&self, trial: &Trial<P>) -> bool {
        trial.slope.abs() <= -FLAT * self.slope
    }

    /// Shrinks the bracket between `low`, the lowest trial with a sufficient decrease, and `high`;
    /// the slope at `low` points towards `high`.
    fn zoom<P>(&self, mut low: Trial<P>, mut high: Trial<P>, attempt: Try<P>) -> Option<Trial<P>> {
        for _ in 0..ZOOMING {
            let length = inside(&low, &high);
            if length == low.length || length == high.length {
                break;
            }
            let most = self.most(length);
            let trial = attempt(length);
            // What is no number is not below anything.
            let lower = trial.energy <= most && trial.energy < low.energy;
            if !lower {
                high = trial;
                continue;
            }
            if self.is_flat(&trial) {
                return Some(trial);
            }
            if trial.slope * (high.length - low.length) >= 0.0 {
                high = low;
            }
            low = trial;
        }
        (low.length > 0.0).then_some(low)
    }
}

/// Where the parabola through φ, φ' at `low` and φ at `high` is least, within the margins of the
/// bracket; a tenth of the way where the energy at `high` is no number.
fn inside<P>(low: &Trial<P>, high: &Trial<P>) -> f64 {
    let width = high.length - low.length;
    let gap = high.energy - low.energy - low.slope * width;
    let least = -0.5 * low.slope * width / gap;
    let share = if least.is_finite() {
        least.clamp(MARGIN, 1.0 - MARGIN)
    } else {
        MARGIN
    };
    low.length + share * width
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Searches along φ with slope φ'; the trial found and how many were made.
    fn along(f: fn(f64) -> f64, slope: fn(f64) -> f64, first: f64) -> (Option<Trial<()>>, usize) {
        let trial = |length: f64| Trial {
            length,
            energy: f(length),
            slope: slope(length),
            place: (),
        };
        let mut count = 0;
        let found = search(trial(0.0), first, &mut |length| {
            count += 1;
            trial(length)
        });
        (found, count)
    }

    fn assert_wolfe(f: fn(f64) -> f64, slope: fn(f64) -> f64, first: f64) {
        let (found, count) = along(f, slope, first);
        let a = found.unwrap_or_else(|| panic!("nothing found from {first}"));
        assert!(a.energy <= f(0.0) + ENOUGH * a.length * slope(0.0));
        assert!(slope(a.length).abs() <= FLAT * slope(0.0).abs(), "{first}");
        assert!(count <= 15, "{count} trials from {first}");
    }

    #[test]
    fn both_conditions_hold_from_any_first_length() {
        for first in [1e-3, 0.1, 1.0, 10.0, 1e3] {
            // A bowl; Moré and Thuente's first function (1994, doi:10.1145/192115.192132), whose
            // slope never vanishes far out; and a wall that is no number.
            assert_wolfe(|a| (a - 1.0).powi(2), |a| 2.0 * (a - 1.0), first);
            assert_wolfe(
                |a| -a / (a * a + 2.0),
                |a| (a * a - 2.0) / (a * a + 2.0).powi(2),
                first,
            );
            assert_wolfe(|a| -a - (2.0 - a).ln(), |a| -1.0 + 1.0 / (2.0 - a), first);
        }
    }

    #[test]
    fn nothing_is_found_where_nothing_falls() {
        let (found, _) = along(|a| a.abs(), |_| -1.0, 1.0);
        assert!(found.is_none());
    }

    #[test]
    fn a_fall_without_end_is_taken_as_far_as_the_search_goes() {
        let (found, _) = along(|a| -a, |_| -1.0, 1.0);
        assert!(found.is_some_and(|trial| trial.length > 1e6));
    }
}
