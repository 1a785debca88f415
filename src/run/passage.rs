//! The passage from one stage to the next and back: on fresh subsets towards the solution, on all
//! points an attempt to finish, and back again if that was in vain.

use super::end::{End, Kind};
use super::{Attempts, Run, Stage, Status, Waiting};
use crate::flow::Flow;
use crate::problem::Problem;

/// Attempts to finish without half the energy after which the run ends; below this share of the first
/// energy a few are enough, since what more of them find there hardly shows in u.
const ATTEMPTS: u32 = 20;
const FEW_ATTEMPTS: u32 = 4;
const NEAR: f64 = 1e-18;
/// Above this share of the first energy a run that finds no way down has not converged: errors are of some
/// thousandths.
const FAR: f64 = 1e-6;

/// The problem that a stage solves.
pub(super) enum Of<'a> {
    /// The deck's.
    Deck,
    /// A random subset of the points.
    Subset(Box<Problem>),
    /// The equation of the energy's stationary points.
    Stationarity(&'a Problem),
}

impl Of<'_> {
    /// The problem, if it is not the deck's.
    pub(super) fn other(&self) -> Option<&Problem> {
        match self {
            Self::Deck => None,
            Self::Subset(problem) => Some(problem),
            Self::Stationarity(problem) => Some(problem),
        }
    }
}

impl<'a> Run<'a> {
    /// The problem that a stage solves.
    pub(super) fn problem_of(&self, stage: &Stage) -> Of<'a> {
        let deck = self.set.problem;
        match (&deck.stationary, stage.batch) {
            (Ok(equation), Some(batch)) if stage.is_stationary() => {
                Of::Subset(Box::new(equation.thinned(batch)))
            }
            (Ok(equation), None) if stage.is_stationary() => Of::Stationarity(equation),
            (_, Some(batch)) => Of::Subset(Box::new(deck.thinned(batch))),
            (_, None) => Of::Deck,
        }
    }

    /// The number of the sample set of the next step. Every attempt of a later stage has its own.
    pub(super) fn epoch(&self, stage: &Stage) -> u64 {
        match stage.resample {
            Some(every) => self.state.step / every,
            None => u64::from(self.state.attempts.made),
        }
    }

    /// Draws the sample set in use.
    pub(super) fn draw(&self, flow: &mut Flow) {
        match &self.state.drawn {
            Some(drawn) => flow.adapt(drawn.epoch, &drawn.anchor),
            None => flow.adapt(0, &self.state.theta),
        }
    }

    /// Begins the next stage; this one waits.
    pub(super) fn enter(&mut self, next: &Stage, reason: &str) {
        if next.is_stationary() && !self.set.plan.stages[self.state.stage].is_stationary() {
            self.leave_energy();
        }
        self.state.waiting.push(Waiting {
            theta: self.state.theta.clone(),
            memory: self.stepper.memory(),
        });
        self.state.stage += 1;
        self.state.drawn = None;
        self.stepper = next.stepper(self.state.before());
        announce(self.state.step, reason, next);
    }

    /// Counts an attempt of the last stage that found no way down; whether it was the last one.
    pub(super) fn given_up(&mut self) -> bool {
        let state = &mut self.state;
        let best = state.best.as_ref().map_or(f64::INFINITY, |b| b.energy);
        let halved = best < 0.5 * state.attempts.energy;
        state.attempts = Attempts {
            failed: if halved { 0 } else { state.attempts.failed + 1 },
            energy: best,
            made: state.attempts.made + 1,
        };
        let near = best < NEAR * state.initial.unwrap_or(0.0);
        state.attempts.failed >= if near { FEW_ATTEMPTS } else { ATTEMPTS }
    }

    /// The end, which is no convergence where a stage has found no way down far above an energy of zero that
    /// the deck's equations ask for.
    pub(super) fn judged(&mut self, flow: &Flow, end: End) -> End {
        let (Kind::Stuck, Some(best)) = (end.kind, &self.state.best) else {
            return end;
        };
        let initial = self.state.initial.unwrap_or(f64::INFINITY);
        // Of a stationary point the energy is known from its descent.
        let stationary = self.set.plan.stages[self.state.stage].is_stationary();
        if stationary || best.energy <= FAR * initial {
            return end;
        }
        let energies = flow.covector(&best.theta).energies;
        let terms = self.set.problem.terms.iter().zip(&energies);
        let largest = terms.max_by(|(_, a), (_, b)| a.total_cmp(b));
        let holds = largest.map_or(String::new(), |(term, energy)| {
            let share = 100.0 * energy / energies.iter().sum::<f64>();
            format!(", {share:.0} % of it in `{}`", term.name)
        });
        let left = best.energy / initial;
        // The same command tries again as often.
        self.state.attempts.failed = 0;
        self.stepper.retry();
        End {
            status: Status::Stopped,
            reason: format!("stalled: {} and {left:.1e} of E is left{holds}", end.reason),
            ..end
        }
    }

    /// Goes on with the stage before, from where it waits.
    pub(super) fn fall_back(&mut self, reason: &str) {
        self.state.stage -= 1;
        self.state.drawn = None;
        let stage = &self.set.plan.stages[self.state.stage];
        self.stepper = stage.stepper(self.state.before());
        if let Some(Waiting { theta, memory }) = self.state.waiting.pop() {
            self.state.theta = theta;
            self.stepper.recall(memory);
        }
        self.stepper.retry();
        announce(self.state.step, reason, stage);
    }
}

fn announce(step: u64, reason: &str, stage: &Stage) {
    let stage = stage.describe();
    tracing::info!(
        event = "stage",
        step,
        reason,
        stage,
        "step {step:>6}  {reason}; now {stage}"
    );
}
