//! A randomised approximation of G by its largest directions, Ĝ = U Λ Uᵀ, and the preconditioner that
//! it makes (Frangella, Tropp, Udell 2023, doi:10.1137/21M1466244).
//!
//! With a random orthonormal Ω of s columns and the sketch Y = G Ω,
//!
//! ```text
//! Y_ν = Y + ν Ω,   L Lᵀ = Ωᵀ Y_ν,   U S Vᵀ = Y_ν L⁻ᵀ,   Λ = S² − ν,
//! P⁻¹ = (λ_s + μ) U (Λ + μ)⁻¹ Uᵀ + (1 − U Uᵀ):
//! ```
//!
//! the directions that the sketch has caught become as stiff as the last of them, λ_s, and G + μ keeps
//! only the spread of what lies below. The shift ν, at the rounding level of Y, makes the Cholesky
//! factorisation possible. Ω is the same in all steps of a run: P depends on θ alone, nothing needs to
//! be remembered, and a resumed run has the same bits.
//!
//! All of p × s numbers is on rank 0; Ω and Y travel in blocks of a few columns.

use super::damped::factor_damped;
use crate::comm::{Phase, during};
use crate::flow::{Products, Tangent};
use crate::sampling::{Purpose, stream};
use crate::simd::vectorised;
use crate::vector::dot;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::triangular_solve::solve_lower_triangular_in_place;
use faer::linalg::{matmul::matmul, svd};
use faer::{Accum, Col, Mat, Par};
use rand::RngExt;
use rand_distr::StandardNormal;

/// Columns that share the sweeps of a cell: enough to hide what they share, few enough to travel.
const BLOCK: usize = 16;

/// Ĝ = U Λ Uᵀ.
pub struct Nystrom {
    /// U, shape (p, k) with k ≤ s.
    vectors: Mat<f64>,
    /// Λ, descending and above rounding.
    values: Vec<f64>,
}

impl Nystrom {
    /// Sketches G by `size` columns, on rank 0; nothing elsewhere, nor where G is zero or not finite.
    /// Collective.
    pub fn of(tangent: &Tangent, products: &Products, size: usize) -> Option<Self> {
        let (p, comm) = (tangent.parameters(), tangent.flow.comm);
        let at_root = comm.rank() == 0;
        let omega = during(comm, Phase::Solve, || {
            at_root.then(|| left_singular(&gaussian(tangent.flow.seed(), p, size)))
        });
        // None if Ω has no factorisation, which normal numbers do not bring about.
        let omega = omega.flatten().map(|singular| singular.vectors);
        let mut sketch = Mat::zeros(if at_root { p } else { 0 }, size);
        for start in (0..size).step_by(BLOCK) {
            let columns = start..size.min(start + BLOCK);
            let mut block = vec![0.0; p * columns.len()];
            if let Some(omega) = &omega {
                for (to, j) in block.chunks_mut(p).zip(columns.clone()) {
                    to.copy_from_slice(omega.col_as_slice(j));
                }
            }
            comm.broadcast(&mut block);
            let product = products.gram(tangent, &block).unwrap_or_default();
            for (from, j) in product.chunks(p).zip(columns) {
                sketch.col_as_slice_mut(j).copy_from_slice(from);
            }
        }
        during(comm, Phase::Solve, || Self::from_sketch(&omega?, sketch))
    }

    /// The approximation from an orthonormal Ω and Y = G Ω.
    fn from_sketch(omega: &Mat<f64>, mut sketch: Mat<f64>) -> Option<Self> {
        let (p, size) = (sketch.nrows(), sketch.ncols());
        let mut core = Mat::zeros(size, size);
        let (left, right) = (omega.transpose(), sketch.as_ref());
        matmul(&mut core, Accum::Replace, left, right, 1.0, Par::Seq);
        let mean = (0..size).map(|i| core[(i, i)]).sum::<f64>() / size as f64;
        let rounding = f64::EPSILON * (p as f64).sqrt() * sketch.norm_l2();
        if !rounding.is_finite() || mean <= 0.0 {
            return None;
        }
        let factored = factor_damped(&core, rounding / mean)?;
        let shift = factored.damping * mean;
        for j in 0..size {
            let pairs = sketch.col_as_slice_mut(j).iter_mut();
            pairs
                .zip(omega.col_as_slice(j))
                .for_each(|(y, o)| *y += shift * o);
        }
        solve_lower_triangular_in_place(factored.lower.as_ref(), sketch.transpose_mut(), Par::Seq);
        let Singular { vectors, values } = left_singular(&sketch)?;
        let values = values.iter().map(|s| s * s - shift);
        let values: Vec<f64> = values.take_while(|&value| value > shift).collect();
        (!values.is_empty()).then_some(Self { vectors, values })
    }

    /// tr Ĝ: at most the trace of G, and close to it where the spectrum falls fast.
    pub fn trace(&self) -> f64 {
        self.values.iter().sum()
    }

    /// P⁻¹ r for G + μ.
    pub fn precondition(&self, r: &[f64], shift: f64) -> Vec<f64> {
        let mut z = r.to_vec();
        let least = self.values[self.values.len() - 1] + shift;
        vectorised(
            #[inline(always)]
            || {
                for (k, value) in self.values.iter().enumerate() {
                    let vector = self.vectors.col_as_slice(k);
                    let along = (least / (value + shift) - 1.0) * dot(vector, r);
                    z.iter_mut().zip(vector).for_each(|(z, u)| *z += along * u);
                }
            },
        );
        z
    }
}

/// Independent normal numbers, shape (p, s), the same for all sketches of a run.
fn gaussian(seed: u64, rows: usize, columns: usize) -> Mat<f64> {
    let mut rng = stream(seed, Purpose::Sketch, 0, 0);
    Mat::from_fn(rows, columns, |_, _| rng.sample(StandardNormal))
}

struct Singular {
    vectors: Mat<f64>,
    values: Vec<f64>,
}

/// Left singular vectors and singular values of a tall matrix.
fn left_singular(a: &Mat<f64>) -> Option<Singular> {
    use svd::ComputeSvdVectors::{No, Thin};
    let (m, n) = (a.nrows(), a.ncols());
    let mut values = Col::<f64>::zeros(n);
    let mut vectors = Mat::zeros(m, n);
    let scratch = svd::svd_scratch::<f64>(m, n, Thin, No, Par::Seq, Default::default());
    let mut memory = MemBuffer::new(scratch);
    svd::svd(
        a.as_ref(),
        values.as_mut().as_diagonal_mut(),
        Some(vectors.as_mut()),
        None,
        Par::Seq,
        MemStack::new(&mut memory),
        Default::default(),
    )
    .ok()?;
    let values = values.iter().copied().collect();
    Some(Singular { vectors, values })
}
