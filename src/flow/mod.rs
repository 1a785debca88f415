//! The flow G(θ) θ' = −g(θ): energy, gradient and tangent rows, summed over the cells of all ranks.
//!
//! At parameters θ every cell contributes its energy Σ w e, its force w ∂e/∂jet, and its weighted rows
//! A = √w B J, where J is the derivative of the jets with respect to θ and B the metric's rows. Then
//! g = Aᵀ v + Jᵀ f with the residual part v = √w r and the rest f of the force, and G = Aᵀ A. Cells are
//! worked on in parallel; sums run over the fixed tree of cells ([`crate::comm`]), so g has the
//! same bits for any number of ranks and threads.
//!
//! A [`Covector`] (v, f) may be taken at other parameters than the rows: the natural-level test of
//! the stepper pulls the force at a trial point back through the tangent space of the last one.

mod cell;
mod factors;
#[cfg(test)]
pub(crate) mod fixture;
mod metric;
mod products;
mod rows;
mod samples;
mod tangent;
#[cfg(test)]
mod tests;

pub use metric::Metric;
pub use products::Products;
pub use rows::RowSource;
pub use tangent::{ROWS_KEPT_BYTES, Tangent};

use crate::comm::{Comm, Phase, Shares, during, tree_sum};
use crate::error::{Error, Result};
use crate::problem::Problem;
use crate::sampling::Sample;
use cell::{CellForce, Worker};
use rayon::prelude::*;
use std::sync::OnceLock;

/// The flow on one frozen set of samples.
pub struct Flow<'a> {
    /// What is solved.
    pub problem: &'a Problem,
    /// The ranks.
    pub comm: &'a dyn Comm,
    shares: &'a Shares,
    metric: Metric,
    seed: u64,
    samples: Vec<Sample>,
    /// Bytes of rows that are kept between their uses.
    kept: usize,
    /// Set 0 of the points that belong to no sample set, once they were asked for.
    elsewhere: OnceLock<Vec<Sample>>,
}

/// Energies of the terms and the forces of this rank's cells at some θ.
#[derive(Clone, Debug)]
pub struct Covector {
    /// Energy of every term, the same on all ranks.
    pub energies: Vec<f64>,
    cells: Vec<CellForce>,
}

impl Covector {
    /// E, the sum over the terms.
    pub fn energy(&self) -> f64 {
        self.energies.iter().sum()
    }

    /// (0, f): what of the force is no Aᵀ v.
    pub fn without_residual(&self) -> Self {
        let silent = |cell: &CellForce| CellForce {
            residual: vec![0.0; cell.residual.len()],
            force: cell.force.clone(),
        };
        Self {
            energies: self.energies.clone(),
            cells: self.cells.iter().map(silent).collect(),
        }
    }
}

/// The energies and their gradient at some θ, the same on all ranks.
#[derive(Clone, Debug)]
pub struct Gradient {
    /// Energy of every term.
    pub energies: Vec<f64>,
    /// g = ∂E/∂θ.
    pub g: Vec<f64>,
}

impl Gradient {
    /// E, the sum over the terms.
    pub fn energy(&self) -> f64 {
        self.energies.iter().sum()
    }
}

impl<'a> Flow<'a> {
    /// A flow without samples; call [`Flow::draw`] before use.
    pub fn new(
        problem: &'a Problem,
        comm: &'a dyn Comm,
        shares: &'a Shares,
        metric: Metric,
        seed: u64,
    ) -> Self {
        Self {
            problem,
            comm,
            shares,
            metric,
            seed,
            samples: Vec::new(),
            kept: ROWS_KEPT_BYTES,
            elsewhere: OnceLock::new(),
        }
    }

    /// With rows kept between their uses up to so many bytes on this rank, in place of
    /// [`ROWS_KEPT_BYTES`]; beyond, they are formed anew each time, with the same bits.
    pub fn keeping(self, bytes: usize) -> Self {
        Self {
            kept: bytes,
            ..self
        }
    }

    fn my_cells(&self) -> std::ops::Range<usize> {
        self.shares.range(self.comm.rank())
    }

    /// Whether a part of the force is no Aᵀ v.
    pub fn has_forces(&self) -> bool {
        self.metric.has_forces(self.problem)
    }

    /// The same flow of another problem, whose cells are shared out by `shares`; without samples.
    pub fn of_problem<'s>(&self, problem: &'s Problem, shares: &'s Shares) -> Flow<'s>
    where
        'a: 's,
    {
        Flow::new(problem, self.comm, shares, self.metric, self.seed).keeping(self.kept)
    }

    /// Seed of the run.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// How the cells are shared out.
    pub fn shares(&self) -> &Shares {
        self.shares
    }

    /// Rows of the metric in all cells of all ranks, n · K summed over the terms.
    pub fn row_count(&self) -> usize {
        let terms = self.problem.terms.iter();
        terms
            .map(|t| t.points() * self.worker().components(t))
            .sum()
    }

    /// Energies and forces at θ. Collective.
    pub fn covector(&self, theta: &[f64]) -> Covector {
        during(self.comm, Phase::Network, || self.evaluated(theta))
    }

    fn evaluated(&self, theta: &[f64]) -> Covector {
        let worker = self.worker();
        let evaluate = |cell| worker.evaluate(theta, cell);
        self.summed(worker.cells.clone().into_par_iter().map(evaluate).collect())
    }

    /// Energies and gradient at θ, the same bits as those of [`Flow::covector`] and [`Tangent::pull`], from one
    /// sweep of the network forward and one back. Collective.
    pub fn gradient(&self, theta: &[f64]) -> Gradient {
        let (worker, terms) = (self.worker(), self.problem.terms.len());
        let leaf = |cell: usize| worker.descend(theta, cell).concat();
        let length = terms + theta.len();
        let mut energies = during(self.comm, Phase::Network, || {
            tree_sum(self.comm, self.shares, length, &leaf)
        });
        let g = energies.split_off(terms);
        Gradient { energies, g }
    }

    /// The covector of energies and forces of all cells. Collective.
    fn summed(&self, cells: Vec<(Vec<f64>, CellForce)>) -> Covector {
        let first = self.my_cells().start;
        let (energies, cells): (Vec<Vec<f64>>, Vec<CellForce>) = cells.into_iter().unzip();
        let leaf = |cell: usize| energies[cell - first].clone();
        let energies = tree_sum(self.comm, self.shares, self.problem.terms.len(), &leaf);
        Covector { energies, cells }
    }

    /// What a rayon closure may hold: everything but the communicator.
    fn worker(&self) -> Worker<'_> {
        Worker {
            problem: self.problem,
            metric: self.metric,
            samples: &self.samples,
            cells: self.my_cells(),
        }
    }

    /// What shares of E are taken of, where the first energy is `energy`: where residuals are far from linear, a
    /// random start can have any energy, so that at zero parameters, which is mostly that of u = 0, counts if it
    /// is less. Collective.
    pub fn scale_of_energy(&self, energy: f64) -> f64 {
        if self.has_forces() {
            return energy;
        }
        let parameters = self.problem.network.parameters();
        let silent = self.covector(&vec![0.0; parameters]).energies;
        // Of the terms that are numbers there: forces may have a pole at zero.
        let silent: f64 = silent.iter().filter(|energy| energy.is_finite()).sum();
        // A solution, or no term at all.
        match silent.is_normal() {
            true => energy.min(silent),
            false => energy,
        }
    }

    /// An error that names the term and the cell of the first energy that is not a number.
    ///
    /// # Errors
    /// Always, with the same message on all ranks.
    pub fn not_finite(&self, theta: &[f64], step: u64) -> Error {
        let worker = self.worker();
        let bad = (worker.cells.clone())
            .find(|&cell| !worker.evaluate(theta, cell).0.iter().all(|e| e.is_finite()));
        let cells = self.shares.cells();
        // The smallest cell over all ranks, as a maximum of what is left after it.
        let mut left = [bad.map_or(0.0, |cell| (cells - cell) as f64)];
        self.comm.max(&mut left);
        if left[0] == 0.0 {
            return Error::Failed(format!(
                "step {step}: the energy overflows; scale the problem"
            ));
        }
        let cell = cells - left[0] as usize;
        let (term, _, local) = self.problem.locate(cell);
        let owner = self.shares.owner(cell);
        // The owner's point as a maximum.
        let mut point = vec![f64::NEG_INFINITY; self.problem.coordinates.len()];
        if worker.cells.contains(&cell) {
            let sample = &self.samples[cell - worker.cells.start];
            let density = term.density(self.problem.network.as_ref(), theta, sample);
            if let Some(row) = density.iter().position(|e| !e.is_finite()) {
                let axes = point.iter_mut().enumerate();
                axes.for_each(|(axis, x)| *x = sample.x[(row, axis)]);
            }
        }
        self.comm.max(&mut point);
        let named = self.problem.coordinates.iter().zip(&point);
        let known = named.filter(|(_, x)| x.is_finite());
        let place: Vec<String> = known.map(|(name, x)| format!("{name} = {x:.6}")).collect();
        let place = match place.is_empty() {
            true => String::new(),
            false => format!(" at {}", place.join(", ")),
        };
        Error::Failed(format!(
            "step {step}: the energy of `{}` is not a number{place} (its cell {local}, rank {owner}); \
             check the expressions there for division by zero, log or sqrt of negative values, and the \
             step if `flow.dt` is given",
            term.name,
        ))
    }
}

/// The energy at `theta` if it is a number.
///
/// # Errors
/// Names the term and the cell where it is not.
pub fn checked_energy(flow: &Flow, energy: f64, theta: &[f64], step: u64) -> Result<f64> {
    if energy.is_finite() {
        Ok(energy)
    } else {
        Err(flow.not_finite(theta, step))
    }
}
