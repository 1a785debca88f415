//! Efficient NED: small steps of the flow on a fresh random subset of the domain, smaller than the
//! network.
//!
//! With fewer points than parameters at each step the flow interpolates its points, so every subset
//! pulls u towards the solution at full speed, and fresh ones keep it from overfitting; a small time
//! step averages over them, and falls as dt₀ / (1 + k/150) to average over ever more. The step is
//! judged by the nonlinearity it meets, never by the energy ([`super::guard`]); when no length passes
//! the damping is raised for a while.
//!
//! With momentum μ the last direction φ is carried along, projected by the new samples
//! (SPRING: Goldshlager, Abrahamsen & Lin 2024, doi:10.1016/j.jcp.2024.113351).

use super::guard;
use super::settling::Settling;
use super::{Finish, Memory, Report, Stepper, moved};
use crate::error::{Error, Result};
use crate::flow::{Flow, checked_energy};
use crate::solver::Solver;
use crate::vector::{finite, norm};
use serde::{Deserialize, Serialize};

/// See the module's page.
#[derive(Clone, Debug)]
pub struct Stochastic {
    dt: f64,
    momentum: f64,
    followed: bool,
    state: State,
}

/// What the flow remembers between steps.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct State {
    /// Steps done.
    steps: u64,
    /// Factor on the solver's damping, raised where the path bends.
    lift: f64,
    /// The last direction φ.
    last: Vec<f64>,
    settling: Settling,
}

impl State {
    /// Whether this can be of a run with `p` parameters.
    pub(super) fn fits(&self, p: usize) -> bool {
        let last = self.last.is_empty() || self.last.len() == p;
        last && self.settling.fits() && self.steps < 1 << 53
    }
}

/// The first time step dt₀ where the deck leaves it open.
const FIRST: f64 = 0.2;
/// The time step falls to a half after so many steps.
const DECAY: f64 = 150.0;
/// The first factor on the damping: a random start is no place for long steps.
const START: f64 = 1e4;
/// The largest factor: at its rounding level a subset shows no path, bent or straight.
const HIGHEST: f64 = 1e12;
/// Trials on the samples of a step.
const TRIALS: usize = 3;

impl Stochastic {
    /// The flow with first time step `dt`, or one of its own, and momentum `momentum`; `followed` if
    /// another stage takes over when the energy has settled.
    pub fn new(dt: Option<f64>, momentum: f64, followed: bool) -> Self {
        Self {
            dt: dt.unwrap_or(FIRST),
            momentum,
            followed,
            state: State {
                lift: START,
                ..State::default()
            },
        }
    }
}

impl Stepper for Stochastic {
    fn name(&self) -> &'static str {
        "stochastic"
    }

    fn step(
        &mut self,
        flow: &Flow,
        solver: &dyn Solver,
        theta: &mut Vec<f64>,
        step: u64,
    ) -> Result<Report> {
        let tangent = solver.tangent(flow, theta);
        let energy = checked_energy(flow, tangent.here.energy(), theta, step)?;
        let state = &mut self.state;
        let inverse = solver.factor(&tangent, state.lift)?;
        let carried: Vec<f64> = state.last.iter().map(|d| self.momentum * d).collect();
        let d = if carried.is_empty() || self.momentum == 0.0 {
            inverse.direction(&tangent, &tangent.here)
        } else {
            let ahead = tangent.push(&tangent.here, &carried);
            moved(&carried, 1.0, &inverse.direction(&tangent, &ahead))
        };
        if !finite(&d) {
            return Err(Error::Failed(format!(
                "step {step}: the direction of the flow is not finite; set a larger `flow.damping`"
            )));
        }
        let mut report = Report {
            direction: norm(&d),
            note: inverse.note(),
            ..Report::new(tangent.here.energies.clone(), 0.0)
        };
        let dt = self.dt / (1.0 + state.steps as f64 / DECAY);
        match guard::pass(&tangent, theta, &d, dt, TRIALS) {
            Some(passed) => {
                report.dt = passed.dt;
                *theta = passed.theta;
                state.lift = (0.8 * state.lift).max(1.0);
                state.last = d;
            }
            None => {
                state.lift = (10.0 * state.lift).min(HIGHEST);
                tracing::debug!("the path bends: damping times {:.0e}", state.lift);
                state.last.clear();
            }
        }
        state.steps += 1;
        if state.settling.look(energy, None).is_some() && self.followed {
            let message = "the energy of fresh points has settled";
            report.finished = Some(Finish::Settled(message.into()));
        }
        Ok(report)
    }

    fn memory(&self) -> Memory {
        Memory::Stochastic(self.state.clone())
    }

    fn recall(&mut self, memory: Memory) {
        if let Memory::Stochastic(state) = memory {
            self.state = state;
        }
    }
}
