//! Samples: points with quadrature weights, drawn cell by cell.
//!
//! Randomness belongs to the cell and the step, never to the rank: [`stream`] gives every
//! (seed, purpose, step, cell) its own generator, so the samples of a step are the same however the
//! cells are shared out, and a restart draws what an undisturbed run would have drawn.

mod gauss;
mod random;
mod rows;

pub use gauss::Gauss;
pub use random::Random;
pub use rows::RandomRows;

use crate::domain::Patch;
use crate::expression::Symbol;
use faer::Mat;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;

/// Points of one cell with what is known there.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Coordinates, shape (n, d).
    pub x: Mat<f64>,
    /// Quadrature weights, n.
    pub weights: Vec<f64>,
    /// Outward unit normals, shape (n, d) on the boundary and (n, 0) elsewhere.
    pub normals: Mat<f64>,
    /// Data columns, shape (n, columns); (n, 0) without data.
    pub columns: Mat<f64>,
}

impl Sample {
    /// Number of points n.
    pub fn len(&self) -> usize {
        self.x.nrows()
    }

    /// Whether the cell drew no point.
    pub fn is_empty(&self) -> bool {
        self.x.nrows() == 0
    }

    /// The values of a symbol that is no jet, at all points; nothing for jets.
    pub fn values(&self, symbol: Symbol) -> &[f64] {
        match symbol {
            Symbol::Coordinate(i) => self.x.col_as_slice(i),
            Symbol::Normal(i) => self.normals.col_as_slice(i),
            Symbol::Column(i) => self.columns.col_as_slice(i),
            Symbol::Jet { .. } | Symbol::Source(_) => &[],
        }
    }

    /// The points that satisfy `keep`, a flag per point; weights stay as they are.
    pub fn filtered(&self, keep: &[bool]) -> Sample {
        let kept: Vec<usize> = (0..self.len()).filter(|&i| keep[i]).collect();
        let pick = |a: &Mat<f64>| Mat::from_fn(kept.len(), a.ncols(), |i, j| a[(kept[i], j)]);
        Sample {
            x: pick(&self.x),
            weights: kept.iter().map(|&i| self.weights[i]).collect(),
            normals: pick(&self.normals),
            columns: pick(&self.columns),
        }
    }
}

/// A rule that puts points into patches.
pub trait Sampler: Send + Sync {
    /// How many points the rule puts into a patch when about `wanted` are asked for.
    fn count(&self, patch: &Patch, wanted: usize) -> usize;

    /// Points and weights of one of the `cells` cells of a patch that holds `count` points in all;
    /// the weights of all cells add up to the patch's measure.
    fn draw(
        &self,
        patch: &Patch,
        cell: usize,
        cells: usize,
        count: usize,
        rng: &mut Xoshiro256PlusPlus,
    ) -> (Mat<f64>, Vec<f64>);
}

/// What random numbers are drawn for: streams of different purposes never meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The random start of the network.
    Network = 1,
    /// Training samples.
    Training = 2,
    /// Points on which errors are reported.
    Testing = 3,
    /// The split of data into training and test rows.
    Split = 4,
    /// Random restarts of a stepper.
    Kick = 5,
    /// Probes of where a boundary condition holds.
    Probe = 6,
    /// Frequencies of random Fourier features.
    Features = 7,
}

/// The generator of (seed, purpose, step, cell): the four words are absorbed one after the other by
/// the SplitMix64 finaliser (Steele, Lea & Flood 2014, doi:10.1145/2660193.2660195).
pub fn stream(seed: u64, purpose: Purpose, step: u64, cell: u64) -> Xoshiro256PlusPlus {
    let absorb = |state: u64, word: u64| {
        let mut z = (state ^ word).wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    let words = [seed, purpose as u64, step, cell];
    Xoshiro256PlusPlus::seed_from_u64(words.into_iter().fold(0, absorb))
}

/// Items of part `part` when `total` are divided into `parts` runs as even as can be.
pub fn run_of(part: usize, parts: usize, total: usize) -> std::ops::Range<usize> {
    let edge = |k: usize| (k as u128 * total as u128 / parts as u128) as usize;
    edge(part)..edge(part + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::RngExt;

    #[test]
    fn streams_differ_in_every_word() {
        let mut seen = std::collections::BTreeSet::new();
        for seed in 0..4 {
            for step in 0..4 {
                for cell in 0..4 {
                    for purpose in [Purpose::Training, Purpose::Testing] {
                        assert!(seen.insert(stream(seed, purpose, step, cell).random::<u64>()));
                    }
                }
            }
        }
    }

    #[test]
    fn samplers_integrate_the_measure_and_low_monomials() {
        let patch = Patch::new(vec![0.0, 1.0], vec![2.0, 2.0], None);
        for cells in [1, 5, 64] {
            let mut sums = [0.0; 3];
            let count = Gauss.count(&patch, 400);
            for cell in 0..cells {
                let mut rng = stream(0, Purpose::Training, 0, cell as u64);
                let (x, w) = Gauss.draw(&patch, cell, cells, count, &mut rng);
                for (i, w) in w.iter().enumerate() {
                    sums[0] += w;
                    sums[1] += w * x[(i, 0)].powi(5);
                    sums[2] += w * x[(i, 0)] * x[(i, 1)].powi(3);
                }
            }
            for (sum, exact) in sums.into_iter().zip([2.0, 64.0 / 6.0, 2.0 * 15.0 / 4.0]) {
                assert!((sum - exact).abs() < 1e-12 * exact, "{sum} {exact}");
            }
            let mut area = 0.0;
            for cell in 0..cells {
                let mut rng = stream(0, Purpose::Training, 0, cell as u64);
                let (x, w) = Random.draw(&patch, cell, cells, 400, &mut rng);
                let part = patch.cell(cell, cells);
                area += w.iter().sum::<f64>();
                for i in 0..w.len() {
                    for a in 0..2 {
                        assert!(part.lower(a) <= x[(i, a)] && x[(i, a)] <= part.upper(a));
                    }
                }
            }
            assert!((area - 2.0).abs() < 1e-12);
        }
    }
}
