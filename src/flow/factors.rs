//! The tangent space by factors: all that a dual solver needs of the rows A, without A.
//!
//! What is kept of a cell are the inputs and adjoints of the layers ([`Factors`]): S (h_in + h_out)
//! numbers a row and layer instead of h_in h_out, for 118,000 parameters in ten coordinates a tenth.
//! Products with A and Aᵀ come from them as well, for less than a sweep of the network.

use super::cell::{CellForce, Worker};
use super::rows::RowSource;
use super::{Flow, Tangent};
use crate::comm::{Phase, during};
use crate::network::{Factors, Trace};
use crate::problem::Term;
use crate::sampling::Sample;
use faer::Mat;
use rayon::prelude::*;
use std::borrow::Cow;

impl<'a> Flow<'a> {
    /// The tangent space at θ as factors of its rows, which are kept. Collective.
    pub fn factored_tangent<'f>(&'f self, theta: &[f64]) -> Tangent<'a, 'f> {
        let worker = self.worker();
        let factored = |cell| worker.factored(theta, cell);
        let cells = worker.cells.clone().into_par_iter().map(factored);
        let sweep = || cells.unzip();
        let (evaluated, factors): (Vec<_>, Vec<_>) = during(self.comm, Phase::Network, sweep);
        let mut tangent = Tangent::bare(self, self.summed(evaluated), theta);
        tangent.factors = Some(factors);
        tangent
    }
}

impl Worker<'_> {
    /// Energies and force of a cell, and the factors of its rows.
    fn factored(&self, theta: &[f64], cell: usize) -> ((Vec<f64>, CellForce), Factors) {
        let (term, sample, trace) = self.trace(theta, cell);
        let evaluated = self.evaluate_jets(cell, term, sample, trace.jets());
        let factors = self.factors_of(theta.len(), term, sample, trace.as_ref());
        (evaluated, factors)
    }

    /// The factors of K · n rows, in the order of the rows.
    fn factors_of(
        &self,
        parameters: usize,
        term: &Term,
        sample: &Sample,
        trace: &dyn Trace,
    ) -> Factors {
        let cotangents = match sample.is_empty() {
            true => Vec::new(),
            false => self.cotangents(term, sample, trace.jets()),
        };
        let of_rows = |cotangent| {
            let mut rows = Mat::zeros(sample.len(), parameters);
            trace.rows(cotangent, &mut rows, 0);
            Factors::of_rows(rows)
        };
        let factors = cotangents
            .iter()
            .map(|c| trace.factors(c).unwrap_or_else(|| of_rows(c)));
        let mut factors: Vec<Factors> = factors.collect();
        match factors.len() {
            1 => factors.remove(0),
            _ => Factors::stacked(&factors),
        }
    }
}

impl RowSource<'_> {
    /// The factors of the rows of a cell.
    pub fn factors(&self, cell: usize) -> Cow<'_, Factors> {
        match self.factors {
            Some(factors) => Cow::Borrowed(&factors[cell - self.worker.cells.start]),
            None => Cow::Owned(self.worker.factored(self.theta, cell).1),
        }
    }
}
