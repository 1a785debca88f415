//! The directions of the tangent space in the order of their effect, A = U T Vᵀ without U ([`basis`]). A
//! cutoff leaves the first k columns of V; within them the least residual is that of
//!
//! ```text
//! T_k T_kᵀ z = V_kᵀ g,   x = V_k z.
//! ```

mod basis;
mod mixture;
#[cfg(test)]
mod tests;

pub(crate) use basis::Basis;

use super::{Inverse, Note, negated};
use crate::comm::{Phase, during};
use crate::flow::{Covector, Tangent};
use crate::simd::vectorised;

/// See the module's page.
pub struct Spectrum {
    /// What stands for the singular values of A, descending; on all ranks.
    pub values: Vec<f64>,
    basis: Option<Basis>,
    cutoff: f64,
}

impl Spectrum {
    /// What all ranks know, and what rank 0 alone.
    pub(super) fn new(values: Vec<f64>, basis: Option<Basis>, cutoff: f64) -> Self {
        Self {
            values,
            basis,
            cutoff,
        }
    }

    /// How many singular values lie above `cutoff` times the largest.
    pub fn rank(&self, cutoff: f64) -> usize {
        let least = cutoff * self.values.first().copied().unwrap_or(0.0);
        self.values.iter().filter(|&&s| s > least).count()
    }

    /// c = T⁻ᵀ Vᵀ g, which is Uᵀ v for g = Aᵀ v: the residual along every direction. Collective.
    pub fn coefficients(&self, tangent: &Tangent, g: &[f64]) -> Vec<f64> {
        let mut c = vec![0.0; self.values.len()];
        during(tangent.flow.comm, Phase::Solve, || {
            if let Some(basis) = &self.basis {
                vectorised(
                    #[inline(always)]
                    || {
                        basis.along(g, &mut c);
                        basis.solve_transposed(&mut c);
                    },
                );
            }
        });
        tangent.flow.comm.broadcast(&mut c);
        c
    }

    /// V_k (T_k T_kᵀ)⁻¹ V_kᵀ g for the singular values above `cutoff`. Collective.
    pub fn apply(&self, tangent: &Tangent, g: &[f64], cutoff: f64) -> Vec<f64> {
        let mut x = vec![0.0; g.len()];
        during(tangent.flow.comm, Phase::Solve, || {
            if let Some(basis) = &self.basis {
                vectorised(
                    #[inline(always)]
                    || {
                        let mut z = vec![0.0; self.rank(cutoff)];
                        basis.along(g, &mut z);
                        basis.solve_transposed(&mut z);
                        basis.solve(&mut z);
                        x = basis.combined(&z, g.len());
                    },
                );
            }
        });
        tangent.flow.comm.broadcast(&mut x);
        x
    }

    /// The same spectrum with another cutoff in [`Inverse::apply`].
    pub fn cut(&self, cutoff: f64) -> Cut<'_> {
        Cut {
            spectrum: self,
            cutoff,
        }
    }
}

impl Inverse for Spectrum {
    fn apply(&self, tangent: &Tangent, g: &[f64]) -> Vec<f64> {
        self.apply(tangent, g, self.cutoff)
    }

    fn direction(&self, tangent: &Tangent, at: &Covector) -> Vec<f64> {
        self.cut(self.cutoff).direction(tangent, at)
    }

    fn spectrum(&self) -> Option<&Spectrum> {
        Some(self)
    }

    fn note(&self) -> Note {
        self.cut(self.cutoff).note()
    }
}

/// A spectrum cut off at another place.
pub struct Cut<'s> {
    spectrum: &'s Spectrum,
    cutoff: f64,
}

impl Cut<'_> {
    /// The direction of a covector whose pullback `g` is at hand. Collective.
    pub fn direction_along(&self, tangent: &Tangent, at: &Covector, g: &[f64]) -> Vec<f64> {
        let mut x = negated(self.apply(tangent, g));
        let rest = tangent.pull_pushed(at, &x);
        let correction = self.apply(tangent, &rest);
        x.iter_mut().zip(&correction).for_each(|(x, c)| *x -= c);
        x
    }
}

impl Inverse for Cut<'_> {
    fn apply(&self, tangent: &Tangent, g: &[f64]) -> Vec<f64> {
        self.spectrum.apply(tangent, g, self.cutoff)
    }

    fn direction(&self, tangent: &Tangent, at: &Covector) -> Vec<f64> {
        self.direction_along(tangent, at, &tangent.pull(at))
    }

    fn spectrum(&self) -> Option<&Spectrum> {
        Some(self.spectrum)
    }

    fn note(&self) -> Note {
        Note {
            damping: self.cutoff,
            rank: self.spectrum.rank(self.cutoff),
            ..Note::default()
        }
    }
}
