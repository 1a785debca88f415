//! Stochastic gradient descent with momentum, the baseline: same energy, samples and network.
//!
//! v ← μ v − dt g, θ ← θ + v. The rate `dt = "auto"` is 1 / λ_max(G) at the start, the largest for which
//! gradient descent on the linearised problem is surely stable; it is halved when a step overflows.

use super::{Memory, Report, Stepper, Undo, moved};
use crate::error::Result;
use crate::flow::Flow;
use crate::solver::Solver;
use crate::vector::norm;
use serde::{Deserialize, Serialize};

/// See the module's page.
#[derive(Clone, Debug)]
pub struct Sgd {
    momentum: f64,
    state: State,
    undo: Undo<State>,
}

/// What gradient descent remembers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    rate: Option<f64>,
    velocity: Vec<f64>,
}

impl State {
    /// Whether this can be of a run with `p` parameters.
    pub(super) fn fits(&self, p: usize) -> bool {
        self.velocity.is_empty() || self.velocity.len() == p
    }
}

/// How often the rate is halved before a step is given up.
const HALVINGS: usize = 60;

impl Sgd {
    /// Gradient descent with the given rate, or one that is found at the first step.
    pub fn new(rate: Option<f64>, momentum: f64) -> Self {
        Self {
            momentum,
            state: State {
                rate,
                velocity: Vec::new(),
            },
            undo: Undo::new(),
        }
    }

    fn rate(&mut self, flow: &Flow, theta: &[f64]) -> f64 {
        let found = || {
            let largest = flow.tangent(theta, true).largest_eigenvalue();
            if largest > 0.0 { 1.0 / largest } else { 1.0 }
        };
        *self.state.rate.get_or_insert_with(found)
    }
}

impl Stepper for Sgd {
    fn name(&self) -> &'static str {
        "sgd"
    }

    fn step(
        &mut self,
        flow: &Flow,
        _solver: &dyn Solver,
        theta: &mut Vec<f64>,
        step: u64,
    ) -> Result<Report> {
        let mut rate = self.rate(flow, theta);
        let here = flow.gradient(theta);
        (self.undo).check(flow, here.energy(), theta, &mut self.state, step)?;
        let g = &here.g;
        let mut velocity = self.state.velocity.clone();
        velocity.resize(g.len(), 0.0);
        let update = |rate: f64| -> Vec<f64> {
            let pairs = velocity.iter().zip(g);
            pairs.map(|(v, g)| self.momentum * v - rate * g).collect()
        };
        let mut next = update(rate);
        let mut trial = moved(theta, 1.0, &next);
        // Whether a step overflows shows in the energy; it is looked at only when numbers are large,
        // because it costs as much as half a step.
        for _ in 0..HALVINGS {
            let large = norm(&next) > norm(theta).max(1.0);
            if !large || flow.covector(&trial).energy().is_finite() {
                break;
            }
            rate *= 0.5;
            next = update(rate);
            trial = moved(theta, 1.0, &next);
        }
        if !trial.iter().all(|t| t.is_finite()) {
            return Err(flow.not_finite(&trial, step));
        }
        self.state.rate = Some(rate);
        self.state.velocity = next;
        *theta = trial;
        Ok(Report {
            gradient: norm(g),
            direction: norm(g),
            ..Report::new(here.energies.clone(), rate)
        })
    }

    fn memory(&self) -> Memory {
        Memory::Sgd(self.state.clone())
    }

    fn recall(&mut self, memory: Memory) {
        if let Memory::Sgd(state) = memory {
            self.state = state;
        }
    }
}
