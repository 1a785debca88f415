//! The rows of the tangent space, cell by cell, and products with them: by rows that are kept or formed anew,
//! by their factors, or by sweeps of the network.

use super::cell::{CellForce, Worker};
use crate::network::Factors;
use crate::simd::vectorised;
use crate::vector::dots;
use faer::Mat;
use std::borrow::Cow;

/// The rows of this rank's cells, kept or formed anew: what a rayon closure may hold.
pub struct RowSource<'t> {
    pub(super) worker: Worker<'t>,
    pub(super) theta: &'t [f64],
    pub(super) kept: Option<&'t [Mat<f64>]>,
    pub(super) factors: Option<&'t [Factors]>,
    pub(super) here: &'t [CellForce],
}

impl<'t> RowSource<'t> {
    /// The rows A = √w B J of a cell, shape (K · n, p).
    pub fn rows(&self, cell: usize) -> Cow<'t, Mat<f64>> {
        match self.kept {
            Some(rows) => Cow::Borrowed(&rows[cell - self.worker.cells.start]),
            None => Cow::Owned(self.worker.rows(self.theta, cell)),
        }
    }

    /// The residual part v of a cell, K · n.
    pub fn residual(&self, cell: usize) -> &[f64] {
        &self.here[cell - self.worker.cells.start].residual
    }

    /// Aᵀ v + Jᵀ f of a cell.
    pub(super) fn pull(&self, cell: usize, at: &CellForce, by_rows: bool) -> Vec<f64> {
        if !by_rows && self.factors.is_none() {
            return self.worker.gradient(self.theta, cell, at, true);
        }
        let mut sum = match &at.force {
            Some(_) => self.worker.gradient(self.theta, cell, at, false),
            None => vec![0.0; self.theta.len()],
        };
        if let Some(factors) = self.factors {
            let cell = cell - self.worker.cells.start;
            factors[cell].pull(&at.residual, &mut sum);
            return sum;
        }
        pull_by(&self.rows(cell), &at.residual, &mut sum);
        sum
    }

    /// (v + A x, f) of a cell.
    pub(super) fn push(&self, cell: usize, at: &CellForce, x: &[f64], by_rows: bool) -> CellForce {
        let mut moved = at.clone();
        if let Some(factors) = self.factors {
            let cell = cell - self.worker.cells.start;
            factors[cell].push(x, &mut moved.residual);
            return moved;
        }
        if !by_rows {
            let change = self.worker.push(self.theta, cell, x);
            let pairs = moved.residual.iter_mut().zip(&change);
            pairs.for_each(|(m, c)| *m += c);
            return moved;
        }
        push_by(&self.rows(cell), x, &mut moved.residual);
        moved
    }

    /// Aᵀ (v + A x) + Jᵀ f of a cell, by rows that are formed, or come from memory, once.
    pub(super) fn pull_pushed(
        &self,
        cell: usize,
        at: &CellForce,
        x: &[f64],
        by_rows: bool,
    ) -> Vec<f64> {
        if !by_rows || self.factors.is_some() || at.force.is_some() {
            return self.pull(cell, &self.push(cell, at, x, by_rows), by_rows);
        }
        let (rows, mut moved) = (self.rows(cell), at.residual.clone());
        let mut sum = vec![0.0; self.theta.len()];
        push_by(&rows, x, &mut moved);
        pull_by(&rows, &moved, &mut sum);
        sum
    }
}

/// sum ← sum + Aᵀ v.
fn pull_by(rows: &Mat<f64>, v: &[f64], sum: &mut [f64]) {
    vectorised(
        #[inline(always)]
        || {
            let columns: Vec<&[f64]> = (0..sum.len()).map(|j| rows.col_as_slice(j)).collect();
            let mut products = vec![0.0; sum.len()];
            dots(v, &columns, &mut products);
            sum.iter_mut().zip(products).for_each(|(sum, x)| *sum += x);
        },
    );
}

/// v ← v + A x.
fn push_by(rows: &Mat<f64>, x: &[f64], v: &mut [f64]) {
    vectorised(
        #[inline(always)]
        || {
            for (j, &x) in x.iter().enumerate() {
                let pairs = v.iter_mut().zip(rows.col_as_slice(j));
                pairs.for_each(|(v, a)| *v += x * a);
            }
        },
    );
}
