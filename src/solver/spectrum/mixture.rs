//! A random mixture of the parameters, which leaves none of them in front.

use crate::sampling::{Purpose, stream};
use crate::simd::vectorised;
use faer::Mat;
use rand::RngExt;
use rayon::prelude::*;
use std::f64::consts::FRAC_1_SQRT_2;

/// A symmetric, orthogonal matrix that mixes all coordinates: M = D₁ H D₂ Hᵀ D₁ with random signs D and
/// the butterflies H of a Walsh–Hadamard transform. Coordinates without a partner stay as they are, so
/// that any number of them will do.
pub(super) struct Mixture {
    signs: [Vec<f64>; 2],
}

impl Mixture {
    pub(super) fn new(p: usize, seed: u64) -> Self {
        let mut random = stream(seed, Purpose::Sketch, 1, 0);
        let signs = [(); 2].map(|()| {
            let sign = |_| if random.random::<bool>() { 1.0 } else { -1.0 };
            (0..p).map(sign).collect()
        });
        Self { signs }
    }

    /// A ← M A.
    pub(super) fn mix(&self, a: &mut Mat<f64>) {
        a.par_col_iter_mut().for_each(|column| {
            if let Some(column) = column.try_as_col_major_mut() {
                let x = column.as_slice_mut();
                vectorised(
                    #[inline(always)]
                    || self.mix_one(x),
                );
            }
        });
    }

    /// x ← M x.
    #[inline(always)]
    pub(super) fn mix_one(&self, x: &mut [f64]) {
        let [outer, inner] = &self.signs;
        let distances = || (0..).map(|k| 1 << k).take_while(|&d| d < x.len());
        let distances: Vec<usize> = distances().collect();
        multiply(x, outer);
        distances.iter().for_each(|&d| butterflies(x, d));
        multiply(x, inner);
        distances.iter().rev().for_each(|&d| butterflies(x, d));
        multiply(x, outer);
    }
}

#[inline(always)]
fn multiply(x: &mut [f64], by: &[f64]) {
    x.iter_mut().zip(by).for_each(|(x, by)| *x *= by);
}

/// (x_i, x_j) ← (x_i + x_j, x_i − x_j)/√2 for all pairs at a distance d, every coordinate in one pair at
/// most.
#[inline(always)]
fn butterflies(x: &mut [f64], d: usize) {
    for pairs in x.chunks_mut(2 * d) {
        let (left, right) = pairs.split_at_mut(d.min(pairs.len()));
        for (a, b) in left.iter_mut().zip(right) {
            (*a, *b) = (FRAC_1_SQRT_2 * (*a + *b), FRAC_1_SQRT_2 * (*a - *b));
        }
    }
}
