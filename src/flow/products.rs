//! Products with the rows A = √w B J and with G = AᵀA by sweeps of the network: no row is formed.
//!
//! A forward sweep carries a direction x of θ to the change J x of the jets, the metric's rows B take
//! it to A x, point by point, and a reverse sweep brings that back:
//!
//! ```text
//! G x = Σ_i w_i J_iᵀ B_iᵀ (B_i J_i x)
//! ```
//!
//! (Pearlmutter 1994, doi:10.1162/neco.1994.6.1.147; Schraudolph 2002, doi:10.1162/08997660260028683.)
//! A product costs about as much as two gradients, and holds the streams of one cell a thread where
//! the rows hold n · p numbers. Several products at once share the linearisation and the reduction.

use super::Tangent;
use super::cell::{Worker, accumulate};
use crate::comm::{Phase, during, tree_fold};
use crate::jet::Jets;
use rayon::prelude::*;

/// What all products at one θ share: the metric's rows √w B of this rank's cells. It takes the numbers
/// of a few jets a point.
pub struct Products {
    cotangents: Vec<Vec<Jets>>,
}

impl Tangent<'_, '_> {
    /// Prepares products with G.
    pub fn products(&self) -> Products {
        let (worker, theta) = (self.flow.worker(), &self.theta);
        let of_cell = |cell: usize| {
            let (term, sample, trace) = worker.trace(theta, cell);
            worker.cotangents(term, sample, trace.jets())
        };
        let cells = worker.cells.clone().into_par_iter().map(of_cell);
        Products {
            cotangents: during(self.flow.comm, Phase::Network, || cells.collect()),
        }
    }
}

impl Products {
    /// G x for one or more x of length p, one after the other and the same on all ranks: the products
    /// in the same order on rank 0, nothing elsewhere. `tangent` is the one they were prepared for.
    /// Collective.
    pub fn gram(&self, tangent: &Tangent, x: &[f64]) -> Option<Vec<f64>> {
        let (flow, theta) = (tangent.flow, &tangent.theta);
        let worker = flow.worker();
        let leaf = |cell: usize| {
            let cotangents = &self.cotangents[cell - worker.cells.start];
            worker.gram(theta, cell, cotangents, x)
        };
        let merge = |mut left: Vec<f64>, right: Vec<f64>| {
            let pairs = left.iter_mut().zip(&right);
            pairs.for_each(|(sum, term)| *sum += term);
            left
        };
        during(flow.comm, Phase::Network, || {
            tree_fold(flow.comm, flow.shares(), &leaf, &merge)
        })
    }
}

impl Worker<'_> {
    /// A x of one cell by a forward sweep, K · n.
    pub(super) fn push(&self, theta: &[f64], cell: usize, x: &[f64]) -> Vec<f64> {
        let (term, sample, trace) = self.trace(theta, cell);
        contracted(&self.cotangents(term, sample, trace.jets()), &trace.push(x))
    }

    /// AᵀA x of one cell for one or more x.
    fn gram(&self, theta: &[f64], cell: usize, cotangents: &[Jets], x: &[f64]) -> Vec<f64> {
        let (_, sample, trace) = self.trace(theta, cell);
        if sample.is_empty() || cotangents.is_empty() {
            return vec![0.0; x.len()];
        }
        let product = |x: &[f64]| {
            let change = trace.push(x);
            let mut force = Jets::zeros(change.layout(), change.points(), change.unknowns());
            accumulate(&mut force, cotangents, &contracted(cotangents, &change));
            trace.gradient(&force)
        };
        x.chunks(theta.len()).flat_map(product).collect()
    }
}

/// B ẋ: the rows applied to changes of the jets, pointwise; the K columns one after the other.
fn contracted(rows: &[Jets], change: &Jets) -> Vec<f64> {
    let n = change.points();
    let mut v = vec![0.0; rows.len() * n];
    for (row, v) in rows.iter().zip(v.chunks_mut(n.max(1))) {
        for unknown in 0..change.unknowns() {
            for stream in 0..change.layout().streams() {
                let terms = row.stream(unknown, stream).iter();
                let terms = terms.zip(change.stream(unknown, stream));
                v.iter_mut().zip(terms).for_each(|(v, (b, c))| *v += b * c);
            }
        }
    }
    v
}
