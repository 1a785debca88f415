//! What is done with the rows of a step once they are gathered.

use crate::deck::{MethodName, SolverName, StepperName};
use crate::problem::Problem;
use crate::run::Stage;
use crate::solver::{Basis, TILE};

/// Operations of rank 0 while all others wait, but for those that all ranks share.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Solve {
    /// Rows taken into a triangle: 2 n p².
    pub absorbed: f64,
    /// The product A Aᵀ, n² times the numbers of a row, or less by streams, in parallel on the threads of rank 0.
    pub product: f64,
    /// Cholesky: ⅓ n³.
    pub cholesky: f64,
    /// Cholesky by tiles, shared by all ranks and their threads: ⅓ p³.
    pub tiled: f64,
    /// The directions of a triangle in the order of their effect.
    pub directions: f64,
    /// The order of what is factored.
    pub size: f64,
}

/// What the layers of a network add to a row of the kernel matrix, with S streams and widths h.
pub(super) struct Layers {
    /// Numbers of a row's factors: S Σ (h_in + h_out).
    pub(super) factors: f64,
    /// Σ min(S² (h_in + h_out), h_in h_out): by streams, or by the columns of the row.
    product: f64,
}

impl Layers {
    pub(super) fn of(problem: &Problem) -> Self {
        let streams = problem.terms.iter().map(|t| t.energy.layout().streams());
        let streams = streams.max().unwrap_or(1) as f64;
        let widths = problem.network.widths();
        let pairs = widths.windows(2).map(|w| [w[0] as f64, w[1] as f64]);
        let (mut factors, mut product) = (0.0, 0.0);
        for [inputs, outputs] in pairs {
            factors += streams * (inputs + outputs);
            product += (streams * streams * (inputs + outputs)).min((inputs + 1.0) * outputs);
        }
        Self { factors, product }
    }
}

impl Solve {
    pub(super) fn of(stage: &Stage, rows: f64, p: f64, layers: &Layers) -> Self {
        let none = Self {
            size: p,
            ..Self::default()
        };
        match (stage.solver, stage.stepper) {
            _ if stage.method != MethodName::Ned => none,
            // More rows than columns arrive as a triangle.
            (_, StepperName::Recursive) => Self {
                absorbed: match rows > 2.0 * p {
                    true => 2.0 / 3.0 * p.powi(3),
                    false => 2.0 * rows * p * p,
                },
                ..none
            },
            (SolverName::Steepest | SolverName::Cg, _) => none,
            (SolverName::Cholesky, _) => Self {
                tiled: p.powi(3) / 3.0,
                ..none
            },
            (SolverName::Kernel, _) => Self {
                product: rows * rows * layers.product,
                cholesky: rows.powi(3) / 3.0,
                size: rows,
                ..none
            },
            (SolverName::Qr, _) => Self {
                directions: Basis::operations(p),
                ..none
            },
        }
    }

    pub(super) fn total(self) -> f64 {
        self.absorbed + self.product + self.cholesky + self.tiled + self.directions
    }

    /// Tiles in a row of a matrix of p rows.
    pub(super) fn tiles(self) -> f64 {
        (self.size / TILE as f64).ceil()
    }

    /// How many can work on the tiles at once. A factorisation takes T³/6 products of tiles, of which
    /// those of a column of tiles after the other, 3 T, wait for one another.
    pub fn crowd(self, workers: f64) -> f64 {
        workers.min(self.tiles().powi(2) / 18.0).max(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_are_shared_while_there_are_enough() {
        let solve = |tiles: usize| Solve {
            size: (tiles * TILE) as f64,
            ..Solve::default()
        };
        let crowd = |tiles| [1.0, 16.0, 1000.0].map(|workers| solve(tiles).crowd(workers));
        assert_eq!(crowd(36), [1.0, 16.0, 72.0]);
        assert_eq!(crowd(1), [1.0; 3]);
    }
}
