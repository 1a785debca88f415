//! The passage from one stage to the next and back: on fresh subsets towards the solution, on all
//! points an attempt to finish, and back again if that was in vain.

use super::end::{End, Kind};
use super::{Attempts, Run, Stage, Status, Waiting};
use crate::flow::Flow;
use crate::stepper::FAR;

/// Attempts to finish without half the energy after which the run ends; below this share of the first
/// energy a few are enough, since what more of them find there hardly shows in u.
const ATTEMPTS: u32 = 20;
const FEW_ATTEMPTS: u32 = 4;
const NEAR: f64 = 1e-18;
/// The same where steady states at positive energies are no more than what is looked for, or a false minimum.
const REPEATED: u32 = 2;

impl Run<'_> {
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
            Some(drawn) => flow.adapt(drawn.epoch, &drawn.anchor, drawn.everywhere),
            None => flow.adapt(0, &self.state.theta, false),
        }
    }

    /// Draws the points on which the deck's own energy is known: those in use, but set 0 where a stage solves for
    /// its stationary points.
    pub(super) fn draw_deck(&self, flow: &mut Flow) {
        match self.set.plan.stages[self.state.stage].is_stationary() {
            true => flow.draw(0),
            false => self.draw(flow),
        }
    }

    /// Hands over to the stage that has more to do after the end of this one; whether there is one.
    /// Collective.
    pub(super) fn goes_on(&mut self, flow: &mut Flow, end: &End) -> bool {
        match end.kind {
            Kind::Widened => return true,
            Kind::Far => {
                self.go_on_from_afar(flow);
                return true;
            }
            Kind::Settled if self.leaves_beginning() => return true,
            _ => {}
        }
        let next = self.set.plan.stages.get(self.state.stage + 1);
        if let (Kind::Settled, Some(next)) = (end.kind, next) {
            self.enter(next, &end.reason);
            return true;
        }
        if self.resume_descent(flow, end) {
            return true;
        }
        if end.kind == Kind::Settled && self.may_be_lower() {
            self.count_attempt();
            if self.state.attempts.failed < REPEATED {
                self.fall_back(&end.reason);
                self.stepper.retry();
                return true;
            }
        }
        if end.kind == Kind::Overfitted {
            self.count_attempt();
            self.fall_back(&end.reason);
            return true;
        }
        if end.kind != Kind::Stuck {
            return false;
        }
        if self.state.stage > 0 {
            self.count_attempt();
            if !self.has_tried_enough() {
                self.fall_back(&end.reason);
                self.stepper.retry();
                return true;
            }
        }
        // No stage before finds a better place: the next one may.
        if let Some(next) = next {
            self.state.attempts.failed = 0;
            self.enter(next, &end.reason);
        }
        next.is_some()
    }

    /// Whether a steady state may be a minimum far from the least one: equations with data, of an unknown
    /// coefficient say, are not linear in the unknowns even where each alone is.
    fn may_be_lower(&self) -> bool {
        let problem = self.set.problem;
        self.state.stage > 0 && problem.table.is_some() && problem.domain.is_some()
    }

    /// Begins the next stage; this one waits.
    fn enter(&mut self, next: &Stage, reason: &str) {
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

    /// Counts an attempt of a later stage that found no way down.
    fn count_attempt(&mut self) {
        let state = &mut self.state;
        let best = state.best.as_ref().map_or(f64::INFINITY, |b| b.energy);
        let halved = best < 0.5 * state.attempts.energy;
        state.attempts = Attempts {
            failed: if halved { 0 } else { state.attempts.failed + 1 },
            energy: best,
            made: state.attempts.made + 1,
            compared: f64::INFINITY,
            ..state.attempts
        };
    }

    /// Whether so many attempts were in vain that more of them are not worth their time.
    fn has_tried_enough(&self) -> bool {
        let state = &self.state;
        let near = state.attempts.energy < NEAR * state.initial.unwrap_or(0.0);
        state.attempts.failed >= if near { FEW_ATTEMPTS } else { ATTEMPTS }
    }

    /// The end, which is no convergence where a stage ends by itself far above an energy of zero that the
    /// deck's equations ask for.
    pub(super) fn judged(&mut self, flow: &Flow, end: End) -> End {
        // Of a stationary point the energy is known from its descent.
        let stationary = self.set.plan.stages[self.state.stage].is_stationary();
        if end.kind == Kind::Final || stationary || !self.set.problem.zero_residual {
            return end;
        }
        let theta = self
            .state
            .best
            .as_ref()
            .map_or(&self.state.theta, |b| &b.theta);
        let energies = flow.covector(theta).energies;
        let left = energies.iter().sum::<f64>() / self.state.initial.unwrap_or(f64::INFINITY);
        if left <= FAR {
            return end;
        }
        let terms = self.set.problem.terms.iter().zip(&energies);
        let largest = terms.max_by(|(_, a), (_, b)| a.total_cmp(b));
        let holds = largest.map_or(String::new(), |(term, energy)| {
            let share = 100.0 * energy / energies.iter().sum::<f64>();
            format!(", {share:.0} % of it in `{}`", term.name)
        });
        if end.kind == Kind::Stuck {
            // The same command tries again as often.
            self.state.attempts.failed = 0;
            self.stepper.retry();
        }
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
