//! Scrambled Sobol points: for smooth integrands in many dimensions, where tensor grids have few
//! points an axis. Their mean square error falls like n^(−3) up to logarithms, that of random points
//! like n^(−1).
//!
//! Point i of the sequence has along each axis the binary digits ⊕_j i_j v_j, where i_j are the
//! digits of i and v_j the axis' direction numbers (Joe & Kuo 2008, doi:10.1137/070709359). Any 2^m
//! points from the start form a (t, m, s)-net: every elementary interval of volume 2^(t−m) holds 2^t
//! of them. Nested uniform scrambling (Owen 1997, doi:10.1214/aos/1031594731) flips each digit by a
//! random bit that depends on all digits before it; that keeps the net, makes every point uniform and
//! so the sums unbiased, and gains half an order in n. The bits are hashes of the digits before
//! (Burley 2020, "Practical Hash-based Owen Scrambling", JCGT 9(4)), one for each digit and not one
//! multiplicative hash of them all: exact to the last digit of an f64, and points are few here.
//!
//! The sequence belongs to the whole patch, and a cell takes a run of its indices: any point can be
//! computed by itself, so it does not matter which rank computes it.

use super::stream::absorb;
use super::{Chance, Piece, Sampler};
use crate::domain::Patch;
use faer::Mat;
use rand::RngExt;
use sobol::Sobol as Sequence;
use sobol::params::JoeKuoD6;

/// Binary digits of a coordinate: those of an f64 in [1/2, 1).
const DIGITS: usize = 53;

/// The start of a scrambled Sobol sequence, a power of two of points.
#[derive(Clone, Debug)]
pub struct Sobol {
    /// v_j of every axis, the first digit in the highest bit.
    directions: Vec<Vec<u64>>,
}

impl Sobol {
    /// Sequences in up to `axes` dimensions.
    ///
    /// # Panics
    /// Beyond 1,000 dimensions, for which there is no table; the deck allows no more coordinates.
    pub fn new(axes: usize) -> Self {
        let table = JoeKuoD6::standard();
        Self {
            directions: Sequence::<f64>::init_direction_vals(axes, DIGITS, &table),
        }
    }
}

impl Sampler for Sobol {
    /// The nearest power of two: only then do the points form a net.
    fn count(&self, patch: &Patch, wanted: usize) -> usize {
        if patch.free_axes().is_empty() {
            1
        } else {
            1 << (wanted.max(1) as f64).log2().round() as u32
        }
    }

    fn draw(&self, piece: &Piece, cell: usize, chance: &mut Chance) -> (Mat<f64>, Vec<f64>) {
        let patch = &piece.patch;
        let run = piece.run(cell);
        let mut s = Mat::from_fn(run.len(), patch.parameters(), |_, axis| patch.lower(axis));
        for (axis, directions) in patch.free_axes().into_iter().zip(&self.directions) {
            let key = chance.patch.random();
            let side = patch.upper(axis) - patch.lower(axis);
            for (s, index) in s.col_as_slice_mut(axis).iter_mut().zip(run.clone()) {
                *s += side * unit(scrambled(digits(directions, index), key));
            }
        }
        let weight = patch.measure() / piece.count as f64;
        (patch.points(s), vec![weight; run.len()])
    }
}

/// ⊕_j i_j v_j.
fn digits(directions: &[u64], index: usize) -> u64 {
    let taken = directions.iter().enumerate();
    let taken = taken.filter(|&(j, _)| index >> j & 1 == 1);
    taken.fold(0, |sum, (_, v)| sum ^ v)
}

/// The digits of x, each flipped by a random bit of its own for every choice of the digits before it.
/// These choices are the nodes of a binary tree: 2^k + (the first k digits) numbers them.
fn scrambled(x: u64, key: u64) -> u64 {
    let flip = |k: usize| {
        let node = if k == 0 { 1 } else { 1 << k | x >> (64 - k) };
        absorb(key, node) >> 63 << (63 - k)
    };
    (0..DIGITS).fold(x, |y, k| y ^ flip(k))
}

/// 0.d₁d₂… as a number in [0, 1).
fn unit(digits: u64) -> f64 {
    (digits >> (64 - DIGITS)) as f64 / (1_u64 << DIGITS) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampling::{Draw, Purpose};

    /// The first 2^m points in the unit cube, drawn in `cells` cells.
    fn points(dim: usize, m: u32, cells: usize, [seed, epoch]: [u64; 2]) -> Vec<Vec<f64>> {
        let piece = Piece {
            patch: Patch::new(vec![0.0; dim], vec![1.0; dim], None),
            count: 1 << m,
            cells,
        };
        let draw = Draw {
            seed,
            purpose: Purpose::Training,
            epoch,
        };
        let rule = Sobol::new(dim);
        let of_cell = |cell| {
            let (x, _) = rule.draw(&piece, cell, &mut draw.chance(cell, 0));
            let row = move |i| (0..dim).map(|axis| x[(i, axis)]).collect::<Vec<f64>>();
            (0..piece.run(cell).len()).map(row).collect::<Vec<_>>()
        };
        (0..cells).flat_map(of_cell).collect()
    }

    /// All ways to write `sum` as an ordered sum of `parts` numbers.
    fn compositions(sum: u32, parts: usize) -> Vec<Vec<u32>> {
        if parts == 1 {
            return vec![vec![sum]];
        }
        let with_first = |first: u32| {
            let rest = compositions(sum - first, parts - 1);
            rest.into_iter().map(move |r| [vec![first], r].concat())
        };
        (0..=sum).flat_map(with_first).collect()
    }

    #[test]
    fn every_elementary_interval_holds_its_share() {
        // t is at most the sum of the degrees of the axes' polynomials (0, 1, 2, 3, 3) less one each.
        for (dim, t, m) in [(1, 0, 8), (2, 0, 8), (3, 1, 8), (4, 3, 8), (5, 5, 9)] {
            for seed in 0..3 {
                let points = points(dim, m, 5, [seed, 1]);
                assert_eq!(points.len(), 1 << m);
                for shape in compositions(m - t, dim) {
                    let mut held = std::collections::BTreeMap::new();
                    for x in &points {
                        let side = |(x, k): (&f64, &u32)| (x * f64::from(1 << k)) as u32;
                        let interval: Vec<u32> = x.iter().zip(&shape).map(side).collect();
                        *held.entry(interval).or_insert(0) += 1;
                    }
                    assert_eq!(held.len(), 1 << (m - t), "{dim}D {shape:?}");
                    assert!(held.values().all(|&n| n == 1 << t), "{dim}D {shape:?}");
                }
            }
        }
    }

    #[test]
    fn cells_tile_the_sequence_and_scrambles_differ() {
        let whole = points(3, 7, 1, [4, 2]);
        for cells in [2, 5, 64, 128] {
            assert_eq!(points(3, 7, cells, [4, 2]), whole);
        }
        for other in [[5, 2], [4, 3]] {
            let other = points(3, 7, 1, other);
            assert!(other.iter().all(|x| !whole.contains(x)));
        }
    }

    /// Π (1 + x_k² − 1/3) has the mean 1 and no symmetry that would cancel errors.
    fn mean(points: &[Vec<f64>]) -> f64 {
        let f = |x: &Vec<f64>| x.iter().map(|x| 1.0 + x * x - 1.0 / 3.0).product::<f64>();
        points.iter().map(f).sum::<f64>() / points.len() as f64
    }

    #[test]
    fn the_error_falls_faster_than_the_number_of_points_grows() {
        let (seeds, orders) = (12, [8, 10, 12, 14]);
        let rms = |m: u32| {
            let error = |seed| mean(&points(3, m, 1, [seed, 0])) - 1.0;
            let squares = (0..seeds).map(|seed| error(seed).powi(2));
            (squares.sum::<f64>() / seeds as f64).sqrt()
        };
        let errors = orders.map(rms);
        let slope = (errors[3] / errors[0]).log2() / f64::from(orders[3] - orders[0]);
        assert!(slope < -1.25, "slope {slope} of {errors:?}");
    }

    #[test]
    fn sums_are_unbiased_over_the_scrambles() {
        let seeds = 600;
        let errors = (0..seeds).map(|seed| mean(&points(2, 3, 1, [seed, 0])) - 1.0);
        let errors: Vec<f64> = errors.collect();
        let bias = errors.iter().sum::<f64>() / seeds as f64;
        let square = errors.iter().map(|e| e * e).sum::<f64>() / seeds as f64;
        assert!(bias.abs() < 4.0 * (square / seeds as f64).sqrt(), "{bias}");
    }
}
