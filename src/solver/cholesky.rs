//! G = AᵀA as a matrix, damped relative to its mean diagonal, and factored by Cholesky.
//!
//! The fastest dense solver, at the accuracy of the normal equations: directions whose singular
//! value is below √ε of the largest are lost. When rounding makes G indefinite the damping is raised
//! tenfold until it is not.

use super::gather::{Compression, gather, stack};
use super::{Inverse, Note, Solver};
use crate::comm::{Phase, during};
use crate::error::{Error, Result};
use crate::flow::Tangent;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt;
use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::{Accum, Mat, Par};

/// θ' = −(G + λ tr(G)/p)⁻¹ g.
#[derive(Clone, Copy, Debug)]
pub struct Cholesky {
    /// Relative damping λ.
    pub damping: f64,
}

/// The damping when the deck leaves it open: above the rounding errors of G, below all else.
pub const DEFAULT_DAMPING: f64 = 1e-11;

/// A node with more rows than this is compressed into G: enough for their product to outweigh the
/// traffic of p² numbers per sum, few enough for many ranks.
pub fn gram_limit(parameters: usize) -> usize {
    (parameters / 2).clamp(64, 4096)
}

struct Gram {
    parameters: usize,
}

impl Compression for Gram {
    fn limit(&self) -> usize {
        gram_limit(self.parameters)
    }

    fn compress(&self, blocks: Vec<Mat<f64>>) -> Mat<f64> {
        self.absorb(Mat::zeros(self.parameters, self.parameters), blocks)
    }

    fn absorb(&self, mut gram: Mat<f64>, blocks: Vec<Mat<f64>>) -> Mat<f64> {
        // One long product: each of the blocks by itself would carry p² numbers to and fro.
        let rows = stack(blocks);
        triangular::matmul(
            gram.as_mut(),
            BlockStructure::TriangularLower,
            Accum::Add,
            rows.transpose(),
            BlockStructure::Rectangular,
            rows.as_ref(),
            BlockStructure::Rectangular,
            1.0,
            Par::Seq,
        );
        gram
    }

    fn join(&self, mut left: Mat<f64>, right: Mat<f64>) -> Mat<f64> {
        for j in 0..left.ncols() {
            let (left, right) = (left.col_as_slice_mut(j), right.col_as_slice(j));
            let lower = left[j..].iter_mut().zip(&right[j..]);
            lower.for_each(|(l, r)| *l += r);
        }
        left
    }
}

impl Solver for Cholesky {
    fn name(&self) -> &'static str {
        "cholesky"
    }

    fn needs_rows(&self) -> bool {
        true
    }

    fn factor(&self, tangent: &Tangent, lift: f64) -> Result<Box<dyn Inverse>> {
        let parameters = tangent.parameters();
        let gram = gather(tangent, &Gram { parameters });
        let factored = during(tangent.flow.comm, Phase::Solve, || {
            gram.and_then(|gram| factor_damped(&gram, lift * self.damping))
        });
        let damping = damping_of(factored.as_ref(), tangent)?;
        Ok(Box::new(Factor { factored, damping }))
    }
}

/// L Lᵀ = G + λ tr(G)/p.
pub(crate) struct Factored {
    pub(super) lower: Mat<f64>,
    /// λ.
    pub(super) damping: f64,
}

impl Factored {
    /// (L Lᵀ)⁻¹ b.
    pub(super) fn solve(&self, b: &[f64]) -> Vec<f64> {
        let mut column = Mat::from_fn(b.len(), 1, |i, _| b[i]);
        let scratch = llt::solve::solve_in_place_scratch::<f64>(b.len(), 1, Par::Seq);
        let mut memory = MemBuffer::new(scratch);
        let stack = MemStack::new(&mut memory);
        llt::solve::solve_in_place(self.lower.as_ref(), column.as_mut(), Par::Seq, stack);
        column.col_as_slice(0).to_vec()
    }
}

/// Cholesky of G + λ tr(G)/p, with λ raised tenfold up to 1 while there is none.
pub(crate) fn factor_damped(gram: &Mat<f64>, damping: f64) -> Option<Factored> {
    let p = gram.ncols();
    let mean = (0..p).map(|i| gram[(i, i)]).sum::<f64>() / p as f64;
    let mut damping = damping;
    while damping <= 1.0 {
        let mut lower = gram.clone();
        (0..p).for_each(|i| lower[(i, i)] += damping * mean);
        let scratch =
            llt::factor::cholesky_in_place_scratch::<f64>(p, Par::Seq, Default::default());
        let mut memory = MemBuffer::new(scratch);
        let result = llt::factor::cholesky_in_place(
            lower.as_mut(),
            Default::default(),
            Par::Seq,
            MemStack::new(&mut memory),
            Default::default(),
        );
        if result.is_ok() {
            return Some(Factored { lower, damping });
        }
        damping = (10.0 * damping).max(1e-15);
    }
    None
}

/// The damping that rank 0 factored with, on all ranks. Collective.
///
/// # Errors
/// If it found no factorisation.
pub(super) fn damping_of(factored: Option<&Factored>, tangent: &Tangent) -> Result<f64> {
    // NaN tells the other ranks that rank 0 found none.
    let mut damping = [factored.map_or(f64::NAN, |f| f.damping)];
    tangent.flow.comm.broadcast(&mut damping);
    if damping[0].is_nan() {
        return Err(Error::Failed(
            "the Gram matrix has no Cholesky factorisation at any damping up to 1; \
             use solver = \"qr\""
                .into(),
        ));
    }
    Ok(damping[0])
}

/// L on rank 0, where G + λ tr(G)/p = L Lᵀ.
struct Factor {
    factored: Option<Factored>,
    damping: f64,
}

impl Inverse for Factor {
    fn apply(&self, tangent: &Tangent, g: &[f64]) -> Vec<f64> {
        let mut x = g.to_vec();
        if let Some(factored) = &self.factored {
            x = during(tangent.flow.comm, Phase::Solve, || factored.solve(g));
        }
        tangent.flow.comm.broadcast(&mut x);
        x
    }

    fn note(&self) -> Note {
        Note {
            damping: self.damping,
            ..Note::default()
        }
    }
}
