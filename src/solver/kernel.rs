//! The dual: G⁺ g for fewer rows than parameters, by the kernel matrix K = A Aᵀ of the rows.
//!
//! θ' = −Aᵀ (K + λ tr(K)/n)⁻¹ v, which is −(AᵀA + λ tr(K)/n)⁻¹ Aᵀ v by the push-through identity, at
//! the cost of n² p at most instead of n p², and without A ([`super::gram`]): what is kept of the rows
//! are the inputs and adjoints of the layers. Of the force that is no Aᵀ v only its pullback g is
//! known; there (AᵀA + μ)⁻¹ g = (g − Aᵀ (K + μ)⁻¹ A g) / μ by Woodbury's identity, which needs a μ
//! that is not small. Rank 0 forms and factors K; only vectors of n and p numbers travel back. (Known
//! as the neural tangent kernel's solve; for many-body physics Rende et al. 2024,
//! doi:10.1038/s42005-024-01732-4.)

use super::cholesky::damping_of;
use super::damped::{Factored, factor_damped};
use super::gram::gram;
use super::{Inverse, Note, Solver};
use crate::comm::{Phase, during};
use crate::error::Result;
use crate::flow::{Covector, Flow, Tangent};
use faer::Mat;

/// θ' = −Aᵀ (K + λ tr(K)/n)⁻¹ v.
#[derive(Clone, Copy, Debug)]
pub struct Kernel {
    /// Relative damping λ.
    pub damping: f64,
}

/// The damping when the deck leaves it open.
pub const KERNEL_DAMPING: f64 = 1e-8;

impl Solver for Kernel {
    fn name(&self) -> &'static str {
        "kernel"
    }

    fn needs_rows(&self) -> bool {
        false
    }

    fn tangent<'a, 'f>(&self, flow: &'f Flow<'a>, theta: &[f64]) -> Tangent<'a, 'f> {
        flow.factored_tangent(theta)
    }

    fn factor(&self, tangent: &Tangent, lift: f64) -> Result<Box<dyn Inverse>> {
        let (comm, gram) = (tangent.flow.comm, gram(tangent));
        let trace = |k: &Mat<f64>| (0..k.nrows()).map(|i| k[(i, i)]).sum::<f64>();
        let mut mean = [gram
            .as_ref()
            .map_or(0.0, |k| trace(k) / k.nrows().max(1) as f64)];
        comm.broadcast(&mut mean);
        let factored = during(comm, Phase::Solve, || {
            gram.and_then(|k| factor_damped(&k, lift * self.damping))
        });
        let damping = damping_of(factored.as_ref().map(|f| f.damping), tangent)?;
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
