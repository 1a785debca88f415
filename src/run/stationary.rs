//! From the minimum of an energy, as far as the energy shows it, to where it is stationary.
//!
//! An energy is known to rounding and so its minimiser to the square root of that. The last stages
//! solve the Euler–Lagrange equation instead ([`crate::problem::Problem::stationary`]), from there. What
//! they find is taken unless it lies above the minimum: the equation holds at saddles too.

use super::{Attempts, Minimum, Run, start};
use crate::comm::Shares;
use crate::flow::{Flow, Metric};

/// Share of the energy by which it may rise to where it is stationary, and of the way it has fallen,
/// where it ends near zero.
const RISE: f64 = 1e-3;
const RISE_OF_WAY: f64 = 1e-9;

impl Run<'_> {
    /// From here on the energy is that of the Euler–Lagrange equation, not compared with the one so far.
    pub(super) fn leave_energy(&mut self) {
        if let Some(best) = self.state.best.take() {
            self.state.theta = best.theta;
        }
        self.state.minimum = Some(Minimum {
            theta: self.state.theta.clone(),
            initial: self.state.initial,
        });
        let start = self.stationarity(&start(&self.set));
        self.state.initial = start.map(|norm| 0.5 * norm * norm);
        self.state.attempts = Attempts::default();
    }

    /// |δE| at θ: the norm of what should vanish where the energy is stationary. Collective.
    pub(super) fn stationarity(&self, theta: &[f64]) -> Option<f64> {
        let set = &self.set;
        let problem = set.problem.stationary.as_ref().ok()?;
        let shares = Shares::even(problem.cells(), set.comm.size());
        let seed = set.deck.flow.seed;
        let mut flow = Flow::new(problem, set.comm, &shares, Metric::Energy, seed);
        self.draw(&mut flow);
        Some((2.0 * flow.covector(theta).energy()).sqrt())
    }

    /// Where the energy is stationary: the parameters of least residual, unless they lie so much above
    /// the minimum found by the energy itself that they are none.
    pub(super) fn stationary_point(&self, flow: &Flow) -> Vec<f64> {
        let state = &self.state;
        let best = state.best.as_ref().map(|b| &b.theta);
        let Some(minimum) = &state.minimum else {
            return best.unwrap_or(&state.theta).clone();
        };
        let best = best.unwrap_or(&minimum.theta);
        let on_samples = |theta: &[f64]| flow.covector(theta).energy();
        let elsewhere = |theta: &[f64]| flow.energies_elsewhere(theta, 0).iter().sum();
        let higher = |energy: &dyn Fn(&[f64]) -> f64| {
            let (before, after) = (energy(&minimum.theta), energy(best));
            let fallen = minimum.initial.unwrap_or(before) - before;
            after > before + RISE * before.abs() + RISE_OF_WAY * fallen.abs()
        };
        // Energy that is low on its own samples only was no minimum to keep.
        match higher(&on_samples) && higher(&elsewhere) {
            true => minimum.theta.clone(),
            false => best.clone(),
        }
    }
}
