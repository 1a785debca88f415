//! The plan: which metric, and which stages with which solver and stepper, where the deck says "auto".
//!
//! | problem | stages |
//! |---|---|
//! | squared residuals | qr + recursive on fresh subsets and, up to 3,000 parameters (1,500 where an exact solution has a residual), qr + natural on all points, fixed, in turn |
//! | the same, over 4,000 parameters | kernel + stochastic on fresh subsets |
//! | other energies with an Euler–Lagrange equation, up to 1,500 parameters on fixed points | qr + recursive on all points, in the metric of fresh subsets, then the equation as squared residuals |
//! | other energies without | qr + recursive, then qr + natural, on the same points; where a coefficient jumps, the first alone: between kinks full steps overfit |
//! | more parameters, or fresh points | qr + euler, cholesky + euler |
//! | the same, over 4,000 parameters | cg + euler |
//! | method = "sgd", "adam", "lbfgs" | the method's own |

use super::choice::{Part, can_be_stationary, check, choose, expanded, suits_lbfgs};
use super::stage::Stage;
use crate::deck::{Auto, Deck, MethodName, MetricName, Resample, SolverName, StepperName};
use crate::error::Result;
use crate::flow::Metric;
use crate::problem::{Problem, Term};
use crate::solver::{CG_DAMPING, DEFAULT_DAMPING, KERNEL_DAMPING};
use crate::stepper::Follower;

/// How a run is done; every choice is made.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The metric of the flow.
    pub metric: Metric,
    /// Relative change of E below which the state is steady, where that is looked at.
    pub steady: Option<f64>,
    /// What is done one after the other; at least one.
    pub stages: Vec<Stage>,
    /// Why the solver is `cg`, where it was left open.
    why: Option<String>,
}

/// Of the adaptive stepper: a thousandth of the way of the unknowns.
const DEFAULT_TOLERANCE: f64 = 1e-3;
/// Points of a fresh subset per parameter: fewer than parameters, and away from a square system,
/// which is ill-conditioned.
const BATCH: f64 = 0.57;
/// The most points of a fresh subset: the work per point is the same from here on, and a step shorter.
const LARGEST_BATCH: usize = 512;
/// The same where a kernel matrix is factored, whose work per point grows: a point for so many parameters
/// between these bounds. Steps on more points are fewer in the same time and less noisy: 512 for 256 took the
/// terrain with 12,737 parameters from 51 to 42 m in 20 s and Poisson's equation in 5D with 10,065 from an
/// error of 1.2e-3 to 5.2e-4 in 25 s, but 2,000 exact data with 4,353 from 3e-6 to 1.6e-5 in 8 s.
const KERNEL_BATCH: [usize; 2] = [256, 512];
const PARAMETERS_A_POINT: usize = 25;
/// More parameters than this make a step so long that there had better be many.
const KERNEL_STEPS: usize = 50_000;
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
        let open = deck.flow.solver == Auto::Auto;
        let (solvers, steppers) = choose(deck, problem, resample)?;
        for (solver, stepper) in solvers.iter().zip(&steppers) {
            check(*solver, *stepper, name)?;
        }
        can_be_stationary(&steppers, problem)?;
        if deck.flow.method == MethodName::Lbfgs {
            suits_lbfgs(deck.flow.dt.as_option().copied(), resample)?;
        }
        let parts = expanded(&solvers, &steppers);
        let stages = stages(deck, problem, &parts, metric, resample);
        let last = &stages[stages.len() - 1];
        let stands = last.stepper != StepperName::Natural && last.fixed_samples();
        let steady = match deck.stop.steady {
            Auto::Set(tolerance) => Some(tolerance),
            Auto::Auto if stands => Some(1e-12),
            Auto::Auto => None,
        };
        let why = (open && last.solver == SolverName::Cg).then(|| {
            format!(
                "cg because {p} parameters are too many for a matrix, and no kernel suits the flow"
            )
        });
        Ok(Self {
            metric,
            steady,
            stages,
            why,
        })
    }

    /// The last stage, which brings the result.
    pub fn last(&self) -> &Stage {
        &self.stages[self.stages.len() - 1]
    }

    /// Relative work of every cell of the deck's problem, in the stage on all of its points where rows count most.
    pub fn costs(&self, problem: &Problem) -> Vec<f64> {
        let p = problem.network.parameters();
        let whole = self.stages.iter().filter(|stage| stage.batch.is_none());
        let row = whole.map(|stage| stage.row_cost(p)).fold(1.0, f64::max);
        problem.costs_where(row)
    }

    /// "qr + natural, energy metric, fixed points", stage by stage, for people.
    pub fn describe(&self) -> String {
        let stages: Vec<String> = self.stages.iter().map(Stage::describe).collect();
        let why = self.why.iter().map(|why| format!(" ({why})"));
        stages.join("; then ") + &why.collect::<String>()
    }
}

/// The stages, with the numbers that suit the solver of each where the deck leaves them open.
fn stages(
    deck: &mut Deck,
    problem: &Problem,
    parts: &[Part],
    metric: Metric,
    resample: Option<u64>,
) -> Vec<Stage> {
    let p = problem.network.parameters();
    let points: usize = problem.terms.iter().map(Term::points).sum();
    let batch = |solver| default_batch(solver, p).min(points.div_ceil(2));
    let batch = by_stage(&mut deck.sampling.batch, parts, batch);
    let flow = &mut deck.flow;
    let cutoff = default_cutoff(problem, metric, p.max(problem.rows()));
    let cutoff = fill(&mut flow.cutoff, cutoff);
    let damping = by_stage(&mut flow.damping, parts, |solver| match solver {
        SolverName::Kernel => KERNEL_DAMPING,
        SolverName::Cg => CG_DAMPING,
        _ => DEFAULT_DAMPING,
    });
    let momentum = by_stage(&mut flow.momentum, parts, |solver| match solver {
        SolverName::Kernel => MOMENTUM,
        _ => 0.0,
    });
    let tolerance = fill(&mut flow.tolerance, DEFAULT_TOLERANCE);
    let of_part = |(index, part): (usize, &Part)| {
        // Noise in the points of an energy without residual would be noise in its minimiser.
        let fresh = (problem.has_residuals() || part.stationary)
            && [StepperName::Recursive, StepperName::Stochastic].contains(&part.stepper);
        let exact = problem.zero_residual || part.stationary;
        Stage {
            method: flow.method,
            metric,
            solver: part.solver,
            stepper: part.stepper,
            batch: fresh.then_some(batch[index]),
            resample: if fresh { Some(1) } else { resample },
            damping: damping[index],
            // Rounding level of the rows: an Euler–Lagrange equation has residuals.
            cutoff: match part.stationary {
                true => cutoff.min(1e-12),
                false => cutoff,
            },
            dt: flow.dt.as_option().copied(),
            tolerance,
            momentum: momentum[index],
            exact: exact && resample.is_none(),
            stationary: part.stationary,
            followed: parts
                .get(index + 1)
                .map(|next| match next.stationary && !part.stationary {
                    true => Follower::Stationarity,
                    false if exact && !part.stationary => Follower::Finish,
                    false => Follower::Late,
                }),
        }
    };
    parts.iter().enumerate().map(of_part).collect()
}

/// Points of a fresh subset for `p` parameters.
fn default_batch(solver: SolverName, p: usize) -> usize {
    let largest = match solver {
        SolverName::Kernel if p > KERNEL_STEPS => KERNEL_BATCH[0],
        SolverName::Kernel => (p / PARAMETERS_A_POINT).clamp(KERNEL_BATCH[0], KERNEL_BATCH[1]),
        _ => LARGEST_BATCH,
    };
    ((BATCH * p as f64) as usize).clamp(16, largest)
}

/// The least relative cutoff of singular values: rounding level of the rows where residuals are
/// known; where only gradients are, as far above it as their square root; in metrics that are not the
/// energy's, so far that directions that hardly change u do not make the flow stiffer than it is.
fn default_cutoff(problem: &Problem, metric: Metric, size: usize) -> f64 {
    let rounding = 4.0 * f64::EPSILON * size as f64;
    match metric {
        Metric::Energy if problem.has_residuals() => rounding.max(1e-12),
        Metric::Energy => 1e-8,
        Metric::L2 | Metric::H1 => 1e-3,
    }
}

/// A number of every stage: the deck's, or the choice for its solver, which is written into the deck where all
/// stages have the same.
fn by_stage<T: Copy + PartialEq>(
    setting: &mut Auto<T>,
    parts: &[Part],
    choice: impl Fn(SolverName) -> T,
) -> Vec<T> {
    let given = setting.as_option().copied();
    let of_part = |part: &Part| given.unwrap_or_else(|| choice(part.solver));
    let values: Vec<T> = parts.iter().map(of_part).collect();
    if values.iter().all(|value| *value == values[0]) {
        *setting = Auto::Set(values[0]);
    }
    values
}

/// The deck's value, or the choice, which is written into it.
pub(super) fn fill<T: Clone>(setting: &mut Auto<T>, choice: T) -> T {
    let value = setting.as_option().cloned().unwrap_or(choice);
    *setting = Auto::Set(value.clone());
    value
}
