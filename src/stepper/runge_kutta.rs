//! Runge–Kutta methods: the flow followed in time, θ' = −G(θ)⁺ g(θ) taken anew at every stage.
//!
//! All stages of a step see the same frozen samples; drawn anew at each stage, their noise would
//! drown the order. How far a step goes is its [`Pace`]:
//!
//! - a given dt follows the flow, whatever the energy does;
//! - `dt = "auto"` descends: on the samples of the step the energy never rises, dt is halved until
//!   it does not and doubled after every success. In the energy's own metric Euler's dt = 1 is the
//!   Gauss–Newton step and the largest taken;
//! - a tolerance follows the flow as accurately as asked for.
//!
//! **In what norm errors are measured.** In the metric of the flow: an error δ of θ counts as
//! |A δ| = (δᵀ G δ)^½, which to first order is the error of the unknowns, not of their
//! parametrisation; directions of θ that do not move the unknowns do not count. In every step it must
//! stay below `flow.tolerance` times the way that the unknowns have come, Σ |A Δθ|. So the tolerance
//! has no unit, and towards a steady state dt grows until the method's stability bounds it.

use super::pace::{Pace, SHRINK, Shown, Verdict};
use super::settling::Settling;
use super::tableau::Tableau;
use super::{Finish, Memory, Report, Stepper, moved};
use crate::error::{Error, Result};
use crate::flow::{Flow, Tangent, checked_energy};
use crate::solver::{Note, Solver};
use crate::vector::{finite, norm};
use serde::{Deserialize, Serialize};

/// See the module's page.
#[derive(Clone, Debug)]
pub struct RungeKutta {
    tableau: &'static Tableau,
    pace: Pace,
    fixed: bool,
    followed: bool,
    state: State,
    /// The last stage where it is the first of the next step. No part of the memory: a run that is
    /// resumed forms it anew, with the same bits.
    last: Option<Rate>,
}

/// What is remembered between steps.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    /// dt to try next.
    dt: f64,
    /// Error of the last step over the way until then.
    error: f64,
    /// Σ |A Δθ|, the way of the unknowns.
    way: f64,
    settling: Settling,
}

impl State {
    /// Whether this can be of a run.
    pub(super) fn fits(&self) -> bool {
        self.settling.fits()
    }
}

/// θ' at θ.
#[derive(Clone, Debug)]
struct Rate {
    theta: Vec<f64>,
    energies: Vec<f64>,
    d: Vec<f64>,
    note: Note,
}

/// Where a step leads.
struct Trial {
    theta: Vec<f64>,
    energy: f64,
    /// |A δ| of its error, and |A Δθ|; 0 where nobody asks.
    error: f64,
    way: f64,
    /// θ' at the end, where the method knows it.
    last: Option<Rate>,
}

/// How many dt are tried before a step is given up.
const TRIALS: usize = 60;

impl RungeKutta {
    /// The method of a tableau; `fixed` if all steps see the same samples, so that a last stage may
    /// serve as the next first one; `followed` if another stage of the run takes over when E hardly falls.
    pub fn new(tableau: &'static Tableau, pace: Pace, fixed: bool, followed: bool) -> Self {
        Self {
            tableau,
            pace,
            fixed,
            followed,
            state: State {
                dt: pace.first(),
                error: 0.0,
                way: 0.0,
                settling: Settling::default(),
            },
            last: None,
        }
    }

    /// All stages of a step of length dt; `first` is where it starts.
    fn trial(
        &self,
        flow: &Flow,
        solver: &dyn Solver,
        first: &Rate,
        dt: f64,
        step: u64,
    ) -> Result<Trial> {
        let mut rates = vec![first.d.clone()];
        let mut end = None;
        for row in self.tableau.stages {
            let theta = moved(&first.theta, dt, &combined(row, &rates));
            // Freed before the next one is formed: the rows of one may fill the memory.
            drop(end.take());
            let stage = Stage::at(flow, solver, theta, step)?;
            rates.push(stage.rate.d.clone());
            end = Some(stage);
        }
        let change = combined(self.tableau.weights, &rates);
        let [mut error, mut way] = [0.0; 2];
        if let (Pace::Accurate { .. }, Some(stage)) = (self.pace, &end) {
            let wrong = combined(self.tableau.error, &rates);
            error = dt * stage.tangent.length(&wrong);
            way = dt * stage.tangent.length(&change);
        }
        let theta = moved(&first.theta, dt, &change);
        let last = end.map(|stage| stage.rate);
        let last = last.filter(|_| self.tableau.ends_where_it_arrives());
        let energy = match &last {
            Some(rate) => rate.energies.iter().sum(),
            None => checked_energy(flow, flow.covector(&theta).energy(), &theta, step)?,
        };
        Ok(Trial {
            theta,
            energy,
            error,
            way,
            last,
        })
    }

    /// The error of a trial over the way until its end.
    fn error(&self, trial: &Trial) -> f64 {
        match trial.error {
            0.0 => 0.0,
            error => error / (self.state.way + trial.way),
        }
    }

    /// Remembers a trial that is taken, and tells its parameters.
    fn take(&mut self, trial: Trial, next: f64) -> Vec<f64> {
        self.state = State {
            dt: next,
            error: self.error(&trial),
            way: self.state.way + trial.way,
            ..self.state.clone()
        };
        self.last = trial.last.filter(|_| self.fixed);
        trial.theta
    }

    /// What it means that no dt was short enough.
    fn given_up(&self, step: u64, mut report: Report) -> Result<Report> {
        if let Pace::Accurate { .. } = self.pace {
            return Err(Error::Failed(format!(
                "step {step}: no dt is short enough for `flow.tolerance`; raise it, or set stepper = \
                 \"euler\""
            )));
        }
        report.finished = Some(Finish::Settled("no smaller energy along the flow".into()));
        Ok(report)
    }
}

/// θ' and the tangent space in which it was found.
struct Stage<'a, 'f> {
    tangent: Tangent<'a, 'f>,
    rate: Rate,
}

impl<'a, 'f> Stage<'a, 'f> {
    fn at(flow: &'f Flow<'a>, solver: &dyn Solver, theta: Vec<f64>, step: u64) -> Result<Self> {
        let tangent = solver.tangent(flow, &theta);
        checked_energy(flow, tangent.here.energy(), &theta, step)?;
        let inverse = solver.factor(&tangent, 1.0)?;
        let d = inverse.direction(&tangent, &tangent.here);
        if !finite(&d) {
            return Err(Error::Failed(format!(
                "step {step}: the direction of the flow is not finite; try solver = \"qr\""
            )));
        }
        let rate = Rate {
            energies: tangent.here.energies.clone(),
            note: inverse.note(),
            theta,
            d,
        };
        Ok(Self { tangent, rate })
    }
}

/// Σ_j a_j k_j.
fn combined(weights: &[f64], rates: &[Vec<f64>]) -> Vec<f64> {
    let mut sum = vec![0.0; rates[0].len()];
    for (&a, k) in weights.iter().zip(rates).filter(|(a, _)| **a != 0.0) {
        sum.iter_mut().zip(k).for_each(|(s, k)| *s += a * k);
    }
    sum
}

impl Stepper for RungeKutta {
    fn name(&self) -> &'static str {
        self.tableau.name
    }

    fn step(
        &mut self,
        flow: &Flow,
        solver: &dyn Solver,
        theta: &mut Vec<f64>,
        step: u64,
    ) -> Result<Report> {
        let first = match self.last.take().filter(|rate| rate.theta == *theta) {
            Some(rate) => rate,
            None => Stage::at(flow, solver, theta.clone(), step)?.rate,
        };
        let mut report = Report {
            energies: first.energies.clone(),
            gradient: f64::NAN,
            direction: norm(&first.d),
            dt: 0.0,
            note: first.note,
            finished: None,
        };
        if self.state.settling.look(report.energy(), None).is_some() && self.followed {
            report.finished = Some(Finish::Settled("the energy hardly falls".into()));
            return Ok(report);
        }
        let mut dt = self.pace.start(self.state.dt);
        for _ in 0..TRIALS {
            let trial = match self.trial(flow, solver, &first, dt, step) {
                Ok(trial) => trial,
                // A shorter dt may stay where the energy is a number, unless dt was given.
                Err(Error::Failed(_)) if !matches!(self.pace, Pace::Fixed(_)) => {
                    dt *= SHRINK;
                    continue;
                }
                Err(error) => return Err(error),
            };
            let verdict = self.pace.judge(Shown {
                dt,
                rise: trial.energy - report.energy(),
                error: self.error(&trial),
                last: self.state.error,
                order: self.tableau.order,
            });
            match verdict {
                Verdict::Taken(next) => {
                    report.dt = dt;
                    *theta = self.take(trial, next);
                    return Ok(report);
                }
                Verdict::Again(shorter) => dt = shorter,
            }
        }
        self.given_up(step, report)
    }

    fn memory(&self) -> Memory {
        Memory::RungeKutta(self.state.clone())
    }

    fn recall(&mut self, memory: Memory) {
        if let Memory::RungeKutta(state) = memory {
            self.state = state;
        }
    }
}
