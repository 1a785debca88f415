//! The dual: G⁺ g for fewer rows than parameters, by the kernel matrix K = A Aᵀ of the rows.
//!
//! θ' = −Aᵀ (K + λ tr(K)/n)⁻¹ v, which is −(AᵀA + λ tr(K)/n)⁻¹ Aᵀ v by the push-through identity, at
//! the cost of n² p instead of n p². Of the force that is no Aᵀ v only its pullback g is known; there
//! (AᵀA + μ)⁻¹ g = (g − Aᵀ (K + μ)⁻¹ A g) / μ by Woodbury's identity, which needs a μ that is not
//! small. The n rows are gathered on rank 0, which factors K; only vectors of n and p numbers
//! travel back. (Known as the neural tangent kernel's solve; for many-body physics Rende et al.
//! 2024, doi:10.1038/s42005-024-01732-4.)

use super::cholesky::{Factored, damping_of, factor_damped};
use super::gather::{Compression, gather, stack};
use super::{Inverse, Note, Solver};
use crate::comm::{Phase, during};
use crate::error::Result;
use crate::flow::{Covector, Tangent};
use faer::linalg::matmul::matmul;
use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::{Accum, Mat, MatRef, Par};
use rayon::prelude::*;

/// θ' = −Aᵀ (K + λ tr(K)/n)⁻¹ v.
#[derive(Clone, Copy, Debug)]
pub struct Kernel {
    /// Relative damping λ.
    pub damping: f64,
}

/// The damping when the deck leaves it open.
pub const KERNEL_DAMPING: f64 = 1e-8;

/// Rows of a block of K: a product of two blocks is worth a task.
const BLOCK: usize = 128;

/// Rows that stay as they are.
struct Rows;

impl Compression for Rows {
    fn limit(&self) -> usize {
        usize::MAX
    }

    fn compress(&self, blocks: Vec<Mat<f64>>) -> Mat<f64> {
        stack(blocks)
    }

    fn absorb(&self, above: Mat<f64>, mut blocks: Vec<Mat<f64>>) -> Mat<f64> {
        blocks.insert(0, above);
        stack(blocks)
    }

    fn join(&self, above: Mat<f64>, below: Mat<f64>) -> Mat<f64> {
        stack(vec![above, below])
    }
}

/// The lower triangle of A Aᵀ, block by block in parallel: every entry is one sum, whoever forms it.
fn gram(a: &Mat<f64>) -> Mat<f64> {
    let n = a.nrows();
    let starts: Vec<usize> = (0..n).step_by(BLOCK).collect();
    let rows = |start: usize| -> MatRef<'_, f64> { a.subrows(start, BLOCK.min(n - start)) };
    let pairs = (0..starts.len()).flat_map(|i| (0..=i).map(move |j| (i, j)));
    let pairs: Vec<(usize, usize)> = pairs.map(|(i, j)| (starts[i], starts[j])).collect();
    let product = |&(i, j): &(usize, usize)| {
        let (left, right) = (rows(i), rows(j));
        let mut block = Mat::zeros(left.nrows(), right.nrows());
        if i == j {
            let (lower, full) = (BlockStructure::TriangularLower, BlockStructure::Rectangular);
            let (to, right) = (block.as_mut(), right.transpose());
            triangular::matmul(
                to,
                lower,
                Accum::Replace,
                left,
                full,
                right,
                full,
                1.0,
                Par::Seq,
            );
        } else {
            matmul(
                &mut block,
                Accum::Replace,
                left,
                right.transpose(),
                1.0,
                Par::Seq,
            );
        }
        block
    };
    let blocks: Vec<Mat<f64>> = pairs.par_iter().map(product).collect();
    let mut gram = Mat::zeros(n, n);
    for (&(i, j), block) in pairs.iter().zip(&blocks) {
        let mut place = gram.submatrix_mut(i, j, block.nrows(), block.ncols());
        place.copy_from(block);
    }
    gram
}

impl Solver for Kernel {
    fn name(&self) -> &'static str {
        "kernel"
    }

    fn needs_rows(&self) -> bool {
        true
    }

    fn factor(&self, tangent: &Tangent, lift: f64) -> Result<Box<dyn Inverse>> {
        let (comm, rows) = (tangent.flow.comm, gather(tangent, &Rows));
        let gram = during(comm, Phase::Solve, || rows.map(|rows| gram(&rows)));
        let trace = |k: &Mat<f64>| (0..k.nrows()).map(|i| k[(i, i)]).sum::<f64>();
        let mut mean = [gram
            .as_ref()
            .map_or(0.0, |k| trace(k) / k.nrows().max(1) as f64)];
        comm.broadcast(&mut mean);
        let factored = during(comm, Phase::Solve, || {
            gram.and_then(|k| factor_damped(&k, lift * self.damping))
        });
        let damping = damping_of(factored.as_ref(), tangent)?;
        Ok(Box::new(Dual {
            factored,
            damping,
            shift: damping * mean[0],
        }))
    }
}

/// L on rank 0, where K + μ = L Lᵀ.
struct Dual {
    factored: Option<Factored>,
    /// λ.
    damping: f64,
    /// μ = λ tr(K)/n.
    shift: f64,
}

impl Dual {
    /// Aᵀ (K + μ)⁻¹ v of the residual part v of a covector. Collective.
    fn through(&self, tangent: &Tangent, at: &Covector) -> Vec<f64> {
        let gathered = tangent.gather(at);
        let solved = match &self.factored {
            Some(factored) => during(tangent.flow.comm, Phase::Solve, || {
                factored.solve(&gathered)
            }),
            None => gathered,
        };
        tangent.pull(&tangent.scatter(solved))
    }
}

impl Inverse for Dual {
    fn apply(&self, tangent: &Tangent, g: &[f64]) -> Vec<f64> {
        let along = self.through(tangent, &tangent.push(&tangent.zero(), g));
        let pairs = g.iter().zip(&along);
        pairs.map(|(g, a)| (g - a) / self.shift).collect()
    }

    fn direction(&self, tangent: &Tangent, at: &Covector) -> Vec<f64> {
        let mut x = self.through(tangent, at);
        if tangent.flow.has_forces() {
            let rest = self.apply(tangent, &tangent.pull(&at.without_residual()));
            x.iter_mut().zip(&rest).for_each(|(x, r)| *x += r);
        }
        super::negated(x)
    }

    fn note(&self) -> Note {
        Note {
            damping: self.damping,
            ..Note::default()
        }
    }
}
