//! G = AᵀA as a matrix, damped relative to its mean diagonal, and factored by Cholesky.
//!
//! The fastest dense solver, at the accuracy of the normal equations: directions whose singular
//! value is below √ε of the largest are lost. When rounding makes G indefinite the damping is raised
//! tenfold until it is not. All ranks share the matrix and the work on it ([`super::tiled`]).

use super::tiled::{Lower, gram};
use super::{Inverse, Note, Solver};
use crate::error::{Error, Result};
use crate::flow::Tangent;

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

impl Solver for Cholesky {
    fn name(&self) -> &'static str {
        "cholesky"
    }

    fn needs_rows(&self) -> bool {
        true
    }

    fn factor(&self, tangent: &Tangent, lift: f64) -> Result<Box<dyn Inverse>> {
        let lower = gram(tangent).factored(tangent.flow.comm, lift * self.damping);
        let damping = damping_of(lower.damping, tangent)?;
        Ok(Box::new(Factor { lower, damping }))
    }
}

/// The damping that rank 0 factored with, on all ranks. Collective.
///
/// # Errors
/// If it found no factorisation.
pub(super) fn damping_of(found: Option<f64>, tangent: &Tangent) -> Result<f64> {
    // NaN tells the other ranks that rank 0 found none.
    let mut damping = [found.unwrap_or(f64::NAN)];
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

/// G + λ tr(G)/p = L Lᵀ.
struct Factor {
    lower: Lower,
    damping: f64,
}

impl Inverse for Factor {
    fn apply(&self, tangent: &Tangent, g: &[f64]) -> Vec<f64> {
        self.lower.solve(tangent.flow.comm, g)
    }

    fn note(&self) -> Note {
        Note {
            damping: self.damping,
            ..Note::default()
        }
    }
}
