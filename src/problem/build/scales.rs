//! How large the unknowns are, and how much a boundary condition counts, in equations that are written in
//! any units.
//!
//! A network works best on numbers of about one, and conditions of weight one balance an equation of
//! order one in a domain of size one. Equations in millimetres or pascals are neither; what they ask for
//! is seen by trying a random network N in the place of u, at points of the domain and its boundary:
//!
//! ```text
//! output scale  s = max over the residuals of the least s with |r(s N) − r(0)| ≥ |r(0)|,
//! weight        w = Σ_equations |r(s N) − r(0)|² / Σ_condition |r(s N) − r(0)|² / 10,
//! ```
//!
//! norms by quadrature, both in powers of ten. s is the size of u at which the unknown part of an equation
//! is as large as what is given; w makes a random change of u cost as much inside as on the boundary, up to
//! 10, which is about what that ratio is for Poisson's equation in the unit square, whose weight is 1. Where
//! a factor is above 1e-3 and below 1e3 it is left out: a guess is better than none only far off.
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

use super::Builder;
use crate::deck::{Auto, Enforce};
use crate::error::Result;
use crate::jet::Jets;
use crate::network::{Affine, Network};
use crate::problem::{Place, Term};
use crate::sampling::{Draw, Purpose, Sample, stream};
use std::ops::RangeInclusive;

/// Points on which an equation is tried; conditions, which may hold on a small part of what is drawn, on theirs.
const POINTS: usize = 256;
/// The most parameters of a network that is tried: what it takes must not count before the run is allowed.
const LARGEST: usize = 1 << 20;
/// Sizes that are tried, as powers of ten.
const SIZES: RangeInclusive<i32> = -15..=15;
/// Factor on the first layer of N, which then bends a few times in the domain, as solutions do; on circles and
/// with waves for its inputs it does so anyway.
const BENDS: f64 = 4.0;
/// The least power of ten of a factor that is not left out.
const USUAL: i32 = 3;
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
                let network = self.network(output.clone())?;
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

/// N, with the parameters of it and of the network that is 0.
struct Trial<'n> {
    network: &'n dyn Network,
    theta: Vec<f64>,
    silent: Vec<f64>,
}

impl<'n> Trial<'n> {
    /// By a network whose first layer is multiplied by `bends`.
    fn of(network: &'n dyn Network, bends: f64) -> Self {
        let mut theta = network.initial(&mut stream(0, Purpose::Network, 0, 0));
        let mut silent = theta.clone();
        // The network is linear in its last layer.
        let widths = network.widths();
        let last: usize = widths.iter().rev().take(2).product::<usize>() + network.outputs();
        let inner = theta.len().saturating_sub(last);
        silent[inner..].fill(0.0);
        let first = (widths[0] + 1) * widths[1];
        theta[..first].iter_mut().for_each(|w| *w *= bends);
        Self {
            network,
            theta,
            silent,
        }
    }
}

/// A term at u = 0 and at u = N.
struct Probe<'t> {
    term: &'t Term,
    sample: Sample,
    zero: Jets,
    one: Jets,
    /// r(0), a column for every component.
    start: Vec<Vec<f64>>,
}

impl<'t> Probe<'t> {
    fn of(term: &'t Term, index: usize, trial: &Trial) -> Vec<Self> {
        let thin = term.thinned(match &term.place {
            Place::Boundary(_) => term.points(),
            _ => POINTS,
        });
        let draw = Draw {
            seed: 0,
            purpose: Purpose::Probe,
            epoch: 0,
        };
        let at = |theta: &[f64], sample: &Sample| {
            let layout = term.energy.layout();
            let trace = trial.network.trace(theta, sample.x.as_ref(), layout);
            trace.into_jets()
        };
        let cells = (0..thin.cells()).map(|cell| {
            let sample = thin.draw(draw, cell, (index << 20) + cell);
            let (zero, one) = (at(&trial.silent, &sample), at(&trial.theta, &sample));
            let start = term.energy.evaluate(&sample, &zero).residual;
            Self {
                term,
                sample,
                zero,
                one,
                start,
            }
        });
        cells.filter(|probe| !probe.sample.is_empty()).collect()
    }

    /// The jets of s N.
    fn jets(&self, s: f64) -> Jets {
        let mut jets = self.one.clone();
        for unknown in 0..jets.unknowns() {
            for stream in 0..jets.layout().streams() {
                let zero = self.zero.stream(unknown, stream);
                let values = jets.stream_mut(unknown, stream).iter_mut();
                (values.zip(zero)).for_each(|(v, zero)| *v = zero + s * (*v - zero));
            }
        }
        jets
    }

    /// Σ w |r|² of every component at u = 0.
    fn given(&self) -> Vec<f64> {
        let square = |r: &Vec<f64>| self.integral(r.iter().copied());
        self.start.iter().map(square).collect()
    }

    /// Σ w |r(s N) − r(0)|² of every component.
    fn change(&self, s: f64) -> Vec<f64> {
        let there = self.term.energy.evaluate(&self.sample, &self.jets(s));
        let pairs = there.residual.iter().zip(&self.start);
        let square = |(r, start): (&Vec<f64>, &Vec<f64>)| {
            self.integral(r.iter().zip(start).map(|(r, start)| r - start))
        };
        pairs.map(square).collect()
    }

    fn integral(&self, values: impl Iterator<Item = f64>) -> f64 {
        let weighted = values.zip(&self.sample.weights).map(|(v, w)| w * v * v);
        weighted.sum()
    }
}

/// The residuals of a problem, tried with a random network.
struct Scales<'t> {
    /// By term.
    probes: Vec<Vec<Probe<'t>>>,
}

impl<'t> Scales<'t> {
    /// Of terms that are residuals, by a network whose first layer is multiplied by `bends`.
    fn of(terms: &'t [Term], network: &dyn Network, bends: f64) -> Self {
        let trial = Trial::of(network, bends);
        let probe = |(index, term)| Probe::of(term, index, &trial);
        Self {
            probes: terms.iter().enumerate().map(probe).collect(),
        }
    }

    /// The size s of the unknowns: a power of ten, 1 where they are of about one.
    fn output(&self) -> f64 {
        let largest = self.probes.iter().filter_map(|probes| size(probes)).max();
        unusual(largest.unwrap_or(0))
    }

    /// The weight of every term where the unknowns are of size `s`: powers of ten, 1 of equations.
    fn weights(&self, s: f64) -> Vec<f64> {
        let change = |probes: &Vec<Probe>| -> f64 {
            let of_cells = probes.iter().flat_map(|probe| probe.change(s));
            of_cells.sum()
        };
        let is_inside = |probes: &&Vec<Probe>| {
            let first = probes.first();
            first.is_some_and(|probe| matches!(probe.term.place, Place::Interior(_)))
        };
        let inside: f64 = self.probes.iter().filter(is_inside).map(change).sum();
        let weight = |probes: &Vec<Probe>| {
            let share = inside / change(probes);
            match is_inside(&probes) || !share.is_normal() {
                true => 1.0,
                false => unusual((libm::log10(share) - POISSON).round() as i32),
            }
        };
        self.probes.iter().map(weight).collect()
    }
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
