//! Uniform random points, stratified: every cell holds its share, so the mean square quadrature
//! error is below that of plain Monte Carlo and the points are disjoint among ranks.

use super::{Sampler, run_of};
use crate::domain::Patch;
use faer::Mat;
use rand::RngExt;
use rand_xoshiro::Xoshiro256PlusPlus;

/// Independent uniform points in every cell.
#[derive(Clone, Copy, Debug)]
pub struct Random;

impl Sampler for Random {
    fn count(&self, patch: &Patch, wanted: usize) -> usize {
        if patch.free_axes().is_empty() {
            1
        } else {
            wanted.max(1)
        }
    }

    fn draw(
        &self,
        patch: &Patch,
        cell: usize,
        cells: usize,
        count: usize,
        rng: &mut Xoshiro256PlusPlus,
    ) -> (Mat<f64>, Vec<f64>) {
        let part = patch.cell(cell, cells);
        let n = run_of(cell, cells, count).len();
        let mut x = Mat::zeros(n, patch.dim());
        for i in 0..n {
            for axis in 0..patch.dim() {
                let [lower, upper] = [part.lower(axis), part.upper(axis)];
                x[(i, axis)] = if lower < upper {
                    lower + (upper - lower) * rng.random::<f64>()
                } else {
                    lower
                };
            }
        }
        let weight = part.measure() / n.max(1) as f64;
        (x, vec![weight; n])
    }
}
