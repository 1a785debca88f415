//! The law of scaling fitted to measured times: how much is parallel, how much grows with the levels of
//! the tree, how much stays.
//!
//! ```text
//! strong (the same problem):   T(P) = parallel/P + levels ⌈log₂ P⌉ + replicated
//! weak (P times the points):   T(P) = parallel   + levels ⌈log₂ P⌉
//! ```
//!
//! in the least squares of relative errors, no constant below 0 (Lawson & Hanson, Solving Least Squares
//! Problems, 1974, ch. 23; with three unknowns every set of active ones can be tried). Under weak scaling
//! what is parallel and what is replicated cannot be told apart.

use super::prediction::levels;
use clap::ValueEnum;
use faer::Mat;
use faer::linalg::solvers::SolveLstsq;
use serde::Serialize;

/// How the problem grows with the ranks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// It does not.
    #[default]
    Strong,
    /// Its points are multiplied by the ranks.
    Weak,
}

/// Seconds of a step on some ranks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timing {
    /// Number of ranks P.
    pub ranks: usize,
    /// T(P).
    pub seconds: f64,
}

/// The constants of the law, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Fit {
    /// Divided among the ranks.
    pub parallel: f64,
    /// For each level of the tree of ranks.
    pub levels: f64,
    /// On every rank, or on one while all wait.
    pub replicated: f64,
    /// Root mean square of the relative errors.
    pub error: f64,
    mode: Mode,
}

impl Fit {
    /// The law through measured times; none for fewer numbers of ranks than it has constants.
    pub fn of(timings: &[Timing], mode: Mode) -> Option<Self> {
        let constants = match mode {
            Mode::Strong => 3,
            Mode::Weak => 2,
        };
        let mut ranks: Vec<usize> = timings.iter().map(|t| t.ranks).collect();
        ranks.sort_unstable();
        ranks.dedup();
        if ranks.len() < constants {
            return None;
        }
        // Every set of constants that are not 0, as bits.
        let fits = (1..1_usize << constants).filter_map(|set| Self::with(timings, mode, set));
        fits.min_by(|a, b| a.error.total_cmp(&b.error))
    }

    /// The least squares with some of the constants; none if one of them is below 0.
    fn with(timings: &[Timing], mode: Mode, set: usize) -> Option<Self> {
        let chosen: Vec<usize> = (0..3).filter(|k| set >> k & 1 == 1).collect();
        let relative = |i: usize, j: usize| {
            let Timing { ranks, seconds } = timings[i];
            terms(ranks, mode)[chosen[j]] / seconds
        };
        let matrix = Mat::from_fn(timings.len(), chosen.len(), relative);
        let ones = Mat::from_fn(timings.len(), 1, |_, _| 1.0);
        let solution = matrix.qr().solve_lstsq(&ones);
        let mut constants = [0.0; 3];
        for (j, &k) in chosen.iter().enumerate() {
            constants[k] = solution[(j, 0)];
        }
        if !constants.iter().all(|c| c.is_finite() && *c >= 0.0) {
            return None;
        }
        let [parallel, levels, replicated] = constants;
        let mut fit = Self {
            parallel,
            levels,
            replicated,
            error: 0.0,
            mode,
        };
        let square = |t: &Timing| (fit.seconds(t.ranks) / t.seconds - 1.0).powi(2);
        let sum: f64 = timings.iter().map(square).sum();
        fit.error = (sum / timings.len() as f64).sqrt();
        Some(fit)
    }

    /// T(P) by the law.
    pub fn seconds(&self, ranks: usize) -> f64 {
        let [parallel, level, rest] = terms(ranks, self.mode);
        parallel * self.parallel + level * self.levels + rest * self.replicated
    }
}

/// What the constants are multiplied by.
fn terms(ranks: usize, mode: Mode) -> [f64; 3] {
    let level = f64::from(levels(ranks));
    match mode {
        Mode::Strong => [1.0 / ranks as f64, level, 1.0],
        Mode::Weak => [1.0, level, 0.0],
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn timings(ranks: &[usize], law: impl Fn(f64) -> f64) -> Vec<Timing> {
        let timing = |&ranks: &usize| Timing {
            ranks,
            seconds: law(ranks as f64),
        };
        ranks.iter().map(timing).collect()
    }

    #[test]
    fn the_constants_behind_the_times_are_found() {
        let law = |p: f64| 0.8 / p + 0.003 * p.log2() + 0.05;
        let fit = Fit::of(&timings(&[1, 2, 4, 8, 16], law), Mode::Strong).unwrap();
        let found = [fit.parallel, fit.levels, fit.replicated];
        for (found, truth) in found.into_iter().zip([0.8, 0.003, 0.05]) {
            assert!((found / truth - 1.0).abs() < 1e-9, "{fit:?}");
        }
        assert!(fit.error < 1e-12);
        assert!((fit.seconds(1024) - law(1024.0)).abs() < 1e-12);
        let weak = Fit::of(&timings(&[1, 2, 4], |p| 0.5 + 0.01 * p.log2()), Mode::Weak).unwrap();
        assert!((weak.parallel - 0.5).abs() < 1e-12 && (weak.levels - 0.01).abs() < 1e-12);
    }

    #[test]
    fn no_constant_is_below_zero() {
        // Faster than any law allows: all is parallel.
        let fit = Fit::of(&timings(&[1, 2, 4, 8], |p| p.powf(-1.1)), Mode::Strong).unwrap();
        assert_eq!([fit.levels, fit.replicated], [0.0; 2]);
        assert!(fit.error > 0.01 && fit.parallel > 0.8);
    }

    #[test]
    fn two_numbers_of_ranks_do_not_tell_three_constants() {
        let few = timings(&[1, 2, 2, 1], |p| 1.0 / p);
        assert_eq!(Fit::of(&few, Mode::Strong), None);
        assert!(Fit::of(&few, Mode::Weak).is_some());
    }
}
