//! A stage of a run: on which points, by which solver and stepper.
//!
//! A run is a sequence of stages that hand their parameters on. Efficient NED on fresh subsets of the
//! domain comes first and finds the neighbourhood of the solution; the natural-level rule on all
//! points, fixed, finishes.

use crate::deck::{MethodName, SolverName, StepperName};
use crate::flow::Metric;
use crate::solver::{Cholesky, Kernel, Qr, Solver, Steepest};
use crate::stepper::{Euler, Natural, NaturalSetting, Recursive, Sgd, Stepper, Stochastic};

/// One stage; every choice is made.
#[derive(Clone, Debug)]
pub struct Stage {
    pub(super) method: MethodName,
    pub(super) metric: Metric,
    pub(super) solver: SolverName,
    pub(super) stepper: StepperName,
    /// Random points of each fresh subset; none where all points are used.
    pub(super) batch: Option<usize>,
    /// Steps between sample sets; none where they are fixed.
    pub(super) resample: Option<u64>,
    pub(super) damping: f64,
    pub(super) cutoff: f64,
    pub(super) dt: Option<f64>,
    pub(super) momentum: f64,
    /// Whether an exact solution has energy zero.
    pub(super) exact: bool,
    /// Whether another stage follows.
    pub(super) followed: bool,
}

impl Stage {
    /// The solver.
    pub fn solver(&self) -> Box<dyn Solver> {
        let damping = self.damping;
        match self.solver {
            SolverName::Steepest => Box::new(Steepest),
            SolverName::Cholesky => Box::new(Cholesky { damping }),
            SolverName::Kernel => Box::new(Kernel { damping }),
            SolverName::Qr => Box::new(Qr {
                cutoff: self.cutoff,
            }),
        }
    }

    /// The stepper, at its start; `initial` is the energy at the start of the run, if a stage went
    /// before.
    pub fn stepper(&self, initial: Option<f64>) -> Box<dyn Stepper> {
        match (self.method, self.stepper) {
            (MethodName::Sgd, _) => Box::new(Sgd::new(self.dt, self.momentum)),
            (MethodName::Ned, StepperName::Natural) => {
                Box::new(Natural::new(NaturalSetting {
                    cutoff: self.cutoff,
                    exact: self.exact,
                    fixed: self.resample.is_none(),
                    initial,
                }))
            }
            (MethodName::Ned, StepperName::Recursive) => {
                Box::new(Recursive::new(self.dt, self.followed))
            }
            (MethodName::Ned, StepperName::Stochastic) => {
                Box::new(Stochastic::new(self.dt, self.momentum))
            }
            (MethodName::Ned, StepperName::Euler) => {
                // Beyond dt = 1 a Gauss–Newton step only overshoots; other flows know no such bound.
                let newton = self.metric == Metric::Energy && self.solver != SolverName::Steepest;
                let largest = if newton { 1.0 } else { f64::INFINITY };
                Box::new(Euler::new(self.dt, largest))
            }
        }
    }

    /// The sample set that step `step` uses.
    pub fn epoch(&self, step: u64) -> u64 {
        self.resample.map_or(0, |every| step / every)
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
        if self.method == MethodName::Sgd {
            return format!("sgd, {samples}");
        }
        let metric = match self.metric {
            Metric::L2 => "L2 metric",
            Metric::Energy => "energy metric",
        };
        format!("{} + {}, {metric}, {samples}", self.solver, self.stepper)
    }
}
