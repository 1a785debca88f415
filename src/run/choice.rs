//! Which solver and stepper do each stage of a plan, and whether they suit each other and the problem.

use super::plan::fill;
use crate::deck::{Auto, Deck, Many, MethodName, MetricName, SolverName, StepperName};
use crate::error::{Error, Result};
use crate::problem::Problem;

/// Up to this many parameters the singular values of the tangent space are affordable; where they bring
/// the residual down to rounding, a few dozens of them are enough and may take longer.
const MANY: usize = 1500;
const MANY_FINISHED: usize = 3000;
/// The most multiplications, n p², of a step on all points: those of 3,000 parameters with as many points
/// as are their default, inside and on the boundary. Of far more points efficient NED makes better use.
const LARGEST_FINISH: f64 = 1.25e11;
/// Up to this many parameters p² numbers can be held, and carried from step to step.
pub(super) const MANY_REMEMBERED: usize = 4000;

/// What a name in the deck stands for.
pub(super) struct Part {
    pub(super) solver: SolverName,
    pub(super) stepper: StepperName,
    pub(super) stationary: bool,
}

/// The stages that the deck's names stand for: "stationary" is an equation to solve, in two stages
/// like any other.
pub(super) fn expanded(solvers: &[SolverName], steppers: &[StepperName]) -> Vec<Part> {
    let named = solvers.iter().zip(steppers);
    let parts = named.flat_map(|(&solver, &stepper)| {
        let stationary = stepper == StepperName::Stationary;
        let steppers = match stationary {
            true => vec![StepperName::Recursive, StepperName::Natural],
            false => vec![stepper],
        };
        steppers.into_iter().map(move |stepper| Part {
            solver,
            stepper,
            stationary,
        })
    });
    parts.collect()
}

/// Solver and stepper of every stage.
///
/// # Errors
/// If the deck lists solvers and steppers for different numbers of stages.
pub(super) fn choose(
    deck: &mut Deck,
    problem: &Problem,
    resample: Option<u64>,
) -> Result<(Vec<SolverName>, Vec<StepperName>)> {
    let p = problem.network.parameters();
    let flow = &mut deck.flow;
    if flow.method != MethodName::Ned {
        let solver = flow.solver.all(|s| s.0 == [SolverName::Steepest]);
        let stepper = flow.stepper.all(|s| s.0 == [StepperName::Euler]);
        for (key, free) in [("solver", solver), ("stepper", stepper)] {
            if !free {
                let method = flow.method;
                tracing::warn!("`flow.{key}` is of method = \"ned\"; {method} does not heed it");
            }
        }
    }
    let open = flow.solver == Auto::Auto && flow.stepper == Auto::Auto;
    let energy = flow.metric == Auto::Set(MetricName::Energy);
    let many = match problem.zero_residual && energy {
        true => MANY_FINISHED,
        false => MANY,
    };
    let small = p <= many && (problem.rows() * p * p) as f64 <= LARGEST_FINISH;
    let direct = match p {
        _ if small => SolverName::Qr,
        p if p <= MANY_REMEMBERED => SolverName::Cholesky,
        _ => SolverName::Cg,
    };
    let staged = open && energy && resample.is_none() && (small || problem.has_residuals());
    let natural = small && energy && resample.is_none();
    let solver = |stepper: &StepperName| match stepper {
        StepperName::Natural | StepperName::Recursive | StepperName::Stationary => SolverName::Qr,
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
        // Full steps on an energy would follow it to where the points, not the integral, are least.
        (true, [SolverName::Qr]) if small && problem.stationary.is_ok() => {
            vec![StepperName::Recursive, StepperName::Stationary]
        }
        (true, [SolverName::Qr]) if small && !problem.jumps => {
            vec![StepperName::Recursive, StepperName::Natural]
        }
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
pub(super) fn check(solver: SolverName, stepper: StepperName, metric: MetricName) -> Result<()> {
    let by_rows = [
        StepperName::Natural,
        StepperName::Recursive,
        StepperName::Stationary,
    ]
    .contains(&stepper);
    if by_rows && (solver != SolverName::Qr || metric != MetricName::Energy) {
        return Err(Error::Input(format!(
            "`flow.stepper = \"{stepper}\"` needs solver = \"qr\" and metric = \"energy\"; set \
             these, or stepper = \"euler\""
        )));
    }
    if stepper == StepperName::Stochastic && solver == SolverName::Qr {
        return Err(Error::Input(
            "`flow.stepper = \"stochastic\"` raises the damping where the path bends, and solver = \"qr\" \
             has none; set solver = \"kernel\", or stepper = \"recursive\""
                .into(),
        ));
    }
    Ok(())
}

/// The Euler–Lagrange equation is the last stage's, and must be known.
///
/// # Errors
/// If a stage asks for it where it is not.
pub(super) fn can_be_stationary(steppers: &[StepperName], problem: &Problem) -> Result<()> {
    let Some(at) = steppers
        .iter()
        .position(|name| *name == StepperName::Stationary)
    else {
        return Ok(());
    };
    if let Err(why) = &problem.stationary {
        return Err(Error::Input(format!(
            "`flow.stepper = \"stationary\"`: {why}; leave this stage out"
        )));
    }
    if at + 1 < steppers.len() {
        return Err(Error::Input(
            "`flow.stepper`: \"stationary\" brings the result; list it last".into(),
        ));
    }
    Ok(())
}

/// L-BFGS finds its own step, on points that stay.
///
/// # Errors
/// If the deck gives a step or draws new points.
pub(super) fn suits_lbfgs(dt: Option<f64>, resample: Option<u64>) -> Result<()> {
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
