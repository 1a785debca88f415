//! A stage of a run: on which points, by which solver and stepper.
//!
//! A run is a sequence of stages that hand their parameters on. Efficient NED on fresh subsets of the
//! domain comes first and finds the neighbourhood of the solution; the natural-level rule on all
//! points, fixed, finishes.

use crate::deck::{MethodName, SolverName, StepperName};
use crate::flow::Metric;
use crate::problem::Problem;
use crate::solver::{CG_TOLERANCE, Cg, Cholesky, Kernel, Qr, Solver, Steepest};
use crate::stepper::{
    Adam, BOGACKI_SHAMPINE, Before, EULER, Follower, Lbfgs, Natural, NaturalSetting, Pace, RK4,
    Recursive, RungeKutta, Sgd, Stepper, Stochastic, Tableau,
};
use std::ops::Deref;

/// One stage; every choice is made.
#[derive(Clone, Debug)]
pub struct Stage {
    /// NED, or one of the baselines.
    pub method: MethodName,
    pub(crate) metric: Metric,
    /// How θ' is solved for.
    pub solver: SolverName,
    /// How θ is stepped.
    pub stepper: StepperName,
    /// Random points of each fresh subset; none where all points are used.
    pub batch: Option<usize>,
    /// Steps between sample sets; none where they are fixed.
    pub(super) resample: Option<u64>,
    pub(super) damping: f64,
    pub(super) cutoff: f64,
    /// The time step, where the deck gives it.
    pub dt: Option<f64>,
    pub(super) tolerance: f64,
    /// The part of the last direction that is carried along.
    pub momentum: f64,
    /// Whether an exact solution has energy zero.
    pub(super) exact: bool,
    /// Whether it solves the Euler–Lagrange equation of the energy, not the deck's problem.
    pub(super) stationary: bool,
    /// What the next stage is, if there is one.
    pub(super) followed: Option<Follower>,
}

/// The problem that a stage solves.
pub enum Stated<'a> {
    /// The deck's.
    Deck(&'a Problem),
    /// The equation of the energy's stationary points.
    Stationarity(&'a Problem),
    /// Either on a random subset of its points.
    Subset(Box<Problem>),
}

impl Deref for Stated<'_> {
    type Target = Problem;

    fn deref(&self) -> &Problem {
        match self {
            Self::Deck(problem) | Self::Stationarity(problem) => problem,
            Self::Subset(problem) => problem,
        }
    }
}

impl Stage {
    /// What it solves of the problem of the deck.
    pub fn problem<'p>(&self, deck: &'p Problem) -> Stated<'p> {
        self.problem_begun(deck, 1.0)
    }

    /// The same, where it draws subsets, on the first `share` of an evolution.
    pub(super) fn problem_begun<'p>(&self, deck: &'p Problem, share: f64) -> Stated<'p> {
        let stated = match &deck.stationary {
            Ok(equation) if self.stationary => Stated::Stationarity(equation),
            _ => Stated::Deck(deck),
        };
        match self.batch {
            Some(batch) => Stated::Subset(Box::new(stated.thinned(batch).begun(share))),
            None => stated,
        }
    }

    /// How many streams of the jet take as long as a row, with `p` parameters: a sweep forward and back costs some 6 p
    /// operations a stream, and a factorisation p² to 2 p² a row. Shared out by streams alone, 65,536 points and their
    /// boundary with 4,417 parameters kept one of two ranks busy for 7.5 s, the other for 8.8; so for 8.0 and 8.2.
    pub(crate) fn row_cost(&self, p: usize) -> f64 {
        match self.solver {
            SolverName::Qr | SolverName::Cholesky => 1.0 + 0.25 * p as f64,
            SolverName::Kernel | SolverName::Cg | SolverName::Steepest => 1.0,
        }
    }

    /// The solver.
    pub fn solver(&self) -> Box<dyn Solver> {
        let damping = self.damping;
        match self.solver {
            SolverName::Steepest => Box::new(Steepest),
            SolverName::Cholesky => Box::new(Cholesky { damping }),
            SolverName::Cg => Box::new(Cg::new(damping, self.accuracy())),
            SolverName::Kernel => Box::new(Kernel { damping }),
            SolverName::Qr => Box::new(Qr {
                cutoff: self.cutoff,
            }),
        }
    }

    /// To what residual `cg` solves: a stepper of higher order must not find less accurate slopes than
    /// it counts on.
    fn accuracy(&self) -> f64 {
        match self.stepper {
            StepperName::Adaptive => CG_TOLERANCE.min(0.01 * self.tolerance),
            StepperName::Rk4 => 0.01 * CG_TOLERANCE,
            _ => CG_TOLERANCE,
        }
    }

    /// The stepper, at its start; `before` tells of the stage before this one, if there is one.
    pub fn stepper(&self, before: Option<Before>) -> Box<dyn Stepper> {
        match (self.method, self.stepper) {
            (MethodName::Sgd, _) => Box::new(Sgd::new(self.dt, self.momentum)),
            (MethodName::Adam, _) => Box::new(Adam::new(self.dt)),
            (MethodName::Lbfgs, _) => Box::new(Lbfgs::new()),
            (MethodName::Ned, StepperName::Natural | StepperName::Stationary) => {
                Box::new(Natural::new(NaturalSetting {
                    cutoff: self.cutoff,
                    exact: self.exact,
                    fixed: self.resample.is_none(),
                    before,
                }))
            }
            (MethodName::Ned, StepperName::Recursive) => {
                Box::new(Recursive::new(self.dt, self.followed))
            }
            (MethodName::Ned, StepperName::Stochastic) => Box::new(Stochastic::new(
                self.dt,
                self.momentum,
                self.followed.is_some(),
            )),
            (MethodName::Ned, StepperName::Euler) => self.runge_kutta(&EULER),
            (MethodName::Ned, StepperName::Rk4) => self.runge_kutta(&RK4),
            (MethodName::Ned, StepperName::Adaptive) => self.runge_kutta(&BOGACKI_SHAMPINE),
        }
    }

    /// A Runge–Kutta method at the pace that suits it.
    fn runge_kutta(&self, tableau: &'static Tableau) -> Box<dyn Stepper> {
        // Beyond dt = 1 a Gauss–Newton step only overshoots; other flows know no such bound.
        let newton = self.metric == Metric::Energy
            && self.solver != SolverName::Steepest
            && self.stepper == StepperName::Euler;
        let largest = if newton { 1.0 } else { f64::INFINITY };
        let pace = match (self.stepper, self.dt) {
            (StepperName::Adaptive, first) => Pace::Accurate {
                tolerance: self.tolerance,
                first: first.unwrap_or(1.0),
            },
            (_, Some(dt)) => Pace::Fixed(dt),
            (_, None) => Pace::Descending(largest),
        };
        let fixed = self.resample.is_none();
        Box::new(RungeKutta::new(
            tableau,
            pace,
            fixed,
            self.followed.is_some(),
        ))
    }

    /// Whether it solves the Euler–Lagrange equation of the energy.
    pub fn is_stationary(&self) -> bool {
        self.stationary
    }

    /// Whether the sample set never changes.
    pub fn fixed_samples(&self) -> bool {
        self.resample.is_none()
    }

    /// "qr + natural, energy metric, fixed points", for people.
    pub fn describe(&self) -> String {
        let samples = match (self.batch, self.resample) {
            (Some(batch), _) => format!("{batch} fresh points a step"),
            (None, Some(_)) => "fresh points".into(),
            (None, None) => "fixed points".into(),
        };
        if self.method != MethodName::Ned {
            return format!("{}, {samples}", self.method);
        }
        let metric = match self.metric {
            Metric::L2 => "L2 metric",
            Metric::H1 => "H1 metric",
            Metric::Energy => "energy metric",
        };
        let of = if self.stationary {
            "stationarity by "
        } else {
            ""
        };
        format!(
            "{of}{} + {}, {metric}, {samples}",
            self.solver, self.stepper
        )
    }
}
