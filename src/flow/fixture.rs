//! A small problem for unit tests, with a network that is linear in its parameters: u = Σ θ_j φ_j(x)
//! with random waves φ_j and the constant 1 last. So a residual that is linear in u has the same rows A
//! at every θ, one that is quadratic bends by a known amount, and dense algebra tells the truth.
#![allow(clippy::unwrap_used)]

use super::{Flow, Metric, Tangent};
use crate::comm::{Comm, Shares};
use crate::deck::Deck;
use crate::network::{Activation, Affine, Embedding, Mlp};
use crate::problem::{Problem, build};
use crate::sampling::{Purpose, stream};
use faer::Mat;
use std::sync::Arc;

/// A problem on [−1, 1] and the metric in which it is descended.
pub(crate) struct Fixture {
    problem: Problem,
    metric: Metric,
}

impl Fixture {
    /// The problem of `law`, a line for `[problem]`, on `points` random points in cells of a few each,
    /// by a network of 2 `waves` + 2 parameters.
    pub(crate) fn new(law: &str, metric: Metric, points: usize, waves: usize) -> Self {
        let mut problem = problem(law, points);
        let mut rng = stream(0, Purpose::Features, 0, 0);
        let waves = Embedding::of_box(&[-1.0], &[1.0], 1.0, &[]).with_fourier(waves, 1.0, &mut rng);
        let linear = Mlp::new(&[], Activation::Tanh, waves, Affine::identity(1));
        problem.network = Arc::new(linear);
        Self { problem, metric }
    }

    /// The same problem by a network of the layers `hidden`, which bends in its parameters.
    pub(crate) fn deep(law: &str, metric: Metric, points: usize, hidden: &[usize]) -> Self {
        let mut problem = problem(law, points);
        let ends = Affine::identity(1);
        problem.network = Arc::new(Mlp::new(hidden, Activation::Tanh, ends.clone(), ends));
        Self { problem, metric }
    }

    /// Number of parameters p.
    pub(crate) fn parameters(&self) -> usize {
        self.problem.network.parameters()
    }

    /// Parameters without symmetries.
    pub(crate) fn theta(&self) -> Vec<f64> {
        let entry = |j: usize| (1.0 + (j * j) as f64).sin();
        (0..self.parameters()).map(entry).collect()
    }

    /// The constant function `value`, or a change of u by it.
    pub(crate) fn constant(&self, value: f64) -> Vec<f64> {
        let mut theta = vec![0.0; self.parameters()];
        theta[self.parameters() - 1] = value;
        theta
    }

    /// Work with the flow on sample set number `set`.
    pub(crate) fn on<T>(&self, comm: &dyn Comm, set: u64, work: impl FnOnce(&Flow) -> T) -> T {
        let shares = Shares::even(self.problem.cells(), comm.size());
        let mut flow = Flow::new(&self.problem, comm, &shares, self.metric, 0);
        flow.draw(set);
        work(&flow)
    }
}

/// The problem of `law` on `points` random points.
fn problem(law: &str, points: usize) -> Problem {
    let text = format!(
        "[domain]\nlower = [-1.0]\nupper = [1.0]\n[problem]\n{law}\n\
         [sampling]\nrule = \"random\"\npoints = {points}\n"
    );
    let mut deck = Deck::from_toml(&text, "fixture.toml", &[]).unwrap();
    build(&mut deck, None).unwrap()
}

/// A of all cells, one below the other; for a process alone.
pub(crate) fn dense(tangent: &Tangent) -> Mat<f64> {
    let source = tangent.row_source();
    let cells: Vec<Mat<f64>> = (0..tangent.flow.shares().cells())
        .map(|cell| source.rows(cell).into_owned())
        .collect();
    let rows = cells
        .iter()
        .flat_map(|cell| (0..cell.nrows()).map(move |i| (cell, i)));
    let rows: Vec<(&Mat<f64>, usize)> = rows.collect();
    Mat::from_fn(rows.len(), tangent.parameters(), |i, j| {
        rows[i].0[(rows[i].1, j)]
    })
}

/// A x.
pub(crate) fn times(a: &Mat<f64>, x: &[f64]) -> Vec<f64> {
    let entry = |i: usize| (0..a.ncols()).map(|j| a[(i, j)] * x[j]).sum();
    (0..a.nrows()).map(entry).collect()
}

/// Aᵀ v.
pub(crate) fn transposed_times(a: &Mat<f64>, v: &[f64]) -> Vec<f64> {
    let entry = |j: usize| (0..a.nrows()).map(|i| a[(i, j)] * v[i]).sum();
    (0..a.ncols()).map(entry).collect()
}

/// |a − b| / |b|.
pub(crate) fn gap(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    let square = |x: &mut dyn Iterator<Item = f64>| x.map(|x| x * x).sum::<f64>();
    let difference = square(&mut a.iter().zip(b).map(|(a, b)| a - b));
    (difference / square(&mut b.iter().copied())).sqrt()
}
