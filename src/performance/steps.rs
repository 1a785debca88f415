//! What a step of each stepper asks for, counted in sweeps over all points, products with the rows of
//! the tangent space, and messages.
//!
//! Steps try again where the energy does not behave; what is counted here is the usual step: two trials
//! of the natural-level rule, one of all others, half the iterations allowed of conjugate gradients.

use crate::deck::{MethodName, SolverName, StepperName};
use crate::run::Stage;
use crate::solver::CG_LIMIT;
use std::ops::{Add, Mul};

/// Trials of the natural-level rule.
const TRIALS: f64 = 2.0;

/// How often a step does what.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Step {
    /// Energies at some θ: a forward sweep, and the sum of a few numbers.
    pub evaluations: f64,
    /// Energies and rows at some θ: a forward sweep, a backward one for every row of a point, and the
    /// sum of a few numbers.
    pub linearisations: f64,
    /// Rows gathered and factored.
    pub factorisations: f64,
    /// Energies and gradient at some θ: a sweep forward and one backward, and the sum of p numbers.
    pub descents: f64,
    /// Aᵀ v: the sum of p numbers.
    pub pulls: f64,
    /// A x.
    pub pushes: f64,
    /// Further sums of a few numbers.
    pub sums: f64,
    /// Broadcasts of a few numbers, maxima among them.
    pub words: f64,
    /// Broadcasts of p numbers.
    pub vectors: f64,
}

impl Add for Step {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            evaluations: self.evaluations + other.evaluations,
            linearisations: self.linearisations + other.linearisations,
            factorisations: self.factorisations + other.factorisations,
            descents: self.descents + other.descents,
            pulls: self.pulls + other.pulls,
            pushes: self.pushes + other.pushes,
            sums: self.sums + other.sums,
            words: self.words + other.words,
            vectors: self.vectors + other.vectors,
        }
    }
}

impl Mul<Step> for f64 {
    type Output = Step;

    fn mul(self, step: Step) -> Step {
        Step {
            evaluations: self * step.evaluations,
            linearisations: self * step.linearisations,
            factorisations: self * step.factorisations,
            descents: self * step.descents,
            pulls: self * step.pulls,
            pushes: self * step.pushes,
            sums: self * step.sums,
            words: self * step.words,
            vectors: self * step.vectors,
        }
    }
}

impl Step {
    /// The usual step of a stage; `forces` where the gradient is more than Aᵀ v.
    pub fn of(stage: &Stage, forces: bool) -> Self {
        let solver = stage.solver;
        // Stop, save and steadiness are agreed upon in every step.
        let agreed = 2.0 * WORD;
        if stage.method != MethodName::Ned {
            return agreed + DESCENT;
        }
        let guarded = EVALUATION + PUSH + SUM;
        let step = match stage.stepper {
            // Stands for stages of the two steppers above it, never for one of its own.
            StepperName::Stationary => NOTHING,
            StepperName::Natural => {
                // g and what lies along every direction; then a direction, and one for each trial.
                let seen = PULL + VECTOR;
                let trials = TRIALS * (EVALUATION + direction(solver));
                tangent(solver) + seen + direction(solver) + trials
            }
            StepperName::Recursive => {
                // The gradient, and the energy on other points.
                let force = if forces { PULL + EVALUATION } else { NOTHING };
                LINEARISATION + FACTORISATION + VECTOR + force + guarded
            }
            StepperName::Stochastic => {
                let carried = if stage.momentum == 0.0 { 0.0 } else { 1.0 };
                tangent(solver) + direction(solver) + carried * PUSH + guarded
            }
            StepperName::Euler => tangent(solver) + direction(solver) + EVALUATION,
            StepperName::Rk4 => 4.0 * (tangent(solver) + direction(solver)) + EVALUATION,
            // The last of its four stages is the first of the next step.
            StepperName::Adaptive => {
                3.0 * (tangent(solver) + direction(solver)) + 2.0 * (PUSH + SUM)
            }
        };
        agreed + step
    }

    /// Sums of a few numbers, those that come with energies included.
    pub fn small_sums(&self) -> f64 {
        self.sums + self.evaluations + self.linearisations
    }
}

const NOTHING: Step = Step {
    evaluations: 0.0,
    linearisations: 0.0,
    factorisations: 0.0,
    descents: 0.0,
    pulls: 0.0,
    pushes: 0.0,
    sums: 0.0,
    words: 0.0,
    vectors: 0.0,
};
const EVALUATION: Step = Step {
    evaluations: 1.0,
    ..NOTHING
};
const LINEARISATION: Step = Step {
    linearisations: 1.0,
    ..NOTHING
};
const FACTORISATION: Step = Step {
    factorisations: 1.0,
    ..NOTHING
};
const DESCENT: Step = Step {
    descents: 1.0,
    ..NOTHING
};
const PULL: Step = Step {
    pulls: 1.0,
    ..NOTHING
};
const PUSH: Step = Step {
    pushes: 1.0,
    ..NOTHING
};
const SUM: Step = Step {
    sums: 1.0,
    ..NOTHING
};
const WORD: Step = Step {
    words: 1.0,
    ..NOTHING
};
const VECTOR: Step = Step {
    vectors: 1.0,
    ..NOTHING
};

/// The columns of a sketch of many parameters.
const PRODUCTS_OF_SKETCH: f64 = 50.0;

/// G x, never formed: a sweep forward and one back.
fn product() -> Step {
    PUSH + PULL
}

/// The tangent space, factored.
fn tangent(solver: SolverName) -> Step {
    match solver {
        SolverName::Steepest => EVALUATION,
        SolverName::Cg => EVALUATION + PRODUCTS_OF_SKETCH * product(),
        SolverName::Cholesky => LINEARISATION + FACTORISATION + WORD,
        SolverName::Kernel => LINEARISATION + FACTORISATION + 2.0 * WORD,
        // The singular values travel.
        SolverName::Qr => LINEARISATION + FACTORISATION + WORD + VECTOR,
    }
}

/// θ' of a covector.
fn direction(solver: SolverName) -> Step {
    match solver {
        SolverName::Steepest => PULL,
        SolverName::Cg => PULL + 0.5 * CG_LIMIT as f64 * product(),
        SolverName::Cholesky => PULL + VECTOR,
        // v goes to rank 0 and comes back, with the lengths of its parts.
        SolverName::Kernel => SUM + WORD + VECTOR + PULL,
        // Semi-normal equations, and one correction.
        SolverName::Qr => 2.0 * (PULL + VECTOR) + PUSH,
    }
}
