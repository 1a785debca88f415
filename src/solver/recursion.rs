//! Recursive least squares: R of the rows of all steps so far, older ones ever more forgotten.
//!
//! The step δ of a sample set with rows A and residual v minimises
//!
//! ```text
//! |A δ + v|² + β |R δ|²,      then  R'ᵀ R' = β RᵀR + AᵀA,
//! ```
//!
//! so R measures how far a step would undo what earlier sample sets have settled: the metric of the
//! flow is the Gram matrix averaged over the last 1/(1 − β) sets. This is the extended Kalman filter
//! without process noise, or the online natural gradient (Ollivier 2018, arXiv 1703.00209), in
//! square-root form: rows are factored, the normal equations never formed. Few rows are absorbed
//! into a triangle of p columns by 2 n p² operations, since the zeros below it stay zeros.

use super::gather::{Compression, gather_with, stack};
use super::triangle::{absorb, triangle};
use crate::error::{Error, Result};
use crate::flow::Tangent;
use crate::simd::vectorised;
use crate::vector::{dot, finite};
use faer::Mat;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// R on rank 0, nothing elsewhere.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(from = "Packed", into = "Packed")]
pub struct Recursion {
    /// R, and a last column for Qᵀ v: shape (p, p + 1).
    triangle: Option<Mat<f64>>,
}

/// The upper triangle column by column, for checkpoints; empty where there is none.
#[derive(Serialize, Deserialize)]
struct Packed(Vec<f64>);

impl From<Recursion> for Packed {
    fn from(recursion: Recursion) -> Self {
        let columns = recursion.triangle.iter().flat_map(|r| {
            let column = |j: usize| r.col_as_slice(j)[..=j].iter().copied();
            (0..r.nrows()).flat_map(column)
        });
        Self(columns.collect())
    }
}

impl From<Packed> for Recursion {
    fn from(Packed(entries): Packed) -> Self {
        // p (p + 1) / 2 entries.
        let p = (((8.0 * entries.len() as f64 + 1.0).sqrt() - 1.0) / 2.0) as usize;
        let entry = |i: usize, j: usize| match i <= j && j < p {
            true => entries[j * (j + 1) / 2 + i],
            false => 0.0,
        };
        Self {
            triangle: (p > 0).then(|| Mat::from_fn(p, p + 1, entry)),
        }
    }
}

/// R before the first step is the identity times this, relative to the rows' columns.
pub(super) const PRIOR: f64 = 1e-4;

/// Rows of R with a diagonal below this share of the largest are not forgotten further.
const LEAST: f64 = 1e-13;

/// A node with more rows than this is compressed.
pub fn memory_limit(columns: usize) -> usize {
    2 * columns
}

/// Rows that are compressed once they are more than p.
struct Augmented {
    columns: usize,
}

impl Compression for Augmented {
    fn limit(&self) -> usize {
        memory_limit(self.columns)
    }

    fn compress(&self, blocks: Vec<Cow<'_, Mat<f64>>>) -> Mat<f64> {
        triangle(stack(blocks))
    }

    /// R takes rows as well as a triangle.
    fn finish(&self, blocks: Vec<Cow<'_, Mat<f64>>>) -> Mat<f64> {
        stack(blocks)
    }

    fn absorb(&self, mut r: Mat<f64>, blocks: Vec<Cow<'_, Mat<f64>>>) -> Mat<f64> {
        absorb(&mut r, stack(blocks));
        r
    }

    fn join(&self, mut above: Mat<f64>, below: Mat<f64>) -> Mat<f64> {
        absorb(&mut above, below);
        above
    }
}

impl Recursion {
    /// Whether this can be of a run with `p` parameters.
    pub fn fits(&self, p: usize) -> bool {
        self.triangle.as_ref().is_none_or(|r| r.nrows() == p)
    }

    /// The step δ with `keep` = β, after which the rows of `tangent` are part of R; along the `gradient` of
    /// the energy in place of Aᵀ v, where that is given. Collective.
    ///
    /// # Errors
    /// If the rows are not finite.
    pub fn step(
        &mut self,
        tangent: &Tangent,
        gradient: Option<&[f64]>,
        keep: f64,
    ) -> Result<Vec<f64>> {
        let p = tangent.parameters();
        let rows = gather_with(tangent, &Augmented { columns: p + 1 }, &|rows, v| {
            let mut wide = Mat::zeros(rows.nrows(), p + 1);
            wide.subcols_mut(0, p).copy_from(rows.as_ref());
            if gradient.is_none() {
                wide.col_as_slice_mut(p).copy_from_slice(v);
            }
            Cow::Owned(wide)
        });
        let mut delta = vec![0.0; p];
        if let Some(rows) = rows {
            let r = self.triangle.get_or_insert_with(|| {
                let size = (rows.subcols(0, p).squared_norm_l2() / p as f64).sqrt();
                Mat::from_fn(p, p + 1, |i, j| if i == j { PRIOR * size } else { 0.0 })
            });
            forget(r, keep.sqrt());
            r.col_as_slice_mut(p).fill(0.0);
            absorb(r, rows);
            if let Some(gradient) = gradient {
                add_transposed_solution(r, gradient);
            }
            delta = back_substituted(r);
        }
        tangent.flow.comm.broadcast(&mut delta);
        if finite(&delta) {
            Ok(delta)
        } else {
            Err(Error::Failed(
                "the rows of the tangent space are not finite".into(),
            ))
        }
    }

    /// R times `factor`: all that is known counts for more, or for less.
    pub fn scale(&mut self, factor: f64) {
        if let Some(r) = &mut self.triangle {
            for j in 0..r.ncols() {
                r.col_as_slice_mut(j).iter_mut().for_each(|x| *x *= factor);
            }
        }
    }
}

/// Multiplies R by `root`, row by row; a row that is nearly forgotten stays, so that no direction is
/// free however long nothing was seen of it.
fn forget(r: &mut Mat<f64>, root: f64) {
    let p = r.nrows();
    let diagonal = |j: usize| r[(j, j)].abs();
    let largest = (0..p).map(diagonal).fold(0.0, f64::max);
    let factor = |j: usize| match diagonal(j) > LEAST * largest {
        true => root,
        false => 1.0,
    };
    let factors: Vec<f64> = (0..p).map(factor).collect();
    vectorised(
        #[inline(always)]
        || {
            for j in 0..p {
                let column = r.col_as_slice_mut(j)[..=j].iter_mut();
                column.zip(&factors).for_each(|(x, f)| *x *= f);
            }
        },
    );
}

/// Adds R⁻ᵀ g to the last column.
fn add_transposed_solution(r: &mut Mat<f64>, g: &[f64]) {
    let p = g.len();
    let mut y = g.to_vec();
    for j in 0..p {
        let column = r.col_as_slice(j);
        y[j] = (y[j] - dot(&column[..j], &y[..j])) / column[j];
    }
    let last = r.col_as_slice_mut(p).iter_mut();
    last.zip(&y).for_each(|(c, y)| *c += y);
}

/// −R⁻¹ c, with c the last column.
fn back_substituted(r: &Mat<f64>) -> Vec<f64> {
    let p = r.nrows();
    let mut x: Vec<f64> = r.col_as_slice(p).iter().map(|c| -c).collect();
    vectorised(
        #[inline(always)]
        || {
            for j in (0..p).rev() {
                let column = r.col_as_slice(j);
                x[j] /= column[j];
                let factor = x[j];
                let pairs = x[..j].iter_mut().zip(column);
                pairs.for_each(|(x, r)| *x -= factor * r);
            }
        },
    );
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R of 5 columns with the last one for Qᵀv, in steps of sizes as they come.
    fn some() -> Mat<f64> {
        let entry = |i: usize, j: usize| (1.0 + (7 * i + 3 * j) as f64).sin();
        Mat::from_fn(4, 5, |i, j| if i <= j && j < 4 { entry(i, j) } else { 0.0 })
    }

    #[test]
    fn what_is_packed_is_unpacked_to_the_last_bit() {
        for triangle in [None, Some(some())] {
            let packed = Packed::from(Recursion {
                triangle: triangle.clone(),
            });
            assert_eq!(packed.0.len(), triangle.as_ref().map_or(0, |_| 4 * 5 / 2));
            assert_eq!(Recursion::from(packed).triangle, triangle);
        }
    }

    #[test]
    fn rows_are_absorbed_as_if_all_had_been_factored_at_once() {
        // More columns than are eliminated at a time, and more rows than columns.
        let p = 73;
        let rows = Mat::from_fn(2 * p, p + 1, |i, j| ((i * i + 3 * j * i + j) as f64).cos());
        let mut r = Mat::from_fn(p, p + 1, |i, j| if i == j { 1e-3 } else { 0.0 });
        absorb(&mut r, rows.subrows(0, 11).to_owned());
        absorb(&mut r, rows.subrows(11, 2 * p - 11).to_owned());
        // RᵀR is what it would be of all rows: the last column is that of the right sides.
        let mut gram = rows.transpose() * &rows;
        (0..p).for_each(|j| gram[(j, j)] += 1e-6);
        let found = r.transpose() * &r;
        for j in 0..=p {
            for i in 0..=j.min(p - 1) {
                assert!((found[(i, j)] - gram[(i, j)]).abs() < 1e-11 * gram.norm_max());
            }
        }
    }

    #[test]
    fn what_is_seen_no_more_is_forgotten_down_to_a_floor() {
        let mut r = some();
        for (j, diagonal) in [1.0, 2e-13, 0.5e-13, -3.0].into_iter().enumerate() {
            r[(j, j)] = diagonal;
        }
        let before = r.clone();
        forget(&mut r, 0.5);
        for (i, factor) in [0.5, 0.5, 1.0, 0.5].into_iter().enumerate() {
            // The floor counts from the largest diagonal, 3.
            let factor = if i == 1 { 1.0 } else { factor };
            (i..4).for_each(|j| assert_eq!(r[(i, j)], factor * before[(i, j)]));
        }
        // Only the first of two parameters is seen: the other stays bounded, and never moves.
        let mut r = Mat::from_fn(2, 3, |i, j| if i == j { 1.0 } else { 0.0 });
        for _ in 0..500 {
            forget(&mut r, 0.5_f64.sqrt());
            r.col_as_slice_mut(2).fill(0.0);
            absorb(&mut r, Mat::from_fn(1, 3, |_, j| [1.0, 0.0, 2.0][j]));
        }
        let floor = LEAST * r[(0, 0)].abs();
        assert!((0.5 * floor..=floor).contains(&r[(1, 1)].abs()));
        // |R₀₀|² = 1 / (1 − β).
        assert!((r[(0, 0)].powi(2) - 2.0).abs() < 1e-12);
        let x = back_substituted(&r);
        assert!((x[0] + 2.0 / r[(0, 0)].powi(2)).abs() < 1e-12 && x[1] == 0.0);
    }
}
