//! The rank of a triangle, revealed: R = U T Vᵀ with T upper triangular and V orthogonal, in place of
//! singular values.
//!
//! A step within the first k columns V_k of V needs no more than the leading k × k block of T: the
//! smallest residual there is T_k z = U_kᵀ b. All that is asked of V is that its leading columns lie
//! roughly along the leading singular vectors, for every k; then |T_kk| follows the singular values
//! within a small factor. A random mixture of the columns and one turn of QR and LQ do that,
//!
//! ```text
//! R M = U₀ T₀,   T₀ᵀ = Q L,   V = M Q,   Lᵀ = U₁ T,
//! ```
//!
//! which is one subspace iteration with RᵀR without its loss of digits (G. W. Stewart, An updating algorithm
//! for subspace tracking, 1992, doi:10.1109/78.139256; P.-G. Martinsson et al., randUTV, 2019,
//! doi:10.1145/3242670). That is 4 p³ operations in blocks, Q being left in its reflectors; singular vectors
//! take 14/3 p³, half of them at the speed of the memory.
//!
//! Measured with AVX-512 on one thread, in ms, and in brackets faer's singular vectors: 0.3 (0.7) for 65
//! parameters, 0.8 (2.6) for 129, 3.6 (13) for 257, 12.6 (52) for 449, 96 (420) for 1,000, 820 (3,200) for
//! 2,000. Steps lead as far. QR with column pivoting alone is cheaper still, but chooses parameters
//! instead of directions: after 4 s the median error on Poisson's equation in 2D was 1.1e-9 instead of
//! 2.3e-12.

use super::mixture::Mixture;
use crate::solver::reflectors::Orthogonal;
use crate::solver::triangle::{factored, triangle};
use crate::vector::dot;
use faer::Mat;

/// What rank 0 knows of A.
pub(crate) struct Basis {
    /// What stands for the singular values: descending.
    pub(in crate::solver) values: Vec<f64>,
    /// M and Q, of V = M Q.
    mixture: Mixture,
    orthogonal: Orthogonal,
    /// T, upper triangular.
    pub(super) triangle: Mat<f64>,
}

impl Basis {
    /// That of R, shape (rows ≤ p, p); none where R is not finite. `seed` is that of the mixture. Three
    /// matrices of its size live at a time.
    pub(crate) fn of(r: Mat<f64>, seed: u64) -> Option<Self> {
        let mixture = Mixture::new(r.ncols(), seed);
        let mut columns = transposed(r);
        mixture.mix(&mut columns);
        let right = triangle(transposed(columns));
        let (orthogonal, left) = factored(transposed(right));
        let triangle = triangle(transposed(left));
        // |T_kk| may rise a little between neighbours.
        let mut least = f64::INFINITY;
        let values = (0..triangle.ncols()).map(|k| {
            least = least.min(triangle[(k, k)].abs());
            least
        });
        let values: Vec<f64> = values.collect();
        let finite = (0..triangle.ncols()).all(|k| triangle[(k, k)].is_finite());
        finite.then_some(Self {
            values,
            mixture,
            orthogonal,
            triangle,
        })
    }

    /// How many operations finding it takes.
    pub(crate) fn operations(p: f64) -> f64 {
        4.0 * p.powi(3)
    }

    /// V_kᵀ g for the k numbers of z.
    #[inline(always)]
    pub(super) fn along(&self, g: &[f64], z: &mut [f64]) {
        let mut mixed = g.to_vec();
        self.mixture.mix_one(&mut mixed);
        self.orthogonal.apply_transposed(&mut mixed);
        z.copy_from_slice(&mixed[..z.len()]);
    }

    /// V_k z, a vector of p numbers.
    #[inline(always)]
    pub(super) fn combined(&self, z: &[f64], p: usize) -> Vec<f64> {
        let mut x = z.to_vec();
        x.resize(p, 0.0);
        self.orthogonal.apply(&mut x);
        self.mixture.mix_one(&mut x);
        x
    }

    /// z ← T_k⁻ᵀ z, for the k numbers of z.
    #[inline(always)]
    pub(super) fn solve_transposed(&self, z: &mut [f64]) {
        for j in 0..z.len() {
            let column = &self.triangle.col_as_slice(j)[..=j];
            z[j] = over(z[j] - dot(&column[..j], &z[..j]), column[j]);
        }
    }

    /// z ← T_k⁻¹ z, for the k numbers of z.
    #[inline(always)]
    pub(super) fn solve(&self, z: &mut [f64]) {
        for j in (0..z.len()).rev() {
            let column = &self.triangle.col_as_slice(j)[..=j];
            z[j] = over(z[j], column[j]);
            let (above, here) = z.split_at_mut(j);
            let pairs = above.iter_mut().zip(column);
            pairs.for_each(|(z, t)| *z -= here[0] * t);
        }
    }
}

fn transposed(a: Mat<f64>) -> Mat<f64> {
    a.transpose().to_owned()
}

/// z/s; nothing along a direction that has no effect at all.
#[inline(always)]
fn over(z: f64, s: f64) -> f64 {
    if s != 0.0 { z / s } else { 0.0 }
}
