//! Adam, a baseline: gradient descent with the rate of every parameter scaled by its own gradients
//! (Kingma, Ba 2015, arXiv 1412.6980).
//!
//! ```text
//! m ← β₁ m + (1 − β₁) g,   v ← β₂ v + (1 − β₂) g²,
//! θ ← θ − α_k (m / (1 − β₁ᵏ)) / (√(v / (1 − β₂ᵏ)) + ε),
//! ```
//!
//! with the authors' β₁ = 0.9, β₂ = 0.999, ε = 1e-8. A given dt is the rate α of every step. With
//! `dt = "auto"` it falls as α_k = 0.01 / √(1 + k / 1000): about a thousand steps go at full rate,
//! and after that it follows the 1/√k of the authors' analysis, under which the noise of fresh points
//! dies out. 0.01 was better than 0.003 and 0.001 on every starter deck that was tried. A cosine
//! would need to know how many steps there will be, and a run that is limited by time, or continued
//! under another limit, does not.

use super::{Memory, Report, Stepper, Undo, counted};
use crate::error::Result;
use crate::flow::Flow;
use crate::solver::Solver;
use crate::vector::norm;
use serde::{Deserialize, Serialize};

/// See the module's page.
#[derive(Clone, Debug)]
pub struct Adam {
    fixed: Option<f64>,
    state: State,
    undo: Undo<State>,
}

/// What Adam remembers: steps done, and the means of g and g².
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct State {
    steps: u32,
    mean: Vec<f64>,
    square: Vec<f64>,
}

impl State {
    /// Whether this can be of a run with `p` parameters.
    pub(super) fn fits(&self, p: usize) -> bool {
        let unborn = self.steps == 0 && self.mean.is_empty() && self.square.is_empty();
        let of_p = [&self.mean, &self.square]
            .iter()
            .all(|part| part.len() == p);
        (unborn || of_p) && counted(self.steps)
    }
}

const BETA_1: f64 = 0.9;
const BETA_2: f64 = 0.999;
const EPSILON: f64 = 1e-8;
/// The rate at the start, and the number of steps after which it falls.
const RATE: f64 = 1e-2;
const FULL: f64 = 1000.0;

impl Adam {
    /// Adam with a given rate, or one that falls by itself.
    pub fn new(rate: Option<f64>) -> Self {
        Self {
            fixed: rate,
            state: State::default(),
            undo: Undo::new(),
        }
    }

    fn rate(&self) -> f64 {
        let falling = || RATE / (1.0 + f64::from(self.state.steps) / FULL).sqrt();
        self.fixed.unwrap_or_else(falling)
    }

    /// One step along −g; the length of the change of θ per rate.
    fn advance(&mut self, theta: &mut [f64], g: &[f64]) -> f64 {
        let rate = self.rate();
        let state = &mut self.state;
        state.steps = state.steps.saturating_add(1);
        state.mean.resize(g.len(), 0.0);
        state.square.resize(g.len(), 0.0);
        let steps = f64::from(state.steps);
        // The crate's power has the same bits on every machine, which the system's need not have.
        let [first, second] = [BETA_1, BETA_2].map(|beta| 1.0 - libm::pow(beta, steps));
        let mut length = 0.0;
        for (i, &g) in g.iter().enumerate() {
            let (mean, square) = (&mut state.mean[i], &mut state.square[i]);
            *mean = BETA_1 * *mean + (1.0 - BETA_1) * g;
            *square = BETA_2 * *square + (1.0 - BETA_2) * g * g;
            let change = (*mean / first) / ((*square / second).sqrt() + EPSILON);
            theta[i] -= rate * change;
            length += change * change;
        }
        f64::sqrt(length)
    }
}

impl Stepper for Adam {
    fn name(&self) -> &'static str {
        "adam"
    }

    fn step(
        &mut self,
        flow: &Flow,
        _solver: &dyn Solver,
        theta: &mut Vec<f64>,
        step: u64,
    ) -> Result<Report> {
        let here = flow.gradient(theta);
        (self.undo).check(flow, here.energy(), theta, &mut self.state, step)?;
        let rate = self.rate();
        let direction = self.advance(theta, &here.g);
        Ok(Report {
            gradient: norm(&here.g),
            direction,
            ..Report::new(here.energies, rate)
        })
    }

    fn memory(&self) -> Memory {
        Memory::Adam(self.state.clone())
    }

    fn recall(&mut self, memory: Memory) {
        if let Memory::Adam(state) = memory {
            self.state = state;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_step_goes_by_the_rate_along_every_sign() {
        let mut adam = Adam::new(Some(0.1));
        let mut theta = vec![1.0, 1.0, 1.0];
        adam.advance(&mut theta, &[1e3, -1e-3, 0.0]);
        for (theta, expected) in theta.iter().zip([0.9, 1.1, 1.0]) {
            assert!((theta - expected).abs() < 1e-6, "{theta} {expected}");
        }
    }

    #[test]
    fn a_badly_scaled_bowl_is_descended_to_its_bottom() {
        let mut adam = Adam::new(None);
        let mut theta = vec![0.5, -0.3];
        for _ in 0..5000 {
            let g = [1e4 * theta[0], 1e-2 * theta[1]];
            adam.advance(&mut theta, &g);
        }
        assert!(norm(&theta) < 1e-6, "{theta:?}");
        assert!(adam.rate() < RATE / 2.0);
    }
}
