//! Errors of a network: against the exact solution on independent points, against data held out.

use super::Region;
use super::term::sample_rows;
use crate::comm::{Comm, Shares, tree_sum};
use crate::energy::Energy;
use crate::expression::Tape;
use crate::jet::Layout;
use crate::network::Network;
use crate::sampling::{Draw, Purpose, Sample, run_of};
use crate::table::Table;
use rayon::prelude::*;
use serde::Serialize;
use std::sync::Arc;

/// Something that an error is measured on.
pub enum Test {
    /// The exact solution, one output per unknown, on random points of the domain.
    Exact {
        /// Where the points lie.
        region: Region,
        /// The exact solution.
        exact: Tape,
    },
    /// Rows of the data, by the residual of the data term.
    Rows {
        /// "train" or "test".
        name: &'static str,
        /// The data.
        table: Arc<Table>,
        /// Which columns are coordinates.
        inputs: Vec<usize>,
        /// Which rows are looked at.
        rows: Vec<usize>,
        /// The data term's density ½ r².
        energy: Arc<dyn Energy>,
    },
}

/// Norms of an error u − u*.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ErrorNorms {
    /// ‖u − u*‖ / ‖u*‖ in L², over all unknowns.
    pub relative_l2: f64,
    /// Root of the mean square of u − u*.
    pub rms: f64,
    /// Largest |u − u*|.
    pub max: f64,
}

impl ErrorNorms {
    /// An error that was not measured.
    pub const UNKNOWN: Self = Self {
        relative_l2: f64::NAN,
        rms: f64::NAN,
        max: f64::NAN,
    };
}

impl Test {
    /// Whether it looks at the rows that were trained on.
    pub fn is_training(&self) -> bool {
        matches!(self, Self::Rows { name: "train", .. })
    }

    fn cells(&self) -> usize {
        match self {
            Self::Exact { region, .. } => region.cells(),
            Self::Rows { rows, .. } => rows.len().div_ceil(256).max(1),
        }
    }

    /// [Σ w |u − u*|², Σ w |u*|², Σ w, max |u − u*|] over one cell, of every unknown; of all targets of data.
    fn sums(&self, network: &dyn Network, theta: &[f64], seed: u64, cell: usize) -> Vec<[f64; 4]> {
        match self {
            Self::Exact { region, exact } => {
                let draw = Draw {
                    seed,
                    purpose: Purpose::Testing,
                    epoch: 0,
                };
                let sample = region.draw(draw, cell, cell);
                let layout = Layout::value(network.inputs());
                let jets = network.trace(theta, sample.x.as_ref(), &layout).into_jets();
                let exact = exact.eval(sample.len(), |symbol| sample.values(symbol));
                let of_unknown = |(unknown, exact): (usize, &Vec<f64>)| {
                    let mut sums = [0.0; 4];
                    for (i, u) in jets.stream(unknown, 0).iter().enumerate() {
                        add(&mut sums, sample.weights[i], u - exact[i], exact[i]);
                    }
                    sums
                };
                exact.iter().enumerate().map(of_unknown).collect()
            }
            Self::Rows {
                table,
                inputs,
                rows,
                energy,
                ..
            } => {
                let run = run_of(cell, self.cells(), rows.len());
                let sample: Sample = sample_rows(table, inputs, &rows[run], 1.0);
                let trace = network.trace(theta, sample.x.as_ref(), energy.layout());
                let local = energy.evaluate(&sample, trace.jets());
                let mut sums = [0.0; 4];
                for residual in local.residual.iter().flatten() {
                    add(&mut sums, 1.0, *residual, 0.0);
                }
                vec![sums]
            }
        }
    }

    /// How many parts the error has: the unknowns, or all targets of data together.
    fn parts(&self, network: &dyn Network) -> usize {
        match self {
            Self::Exact { .. } => network.outputs(),
            Self::Rows { .. } => 1,
        }
    }

    /// The error at θ over all unknowns, and that of each. The same on all ranks. Collective.
    pub fn measure(
        &self,
        network: &dyn Network,
        theta: &[f64],
        seed: u64,
        comm: &dyn Comm,
    ) -> (ErrorNorms, Vec<ErrorNorms>) {
        let cells = self.cells();
        let shares = Shares::even(cells, comm.size());
        let mine = shares.range(comm.rank());
        let first = mine.start;
        let sums: Vec<Vec<[f64; 4]>> = mine
            .into_par_iter()
            .map(|cell| self.sums(network, theta, seed, cell))
            .collect();
        let parts = self.parts(network);
        let squares = tree_sum(comm, &shares, 3 * parts, &|cell| {
            let of_parts = sums[cell - first].iter();
            of_parts.flat_map(|sums| sums[..3].to_vec()).collect()
        });
        let mut max = vec![0.0; parts];
        for sums in &sums {
            let pairs = max.iter_mut().zip(sums);
            pairs.for_each(|(max, sums)| *max = largest(*max, sums[3]));
        }
        comm.max(&mut max);
        let parts = (squares.chunks(3).zip(max)).map(|(s, max)| [s[0], s[1], s[2], max]);
        let parts: Vec<[f64; 4]> = parts.collect();
        let all = parts.iter().copied().reduce(|a, b| {
            let [error, exact, weight] = [0, 1, 2].map(|k| a[k] + b[k]);
            [error, exact, weight, largest(a[3], b[3])]
        });
        let norms = |[error, exact, weight, max]: [f64; 4]| ErrorNorms {
            relative_l2: (error / exact).sqrt(),
            rms: (error / weight).sqrt(),
            max,
        };
        let each = parts.into_iter().map(norms).collect();
        (all.map_or(ErrorNorms::UNKNOWN, norms), each)
    }
}

fn add(sums: &mut [f64; 4], weight: f64, error: f64, exact: f64) {
    sums[0] += weight * error * error;
    sums[1] += weight * exact * exact;
    sums[2] += weight;
    sums[3] = largest(sums[3], error.abs());
}

/// The larger of two numbers; NaN if one of them is, which `f64::max` would hide.
fn largest(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() {
        f64::NAN
    } else {
        a.max(b)
    }
}
