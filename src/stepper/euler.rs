//! Euler's method θ ← θ + dt θ'.
//!
//! With a given dt it follows the flow, whatever the energy does. With `dt = "auto"` it descends: on
//! the samples of the step the energy never rises, dt is halved until it falls and doubled after
//! every success. In the energy's own metric dt = 1 is the Gauss–Newton step and the largest taken.

use super::{Memory, Report, Stepper, moved};
use crate::error::{Error, Result};
use crate::flow::{Flow, checked_energy};
use crate::solver::Solver;
use crate::vector::norm;
use serde::{Deserialize, Serialize};

/// See the module's page.
#[derive(Clone, Debug)]
pub struct Euler {
    fixed: Option<f64>,
    largest: f64,
    state: State,
}

/// What Euler's method remembers: the next dt to try.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    dt: f64,
}

/// How often dt is halved before a step is given up.
const HALVINGS: usize = 60;

impl Euler {
    /// Steps of the given length, or descending ones of at most `largest`.
    pub fn new(dt: Option<f64>, largest: f64) -> Self {
        let dt_start = dt.unwrap_or(1.0);
        Self {
            fixed: dt,
            largest,
            state: State { dt: dt_start },
        }
    }
}

impl Stepper for Euler {
    fn name(&self) -> &'static str {
        "euler"
    }

    fn step(
        &mut self,
        flow: &Flow,
        solver: &dyn Solver,
        theta: &mut Vec<f64>,
        step: u64,
    ) -> Result<Report> {
        let tangent = flow.tangent(theta, solver.needs_rows());
        let energy = checked_energy(flow, &tangent.here, theta, step)?;
        let inverse = solver.factor(&tangent, 1.0)?;
        let d = inverse.direction(&tangent, &tangent.here);
        let mut report = Report {
            direction: norm(&d),
            note: inverse.note(),
            ..Report::new(&tangent.here, 0.0)
        };
        let mut dt = self.fixed.unwrap_or(self.state.dt.min(self.largest));
        let mut last_bad = None;
        for _ in 0..HALVINGS {
            let trial = moved(theta, dt, &d);
            let reached = flow.covector(&trial).energy();
            let enough = match self.fixed {
                Some(_) => reached.is_finite(),
                None => reached <= energy,
            };
            if enough {
                *theta = trial;
                report.dt = dt;
                self.state.dt = 2.0 * dt;
                return Ok(report);
            }
            if !reached.is_finite() {
                last_bad = Some(trial);
            }
            dt *= 0.5;
        }
        match (self.fixed, last_bad) {
            (Some(_), Some(trial)) => Err(flow.not_finite(&trial, step)),
            (None, _) if report.direction.is_finite() => {
                report.finished = Some("no smaller energy along the flow".into());
                Ok(report)
            }
            _ => Err(Error::Failed(format!(
                "step {step}: the direction of the flow is not finite; try solver = \"qr\""
            ))),
        }
    }

    fn memory(&self) -> Memory {
        Memory::Euler(self.state.clone())
    }

    fn recall(&mut self, memory: Memory) {
        if let Memory::Euler(state) = memory {
            self.state = state;
        }
    }
}
