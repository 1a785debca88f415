//! How large unknowns are: all together, and each of several.
//!
//! What a residual of one unknown alone is given, a boundary value say, tells the size of that unknown. Unknowns
//! of which none tells get theirs from the others, by the equations that they share: the least size at which they
//! are as large in one of them as all else that is known there. Velocities so follow from a pressure, and a
//! product of a reaction from its rate; and an unknown that starts small, but grows as large as another loses, is
//! found to be larger than it is told.

use super::probe::Probe;
use super::{SIZES, added, is_inside, power};

/// Sizes of several unknowns that differ by less, as a power of ten, are one size; those that differ by more are a
/// guess gone astray from equation to equation.
const ALIKE: f64 = 2.0;
const ASTRAY: f64 = 15.0;
/// The most unknowns whose sizes are looked for one by one, which takes as many trials as their cube.
const MOST: usize = 12;

/// The power of ten at which the unknown part of a residual is as large as what is given, the largest over all;
/// none where nothing is given.
pub(super) fn common(terms: &[Vec<Probe>], unknowns: usize) -> Option<i32> {
    let tried = Tried::new(terms, |_| true);
    let ladder = tried.ladder(&vec![0.0; unknowns], |s| vec![s; unknowns]);
    let given = tried.given.iter().enumerate();
    let found = given.filter_map(|(e, given)| ladder.reach(e, *given));
    found.map(|(k, _)| k).max()
}

/// The power of ten that is about the size of each unknown; none where they are of one size, or one is not found.
pub(super) fn different(terms: &[Vec<Probe>], unknowns: usize) -> Option<Vec<i32>> {
    if !(2..=MOST).contains(&unknowns) {
        return None;
    }
    let told = Tried::new(terms, |_| true).told(unknowns);
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
    // Infinite where one is 0, not found.
    let spread = most? - least?;
    let differ = (ALIKE..=ASTRAY).contains(&spread);
    differ.then(|| powers.iter().map(|power| power.ceil() as i32).collect())
}

/// Residuals of some terms, one after the other.
struct Tried<'p, 't> {
    terms: Vec<&'p [Probe<'t>]>,
    /// |r(0)|² of each.
    given: Vec<f64>,
}

/// |r(s N) − r(s' N)|² of every residual, by the power of ten of one size in s.
struct Ladder(Vec<(i32, Vec<f64>)>);

impl Ladder {
    /// The least power of ten at which a residual changes by `level`, with the size where it does so if it is
    /// linear; none if it never does.
    fn reach(&self, residual: usize, level: f64) -> Option<(i32, f64)> {
        if !level.is_normal() {
            return None;
        }
        // What is no number there is too large.
        let reached = |change: f64| change.is_nan() || change >= level;
        let mut rungs = self.0.iter();
        let (k, changes) = rungs.find(|(_, changes)| reached(changes[residual]))?;
        let share = match (level / changes[residual]).sqrt() {
            share if share.is_normal() => share.max(0.1),
            _ => 1.0,
        };
        Some((*k, share * power(*k)))
    }

    /// Whether a residual changes at all.
    fn moves(&self, residual: usize) -> bool {
        self.0.iter().any(|(_, changes)| changes[residual] != 0.0)
    }
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

    /// The changes from the sizes `none` to those that `of` says for every power of ten.
    fn ladder(&self, none: &[f64], of: impl Fn(f64) -> Vec<f64>) -> Ladder {
        let rung = |k| (k, self.change(&of(power(k)), none));
        Ladder(SIZES.map(rung).collect())
    }

    /// The size of every unknown by the residuals of it alone; 0 if there are none.
    fn told(&self, unknowns: usize) -> Vec<f64> {
        let none = vec![0.0; unknowns];
        let alone = |j: usize| self.ladder(&none, |s| with(&none, j, s));
        let ladders: Vec<Ladder> = (0..unknowns).map(alone).collect();
        let size = |unknown: usize| {
            let shares = |e: &usize| (0..unknowns).any(|j| j != unknown && ladders[j].moves(*e));
            let residuals = (0..self.given.len()).filter(|e| !shares(e));
            let found = residuals.filter_map(|e| ladders[unknown].reach(e, self.given[e]));
            found.map(|(_, size)| size).fold(0.0, f64::max)
        };
        (0..unknowns).map(size).collect()
    }

    /// The size of an unknown by the residuals that it shares with those of these sizes; 0 if there are none.
    fn shared(&self, unknown: usize, sizes: &[f64]) -> f64 {
        let without = with(sizes, unknown, 0.0);
        let mut known = self.given.clone();
        for other in (0..sizes.len()).filter(|j| without[*j] > 0.0) {
            let change = self.change(&without, &with(&without, other, 0.0));
            let pairs = known.iter_mut().zip(change);
            pairs.for_each(|(known, change)| *known = known.max(change));
        }
        let ladder = self.ladder(&without, |s| with(&without, unknown, s));
        let residuals = known.iter().enumerate();
        let found = residuals.filter_map(|(e, level)| ladder.reach(e, *level));
        found.map(|(_, size)| size).reduce(f64::min).unwrap_or(0.0)
    }

    /// Finds sizes that are 0 by those that are not, one after the other, as long as there is one.
    fn complete(&self, sizes: &mut [f64]) {
        let mut found = true;
        while std::mem::take(&mut found) {
            for j in 0..sizes.len() {
                if sizes[j] == 0.0 {
                    sizes[j] = self.shared(j, sizes);
                    found |= sizes[j] > 0.0;
                }
            }
        }
    }
}

/// These sizes, but this one of an unknown.
fn with(sizes: &[f64], unknown: usize, size: f64) -> Vec<f64> {
    let mut sizes = sizes.to_vec();
    sizes[unknown] = size;
    sizes
}

/// What `of` says of every residual of these terms.
fn sums(terms: &[&[Probe]], of: &dyn Fn(&Probe) -> Vec<f64>) -> Vec<f64> {
    let of_term = |term: &&[Probe]| term.iter().map(of).reduce(added);
    terms.iter().filter_map(of_term).flatten().collect()
}
