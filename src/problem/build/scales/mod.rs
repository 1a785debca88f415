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

mod probe;

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
            let (mut size, mut weights) = (1.0, vec![1.0; self.terms.len()]);
            let keys = &self.deck.network;
            let parameters = keys.parameters(self.dim(), self.names.unknowns.len());
            let bends = match keys.fourier.is_none() && keys.periodic.is_empty() {
                true => BENDS,
                false => 1.0,
            };
            if residuals && parameters <= LARGEST as u128 {
                let network = self.network(output.clone(), None)?;
                let scales = Scales::of(&self.terms, network.as_ref(), bends);
                size = self.deck.network.output_scale.or_else(|| scales.output());
                weights = scales.weights(size);
            }
            self.deck.network.output_scale.fill(size);
            let on_boundary =
                |(term, _): &(&mut Term, f64)| matches!(term.place, Place::Boundary(_));
            let terms = self.terms.iter_mut().zip(weights).filter(on_boundary);
            let conditions = self.deck.boundary.iter_mut();
            let weak = conditions.filter(|condition| condition.enforce == Enforce::Weak);
            for (condition, (term, weight)) in weak.zip(terms) {
                condition.weight.fill(weight);
                term.weight = condition.weight.or(weight);
            }
        }
        for condition in &mut self.deck.boundary {
            condition.weight.fill(1.0);
        }
        if let Auto::Set(size) = self.deck.network.output_scale {
            output.scale.fill(size);
        }
        Ok(output)
    }
}

/// The residuals of a problem, tried with random networks.
struct Scales<'t> {
    /// By term.
    probes: Vec<Vec<Probe<'t>>>,
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
        }
    }

    /// The size s of the unknowns: a power of ten, 1 where they are of about one.
    fn output(&self) -> f64 {
        let sizes = self.probes.iter().filter_map(|probes| size(probes));
        let power = sizes.max().unwrap_or(0);
        let s = libm::pow(10.0, f64::from(power));
        // |r(N) − r(0)|² over |r(s N) − r(0)|², which is 1/s² of linear equations.
        let bent = libm::log10(self.inside(1.0) / self.inside(s) * s * s);
        let s = match bent.abs() > BENT && self.inside(s).is_finite() {
            true => s,
            false => unusual(power),
        };
        // Smaller where an exponential makes no sense of it; if it makes none of anything, so be it.
        let mut smaller = (0..=*SIZES.end()).map(|k| s * libm::pow(10.0, f64::from(-k)));
        smaller.find(|&s| self.bend(s) <= BENT).unwrap_or(s)
    }

    /// How many powers of ten, squared, the equations are from linear between s/10 and s.
    fn bend(&self, s: f64) -> f64 {
        libm::log10(self.inside(s) / self.inside(0.1 * s)) - 2.0
    }

    /// Σ |r(s N) − r(0)|² of all equations, or of their part that is linear in N if that is less.
    fn least_inside(&self, s: f64) -> f64 {
        let (whole, small) = (self.inside(s), self.inside(SMALL * s) / (SMALL * SMALL));
        match small.is_normal() && (whole.is_nan() || small <= whole) {
            true => small,
            false => whole,
        }
    }

    /// Σ |r(s N) − r(0)|² of all equations.
    fn inside(&self, s: f64) -> f64 {
        self.probes
            .iter()
            .filter(|p| is_inside(p))
            .map(|p| change(p, s))
            .sum()
    }

    /// The weight of every term where the unknowns are of size `s`: powers of ten, 1 of equations.
    fn weights(&self, s: f64) -> Vec<f64> {
        let inside = self.least_inside(s);
        let weight = |probes: &Vec<Probe>| {
            let share = inside / change(probes, s);
            match is_inside(probes) || !share.is_normal() {
                true => 1.0,
                false => unusual((libm::log10(share) - POISSON).round() as i32),
            }
        };
        self.probes.iter().map(weight).collect()
    }
}

/// Whether a term is an equation.
fn is_inside(probes: &[Probe]) -> bool {
    let first = probes.first();
    first.is_some_and(|probe| matches!(probe.term.place, Place::Interior(_)))
}

/// Σ |r(s N) − r(0)|² of a term.
fn change(probes: &[Probe], s: f64) -> f64 {
    probes.iter().flat_map(|probe| probe.change(s)).sum()
}

/// 10^k, or 1 where that is usual.
fn unusual(k: i32) -> f64 {
    match k.abs() < USUAL {
        true => 1.0,
        false => libm::pow(10.0, f64::from(k)),
    }
}

/// The power of ten at which the unknown part of a term is as large as what is given, the largest over its
/// components; none where nothing is given.
fn size(probes: &[Probe]) -> Option<i32> {
    let sum = |of: &dyn Fn(&Probe) -> Vec<f64>| {
        probes.iter().map(of).reduce(|mut sums, more| {
            sums.iter_mut()
                .zip(more)
                .for_each(|(sum, more)| *sum += more);
            sums
        })
    };
    let given = sum(&|probe| probe.given())?;
    let changes: Vec<(i32, Vec<f64>)> = SIZES
        .filter_map(|k| {
            let s = libm::pow(10.0, f64::from(k));
            Some((k, sum(&|probe| probe.change(s))?))
        })
        .collect();
    let of_component = |(component, given): (usize, &f64)| {
        if !given.is_normal() {
            return None;
        }
        // What is no number there is too large.
        let reached = |change: f64| change.is_nan() || change >= *given;
        let found = changes.iter().find(|(_, c)| reached(c[component]));
        found.map(|(k, _)| *k)
    };
    given.iter().enumerate().filter_map(of_component).max()
}
