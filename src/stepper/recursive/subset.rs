//! The subset of the domain on which the metric of an energy without residual is drawn anew each step.
//!
//! Its gradient needs all points: noise in it would be noise in the minimiser. Its metric does not: it is
//! averaged over the steps that are remembered, and where it is wrong the step is only less straight.
//! Forming and factoring its rows is most of a step, so a few of them for every parameter make the
//! step several times shorter (4,096 points, 337 parameters: 45 ms instead of 280) and, on Allen and Cahn's
//! energy, take about as many steps as all rows do.

use crate::comm::Shares;
use crate::flow::Flow;
use crate::problem::{Problem, Term};

/// Rows of the metric for every parameter.
const ROWS: usize = 4;

/// The share of all points, with `rows` rows, whose rows a step in `p` parameters forms; `forces` where the
/// gradient is more than Aᵀ v.
pub fn metric_share(forces: bool, rows: usize, p: usize) -> f64 {
    let share = (ROWS * p) as f64 / rows.max(1) as f64;
    if forces && share < 0.5 { share } else { 1.0 }
}

/// See the module's page.
pub(super) struct Subset {
    problem: Problem,
    shares: Shares,
}

impl Subset {
    /// A subset for a flow of `p` parameters, if there are far more rows than needed.
    pub(super) fn of(flow: &Flow, p: usize) -> Option<Self> {
        let rows = flow.row_count();
        let share = metric_share(flow.has_forces(), rows, p);
        (share < 1.0).then(|| {
            let all: usize = flow.problem.terms.iter().map(Term::points).sum();
            let problem = flow.problem.thinned((share * all as f64) as usize);
            let shares = Shares::even(problem.cells(), flow.comm.size());
            Self { problem, shares }
        })
    }

    /// `flow` on the subset of a step.
    pub(super) fn drawn<'s>(&'s self, flow: &Flow<'s>, step: u64) -> Flow<'s> {
        let mut thin = flow.of_problem(&self.problem, &self.shares);
        // Set 0 is of the points that stay.
        thin.draw(step + 1);
        thin
    }
}
