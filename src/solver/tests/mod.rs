//! Solvers against dense least squares.
#![allow(clippy::unwrap_used)]

mod cg;
mod gram;
mod kernel;
mod recursion;

use super::*;
use crate::comm::{Comm, Solo, team};
use crate::flow::Metric;
use crate::flow::fixture::{Fixture, dense, gap, times, transposed_times};
use crate::vector::{finite, norm};
use faer::Mat;
use faer::prelude::SolveLstsq;
use std::borrow::Cow;

/// Equations A x = b, each as important as its squared factor.
struct Equations {
    a: Mat<f64>,
    b: Vec<f64>,
}

impl Equations {
    fn times(mut self, factor: f64) -> Self {
        for j in 0..self.a.ncols() {
            let column = self.a.col_as_slice_mut(j).iter_mut();
            column.for_each(|a| *a *= factor);
        }
        self.b.iter_mut().for_each(|b| *b *= factor);
        self
    }

    /// `factor` x = b.
    fn identity(factor: f64, b: Vec<f64>) -> Self {
        let entry = |i, j| if i == j { factor } else { 0.0 };
        Self {
            a: Mat::from_fn(b.len(), b.len(), entry),
            b,
        }
    }
}

/// The x that minimises |A x − b|² over all equations, by QR of all of them.
fn least_squares(all: Vec<Equations>) -> Vec<f64> {
    let b: Vec<f64> = all.iter().flat_map(|part| part.b.clone()).collect();
    let a = gather::stack(all.into_iter().map(|part| Cow::Owned(part.a)).collect());
    let right = Mat::from_fn(b.len(), 1, |i, _| b[i]);
    let x = a.qr().solve_lstsq(&right);
    x.col_as_slice(0).to_vec()
}

fn negative(v: &[f64]) -> Vec<f64> {
    v.iter().map(|v| -v).collect()
}
