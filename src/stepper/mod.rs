//! Steppers: one step of the flow in time, on samples that are frozen for the step.
//!
//! A stepper asks the flow for energies, tangent spaces and directions, and decides how far to go.
//! What it remembers between steps is plain data ([`Memory`]), so a checkpoint holds all of it.
//!
//! ```
//! use ned_dist::error::Result;
//! use ned_dist::flow::Flow;
//! use ned_dist::solver::Solver;
//! use ned_dist::stepper::{Memory, Report, Stepper};
//!
//! /// Euler's method with a fixed step.
//! struct Fixed(f64);
//!
//! impl Stepper for Fixed {
//!     fn name(&self) -> &'static str {
//!         "fixed"
//!     }
//!     fn step(&mut self, flow: &Flow, solver: &dyn Solver, theta: &mut Vec<f64>, _: u64) -> Result<Report> {
//!         let tangent = solver.tangent(flow, theta);
//!         let inverse = solver.factor(&tangent, 1.0)?;
//!         let d = inverse.direction(&tangent, &tangent.here);
//!         theta.iter_mut().zip(&d).for_each(|(t, d)| *t += self.0 * d);
//!         Ok(Report::new(tangent.here.energies, self.0))
//!     }
//!     fn memory(&self) -> Memory {
//!         Memory::None
//!     }
//!     fn recall(&mut self, _: Memory) {}
//! }
//! ```

mod adam;
mod guard;
mod lbfgs;
mod line_search;
mod natural;
mod pace;
mod recursive;
mod runge_kutta;
mod settling;
mod sgd;
mod stochastic;
mod tableau;
mod undo;

pub use adam::Adam;
pub use lbfgs::Lbfgs;
pub use natural::{Before, Natural, Setting as NaturalSetting};
pub use pace::Pace;
pub use recursive::{Follower, Recursive, metric_share};
pub use runge_kutta::RungeKutta;
pub use sgd::Sgd;
pub use stochastic::Stochastic;
pub use tableau::{BOGACKI_SHAMPINE, EULER, RK4, Tableau};

use crate::error::Result;
use crate::flow::Flow;
use crate::sampling::{Purpose, stream};
use crate::solver::{Note, Solver};
use rand::RngExt;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};
use undo::Undo;

/// A rule that advances θ by one step.
pub trait Stepper {
    /// The name in the deck.
    fn name(&self) -> &'static str;

    /// Advances `theta` by step number `step`. Collective: every rank takes the same step.
    ///
    /// # Errors
    /// When no step is possible, with the reason; `theta` is then the last good state.
    fn step(
        &mut self,
        flow: &Flow,
        solver: &dyn Solver,
        theta: &mut Vec<f64>,
        step: u64,
    ) -> Result<Report>;

    /// The best parameters so far, where the stepper may leave them for a while.
    fn best(&self) -> Option<&Best> {
        None
    }

    /// Goes on after the next stage has tried to finish from here and was stuck.
    fn retry(&mut self) {}

    /// Goes on far from a solution, with a longer memory.
    fn persist(&mut self) {}

    /// Goes on where more of the problem is solved at once, and the energy may be larger for it.
    fn widen(&mut self) {}

    /// All that is remembered between steps.
    fn memory(&self) -> Memory;

    /// Goes on from what was remembered.
    fn recall(&mut self, memory: Memory);
}

/// What happened in a step.
#[derive(Clone, Debug)]
pub struct Report {
    /// Energy of every term before the step.
    pub energies: Vec<f64>,
    /// |g| before the step; NaN where it was not formed.
    pub gradient: f64,
    /// |θ'|.
    pub direction: f64,
    /// Time step taken; 0 if none was accepted.
    pub dt: f64,
    /// Damping or cutoff, and rank.
    pub note: Note,
    /// Why the stepper ends, if it does.
    pub finished: Option<Finish>,
}

impl Report {
    /// A report on a step of length `dt` from where the terms had `energies`.
    pub fn new(energies: Vec<f64>, dt: f64) -> Self {
        Self {
            energies,
            gradient: f64::NAN,
            direction: f64::NAN,
            dt,
            note: Note::default(),
            finished: None,
        }
    }

    /// E before the step.
    pub fn energy(&self) -> f64 {
        self.energies.iter().sum()
    }
}

/// Share of the first energy of equations that can hold exactly above which a solution is far: errors are of some
/// thousandths.
pub const FAR: f64 = 1e-6;

/// Why a stepper ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finish {
    /// The flow has come to its end.
    Done(String),
    /// Far from a solution, and the energy falls no more: with a longer memory it may ([`Stepper::persist`]).
    Far(String),
    /// Enough for the next stage of the run to take over.
    Settled(String),
    /// Nothing more is to be had from here; a stage before may find a better place.
    Stuck(String),
}

impl From<&str> for Finish {
    fn from(reason: &str) -> Self {
        Self::Done(reason.into())
    }
}

impl Finish {
    /// The reason in words.
    pub fn reason(&self) -> &str {
        match self {
            Self::Done(reason)
            | Self::Far(reason)
            | Self::Settled(reason)
            | Self::Stuck(reason) => reason,
        }
    }
}

/// The parameters of least energy so far.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Best {
    /// Their energy.
    pub energy: f64,
    /// The parameters.
    pub theta: Vec<f64>,
}

/// What a stepper remembers between steps.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Memory {
    /// Nothing.
    None,
    /// Of [`RungeKutta`].
    RungeKutta(runge_kutta::State),
    /// Of [`Natural`].
    Natural(Box<natural::State>),
    /// Of [`Recursive`].
    Recursive(Box<recursive::State>),
    /// Of [`Sgd`].
    Sgd(sgd::State),
    /// Of [`Stochastic`].
    Stochastic(stochastic::State),
    /// Of [`Adam`].
    Adam(adam::State),
    /// Of [`Lbfgs`].
    Lbfgs(Box<lbfgs::State>),
}

impl Memory {
    /// Whether this can be of a run with `p` parameters and `terms` terms of the energy: a checkpoint
    /// is not trusted.
    pub fn fits(&self, p: usize, terms: usize) -> bool {
        match self {
            Self::None => true,
            Self::RungeKutta(state) => state.fits(),
            Self::Natural(state) => state.fits(p),
            Self::Recursive(state) => state.fits(p),
            Self::Sgd(state) => state.fits(p),
            Self::Stochastic(state) => state.fits(p),
            Self::Adam(state) => state.fits(p),
            Self::Lbfgs(state) => state.fits(p, terms),
        }
    }
}

impl Memory {
    /// Without what rank 0 alone keeps, for the other ranks of a run that goes on.
    pub fn elsewhere(self) -> Self {
        match self {
            Self::Recursive(state) => Self::Recursive(Box::new(state.elsewhere())),
            other => other,
        }
    }
}

/// Whether a counter is one that steps have counted: it has room for more.
fn counted(counter: u32) -> bool {
    counter < 1 << 31
}

/// θ + dt d.
fn moved(theta: &[f64], dt: f64, d: &[f64]) -> Vec<f64> {
    theta.iter().zip(d).map(|(t, d)| t + dt * d).collect()
}

/// Disturbs θ by normal numbers of a quarter of the root mean square of parameters of norm `size`; rank 0's
/// are everyone's, as at the start of a run. Collective.
fn kick(flow: &Flow, theta: &mut [f64], size: f64, step: u64) {
    let mut rng = stream(flow.seed(), Purpose::Kick, step, 0);
    let scale = 0.25 * size / (theta.len() as f64).sqrt();
    for t in theta.iter_mut() {
        let normal: f64 = rng.sample(StandardNormal);
        *t += scale * normal;
    }
    flow.comm.broadcast(theta);
}
