//! The plan: which metric, and which stages with which solver and stepper, where the deck says "auto".
//!
//! | problem | stages |
//! |---|---|
//! | squared residuals | qr + recursive on fresh subsets and, up to 1,500 parameters, qr + natural on all points, fixed, in turn |
//! | the same, over 4,000 parameters | kernel + stochastic on fresh subsets |
//! | other energies, up to 1,500 parameters on fixed points | qr + recursive, then qr + natural, on the same points |
//! | more parameters, or fresh points | cholesky + euler, qr + euler |
//! | method = "sgd", "adam", "lbfgs" | the method's own |

use super::stage::Stage;
use crate::deck::{Auto, Deck, Many, MethodName, MetricName, Resample, SolverName, StepperName};
use crate::error::{Error, Result};
use crate::flow::Metric;
use crate::problem::{Problem, Term};
use crate::solver::{DEFAULT_DAMPING, KERNEL_DAMPING};

/// How a run is done; every choice is made.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The metric of the flow.
    pub metric: Metric,
    /// Relative change of E below which the state is steady, where that is looked at.
    pub steady: Option<f64>,
    /// What is done one after the other; at least one.
    pub stages: Vec<Stage>,
}

/// Of the adaptive stepper: a thousandth of the way of the unknowns.
const DEFAULT_TOLERANCE: f64 = 1e-3;
/// Up to this many parameters the singular values of the tangent space are affordable.
const MANY: usize = 1500;
/// The most multiplications, n p², of a step on all points.
const LARGEST_FINISH: f64 = 1e11;
/// Up to this many parameters a triangle of rows can be carried from step to step.
const MANY_REMEMBERED: usize = 4000;
/// Points of a fresh subset per parameter: fewer than parameters, and away from a square system,
/// which is ill-conditioned.
const BATCH: f64 = 0.57;
/// The most points of a fresh subset: the work per point is the same from here on, and a step shorter.
const LARGEST_BATCH: usize = 512;
/// The same where a kernel matrix is factored, whose work per point grows.
const LARGEST_KERNEL: usize = 256;
/// Momentum of efficient NED by the kernel.
const MOMENTUM: f64 = 0.95;

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
        let name = fill(&mut deck.flow.metric, MetricName::Energy);
        let metric = match name {
            MetricName::L2 => Metric::L2,
            MetricName::H1 => Metric::H1,
            MetricName::Energy => Metric::Energy,
        };
        let (solvers, steppers) = choose(deck, problem, resample)?;
        for (solver, stepper) in solvers.iter().zip(&steppers) {
            check(*solver, *stepper, name)?;
        }
        let points: usize = problem.terms.iter().map(Term::points).sum();
        let largest = match solvers[0] {
            SolverName::Kernel => LARGEST_KERNEL,
            _ => LARGEST_BATCH,
        };
        let batch = ((BATCH * p as f64) as usize).clamp(16, largest);
        let batch = fill(&mut deck.sampling.batch, batch.min(points.div_ceil(2)));
        let flow = &mut deck.flow;
        let cutoff = default_cutoff(problem, p.max(problem.rows()));
        let cutoff = fill(&mut flow.cutoff, cutoff);
        let damping = match solvers[0] {
            SolverName::Kernel => KERNEL_DAMPING,
            _ => DEFAULT_DAMPING,
        };
        let damping = fill(&mut flow.damping, damping);
        let carried = match solvers[0] {
            SolverName::Kernel => MOMENTUM,
            _ => 0.0,
        };
        let momentum = fill(&mut flow.momentum, carried);
        let tolerance = fill(&mut flow.tolerance, DEFAULT_TOLERANCE);
        let dt = flow.dt.as_option().copied();
        if flow.method == MethodName::Lbfgs {
            suits_lbfgs(dt, resample)?;
        }
        let stages = solvers.iter().zip(&steppers).enumerate();
        let stages: Vec<Stage> = stages
            .map(|(index, (&solver, &stepper))| {
                // Noise in the points of an energy without residual would be noise in its minimiser.
                let fresh = problem.has_residuals()
                    && [StepperName::Recursive, StepperName::Stochastic].contains(&stepper);
                Stage {
                    method: flow.method,
                    metric,
                    solver,
                    stepper,
                    batch: fresh.then_some(batch),
                    resample: if fresh { Some(1) } else { resample },
                    damping,
                    cutoff,
                    dt,
                    tolerance,
                    momentum,
                    exact: problem.zero_residual && resample.is_none(),
                    followed: index + 1 < steppers.len(),
                }
            })
            .collect();
        let last = &stages[stages.len() - 1];
        let stands = last.stepper != StepperName::Natural && last.fixed_samples();
        let steady = match deck.stop.steady {
            Auto::Set(tolerance) => Some(tolerance),
            Auto::Auto if stands => Some(1e-12),
            Auto::Auto => None,
        };
        Ok(Self {
            metric,
            steady,
            stages,
        })
    }

    /// The last stage, which brings the result.
    pub fn last(&self) -> &Stage {
        &self.stages[self.stages.len() - 1]
    }

    /// Floating-point operations of a step, counting what grows fastest: sweeps of the network, and
    /// gathering and factoring the rows.
    pub fn work(&self, problem: &Problem) -> f64 {
        let (p, rows) = (problem.network.parameters() as f64, problem.rows() as f64);
        let sweep = |t: &Term| (t.points() * t.energy.layout().streams()) as f64 * 6.0 * p;
        let sweeps: f64 = problem.terms.iter().map(sweep).sum();
        let factors = match self.last().solver {
            SolverName::Steepest => 0.0,
            SolverName::Cholesky => rows * p * p + p * p * p / 3.0,
            SolverName::Kernel => rows * rows * p,
            SolverName::Qr => 3.0 * rows * p * p + 8.0 * p * p * p,
        };
        sweeps + factors
    }

    /// Grid points per coordinate on which fields are written.
    pub fn grid(&self, deck: &Deck, problem: &Problem) -> Vec<usize> {
        deck.output.grid_in(problem.coordinates.len())
    }

    /// "qr + natural, energy metric, fixed points", stage by stage, for people.
    pub fn describe(&self) -> String {
        let stages: Vec<String> = self.stages.iter().map(Stage::describe).collect();
        stages.join("; then ")
    }
}

/// Solver and stepper of every stage.
///
/// # Errors
/// If the deck lists solvers and steppers for different numbers of stages.
fn choose(
    deck: &mut Deck,
    problem: &Problem,
    resample: Option<u64>,
) -> Result<(Vec<SolverName>, Vec<StepperName>)> {
    let p = problem.network.parameters();
    let small = p <= MANY && (problem.rows() * p * p) as f64 <= LARGEST_FINISH;
    let flow = &mut deck.flow;
    let open = flow.solver == Auto::Auto && flow.stepper == Auto::Auto;
    let energy = flow.metric == Auto::Set(MetricName::Energy);
    let direct = if small {
        SolverName::Qr
    } else {
        SolverName::Cholesky
    };
    let staged = open && energy && resample.is_none() && (small || problem.has_residuals());
    let natural = small && energy && resample.is_none();
    let solver = |stepper: &StepperName| match stepper {
        StepperName::Natural | StepperName::Recursive => SolverName::Qr,
        StepperName::Stochastic => SolverName::Kernel,
        _ => direct,
    };
    let solvers = match (flow.method, &flow.stepper) {
        (MethodName::Sgd | MethodName::Adam | MethodName::Lbfgs, _) => vec![SolverName::Steepest],
        (MethodName::Ned, Auto::Set(given)) => given.0.iter().map(solver).collect(),
        (MethodName::Ned, _) if staged && p <= MANY_REMEMBERED => vec![SolverName::Qr],
        (MethodName::Ned, _) if staged => vec![SolverName::Kernel],
        (MethodName::Ned, _) => vec![direct],
    };
    let mut solvers = fill(&mut flow.solver, Many(solvers)).0;
    let stepper = |solver: &SolverName| match solver {
        SolverName::Kernel => StepperName::Stochastic,
        SolverName::Qr if natural => StepperName::Natural,
        _ => StepperName::Euler,
    };
    let steppers = match (staged, solvers.as_slice()) {
        (true, [SolverName::Qr]) if small => vec![StepperName::Recursive, StepperName::Natural],
        (true, [SolverName::Qr]) => vec![StepperName::Recursive],
        _ => solvers.iter().map(stepper).collect(),
    };
    let mut steppers = fill(&mut flow.stepper, Many(steppers)).0;
    // One name serves all stages.
    let stages = solvers.len().max(steppers.len());
    for (key, other, count) in [
        ("solver", "stepper", solvers.len()),
        ("stepper", "solver", steppers.len()),
    ] {
        if count > 1 && count < stages {
            return Err(Error::Input(format!(
                "`flow.{key}` lists {count} stages and `flow.{other}` {stages}; list as many, or \
                 give one name for all"
            )));
        }
    }
    solvers.resize(stages, solvers[solvers.len() - 1]);
    steppers.resize(stages, steppers[steppers.len() - 1]);
    Ok((solvers, steppers))
}

/// # Errors
/// If a stepper does not work with a solver or a metric.
fn check(solver: SolverName, stepper: StepperName, metric: MetricName) -> Result<()> {
    let by_rows = [StepperName::Natural, StepperName::Recursive].contains(&stepper);
    if by_rows && (solver != SolverName::Qr || metric != MetricName::Energy) {
        return Err(Error::Input(format!(
            "`flow.stepper = \"{stepper}\"` needs solver = \"qr\" and metric = \"energy\"; set \
             these, or stepper = \"euler\""
        )));
    }
    Ok(())
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

/// The deck's value, or the choice, which is written into it.
fn fill<T: Clone>(setting: &mut Auto<T>, choice: T) -> T {
    let value = setting.as_option().cloned().unwrap_or(choice);
    *setting = Auto::Set(value.clone());
    value
}
