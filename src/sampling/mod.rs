//! Samples: points with quadrature weights, drawn cell by cell.
//!
//! Randomness belongs to the cell and the epoch, never to the rank: [`stream`] gives every
//! (seed, purpose, epoch, cell) its own generator, so the samples of a step are the same however the
//! cells are shared out, and a restart draws what an undisturbed run would have drawn.
//!
//! | rule | mean quadrature error with n points | for |
//! |---|---|---|
//! | [`Random`] | n^(−1/2), and less by the strata | fresh points at every step |
//! | [`Sobol`] | about n^(−3/2) for smooth integrands | fixed points in many dimensions |
//! | [`Gauss`] | spectral, in n^(1/d) points an axis | fixed points in up to three dimensions |
//! | [`Candidates`] | that of random points, where the residual is large | fronts and layers |

mod adaptive;
mod gauss;
mod random;
mod rows;
mod sample;
mod sobol;
mod stream;
#[cfg(test)]
mod tests;

pub use adaptive::{CANDIDATES, Candidates, Emphasis};
pub use gauss::Gauss;
pub use random::Random;
pub use rows::RandomRows;
pub use sample::Sample;
pub use sobol::Sobol;
pub use stream::{Chance, Draw, Purpose, stream};

use crate::domain::Patch;
use faer::Mat;
use std::ops::Range;

/// A patch, how many points it holds, and into how many cells they are divided.
#[derive(Clone, Debug)]
pub struct Piece {
    /// Where the points lie.
    pub patch: Patch,
    /// Points in all cells.
    pub count: usize,
    /// Number of cells.
    pub cells: usize,
}

impl Piece {
    /// Which of the points 0..count are those of cell `cell`.
    pub fn run(&self, cell: usize) -> Range<usize> {
        run_of(cell, self.cells, self.count)
    }
}

/// A rule that puts points into patches.
pub trait Sampler: Send + Sync {
    /// How many points the rule puts into a patch when about `wanted` are asked for.
    fn count(&self, patch: &Patch, wanted: usize) -> usize;

    /// Points, shape (n, d), and weights of one cell of the piece; the weights of all cells add up to
    /// the patch's measure. What all cells must agree on is drawn from `chance.patch`, the rest from
    /// `chance.cell`.
    fn draw(&self, piece: &Piece, cell: usize, chance: &mut Chance) -> (Mat<f64>, Vec<f64>);
}

/// Items of part `part` when `total` are divided into `parts` runs as even as can be.
pub fn run_of(part: usize, parts: usize, total: usize) -> Range<usize> {
    let edge = |k: usize| (k as u128 * total as u128 / parts as u128) as usize;
    edge(part)..edge(part + 1)
}
