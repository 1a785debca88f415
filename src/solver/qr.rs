//! The rows A themselves, factored: R of a QR over the tree of cells, then its singular values.
//!
//! The normal equations are never formed, so directions down to the relative singular value 1e-12
//! are seen, where AᵀA is blind below 1e-8. Q is never kept: Aᵀv is an ordinary sum, and one
//! correction with the residual v + A x restores the accuracy that the normal equations lose
//! (corrected semi-normal equations: Björck 1987, doi:10.1016/0024-3795(87)90101-7). R and its singular vectors stay
//! on rank 0; all ranks know the singular values.

use super::gather::{Compression, gather, stack};
use super::triangle::{absorb, triangle};
use super::{Inverse, Note, Solver, negated};
use crate::comm::{Phase, during};
use crate::error::{Error, Result};
use crate::flow::{Covector, Tangent};
use crate::simd::vectorised;
use crate::vector::dot;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::svd;
use faer::{Col, Mat, Par};
use std::num::NonZeroUsize;

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

    fn compress(&self, blocks: Vec<Mat<f64>>) -> Mat<f64> {
        triangle(stack(blocks))
    }

    fn absorb(&self, mut r: Mat<f64>, blocks: Vec<Mat<f64>>) -> Mat<f64> {
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
        let factors = during(comm, Phase::Solve, || r.and_then(|r| singular(&r)));
        let mut size = [factors.as_ref().map_or(-1.0, |f| f.values.len() as f64)];
        tangent.flow.comm.broadcast(&mut size);
        if size[0] < 0.0 {
            return Err(Error::Failed(
                "the tangent space has no singular value decomposition: its rows are not finite"
                    .into(),
            ));
        }
        let (mut values, vectors) = match factors {
            Some(factors) => (factors.values, Some(factors.vectors)),
            None => (vec![0.0; size[0] as usize], None),
        };
        tangent.flow.comm.broadcast(&mut values);
        Ok(Box::new(Spectrum {
            values,
            vectors,
            cutoff: self.cutoff,
        }))
    }
}

/// Into how many parts the work on a decomposition is divided: always as many, since the bits depend on
/// that, though not on the number of threads that share them.
const PARTS: Par = Par::Rayon(NonZeroUsize::new(16).unwrap());

pub(crate) struct Singular {
    values: Vec<f64>,
    vectors: Mat<f64>,
}

/// Singular values and right singular vectors of R.
pub(crate) fn singular(r: &Mat<f64>) -> Option<Singular> {
    use svd::ComputeSvdVectors::{No, Thin};
    let (m, n) = (r.nrows(), r.ncols());
    let size = m.min(n);
    let mut values = Col::<f64>::zeros(size);
    let mut vectors = Mat::zeros(n, size);
    if size > 0 {
        let scratch = svd::svd_scratch::<f64>(m, n, No, Thin, PARTS, Default::default());
        let mut memory = MemBuffer::new(scratch);
        svd::svd(
            r.as_ref(),
            values.as_mut().as_diagonal_mut(),
            None,
            Some(vectors.as_mut()),
            PARTS,
            MemStack::new(&mut memory),
            Default::default(),
        )
        .ok()?;
    }
    let values: Vec<f64> = values.iter().copied().collect();
    let finite = values.iter().all(|s| s.is_finite());
    finite.then_some(Singular { values, vectors })
}

/// A = U S Vᵀ without U: the directions of the tangent space in the order of their effect.
pub struct Spectrum {
    /// Singular values S, descending.
    pub values: Vec<f64>,
    vectors: Option<Mat<f64>>,
    cutoff: f64,
}

impl Spectrum {
    /// How many singular values lie above `cutoff` times the largest.
    pub fn rank(&self, cutoff: f64) -> usize {
        let least = cutoff * self.values.first().copied().unwrap_or(0.0);
        self.values.iter().filter(|&&s| s > least).count()
    }

    /// c = S⁻¹ Vᵀ g, which is Uᵀ v for g = Aᵀ v: the residual along every direction. Collective.
    pub fn coefficients(&self, tangent: &Tangent, g: &[f64]) -> Vec<f64> {
        let mut c = vec![0.0; self.values.len()];
        during(tangent.flow.comm, Phase::Solve, || {
            if let Some(vectors) = &self.vectors {
                vectorised(
                    #[inline(always)]
                    || {
                        for (k, (c, &s)) in c.iter_mut().zip(&self.values).enumerate() {
                            let along = dot(vectors.col_as_slice(k), g);
                            *c = if s > 0.0 { along / s } else { 0.0 };
                        }
                    },
                );
            }
        });
        tangent.flow.comm.broadcast(&mut c);
        c
    }

    /// V S⁻² Vᵀ g over the singular values above `cutoff`. Collective.
    pub fn apply(&self, tangent: &Tangent, g: &[f64], cutoff: f64) -> Vec<f64> {
        let mut x = vec![0.0; g.len()];
        during(tangent.flow.comm, Phase::Solve, || {
            if let Some(vectors) = &self.vectors {
                vectorised(
                    #[inline(always)]
                    || {
                        for (k, s) in self.values[..self.rank(cutoff)].iter().enumerate() {
                            let vector = vectors.col_as_slice(k);
                            let along = dot(vector, g) / (s * s);
                            x.iter_mut().zip(vector).for_each(|(x, v)| *x += along * v);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decomposition_has_the_same_bits_on_any_number_of_threads() {
        let entry = |i: usize, j: usize| ((1 + i) as f64 * (1.3 + j as f64).powf(1.5)).sin();
        for p in [60, 300] {
            let r = triangle(Mat::from_fn(p, p, entry));
            let decomposed = |threads: usize| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
                pool.build().unwrap().install(|| singular(&r).unwrap())
            };
            let one = decomposed(1);
            // R V = U S: columns of that length, orthogonal to each other.
            let us = &r * &one.vectors;
            let gram = us.transpose() * &us;
            for j in 0..p {
                for i in 0..p {
                    let square = if i == j { one.values[j].powi(2) } else { 0.0 };
                    assert!((gram[(i, j)] - square).abs() < 1e-12 * one.values[0].powi(2));
                }
            }
            for threads in [2, 3, 5] {
                let several = decomposed(threads);
                assert_eq!(one.values, several.values, "{threads} threads");
                assert_eq!(one.vectors, several.vectors, "{threads} threads");
            }
        }
    }
}
