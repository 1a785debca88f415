//! The tangent space of the network at θ: pullbacks, products with its rows, and its largest stretch.

use super::cell::CellForce;
use super::rows::RowSource;
use super::{Covector, Flow};
use crate::comm::{Phase, during, tree_fold, tree_sum};
use crate::network::Factors;
use crate::vector::{dot, norm};
use faer::Mat;
use rayon::prelude::*;

/// The tangent space at θ.
pub struct Tangent<'a, 'f> {
    /// The flow it belongs to.
    pub flow: &'f Flow<'a>,
    /// Energies and forces at θ.
    pub here: Covector,
    pub(super) theta: Vec<f64>,
    rows: Option<Vec<Mat<f64>>>,
    /// Of this rank's cells, in place of the rows.
    pub(super) factors: Option<Vec<Factors>>,
    by_rows: bool,
}

/// Rows are kept between their uses up to this size per rank, if there is room; beyond, they are formed
/// anew each time, which costs less than fetching a gigabyte from fresh memory.
pub const ROWS_KEPT_BYTES: usize = 256 << 20;

impl<'a> Flow<'a> {
    /// The tangent space at θ. With `by_rows` its rows are formed, for solvers that factor them;
    /// without, products with them are sweeps of the network, forward or in reverse.
    pub fn tangent<'f>(&'f self, theta: &[f64], by_rows: bool) -> Tangent<'a, 'f> {
        let (here, rows) = if by_rows && self.rows_fit(theta.len()) {
            // One sweep of the network for the energies and for the rows.
            let worker = self.worker();
            let linearise = |cell| worker.linearise(theta, cell);
            let cells = worker.cells.clone().into_par_iter().map(linearise);
            let sweep = || cells.unzip();
            let (evaluated, rows): (Vec<_>, Vec<_>) = during(self.comm, Phase::Network, sweep);
            (self.summed(evaluated), Some(rows))
        } else {
            (self.covector(theta), None)
        };
        Tangent {
            rows,
            by_rows,
            ..Tangent::bare(self, here, theta)
        }
    }

    /// Whether the rows of this rank's cells are few enough to be kept.
    fn rows_fit(&self, parameters: usize) -> bool {
        let worker = self.worker();
        let rows_of = |cell: usize| {
            let (term, _, _) = self.problem.locate(cell);
            self.samples[cell - worker.cells.start].len() * worker.components(term)
        };
        let rows: usize = worker.cells.clone().map(rows_of).sum();
        rows * parameters * size_of::<f64>() <= self.kept
    }
}

impl<'a, 'f> Tangent<'a, 'f> {
    /// With nothing kept: gradients by sweeps, rows formed when they are asked for.
    pub(super) fn bare(flow: &'f Flow<'a>, here: Covector, theta: &[f64]) -> Self {
        Self {
            flow,
            here,
            theta: theta.to_vec(),
            rows: None,
            factors: None,
            by_rows: false,
        }
    }
}

impl Tangent<'_, '_> {
    /// Number of parameters p.
    pub fn parameters(&self) -> usize {
        self.theta.len()
    }

    /// The rows of this rank's cells.
    pub fn row_source(&self) -> RowSource<'_> {
        RowSource {
            worker: self.flow.worker(),
            theta: &self.theta,
            kept: self.rows.as_deref(),
            factors: self.factors.as_deref(),
            here: &self.here.cells,
        }
    }

    /// Aᵀ v + Jᵀ f over all cells of all ranks, the same bits everywhere. Collective.
    pub fn pull(&self, at: &Covector) -> Vec<f64> {
        let by_rows = self.by_rows;
        self.pull_with(at, |source, cell, at| source.pull(cell, at, by_rows))
    }

    /// Aᵀ (v + A x) + Jᵀ f: [`Self::push`] and [`Self::pull`] cell by cell. Collective.
    pub fn pull_pushed(&self, at: &Covector, x: &[f64]) -> Vec<f64> {
        let by_rows = self.by_rows;
        self.pull_with(at, |source, cell, at| {
            source.pull_pushed(cell, at, x, by_rows)
        })
    }

    fn pull_with(
        &self,
        at: &Covector,
        of_cell: impl Fn(&RowSource, usize, &CellForce) -> Vec<f64> + Sync,
    ) -> Vec<f64> {
        let source = self.row_source();
        let first = source.worker.cells.start;
        let leaf = |cell: usize| of_cell(&source, cell, &at.cells[cell - first]);
        let comm = self.flow.comm;
        during(comm, Phase::Network, || {
            tree_sum(comm, self.flow.shares(), source.theta.len(), &leaf)
        })
    }

    /// The covector (v + A x, f): where the linearised residual lies after the step x.
    pub fn push(&self, at: &Covector, x: &[f64]) -> Covector {
        let (source, by_rows) = (self.row_source(), self.by_rows);
        let first = source.worker.cells.start;
        let cells = at.cells.par_iter().enumerate();
        let pushed = cells.map(|(index, at)| source.push(first + index, at, x, by_rows));
        Covector {
            energies: at.energies.clone(),
            cells: during(self.flow.comm, Phase::Network, || pushed.collect()),
        }
    }

    /// The residual part v of a covector over all cells, one below the other, on rank 0; zeros
    /// elsewhere. Collective.
    pub fn gather(&self, at: &Covector) -> Vec<f64> {
        let first = self.flow.my_cells().start;
        let leaf = |cell: usize| at.cells[cell - first].residual.clone();
        let join = |mut above: Vec<f64>, below: Vec<f64>| {
            above.extend(below);
            above
        };
        let gathered = tree_fold(self.flow.comm, self.flow.shares(), &leaf, &join);
        gathered.unwrap_or_default()
    }

    /// The covector (v, 0) of a residual part that rank 0 holds. Collective.
    pub fn scatter(&self, mut v: Vec<f64>) -> Covector {
        let mine = self.flow.my_cells();
        let mut lengths = vec![0.0; self.flow.shares().cells()];
        for (cell, at) in mine.clone().zip(&self.here.cells) {
            lengths[cell] = at.residual.len() as f64;
        }
        self.flow.comm.max(&mut lengths);
        let total: f64 = lengths.iter().sum();
        v.resize(total as usize, 0.0);
        self.flow.comm.broadcast(&mut v);
        let before: f64 = lengths[..mine.start].iter().sum();
        let mut rest = &v[before as usize..];
        let mut scattered = self.zero();
        for (cell, at) in mine.zip(&mut scattered.cells) {
            let (here, below) = rest.split_at(lengths[cell] as usize);
            at.residual.copy_from_slice(here);
            rest = below;
        }
        scattered
    }

    /// How far r(θ + x) at a trial point is from r(θ) + A x, relative to |A x|. Collective.
    pub fn nonlinearity(&self, there: &Covector, x: &[f64]) -> f64 {
        let linear = self.push(&self.here, x);
        let first = self.flow.my_cells().start;
        let here = &self.here.cells;
        let squares = |cell: usize| {
            let [here, linear, there] =
                [here, &linear.cells, &there.cells].map(|cells| &cells[cell - first].residual);
            let mut sums = vec![0.0; 2];
            for ((h, l), t) in here.iter().zip(linear).zip(there) {
                sums[0] += (t - l) * (t - l);
                sums[1] += (l - h) * (l - h);
            }
            sums
        };
        let sums = tree_sum(self.flow.comm, self.flow.shares(), 2, &squares);
        (sums[0] / sums[1]).sqrt()
    }

    /// A covector that pulls back to zero: the start of products with G.
    pub fn zero(&self) -> Covector {
        let silent = |c: &CellForce| CellForce {
            residual: vec![0.0; c.residual.len()],
            force: None,
        };
        Covector {
            energies: vec![0.0; self.here.energies.len()],
            cells: self.here.cells.iter().map(silent).collect(),
        }
    }

    /// |A x|: how far the step x of the parameters moves the unknowns, in the metric of the flow.
    /// Collective.
    pub fn length(&self, x: &[f64]) -> f64 {
        let moved = self.push(&self.zero(), x);
        let first = self.row_source().worker.cells.start;
        let square = |cell: usize| {
            let residual = &moved.cells[cell - first].residual;
            vec![dot(residual, residual)]
        };
        tree_sum(self.flow.comm, self.flow.shares(), 1, &square)[0].sqrt()
    }

    /// The largest eigenvalue of G, by power iteration from a fixed start; it bounds the stable step
    /// of plain gradient descent. Collective.
    pub fn largest_eigenvalue(&self) -> f64 {
        let p = self.parameters();
        let mut x: Vec<f64> = (0..p).map(|i| 1.0 + 0.5 * ((i * i) as f64).sin()).collect();
        let mut largest = 0.0;
        let zero = self.zero();
        for _ in 0..20 {
            let length = norm(&x);
            x.iter_mut().for_each(|x| *x /= length);
            x = self.pull_pushed(&zero, &x);
            largest = norm(&x);
            if largest.is_nan() || largest <= 0.0 {
                break;
            }
        }
        largest
    }
}
