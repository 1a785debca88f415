//! The plan: which metric, solver and stepper a run uses, where the deck says "auto".
//!
//! | problem | solver | stepper |
//! |---|---|---|
//! | up to 1,500 parameters on fixed points | qr | natural |
//! | more parameters, or fresh points | cholesky or qr | euler |
//! | method = "sgd", "adam", "lbfgs" | none | the method's own |

use crate::deck::{Auto, Deck, MethodName, MetricName, Resample, SolverName, StepperName};
use crate::error::{Error, Result};
use crate::flow::Metric;
use crate::problem::{Problem, Term};
use crate::solver::{Cholesky, DEFAULT_DAMPING, Qr, Solver, Steepest};
use crate::stepper::{
    Adam, BOGACKI_SHAMPINE, EULER, Lbfgs, Natural, Pace, RK4, RungeKutta, Sgd, Stepper, Tableau,
};

/// How a run is done; every choice is made.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The metric of the flow.
    pub metric: Metric,
    /// Relative change of E below which the state is steady, where that is looked at.
    pub steady: Option<f64>,
    solver: SolverName,
    stepper: StepperName,
    method: MethodName,
    /// Steps between sample sets; none where they are fixed.
    resample: Option<u64>,
    damping: f64,
    cutoff: f64,
    dt: Option<f64>,
    tolerance: f64,
    momentum: f64,
    kicks: bool,
}

/// Of the adaptive stepper: a thousandth of the way of the unknowns.
const DEFAULT_TOLERANCE: f64 = 1e-3;
/// Up to this many parameters the singular values of the tangent space are affordable.
const MANY: usize = 1500;

impl Plan {
    /// Decides what the deck leaves open and writes the decisions back into it.
    ///
    /// # Errors
    /// If the deck's choices contradict each other.
    pub fn of(deck: &mut Deck, problem: &Problem) -> Result<Self> {
        let p = problem.network.parameters();
        let resample = match deck.sampling.resample {
            Auto::Set(Resample::Every(steps)) => Some(steps),
            _ => None,
        };
        let flow = &mut deck.flow;
        let metric = fill(&mut flow.metric, MetricName::Energy);
        let solver = match flow.method {
            MethodName::Sgd | MethodName::Adam | MethodName::Lbfgs => SolverName::Steepest,
            MethodName::Ned if p <= MANY => SolverName::Qr,
            MethodName::Ned => SolverName::Cholesky,
        };
        let solver = fill(&mut flow.solver, solver);
        let natural =
            solver == SolverName::Qr && metric == MetricName::Energy && resample.is_none();
        let stepper = if natural {
            StepperName::Natural
        } else {
            StepperName::Euler
        };
        let stepper = fill(&mut flow.stepper, stepper);
        if stepper == StepperName::Natural
            && (solver != SolverName::Qr || metric != MetricName::Energy)
        {
            return Err(Error::Input(
                "`flow.stepper = \"natural\"` needs solver = \"qr\" and metric = \"energy\"; set \
                 these, or stepper = \"euler\""
                    .into(),
            ));
        }
        let cutoff = fill(
            &mut flow.cutoff,
            default_cutoff(problem, p.max(problem.rows())),
        );
        let damping = fill(&mut flow.damping, DEFAULT_DAMPING);
        let tolerance = fill(&mut flow.tolerance, DEFAULT_TOLERANCE);
        let dt = match flow.dt {
            Auto::Set(dt) => Some(dt),
            Auto::Auto => None,
        };
        if deck.flow.method == MethodName::Lbfgs {
            suits_lbfgs(dt, resample)?;
        }
        let steady = match deck.stop.steady {
            Auto::Set(tolerance) => Some(tolerance),
            Auto::Auto if stepper != StepperName::Natural && resample.is_none() => Some(1e-12),
            Auto::Auto => None,
        };
        let steady = steady
            .filter(|_| deck.flow.method == MethodName::Ned || deck.stop.steady != Auto::Auto);
        Ok(Self {
            metric: match metric {
                MetricName::L2 => Metric::L2,
                MetricName::H1 => Metric::H1,
                MetricName::Energy => Metric::Energy,
            },
            steady,
            solver,
            stepper,
            method: deck.flow.method,
            resample,
            damping,
            cutoff,
            dt,
            tolerance,
            momentum: deck.flow.momentum,
            kicks: problem.zero_residual && resample.is_none(),
        })
    }

    /// The solver.
    pub fn solver(&self) -> Box<dyn Solver> {
        match self.solver {
            SolverName::Steepest => Box::new(Steepest),
            SolverName::Cholesky => Box::new(Cholesky {
                damping: self.damping,
            }),
            SolverName::Qr => Box::new(Qr {
                cutoff: self.cutoff,
            }),
        }
    }

    /// The stepper, at its start.
    pub fn stepper(&self) -> Box<dyn Stepper> {
        match (self.method, self.stepper) {
            (MethodName::Sgd, _) => Box::new(Sgd::new(self.dt, self.momentum)),
            (MethodName::Adam, _) => Box::new(Adam::new(self.dt)),
            (MethodName::Lbfgs, _) => Box::new(Lbfgs::new()),
            (MethodName::Ned, StepperName::Natural) => Box::new(Natural::new(
                self.cutoff,
                self.kicks,
                self.resample.is_none(),
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
        Box::new(RungeKutta::new(tableau, pace, self.resample.is_none()))
    }

    /// The sample set that step `step` uses.
    pub fn epoch(&self, step: u64) -> u64 {
        self.resample.map_or(0, |every| step / every)
    }

    /// Whether the sample set never changes.
    pub fn fixed_samples(&self) -> bool {
        self.resample.is_none()
    }

    /// Floating-point operations of a step, counting what grows fastest: sweeps of the network, and
    /// gathering and factoring the rows.
    pub fn work(&self, problem: &Problem) -> f64 {
        let (p, rows) = (problem.network.parameters() as f64, problem.rows() as f64);
        let sweep = |t: &Term| (t.points() * t.energy.layout().streams()) as f64 * 6.0 * p;
        let sweeps: f64 = problem.terms.iter().map(sweep).sum();
        let factors = match self.solver {
            SolverName::Steepest => 0.0,
            SolverName::Cholesky => rows * p * p + p * p * p / 3.0,
            SolverName::Qr => 3.0 * rows * p * p + 8.0 * p * p * p,
        };
        sweeps + factors
    }

    /// Grid points per coordinate on which fields are written.
    pub fn grid(&self, deck: &Deck, problem: &Problem) -> Vec<usize> {
        let dim = problem.coordinates.len();
        let each = if dim <= 2 { 101 } else { 41 };
        deck.output.grid.clone().unwrap_or_else(|| vec![each; dim])
    }

    /// "qr + natural", for people.
    pub fn describe(&self) -> String {
        let samples = if self.fixed_samples() {
            "fixed points"
        } else {
            "fresh points"
        };
        let metric = match self.metric {
            Metric::L2 => "L2 metric",
            Metric::H1 => "H1 metric",
            Metric::Energy => "energy metric",
        };
        if self.method != MethodName::Ned {
            return format!("{}, {samples}", self.method);
        }
        let [solver, stepper] = [self.solver().name(), self.stepper().name()];
        format!("{solver} + {stepper}, {metric}, {samples}")
    }
}

/// L-BFGS finds its own step, on points that stay.
///
/// # Errors
/// If the deck gives a step or draws new points.
fn suits_lbfgs(dt: Option<f64>, resample: Option<u64>) -> Result<()> {
    if dt.is_some() {
        return Err(Error::Input(
            "`flow.dt`: lbfgs finds its step by a line search; remove it, or set dt = \"auto\""
                .into(),
        ));
    }
    if resample.is_some() {
        return Err(Error::Input(
            "`flow.method = \"lbfgs\"` learns curvature from points that stay; set \
             `sampling.resample = false`, or choose method = \"adam\""
                .into(),
        ));
    }
    Ok(())
}

/// The least relative cutoff of singular values: rounding level of the rows where residuals are
/// known; where only gradients are, as far above it as their square root.
fn default_cutoff(problem: &Problem, size: usize) -> f64 {
    let rounding = 4.0 * f64::EPSILON * size as f64;
    if problem.has_residuals() {
        rounding.max(1e-12)
    } else {
        1e-8
    }
}

fn fill<T: Copy>(setting: &mut Auto<T>, choice: T) -> T {
    let value = match *setting {
        Auto::Set(value) => value,
        Auto::Auto => choice,
    };
    *setting = Auto::Set(value);
    value
}
