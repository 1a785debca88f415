//! Networks: u(x; θ) as jets at a block of points, and the pullback of cotangents to θ.
//!
//! A network knows nothing of energies, ranks or threads. One forward sweep gives a [`Trace`]; the
//! trace holds what further sweeps need, so that one linearisation serves the gradient of the energy
//! (summed over the points), the rows of the tangent space (one per point) and the change of the
//! jets along a direction of θ alike.

mod activation;
mod affine;
mod ansatz;
mod embedding;
mod factors;
mod hidden;
mod input;
mod layer;
mod mlp;
mod operations;
mod scratch;
mod trace;

pub use activation::Activation;
pub use affine::Affine;
pub use ansatz::{Ansatz, Lift};
pub use embedding::Embedding;
pub use factors::{Factors, LayerFactors};
pub use mlp::Mlp;
pub use operations::{Operations, Sweeps};

use crate::jet::{Jets, Layout};
use faer::{Mat, MatRef};
use rand_xoshiro::Xoshiro256PlusPlus;
use std::ops::Range;

/// A family of functions u(·; θ): R^d → R^m with p parameters.
pub trait Network: Send + Sync {
    /// Number of parameters p.
    fn parameters(&self) -> usize;

    /// Number of coordinates d.
    fn inputs(&self) -> usize;

    /// Number of unknowns m.
    fn outputs(&self) -> usize;

    /// Units of every layer, from the features of the inputs to the unknowns: what a sweep carries of
    /// a point.
    fn widths(&self) -> Vec<usize> {
        vec![self.inputs(), self.outputs()]
    }

    /// Where the parameters of the last layer stand in θ, in which u is affine.
    fn last_layer(&self) -> Range<usize> {
        let widths = self.widths();
        let last = widths.iter().rev().take(2).product::<usize>() + self.outputs();
        let p = self.parameters();
        p.saturating_sub(last)..p
    }

    /// Random parameters of length p, with which u is of the size of the unknowns.
    fn initial(&self, rng: &mut Xoshiro256PlusPlus) -> Vec<f64>;

    /// What the sweeps cost for one point, with the streams of `layout`.
    fn operations(&self, layout: &Layout) -> Sweeps;

    /// One forward sweep at the points `x`, shape (n, d), carrying the streams of `layout`.
    fn trace<'a>(
        &'a self,
        theta: &'a [f64],
        x: MatRef<'_, f64>,
        layout: &Layout,
    ) -> Box<dyn Trace + 'a>;
}

/// A forward sweep at n points, ready for reverse sweeps.
pub trait Trace {
    /// The jets of all unknowns at the n points.
    fn jets(&self) -> &Jets;

    /// Σ_i J_iᵀ c_i, length p: the pullback of the cotangent `c`, summed over the points.
    fn gradient(&self, cotangent: &Jets) -> Vec<f64>;

    /// J_iᵀ c_i as rows, shape (n, p): the pullback of each point by itself. They are written to
    /// the rows from `start` of `rows`.
    fn rows(&self, cotangent: &Jets, rows: &mut Mat<f64>, start: usize);

    /// The same rows as outer products, layer by layer, for networks that are made of layers; solvers
    /// then need not hold p numbers a row.
    fn factors(&self, _cotangent: &Jets) -> Option<Factors> {
        None
    }

    /// J_i x, the derivative of the jets along the direction `x` of θ, length p: the linear map whose
    /// transpose is [`Trace::gradient`].
    fn push(&self, x: &[f64]) -> Jets;

    /// Gives the jets away, for those who need no reverse sweep.
    fn into_jets(self: Box<Self>) -> Jets;
}
