//! The directions of the tangent space in the order of their effect, A = U T Vᵀ without U: singular
//! vectors where they are cheap, with T = S diagonal ([`svd`]); elsewhere what reveals the rank as well,
//! with T upper triangular ([`urv`]). A cutoff leaves the first k columns of V; within them the least
//! residual is that of
//!
//! ```text
//! T_k T_kᵀ z = V_kᵀ g,   x = V_k z.
//! ```

mod svd;
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

#[cfg(test)]
mod tests {
    use super::*;

    type Decomposition = fn(&Mat<f64>) -> Basis;
    const BOTH: [Decomposition; 2] = [
        |r| svd::singular(r).unwrap(),
        |r| urv::revealed(r.clone(), 7),
    ];

    /// Singular values from 1 down to 1e-12, in no order that the columns would tell.
    fn graded(rows: usize, p: usize) -> Mat<f64> {
        let waves = |n: usize, phase: f64| {
            let entry = |i: usize, j: usize| ((i * j) as f64 * 0.7 + i as f64 * phase).cos();
            Mat::from_fn(n, n, entry).qr().compute_Q()
        };
        let (u, v) = (waves(rows, 0.3), waves(p, 1.1));
        let size = |i: usize| 10f64.powf(-12.0 * i as f64 / rows as f64);
        let scaled = Mat::from_fn(rows, p, |i, j| size(i) * v[(j, i)]);
        super::super::triangle::triangle(&u * &scaled)
    }

    /// The upper triangle of T.
    fn t(basis: &Basis) -> Mat<f64> {
        let size = basis.values.len();
        Mat::from_fn(size, size, |i, j| match &basis.triangle {
            Some(triangle) if i <= j => triangle[(i, j)],
            None if i == j => basis.values[i],
            _ => 0.0,
        })
    }

    #[test]
    fn directions_are_orthonormal_and_their_triangle_is_that_of_the_rows() {
        for (rows, p) in [(1, 1), (50, 50), (130, 130), (40, 90)] {
            let r = graded(rows, p);
            for decomposition in BOTH {
                let basis = decomposition(&r);
                let v = &basis.vectors;
                assert_eq!((v.nrows(), v.ncols()), (p, rows));
                let unit = v.transpose() * v - Mat::<f64>::identity(rows, rows);
                assert!(unit.norm_max() < 1e-13, "{p}: {:e}", unit.norm_max());
                let (rv, t) = (&r * v, t(&basis));
                let gap = rv.transpose() * &rv - t.transpose() * &t;
                assert!(gap.norm_max() < 1e-13, "{p}: {:e}", gap.norm_max());
            }
        }
    }

    #[test]
    fn a_triangle_reveals_the_singular_values_within_a_small_factor() {
        for (rows, p) in [(130, 130), (40, 90)] {
            let r = graded(rows, p);
            let [exact, revealed] = BOTH.map(|decomposition| decomposition(&r).values);
            assert!(revealed.is_sorted_by(|a, b| a >= b));
            for (k, (s, t)) in exact.iter().zip(&revealed).enumerate() {
                assert!((0.25..4.0).contains(&(t / s)), "{k}: {t:e} for {s:e}");
            }
        }
    }

    #[test]
    fn the_least_residual_within_the_leading_directions_is_found() {
        let r = graded(60, 60);
        let g: Vec<f64> = (0..60).map(|i| (i as f64).sin()).collect();
        for decomposition in BOTH {
            let basis = decomposition(&r);
            for k in [1, 9, 20] {
                let mut z = vec![0.0; k];
                basis.along(&g, &mut z);
                let projected = z.clone();
                basis.solve_transposed(&mut z);
                basis.solve(&mut z);
                // V_kᵀ Rᵀ R V_k z = V_kᵀ g.
                let rv = &r * basis.vectors.subcols(0, k);
                let z = Mat::from_fn(k, 1, |i, _| z[i]);
                let back = rv.transpose() * (&rv * &z);
                for i in 0..k {
                    let (found, wanted) = (back[(i, 0)], projected[i]);
                    assert!((found - wanted).abs() < 1e-6, "{k}: {found} for {wanted}");
                }
            }
        }
    }

    #[test]
    fn a_decomposition_has_the_same_bits_on_any_number_of_threads() {
        for p in [60, 300] {
            let r = graded(p, p);
            for decomposition in BOTH {
                let on = |threads: usize| {
                    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
                    pool.build().unwrap().install(|| decomposition(&r))
                };
                let one = on(1);
                for threads in [2, 3, 5] {
                    let several = on(threads);
                    assert_eq!(one.values, several.values, "{threads} threads");
                    assert_eq!(one.vectors, several.vectors, "{threads} threads");
                    assert_eq!(one.triangle, several.triangle, "{threads} threads");
                }
            }
        }
    }

    #[test]
    fn rows_that_are_not_finite_have_no_directions() {
        for p in [3, SMALL + 1] {
            let mut r = Mat::<f64>::identity(p, p);
            r[(0, 1)] = f64::NAN;
            assert!(Basis::of(r, 0).is_none());
        }
    }
}
