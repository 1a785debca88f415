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
use super::qr::triangle;
use crate::error::{Error, Result};
use crate::flow::Tangent;
use crate::vector::finite;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::householder::{
    apply_block_householder_sequence_transpose_on_the_left_in_place_scratch as apply_scratch,
    apply_block_householder_sequence_transpose_on_the_left_in_place_with_conj as apply_transpose,
};
use faer::linalg::qr::no_pivoting::factor as qr;
use faer::{Conj, Mat, Par};
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

/// Columns that are eliminated at a time.
const BLOCK: usize = 32;

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

    fn join(&self, above: Mat<f64>, below: Mat<f64>) -> Mat<f64> {
        triangle(stack(vec![above, below]))
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
            let (n, p) = (rows.nrows(), rows.ncols());
            Mat::from_fn(n, p + 1, |i, j| if j < p { rows[(i, j)] } else { v[i] })
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
    for j in 0..p {
        let column = r.col_as_slice_mut(j)[..=j].iter_mut();
        column.zip(&factors).for_each(|(x, f)| *x *= f);
    }
}

/// R of [R; A], in place, block of columns by block of columns.
fn absorb(r: &mut Mat<f64>, mut a: Mat<f64>) {
    let (p, n) = (r.nrows(), a.nrows());
    let columns = r.ncols();
    for start in (0..p).step_by(BLOCK) {
        let width = BLOCK.min(p - start);
        let mut both = Mat::zeros(width + n, columns - start);
        for j in 0..columns - start {
            let (top, bottom) = both.col_as_slice_mut(j).split_at_mut(width);
            top.copy_from_slice(&r.col_as_slice(start + j)[start..start + width]);
            bottom.copy_from_slice(a.col_as_slice(start + j));
        }
        let (mut panel, mut rest) = both.as_mut().split_at_col_mut(width);
        let block = qr::recommended_block_size::<f64>(width + n, width);
        let mut coefficients = Mat::zeros(block, width);
        let seq = Par::Seq;
        let scratch =
            qr::qr_in_place_scratch::<f64>(width + n, width, block, seq, Default::default());
        let mut memory = MemBuffer::new(scratch);
        let stack = MemStack::new(&mut memory);
        qr::qr_in_place(
            panel.as_mut(),
            coefficients.as_mut(),
            seq,
            stack,
            Default::default(),
        );
        let scratch = apply_scratch::<f64>(width + n, block, rest.ncols());
        let mut memory = MemBuffer::new(scratch);
        apply_transpose(
            panel.as_ref(),
            coefficients.as_ref(),
            Conj::No,
            rest.as_mut(),
            seq,
            MemStack::new(&mut memory),
        );
        for j in 0..columns - start {
            let (top, bottom) = both.col_as_slice(j).split_at(width);
            let above = if j < width { j + 1 } else { width };
            r.col_as_slice_mut(start + j)[start..start + above].copy_from_slice(&top[..above]);
            if j >= width {
                a.col_as_slice_mut(start + j).copy_from_slice(bottom);
            }
        }
    }
}

/// −R⁻¹ c, with c the last column.
fn back_substituted(r: &Mat<f64>) -> Vec<f64> {
    let p = r.nrows();
    let mut x: Vec<f64> = r.col_as_slice(p).iter().map(|c| -c).collect();
    for j in (0..p).rev() {
        let column = r.col_as_slice(j);
        x[j] /= column[j];
        let factor = x[j];
        x[..j]
            .iter_mut()
            .zip(column)
            .for_each(|(x, r)| *x -= factor * r);
    }
    x
}
