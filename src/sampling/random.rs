//! Uniform random points, stratified: every cell holds its share, so the mean square quadrature
//! error is below that of plain Monte Carlo and the points are disjoint among ranks.

use super::{Chance, Piece, Sampler};
use crate::domain::Patch;
use faer::Mat;
use rand::RngExt;

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

    fn draw(&self, piece: &Piece, cell: usize, chance: &mut Chance) -> (Mat<f64>, Vec<f64>) {
        let part = piece.patch.cell(cell, piece.cells);
        let n = piece.run(cell).len();
        let mut s = Mat::zeros(n, part.parameters());
        for i in 0..n {
            for axis in 0..part.parameters() {
                let [lower, upper] = [part.lower(axis), part.upper(axis)];
                s[(i, axis)] = if lower < upper {
                    lower + (upper - lower) * chance.cell.random::<f64>()
                } else {
                    lower
                };
            }
        }
        let weight = part.measure() / n.max(1) as f64;
        (part.points(s), vec![weight; n])
    }
}
