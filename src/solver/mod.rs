//! Solvers: from the tangent space to θ' = −G⁺ g.
//!
//! A solver gathers what it needs of the rows A over the fixed tree of cells to rank 0, which
//! factors it; after that only vectors of p numbers travel. (`cg` gathers products with G instead.) So
//! the replicated state of a step is small, ranks that share a core do not factor the same matrix, and
//! machines whose arithmetic differs in the last bit still advance the same parameters. G itself, for
//! `cholesky`, is left in tiles on all ranks, which factor it together.

mod cg;
mod cholesky;
mod damped;
mod gather;
mod gram;
mod kernel;
mod numbers;
mod nystrom;
mod qr;
mod recursion;
mod reflectors;
mod spectrum;
mod steepest;
#[cfg(test)]
mod tests;
mod tiled;
mod triangle;

pub use cg::{CG_DAMPING, CG_LIMIT, CG_TOLERANCE, Cg};
pub use cholesky::{Cholesky, DEFAULT_DAMPING, gram_limit};
pub(crate) use damped::factor_damped;
pub use kernel::{KERNEL_DAMPING, Kernel};
pub use qr::{Qr, triangle_limit};
pub use recursion::{Recursion, memory_limit};
pub(crate) use spectrum::Basis;
pub use spectrum::{Cut, Spectrum};
pub use steepest::Steepest;
pub use tiled::TILE;
pub use triangle::absorb;

use crate::error::Result;
use crate::flow::{Covector, Flow, Tangent};

/// A way to solve G x = g.
pub trait Solver: Send + Sync {
    /// The name in the deck.
    fn name(&self) -> &'static str;

    /// Whether the rows of the tangent space are needed, or only gradients.
    fn needs_rows(&self) -> bool;

    /// The tangent space at θ, with what this solver needs of it at hand. Collective.
    fn tangent<'a, 'f>(&self, flow: &'f Flow<'a>, theta: &[f64]) -> Tangent<'a, 'f> {
        flow.tangent(theta, self.needs_rows())
    }

    /// Factors G at a tangent space, damped `lift` times as much as the solver does by itself (1
    /// unless a stepper asks for more). Collective: every rank calls it.
    ///
    /// # Errors
    /// When no factorisation exists even with the largest damping.
    fn factor(&self, tangent: &Tangent, lift: f64) -> Result<Box<dyn Inverse>>;
}

/// A factored G.
pub trait Inverse {
    /// G⁺ g, the same on all ranks. Collective.
    fn apply(&self, tangent: &Tangent, g: &[f64]) -> Vec<f64>;

    /// The direction θ' = −G⁺ (Aᵀ v + Jᵀ f) of a covector, the same on all ranks. Collective.
    fn direction(&self, tangent: &Tangent, at: &Covector) -> Vec<f64> {
        negated(self.apply(tangent, &tangent.pull(at)))
    }

    /// The singular values of A and what lies along them, where the factorisation knows them.
    fn spectrum(&self) -> Option<&Spectrum> {
        None
    }

    /// For the history: what was cut or damped.
    fn note(&self) -> Note;
}

/// What a factorisation did to G.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Note {
    /// Relative damping or relative cutoff; 0 where there is none.
    pub damping: f64,
    /// Rank of the tangent space that was used; 0 where it is not known.
    pub rank: usize,
    /// Iterations of the last solution; 0 where there are none.
    pub iterations: usize,
}

/// −x.
fn negated(mut x: Vec<f64>) -> Vec<f64> {
    x.iter_mut().for_each(|x| *x = -*x);
    x
}
