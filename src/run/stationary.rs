//! From the minimum of an energy, as far as the energy shows it, to where it is stationary.
//!
//! An energy is known to rounding and so its minimiser to the square root of that. The last stages
//! solve the Euler–Lagrange equation instead ([`crate::problem::Problem::stationary`]), from there. What
//! they find is taken unless it lies above the minimum: the equation holds at saddles too. The energy is
//! left early, since its descent is slow where little is left to fall, and taken up again where that was
//! too early.

use super::{Attempts, End, Minimum, Run, Status, start};
use crate::comm::Shares;
use crate::flow::{Flow, Metric};

/// Share of the energy by which it may rise to where it is stationary, and of the way it has fallen,
/// where it ends near zero.
const RISE: f64 = 1e-3;
const RISE_OF_WAY: f64 = 1e-9;
/// Sample sets of other points on which energies are compared.
const OTHERS: u64 = 8;

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
    /// the minimum found by the energy itself that they are none. Collective.
    pub(super) fn stationary_point(&self, flow: &Flow) -> Vec<f64> {
        let state = &self.state;
        let best = state.best.as_ref().map(|b| &b.theta);
        let found = best.unwrap_or(&state.theta);
        let Some(minimum) = &state.minimum else {
            return found.clone();
        };
        // On fresh points the last parameters may be anything, and far better too.
        let residual = |theta| self.stationarity(theta).unwrap_or(f64::INFINITY);
        let nearer = best.is_some() || residual(found) < residual(&minimum.theta);
        match nearer && !lies_above(flow, found, minimum) {
            true => found.clone(),
            false => minimum.theta.clone(),
        }
    }

    /// Takes up the descent of the energy again where its equation has led to a point above the
    /// minimum: the descent was left early, and goes on to its end. Once; whether it did.
    pub(super) fn resume_descent(&mut self, flow: &mut Flow, end: &End) -> bool {
        let state = &self.state;
        let (Some(minimum), Some(best)) = (&state.minimum, &state.best) else {
            return false;
        };
        let ended = end.status == Status::Converged && end.met.is_none();
        if !ended || state.resumed {
            return false;
        }
        self.draw_deck(flow);
        if !lies_above(flow, &best.theta, minimum) {
            return false;
        }
        let stages = self.set.plan.stages.iter();
        let descent = stages.take_while(|stage| !stage.is_stationary()).count();
        let state = &mut self.state;
        state.resumed = true;
        state.initial = state.minimum.take().and_then(|minimum| minimum.initial);
        state.best = None;
        // The points of the descent are those that it left: set 0.
        state.attempts = Attempts::default();
        state.waiting.truncate(descent);
        state.stage = descent;
        self.fall_back("the equation has led above the minimum of the energy");
        self.stepper.retry();
        true
    }
}

/// Whether `theta` lies above the minimum, on its samples and on others: energy that is low on its own
/// samples only was no minimum to keep.
fn lies_above(flow: &Flow, theta: &[f64], minimum: &Minimum) -> bool {
    let on_samples = |theta: &[f64]| flow.covector(theta).energy();
    // Set 0 has been used to choose the minimum.
    let on = |theta: &[f64], set| flow.energies_elsewhere(theta, set).iter().sum::<f64>();
    let elsewhere =
        |theta: &[f64]| (1..=OTHERS).map(|set| on(theta, set)).sum::<f64>() / OTHERS as f64;
    let higher = |energy: &dyn Fn(&[f64]) -> f64| {
        let (before, after) = (energy(&minimum.theta), energy(theta));
        let fallen = minimum.initial.unwrap_or(before) - before;
        after > before + RISE * before.abs() + RISE_OF_WAY * fallen.abs()
    };
    higher(&on_samples) && higher(&elsewhere)
}
