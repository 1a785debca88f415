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
use crate::vector::finite;
use faer::Mat;
use serde::{Deserialize, Serialize};

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
const PRIOR: f64 = 1e-4;

/// Rows of R with a diagonal below this share of the largest are not forgotten further.
const LEAST: f64 = 1e-13;

/// Rows that are compressed once they are more than p.
struct Augmented {
    columns: usize,
}

impl Compression for Augmented {
    fn limit(&self) -> usize {
        2 * self.columns
    }

    fn compress(&self, blocks: Vec<Mat<f64>>) -> Mat<f64> {
        triangle(stack(blocks))
    }

    /// R takes rows as well as a triangle.
    fn finish(&self, blocks: Vec<Mat<f64>>) -> Mat<f64> {
        stack(blocks)
    }

    fn absorb(&self, mut r: Mat<f64>, blocks: Vec<Mat<f64>>) -> Mat<f64> {
        absorb(&mut r, stack(blocks));
        r
    }

    fn join(&self, mut above: Mat<f64>, below: Mat<f64>) -> Mat<f64> {
        absorb(&mut above, below);
        above
    }
}

impl Recursion {
    /// The step δ with `keep` = β, after which the rows of `tangent` are part of R. Collective.
    ///
    /// # Errors
    /// If the rows are not finite.
    pub fn step(&mut self, tangent: &Tangent, keep: f64) -> Result<Vec<f64>> {
        let p = tangent.parameters();
        let rows = gather_with(tangent, &Augmented { columns: p + 1 }, &|rows, v| {
            let mut wide = Mat::zeros(rows.nrows(), p + 1);
            wide.subcols_mut(0, p).copy_from(rows.as_ref());
            wide.col_as_slice_mut(p).copy_from_slice(v);
            wide
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
