//! How large the unknowns are, and how much a boundary condition counts, in equations that are written in
//! any units.
//!
//! A network works best on numbers of about one, and conditions of weight one balance an equation of
//! order one in a domain of size one. Equations in millimetres or pascals are neither; what they ask for
//! is seen by trying random networks N in the place of u, at points of the domain and its boundary:
//!
//! ```text
//! output scale  s = max over the residuals of the least s with |r(s N) − r(0)| ≥ |r(0)|,
//! weight        w = Σ_equations |r(s N) − r(0)|² / Σ_condition |r(s N) − r(0)|² / 10,
//! ```
//!
//! norms by quadrature and over the networks, both in powers of ten. s is the size of u at which the unknown part
//! of an equation is as large as what is given; w makes a random change of u cost as much inside as on the boundary, up to
//! 10, which is about what that ratio is for Poisson's equation in the unit square, whose weight is 1. Where
//! a factor is above 1e-3 and below 1e3 it is left out: a guess is better than none only far off. But s is kept,
//! or made smaller, where an equation is so far from linear, sinh(u/0.03) say, that it makes no sense of numbers of
//! one; and of an equation the part that is linear in N counts in w, if that is less.
//!
//! Several unknowns have sizes of their own where these differ ([`sizes`]), and several equations weights that make
//! a random change of all unknowns cost as much in each as in the one where it costs most, in powers of ten and 1
//! where that is usual: continuity beside momentum in a channel of a tenth of a millimetre.
//!
//! Relative errors with 64 units after at most 15 s, with both factors 1 and with these:
//!
//! | | with 1 | chosen |
//! |---|---|---|
//! | Poisson's equation in 2D for u of 1e6 | 2.0 | 1.4e-12 |
//! | the same for u of 1e-12 | 0.06 to 0.9 | 1.6e-10 |
//! | the same in a square of 1e7, of 1e-6 | 0.99, 0.46 | 1.4e-11, 3.7e-10 |
//! | the same times 8.85e-12 | 0.98 | 7.7e-12 |
//! | −u'' = 1e7 eˣ | 7.4 | 2.0e-13 |
//! | u'' + 900 u = 0 | 1.0 | 9.5e-12 |
//!
//! and of systems, in the default network after 12 s, with one size and no weights of equations, and with these:
//!
//! | | one size | chosen |
//! |---|---|---|
//! | glycerine in a channel of 1 mm by 0.1 mm | 3.5e-2 | 4.8e-12 |
//! | temperature and concentration in a pellet, the latter | 2.0 | 9.6e-8 |
//! | Maxwell's equations in SI units | 5.6e-5 | 9.5e-9 |
//! | a beam and a plate in SI units, as systems of second order | 1.1e-7, 1.3e-8 | 1.7e-13, 4.6e-11 |

mod probe;
mod sizes;

use self::probe::{Probe, Trial};
use super::Builder;
use crate::deck::{Auto, Enforce};
use crate::error::Result;
use crate::network::{Affine, Network};
use crate::problem::{Place, Term};
use std::ops::RangeInclusive;

/// Networks that are tried: a condition at a point knows a single number of each.
const TRIALS: u64 = 8;
/// The most parameters of a network that is tried: what it takes must not count before the run is allowed.
const LARGEST: usize = 1 << 20;
/// Sizes that are tried, as powers of ten.
const SIZES: RangeInclusive<i32> = -15..=15;
/// Factor on the first layer of N, which then bends a few times in the domain, as solutions do; on circles and
/// with waves for its inputs it does so anyway.
const BENDS: f64 = 4.0;
/// The least power of ten of a factor that is not left out.
const USUAL: i32 = 3;
/// How many powers of ten an equation may be from linear, squared, between N and s N.
const BENT: f64 = 6.0;
/// What of N shows the linear part of an equation.
const SMALL: f64 = 1e-3;
/// Σ |r(N)|² of Poisson's equation in the unit square over that of its boundary, as a power of ten.
const POISSON: f64 = 1.0;

impl Builder<'_> {
    /// Scales the unknowns and weighs the conditions where the deck leaves that open and its equations
    /// tell; data have told by `output` already.
    pub(super) fn scale(&mut self, mut output: Affine) -> Result<Affine> {
        let residuals = self.terms.iter().all(|t| t.energy.is_residual());
        if self.deck.data.is_none() {
            let keys = &self.deck.network;
            let unknowns = self.names.unknowns.len();
            let parameters = keys.parameters(self.dim(), unknowns);
            let bends = match keys.fourier.is_none() && keys.periodic.is_empty() {
                true => BENDS,
                false => 1.0,
            };
            if residuals && parameters <= LARGEST as u128 {
                let network = self.network(output.clone(), None)?;
                let scales = Scales::of(&self.terms, network.as_ref(), bends);
                let given = self.deck.network.output_scale.as_option();
                let sizes = given.map_or_else(|| scales.output(unknowns), |g| g.of(unknowns));
                let equations = match self.deck.problem.weight.is_auto() {
                    true => scales.equations(&sizes),
                    // They are part of the terms already.
                    false => vec![1.0; self.names.residuals.len()],
                };
                let conditions = scales.conditions(&sizes, &equations);
                self.deck.network.output_scale.fill_each(&sizes);
                self.weigh(&equations, &conditions);
            }
            self.deck.network.output_scale.fill_each(&[1.0]);
        }
        for condition in &mut self.deck.boundary {
            condition.weight.fill(1.0);
        }
        if let Auto::Set(sizes) = &self.deck.network.output_scale {
            output.scale = sizes.of(output.scale.len());
        }
        Ok(output)
    }

    /// Gives equations and conditions these weights where the deck leaves them open.
    fn weigh(&mut self, equations: &[f64], conditions: &[f64]) {
        if equations.len() > 1 && self.deck.problem.weight.is_auto() {
            self.deck.problem.weight.fill_each(equations);
            let first = self.terms.remove(0);
            let equation = self.equation(first.place);
            self.terms.insert(0, equation);
        }
        let boundary = |term: &&mut Term| matches!(term.place, Place::Boundary(_));
        let terms = self.terms.iter_mut().filter(boundary).zip(conditions);
        let given = self.deck.boundary.iter_mut();
        let weak = given.filter(|condition| condition.enforce == Enforce::Weak);
        for (condition, (term, weight)) in weak.zip(terms) {
            condition.weight.fill(*weight);
            term.weight = condition.weight.or(*weight);
        }
    }
}

/// The residuals of a problem, tried with random networks.
struct Scales<'t> {
    /// By term.
    probes: Vec<Vec<Probe<'t>>>,
    /// Which of the terms are conditions.
    conditions: Vec<bool>,
}

impl<'t> Scales<'t> {
    /// Of terms that are residuals, by networks whose first layers are multiplied by `bends`.
    fn of(terms: &'t [Term], network: &dyn Network, bends: f64) -> Self {
        let trials = (0..TRIALS).map(|index| Trial::of(network, bends, index));
        let trials: Vec<Trial> = trials.collect();
        let probe = |(index, term): (usize, &'t Term)| {
            let of_trials = trials
                .iter()
                .flat_map(|trial| Probe::of(term, index, trial));
            of_trials.collect()
        };
        Self {
            probes: terms.iter().enumerate().map(probe).collect(),
            conditions: (terms.iter())
                .map(|term| matches!(term.place, Place::Boundary(_)))
                .collect(),
        }
    }

    /// The size s of each of the unknowns: powers of ten, 1 where they are of about one.
    fn output(&self, unknowns: usize) -> Vec<f64> {
        let sizes = match sizes::different(&self.probes, unknowns) {
            Some(powers) => powers.into_iter().map(power).collect(),
            None => vec![self.common(unknowns); unknowns],
        };
        // Smaller where an exponential makes no sense of it; if it makes none of anything, so be it.
        let mut smaller = (0..=*SIZES.end()).map(|k| times(&sizes, power(-k)));
        smaller.find(|s| self.bend(s) <= BENT).unwrap_or(sizes)
    }

    /// The size of all unknowns together.
    fn common(&self, unknowns: usize) -> f64 {
        let k = sizes::common(&self.probes, unknowns).unwrap_or(0);
        let s = power(k);
        let inside = |s| self.inside(&vec![s; unknowns]);
        // |r(N) − r(0)|² over |r(s N) − r(0)|², which is 1/s² of linear equations.
        let bent = libm::log10(inside(1.0) / inside(s) * s * s);
        match bent.abs() > BENT && inside(s).is_finite() {
            true => s,
            false => unusual(k),
        }
    }

    /// How many powers of ten, squared, the equations are from linear between s/10 and s.
    fn bend(&self, sizes: &[f64]) -> f64 {
        libm::log10(self.inside(sizes) / self.inside(&times(sizes, 0.1))) - 2.0
    }

    /// |r(s N) − r(0)|² of every equation, or of its part that is linear in N if that is less.
    fn least_inside(&self, sizes: &[f64]) -> Vec<f64> {
        let small = self.changes_inside(&times(sizes, SMALL)).into_iter();
        let linear = small.map(|small| small / (SMALL * SMALL));
        let pairs = self.changes_inside(sizes).into_iter().zip(linear);
        let least = |(whole, linear): (f64, f64)| match linear.is_normal()
            && (whole.is_nan() || linear <= whole)
        {
            true => linear,
            false => whole,
        };
        pairs.map(least).collect()
    }

    /// Σ |r(s N) − r(0)|² of all equations.
    fn inside(&self, sizes: &[f64]) -> f64 {
        self.changes_inside(sizes).iter().sum()
    }

    fn changes_inside(&self, sizes: &[f64]) -> Vec<f64> {
        let inside = self.probes.iter().find(|probes| is_inside(probes));
        inside.map_or(Vec::new(), |probes| changes(probes, sizes))
    }

    /// The weight of every equation where the unknowns are of these sizes: powers of ten.
    fn equations(&self, sizes: &[f64]) -> Vec<f64> {
        let inside = self.least_inside(sizes);
        let largest = inside.iter().copied().fold(0.0, f64::max);
        let weight = |change: &f64| match (largest / change).is_normal() {
            true => unusual(libm::log10(largest / change).round() as i32),
            false => 1.0,
        };
        inside.iter().map(weight).collect()
    }

    /// The weight of every condition where the unknowns are of these sizes and equations have these weights:
    /// powers of ten.
    fn conditions(&self, sizes: &[f64], equations: &[f64]) -> Vec<f64> {
        let inside = self.least_inside(sizes).into_iter().zip(equations);
        let inside: f64 = inside.map(|(change, weight)| change * weight).sum();
        let weight = |probes: &Vec<Probe>| {
            let share = inside / changes(probes, sizes).iter().sum::<f64>();
            match share.is_normal() {
                true => unusual((libm::log10(share) - POISSON).round() as i32),
                false => 1.0,
            }
        };
        let boundary = self.probes.iter().zip(&self.conditions);
        let boundary = boundary.filter(|(_, condition)| **condition);
        boundary.map(|(probes, _)| weight(probes)).collect()
    }
}

/// Whether a term is an equation.
fn is_inside(probes: &[Probe]) -> bool {
    let first = probes.first();
    first.is_some_and(|probe| matches!(probe.term.place, Place::Interior(_)))
}

/// |r(s N) − r(0)|² of every component of a term.
fn changes(probes: &[Probe], sizes: &[f64]) -> Vec<f64> {
    let all = probes.iter().map(|probe| probe.change(sizes));
    all.reduce(added).unwrap_or_default()
}

/// The sum of two lists, component by component.
fn added(mut sums: Vec<f64>, more: Vec<f64>) -> Vec<f64> {
    sums.iter_mut()
        .zip(more)
        .for_each(|(sum, more)| *sum += more);
    sums
}

fn times(sizes: &[f64], factor: f64) -> Vec<f64> {
    sizes.iter().map(|s| s * factor).collect()
}

/// 10^k, the number nearest to it: people read it.
fn power(k: i32) -> f64 {
    let nearest = format!("1e{k}").parse();
    nearest.unwrap_or_else(|_| libm::pow(10.0, f64::from(k)))
}

/// 10^k, or 1 where that is usual.
pub(super) fn unusual(k: i32) -> f64 {
    match k.abs() < USUAL {
        true => 1.0,
        false => power(k),
    }
}
