//! What a step of a plan costs: operations, memory, traffic. Estimates of what grows fastest.

use super::plan::Plan;
use crate::deck::SolverName;
use crate::problem::{Problem, Term};
use crate::solver::{CG_LIMIT, Cg};

impl Plan {
    /// Floating-point operations of a step: sweeps of the network, and gathering and factoring the
    /// rows; with `cg` the most it may take.
    pub fn work(&self, problem: &Problem) -> f64 {
        let (p, rows) = (problem.network.parameters() as f64, problem.rows() as f64);
        let sweep = |t: &Term| (t.points() * t.energy.layout().streams()) as f64 * 6.0 * p;
        let sweeps: f64 = problem.terms.iter().map(sweep).sum();
        let factors = match self.last().solver {
            SolverName::Steepest => 0.0,
            SolverName::Cholesky => rows * p * p + p * p * p / 3.0,
            SolverName::Kernel => rows * rows * p,
            SolverName::Qr => 3.0 * rows * p * p + 8.0 * p * p * p,
            SolverName::Cg => self.products(problem) * 5.0 / 3.0 * sweeps,
        };
        sweeps + factors
    }

    /// Bytes of rows and factors, or of the sketch, on one rank.
    pub fn memory(&self, problem: &Problem) -> f64 {
        let (p, rows) = (problem.network.parameters() as f64, problem.rows() as f64);
        8.0 * match self.last().solver {
            SolverName::Cg => 3.0 * p * Cg::sketch(problem.network.parameters()) as f64,
            _ => rows * p + 4.0 * p * p,
        }
    }

    /// Bytes that a rank sends along the tree of cells.
    pub fn traffic(&self, problem: &Problem) -> f64 {
        let p = problem.network.parameters() as f64;
        8.0 * match self.last().solver {
            SolverName::Cg => self.products(problem) * p,
            _ => p * p,
        }
    }

    /// The most products with G of a step by `cg`.
    fn products(&self, problem: &Problem) -> f64 {
        (Cg::sketch(problem.network.parameters()) + CG_LIMIT) as f64
    }
}
