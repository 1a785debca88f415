//! The rows A themselves, factored: R of a QR over the tree of cells, then its directions in the order of
//! their effect ([`super::spectrum`]).
//!
//! The normal equations are never formed, so directions down to the relative singular value 1e-12
//! are seen, where AᵀA is blind below 1e-8. Q is never kept: Aᵀv is an ordinary sum, and one
//! correction with the residual v + A x restores the accuracy that the normal equations lose
//! (corrected semi-normal equations: Björck 1987, doi:10.1016/0024-3795(87)90101-7). R and its directions
//! stay on rank 0; all ranks know the singular values.

use super::gather::{Compression, gather, stack};
use super::spectrum::{Basis, Spectrum};
use super::triangle::{absorb, triangle};
use super::{Inverse, Solver};
use crate::comm::{Phase, during};
use crate::error::{Error, Result};
use crate::flow::Tangent;
use faer::Mat;
use std::borrow::Cow;

/// θ' = −A⁺ v, singular values of A below `cutoff` times the largest cut off.
#[derive(Clone, Copy, Debug)]
pub struct Qr {
    /// Relative cutoff τ.
    pub cutoff: f64,
}

/// A node with more rows than this is compressed into R: at least p, for R to be smaller than they
/// are; up to 4 p when there are many, because long blocks waste less on joining triangles.
pub fn triangle_limit(parameters: usize, rows: usize) -> usize {
    parameters * (rows / (16 * parameters)).clamp(1, 4)
}

struct Triangle {
    parameters: usize,
    rows: usize,
}

impl Compression for Triangle {
    fn limit(&self) -> usize {
        triangle_limit(self.parameters, self.rows)
    }

    fn compress(&self, blocks: Vec<Cow<'_, Mat<f64>>>) -> Mat<f64> {
        triangle(stack(blocks))
    }

    fn absorb(&self, mut r: Mat<f64>, blocks: Vec<Cow<'_, Mat<f64>>>) -> Mat<f64> {
        absorb(&mut r, stack(blocks));
        r
    }

    fn join(&self, mut left: Mat<f64>, right: Mat<f64>) -> Mat<f64> {
        absorb(&mut left, right);
        left
    }
}

impl Solver for Qr {
    fn name(&self) -> &'static str {
        "qr"
    }

    fn needs_rows(&self) -> bool {
        true
    }

    fn factor(&self, tangent: &Tangent, _lift: f64) -> Result<Box<dyn Inverse>> {
        let parameters = tangent.parameters();
        let rows = tangent.flow.row_count();
        let r = gather(tangent, &Triangle { parameters, rows });
        let comm = tangent.flow.comm;
        let seed = tangent.flow.seed();
        let basis = during(comm, Phase::Solve, || r.and_then(|r| Basis::of(r, seed)));
        let mut size = [basis.as_ref().map_or(-1.0, |b| b.values.len() as f64)];
        tangent.flow.comm.broadcast(&mut size);
        if size[0] < 0.0 {
            return Err(Error::Failed(
                "the directions of the tangent space cannot be told apart: its rows are not finite"
                    .into(),
            ));
        }
        let mut values = match &basis {
            Some(basis) => basis.values.clone(),
            None => vec![0.0; size[0] as usize],
        };
        tangent.flow.comm.broadcast(&mut values);
        Ok(Box::new(Spectrum::new(values, basis, self.cutoff)))
    }
}
