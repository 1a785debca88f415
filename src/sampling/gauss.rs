//! Gauss–Legendre points on the tensor grid of a patch, exact for polynomials of degree 2 m − 1 in
//! every coordinate; for smooth integrands the most accurate rule in up to three dimensions.
//!
//! The grid belongs to the whole patch; its cells are runs of grid points in lexicographic order.

use super::{Chance, Piece, Sampler};
use crate::domain::Patch;
use faer::Mat;
use std::f64::consts::PI;

/// Tensor grid with the same number of points along every free axis.
#[derive(Clone, Copy, Debug)]
pub struct Gauss;

impl Gauss {
    fn per_axis(axes: usize, wanted: usize) -> usize {
        match axes {
            0 => 1,
            axes => ((wanted as f64).powf(1.0 / axes as f64).round() as usize).max(1),
        }
    }
}

impl Sampler for Gauss {
    fn count(&self, patch: &Patch, wanted: usize) -> usize {
        let axes = patch.free_axes().len();
        Self::per_axis(axes, wanted).pow(axes as u32)
    }

    fn draw(&self, piece: &Piece, cell: usize, _: &mut Chance) -> (Mat<f64>, Vec<f64>) {
        let patch = &piece.patch;
        let axes = patch.free_axes();
        let m = Self::per_axis(axes.len(), piece.count);
        let rule: Vec<Node> = (0..m).map(|i| Node::of_legendre(i, m)).collect();
        let run = piece.run(cell);
        let mut x = Mat::from_fn(run.len(), patch.dim(), |_, axis| patch.lower(axis));
        let mut weights = vec![1.0; run.len()];
        for (i, mut index) in run.enumerate() {
            for &axis in axes.iter().rev() {
                let Node { place, weight } = rule[index % m];
                let half = 0.5 * (patch.upper(axis) - patch.lower(axis));
                x[(i, axis)] = patch.lower(axis) + half * (1.0 + place);
                weights[i] *= half * weight;
                index /= m;
            }
        }
        (x, weights)
    }
}

/// A node of a rule on [−1, 1].
#[derive(Clone, Copy, Debug)]
struct Node {
    place: f64,
    weight: f64,
}

impl Node {
    /// Root number `i` of the Legendre polynomial P_m and its weight 2 / ((1 − x²) P_m'(x)²), by
    /// Newton's method from Tricomi's asymptotic estimate; exact to rounding for any m in use.
    /// (Crates for this bring a linear algebra library of their own.)
    fn of_legendre(i: usize, m: usize) -> Self {
        let mut x = -(PI * (i as f64 + 0.75) / (m as f64 + 0.5)).cos();
        let mut slope = 1.0;
        for _ in 0..100 {
            let (mut before, mut value) = (1.0, x);
            for k in 2..=m {
                let k = k as f64;
                let next = ((2.0 * k - 1.0) * x * value - (k - 1.0) * before) / k;
                before = value;
                value = next;
            }
            slope = m as f64 * (before - x * value) / (1.0 - x * x);
            let change = value / slope;
            x -= change;
            if change.abs() <= 1e-16 {
                break;
            }
        }
        Self {
            place: x,
            weight: 2.0 / ((1.0 - x * x) * slope * slope),
        }
    }
}
