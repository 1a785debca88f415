//! How large unknowns are: all together, and each of several.
//!
//! What a residual of one unknown alone is given, a boundary value say, tells the size of that unknown. Unknowns
//! of which none tells get theirs from the others, by the equations that they share: the least size at which they
//! are as large in one of them as all else that is known there. Velocities so follow from a pressure, and a
//! product of a reaction from its rate; and an unknown that starts small, but grows as large as another loses, is
//! found to be larger than it is told.

use super::probe::Probe;
use super::{SIZES, added, is_inside, power};

/// Sizes of several unknowns that differ by less, as a power of ten, are one size.
const ALIKE: f64 = 2.0;

/// The power of ten at which the unknown part of a residual is as large as what is given, the largest over all;
/// none where nothing is given.
pub(super) fn common(terms: &[Vec<Probe>], unknowns: usize) -> Option<i32> {
    let tried = Tried::new(terms, |_| true);
    let none = vec![0.0; unknowns];
    let all = |s: f64| vec![s; unknowns];
    let reach = |(e, given): (usize, &f64)| tried.reach(e, *given, &none, &all);
    let found = tried.given.iter().enumerate().filter_map(reach);
    found.map(|(k, _)| k).max()
}

/// The power of ten that is about the size of each unknown; none where they are of one size, or one is not found.
pub(super) fn different(terms: &[Vec<Probe>], unknowns: usize) -> Option<Vec<i32>> {
    let all = Tried::new(terms, |_| true);
    let told: Vec<f64> = (0..unknowns).map(|j| all.told(j, unknowns)).collect();
    let equations = Tried::new(terms, is_inside);
    // They may be larger than told.
    let raised = |(j, own): (usize, &f64)| match *own > 0.0 {
        true => own.max(equations.shared(j, &told)),
        false => 0.0,
    };
    let mut sizes: Vec<f64> = told.iter().enumerate().map(raised).collect();
    equations.complete(&mut sizes);
    let powers: Vec<f64> = sizes.iter().map(|s| libm::log10(*s)).collect();
    let [least, most] = [f64::min, f64::max].map(|of| powers.iter().copied().reduce(of));
    let differ = least
        .zip(most)
        .is_some_and(|(least, most)| most - least >= ALIKE);
    let found = powers.iter().all(|power| power.is_finite());
    (differ && found).then(|| powers.iter().map(|power| power.ceil() as i32).collect())
}

/// Residuals of some terms, one after the other.
struct Tried<'p, 't> {
    terms: Vec<&'p [Probe<'t>]>,
    /// |r(0)|² of each.
    given: Vec<f64>,
}

impl<'p, 't> Tried<'p, 't> {
    fn new(terms: &'p [Vec<Probe<'t>>], which: impl Fn(&[Probe]) -> bool) -> Self {
        let all = terms.iter().map(Vec::as_slice);
        let terms: Vec<&[Probe]> = all.filter(|term| which(term)).collect();
        let given = sums(&terms, &|probe| probe.given());
        Self { terms, given }
    }

    /// |r(s N) − r(s' N)|² of every residual.
    fn change(&self, sizes: &[f64], from: &[f64]) -> Vec<f64> {
        sums(&self.terms, &|probe| probe.change_between(sizes, from))
    }

    /// The least power of ten s at which a residual changes by `level` between the sizes `none` and those that
    /// `of` says for s, with the size where it does so if it is linear; none if it never does.
    fn reach(
        &self,
        residual: usize,
        level: f64,
        none: &[f64],
        of: &dyn Fn(f64) -> Vec<f64>,
    ) -> Option<(i32, f64)> {
        if !level.is_normal() {
            return None;
        }
        SIZES.into_iter().find_map(|k| {
            let change = self.change(&of(power(k)), none)[residual];
            // What is no number there is too large.
            let reached = change.is_nan() || change >= level;
            let share = (level / change).sqrt();
            let share = if share.is_normal() {
                share.max(0.1)
            } else {
                1.0
            };
            reached.then_some((k, share * power(k)))
        })
    }

    /// The size of an unknown by the residuals of it alone; 0 if there are none.
    fn told(&self, unknown: usize, unknowns: usize) -> f64 {
        let alone = |j: usize, s: f64| -> Vec<f64> {
            let of = |other| if other == j { s } else { 0.0 };
            (0..unknowns).map(of).collect()
        };
        let none = vec![0.0; unknowns];
        let tried = (0..unknowns).map(|j| self.change(&alone(j, 1.0), &none));
        let tried: Vec<Vec<f64>> = tried.collect();
        let is_alone = |e: &usize| (0..unknowns).all(|j| (j == unknown) == (tried[j][*e] != 0.0));
        let residuals = (0..self.given.len()).filter(is_alone);
        let of = |s: f64| alone(unknown, s);
        let found = residuals.filter_map(|e| self.reach(e, self.given[e], &none, &of));
        found.map(|(_, size)| size).fold(0.0, f64::max)
    }

    /// The size of an unknown by the residuals that it shares with those of these sizes; 0 if there are none.
    fn shared(&self, unknown: usize, sizes: &[f64]) -> f64 {
        let with = |j: usize, s: f64| {
            let mut sizes = sizes.to_vec();
            sizes[unknown] = 0.0;
            sizes[j] = s;
            sizes
        };
        let without = with(unknown, 0.0);
        let mut known = self.given.clone();
        for other in (0..sizes.len()).filter(|j| *j != unknown) {
            let change = self.change(&without, &with(other, 0.0));
            let pairs = known.iter_mut().zip(change);
            pairs.for_each(|(known, change)| *known = known.max(change));
        }
        let of = |s: f64| with(unknown, s);
        let residuals = known.iter().enumerate();
        let found = residuals.filter_map(|(e, level)| self.reach(e, *level, &without, &of));
        found.map(|(_, size)| size).reduce(f64::min).unwrap_or(0.0)
    }

    /// Finds sizes that are 0 by those that are not, one after the other.
    fn complete(&self, sizes: &mut [f64]) {
        for _ in 0..sizes.len() {
            for j in 0..sizes.len() {
                if sizes[j] == 0.0 {
                    sizes[j] = self.shared(j, sizes);
                }
            }
        }
    }
}

/// What `of` says of every residual of these terms.
fn sums(terms: &[&[Probe]], of: &dyn Fn(&Probe) -> Vec<f64>) -> Vec<f64> {
    let of_term = |term: &&[Probe]| term.iter().map(of).reduce(added);
    terms.iter().filter_map(of_term).flatten().collect()
}
