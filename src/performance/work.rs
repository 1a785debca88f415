//! What a step has to do, counted from the problem and the stage, on all ranks together.

use super::gathering::Gathering;
use super::solve::{Layers, Solve};
use super::steps::Step;
use crate::comm::Shares;
use crate::deck::{MethodName, SolverName, StepperName};
use crate::flow::ROWS_KEPT_BYTES;
use crate::network::Operations;
use crate::problem::Problem;
use crate::run::Stage;
use crate::stepper::metric_share;

/// Operations and messages of a step.
#[derive(Clone, Debug)]
pub struct Work {
    /// How often the step does what.
    pub step: Step,
    /// Number of parameters p.
    pub parameters: f64,
    /// Rows of the tangent space m.
    pub rows: f64,
    /// A forward sweep over all points.
    pub forward: Operations,
    /// A backward sweep over all points.
    pub backward: Operations,
    /// Backward sweeps that give all rows: one for every row of a point.
    pub row_sweeps: Operations,
    /// The way of the rows to those who factor them.
    pub gathering: Gathering,
    /// What is done with them.
    pub solve: Solve,
    /// Whether Aᵀ v is formed from rows, and whether Jᵀ f by a sweep.
    by_rows: bool,
    forces: bool,
    /// Relative work of the cells.
    costs: Vec<f64>,
    /// Whether ranks may go without cells.
    thin: bool,
}

impl Work {
    /// Counts a step of a stage in the solution of the deck's `problem`.
    pub fn of(stage: &Stage, problem: &Problem) -> Self {
        let problem = &*stage.problem(problem);
        let thin = stage.batch.is_some();
        let network = &problem.network;
        let (p, metric) = (network.parameters(), stage.metric);
        let mut rows = 0;
        let [mut forward, mut backward, mut row_sweeps] = [Operations::default(); 3];
        for term in &problem.terms {
            let sweeps = network.operations(&metric.layout(term.energy.layout()));
            let points = term.points() as f64;
            forward = forward + sweeps.forward * points;
            backward = backward + sweeps.backward * points;
            let components = metric.rows(problem, term);
            row_sweeps = row_sweeps + sweeps.backward * (points * components as f64);
            rows += term.points() * components;
        }
        let ned = stage.method == MethodName::Ned;
        let solver = if ned {
            stage.solver
        } else {
            SolverName::Steepest
        };
        let layers = Layers::of(problem);
        let forces = metric.has_forces(problem);
        let share = match stage.stepper {
            StepperName::Recursive if ned => metric_share(forces, rows, p),
            _ => 1.0,
        };
        let rows = (share * rows as f64) as usize;
        let row_sweeps = row_sweeps * share;
        let gathering = match (stage.stepper, solver) {
            (StepperName::Recursive, _) if ned => Gathering::of_memory(rows, p),
            (_, SolverName::Kernel) => Gathering::of_factors(rows, layers.factors),
            _ => Gathering::of(solver, rows, p),
        };
        Self {
            step: Step::of(stage, forces),
            parameters: p as f64,
            rows: rows as f64,
            forward,
            backward,
            row_sweeps,
            gathering,
            solve: Solve::of(stage, rows as f64, p as f64, &layers),
            by_rows: !matches!(solver, SolverName::Steepest | SolverName::Cg),
            forces,
            costs: problem.costs_where(stage.row_cost(network.parameters())),
            thin,
        }
    }

    /// Number of cells.
    pub fn cells(&self) -> usize {
        self.costs.len()
    }

    /// The part of all work that the busiest of `ranks` ranks has, and its number of cells; none if
    /// there are more ranks than cells and every rank needs one.
    pub fn busiest(&self, ranks: usize) -> Option<(f64, usize)> {
        let shares = match self.thin {
            true => Shares::even(self.cells(), ranks),
            false => Shares::balanced(&self.costs, ranks)?,
        };
        let all: f64 = self.costs.iter().sum();
        let parts = (0..ranks).map(|rank| {
            let cells = shares.range(rank);
            let part = self.costs[cells.clone()].iter().sum::<f64>() / all;
            (part, cells.len())
        });
        parts.max_by(|a, b| a.0.total_cmp(&b.0))
    }

    /// Sweeps of a step over all points, where a rank that holds the part `share` keeps its rows or
    /// forms them anew for every use.
    pub fn sweeps(&self, share: f64) -> Operations {
        let step = &self.step;
        let anew = self.forward + self.row_sweeps;
        let by_sweeps = if self.by_rows && !self.forces {
            0.0
        } else {
            step.pulls
        };
        let forward_sweeps = if self.by_rows { 0.0 } else { step.pushes };
        let mut sum = self.forward * (step.evaluations + step.linearisations)
            + self.row_sweeps * step.linearisations
            + (self.forward + self.backward) * (by_sweeps + step.descents)
            + self.forward * (2.0 * forward_sweeps);
        if self.by_rows && 8.0 * share * self.rows * self.parameters > ROWS_KEPT_BYTES as f64 {
            let uses = step.factorisations + step.pulls + step.pushes - step.linearisations;
            sum = sum + anew * uses.max(0.0);
        }
        sum
    }

    /// Operations of products with rows.
    pub fn row_products(&self) -> f64 {
        match self.by_rows {
            true => 2.0 * self.rows * self.parameters * (self.step.pulls + self.step.pushes),
            false => 0.0,
        }
    }

    /// All operations of a step on one rank.
    pub fn operations(&self) -> f64 {
        let climb = self.gathering.climb(1.0, 0);
        let factored = climb.own + climb.joins + self.solve.total();
        self.sweeps(1.0).total() + self.row_products() + self.step.factorisations * factored
    }

    /// Messages of a step along every level of ranks, those of the gathering included: a sum goes up
    /// and comes down.
    pub fn messages(&self) -> f64 {
        let step = &self.step;
        let sums = 2.0 * (step.small_sums() + step.descents + step.pulls);
        sums + step.words + step.vectors + step.factorisations
    }

    /// Messages of the tiles, one after the other: a column of them is factored by its pivot and then
    /// sent; a solution goes down and up all columns, by products and what is solved for.
    pub fn tile_messages(&self, ranks: usize) -> f64 {
        match self.solve.tiled > 0.0 && ranks > 1 {
            true => (2.0 * self.step.factorisations + 4.0 * self.step.vectors) * self.solve.tiles(),
            false => 0.0,
        }
    }

    /// Numbers of the tiles that a rank is sent: those of a row and of a column of the grid of ranks,
    /// but its own.
    pub fn tile_numbers(&self, ranks: usize) -> f64 {
        match self.solve.tiled > 0.0 {
            true => {
                let side = (ranks as f64).sqrt();
                self.step.factorisations * self.solve.size.powi(2) / side * (1.0 - 1.0 / side)
            }
            false => 0.0,
        }
    }

    /// Numbers of a step along every level of ranks, beside the gathering.
    pub fn numbers(&self) -> f64 {
        (2.0 * (self.step.descents + self.step.pulls) + self.step.vectors) * self.parameters
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::deck::Deck;
    use crate::problem::build;
    use crate::run::Plan;

    /// u = x on 12 points by a 1-2-1 network: 7 parameters, 12 rows.
    fn work(flow: &str) -> Work {
        let text = format!(
            "[domain]\nlower = [0]\nupper = [1]\n[problem]\nequation = \"u = x\"\n\
             [network]\nhidden = [2]\n[sampling]\npoints = 12\ncells = 3\n[flow]\n{flow}"
        );
        let mut deck = Deck::from_toml(&text, "test.toml", &[]).unwrap();
        let problem = build(&mut deck, None).unwrap();
        let plan = Plan::of(&mut deck, &problem).unwrap();
        Work::of(plan.last(), &problem)
    }

    #[test]
    fn a_step_of_euler_and_cholesky_is_counted_by_hand() {
        let work = work("solver = \"cholesky\"\nstepper = \"euler\"");
        assert_eq!([work.parameters, work.rows], [7.0, 12.0]);
        // A point forward: 2 · 2 into the layer, 2 · 53 in its units, 2 · 2 out of it.
        assert_eq!(work.forward.total(), 12.0 * (4.0 + 106.0 + 4.0));
        // Backward: 2 · 2 for ∂/∂W, 2 · 1 in the units, 2 · 2 · 2 of the output layer.
        assert_eq!(work.row_sweeps.total(), 12.0 * (4.0 + 2.0 + 8.0));
        // Energies and rows, and the energy of the trial; one Aᵀ v; G and its Cholesky factor.
        let sweeps = 2.0 * work.forward.total() + work.row_sweeps.total();
        let factors = 12.0 * 49.0 + 343.0 / 3.0;
        assert_eq!(work.operations(), sweeps + 2.0 * 12.0 * 7.0 + factors);
        assert_eq!(work.numbers(), (2.0 + 1.0) * 7.0);
    }

    #[test]
    fn a_metric_has_rows_of_its_own() {
        let of = |metric: &str| {
            work(&format!(
                "metric = \"{metric}\"\nsolver = \"cholesky\"\nstepper = \"euler\""
            ))
        };
        // u and u' at every point, for which the sweeps carry a derivative more.
        let [energy, l2, h1] = ["energy", "l2", "h1"].map(of);
        assert_eq!([energy.rows, l2.rows, h1.rows], [12.0, 12.0, 24.0]);
        assert_eq!(l2.forward.total(), energy.forward.total());
        assert!(h1.forward.total() > energy.forward.total());
    }

    #[test]
    fn tiles_send_their_messages_one_after_the_other() {
        // One tile: its factor, and a solution down and up.
        let work = work("solver = \"cholesky\"\nstepper = \"euler\"");
        assert_eq!([1, 4].map(|ranks| work.tile_messages(ranks)), [0.0, 6.0]);
        assert_eq!(
            [1, 4].map(|ranks| work.tile_numbers(ranks)),
            [0.0, 49.0 / 4.0]
        );
    }

    #[test]
    fn a_step_of_adam_sweeps_forward_and_backward_once() {
        let work = work("method = \"adam\"");
        let sweeps = work.forward.total() + work.backward.total();
        assert_eq!(work.operations(), sweeps);
    }

    #[test]
    fn the_busiest_rank_has_a_third_of_three_cells_at_best() {
        let work = work("solver = \"cholesky\"\nstepper = \"euler\"");
        assert_eq!(work.busiest(1), Some((1.0, 3)));
        let (share, cells) = work.busiest(2).unwrap();
        assert!((share - 2.0 / 3.0).abs() < 1e-15 && cells == 2);
        assert_eq!(work.busiest(4), None);
    }
}
