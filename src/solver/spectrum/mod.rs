//! The directions of the tangent space in the order of their effect, A = U T Vᵀ without U: singular
//! vectors where they are cheap, with T = S diagonal ([`svd`]); elsewhere what reveals the rank as well,
//! with T upper triangular ([`urv`]). A cutoff leaves the first k columns of V; within them the least
//! residual is that of
//!
//! ```text
//! T_k T_kᵀ z = V_kᵀ g,   x = V_k z.
//! ```

mod svd;
#[cfg(test)]
mod tests;
mod urv;

use super::{Inverse, Note, negated};
use crate::comm::{Phase, during};
use crate::flow::{Covector, Tangent};
use crate::simd::vectorised;
use crate::vector::dot;
use faer::{Mat, Par};
use std::num::NonZeroUsize;

/// Up to this many columns singular vectors cost no more than what reveals the rank as well.
const SMALL: usize = 400;

/// Into how many parts the work on a decomposition is divided: always as many, since the bits depend on
/// that, though not on the number of threads that share them.
const PARTS: Par = Par::Rayon(NonZeroUsize::new(16).unwrap());

/// What rank 0 knows of A.
pub(crate) struct Basis {
    /// Singular values, or what stands for them: descending.
    pub(super) values: Vec<f64>,
    /// V, shape (p, rank).
    vectors: Mat<f64>,
    /// T, upper triangular, where it is not diag(values).
    triangle: Option<Mat<f64>>,
}

impl Basis {
    /// That of R, shape (rows ≤ p, p); none where R is not finite. `seed` is that of random mixtures.
    pub(crate) fn of(r: Mat<f64>, seed: u64) -> Option<Self> {
        let basis = match r.ncols() <= SMALL {
            true => svd::singular(&r)?,
            false => urv::revealed(r, seed),
        };
        let finite = basis.values.iter().all(|s| s.is_finite());
        finite.then_some(basis)
    }

    /// How many operations finding it takes: 8⁄3 p³ to a bidiagonal matrix and 2 p³ for the vectors, or 6 p³
    /// in blocks.
    pub(crate) fn operations(p: f64) -> f64 {
        let each = if p <= SMALL as f64 { 14.0 / 3.0 } else { 6.0 };
        each * p.powi(3)
    }

    /// z ← T_k⁻ᵀ z, for the k numbers of z.
    #[inline(always)]
    fn solve_transposed(&self, z: &mut [f64]) {
        match &self.triangle {
            None => (z.iter_mut().zip(&self.values)).for_each(|(z, &s)| *z = over(*z, s)),
            Some(t) => {
                for j in 0..z.len() {
                    let column = &t.col_as_slice(j)[..=j];
                    z[j] = over(z[j] - dot(&column[..j], &z[..j]), column[j]);
                }
            }
        }
    }

    /// z ← T_k⁻¹ z, for the k numbers of z.
    #[inline(always)]
    fn solve(&self, z: &mut [f64]) {
        match &self.triangle {
            None => (z.iter_mut().zip(&self.values)).for_each(|(z, &s)| *z = over(*z, s)),
            Some(t) => {
                for j in (0..z.len()).rev() {
                    let column = &t.col_as_slice(j)[..=j];
                    z[j] = over(z[j], column[j]);
                    let here = z[j];
                    z[..j]
                        .iter_mut()
                        .zip(column)
                        .for_each(|(z, t)| *z -= here * t);
                }
            }
        }
    }

    /// V_kᵀ g, into the k numbers of z.
    #[inline(always)]
    fn along(&self, g: &[f64], z: &mut [f64]) {
        (z.iter_mut().enumerate()).for_each(|(k, z)| *z = dot(self.vectors.col_as_slice(k), g));
    }
}

/// z/s; nothing along a direction that has no effect at all.
#[inline(always)]
fn over(z: f64, s: f64) -> f64 {
    if s != 0.0 { z / s } else { 0.0 }
}

/// See the module's page.
pub struct Spectrum {
    /// Singular values of A or what stands for them, descending; on all ranks.
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
                        for (k, z) in z.iter().enumerate() {
                            let vector = basis.vectors.col_as_slice(k);
                            x.iter_mut().zip(vector).for_each(|(x, v)| *x += z * v);
                        }
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

impl Inverse for Cut<'_> {
    fn apply(&self, tangent: &Tangent, g: &[f64]) -> Vec<f64> {
        self.spectrum.apply(tangent, g, self.cutoff)
    }

    fn direction(&self, tangent: &Tangent, at: &Covector) -> Vec<f64> {
        let mut x = negated(self.apply(tangent, &tangent.pull(at)));
        let rest = tangent.pull(&tangent.push(at, &x));
        let correction = self.apply(tangent, &rest);
        x.iter_mut().zip(&correction).for_each(|(x, c)| *x -= c);
        x
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
