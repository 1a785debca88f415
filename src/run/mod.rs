//! The run: samples, steps, records, checkpoints, limits, in a loop that every rank goes through
//! alike.
//!
//! Rank 0 alone touches files and the clock; what it learns reaches the others by broadcast, so all
//! ranks decide the same. No collective stands behind a condition that differs between ranks.

mod checkpoint;
mod finish;
mod folder;
mod history;
mod plan;
mod stage;
mod steady;
mod summary;

pub use checkpoint::{Attempts, Drawn, Finished, Found, State, Store, Waiting};
pub use folder::{Folder, Identity, Opened, Policy, agree};
pub use history::Record;
pub use plan::Plan;
pub use stage::Stage;
pub use summary::{DataErrors, Seconds, Status, Summary, digest};

use crate::comm::{Comm, Shares};
use crate::deck::{Deck, Interval};
use crate::error::{Error, Result};
use crate::flow::Flow;
use crate::problem::{ErrorNorms, Problem, Test};
use crate::sampling::{Purpose, stream};
use crate::stepper::{Best, Finish, Report, Stepper};
use std::time::Instant;
use steady::Steady;

/// Someone who watches a run; called on rank 0 only.
pub trait Observer {
    /// A recorded step.
    fn record(&mut self, record: &Record, problem: &Problem);
    /// A stage begins, after the reason why the one before ended.
    fn stage(&mut self, step: u64, reason: &str, stage: &Stage);
    /// Something worth a warning.
    fn warn(&mut self, message: &str);
}

/// What does not change during a run.
#[derive(Clone, Copy)]
pub struct Setting<'a> {
    /// The deck, resolved.
    pub deck: &'a Deck,
    /// The problem it states.
    pub problem: &'a Problem,
    /// How it is solved.
    pub plan: &'a Plan,
    /// The ranks.
    pub comm: &'a dyn Comm,
    /// How they share the cells.
    pub shares: &'a Shares,
    /// Threads per rank, for the summary.
    pub threads: usize,
}

/// A run between its steps.
pub struct Run<'a> {
    set: Setting<'a>,
    folder: Folder<'a>,
    observer: &'a mut dyn Observer,
    started: Instant,
    state: State,
    stepper: Box<dyn Stepper>,
    steady: Steady,
    solve: f64,
    last_save: Instant,
    before: f64,
}

/// Attempts to finish without half the energy after which the run ends, and the share of the first
/// energy below which one is enough.
const ATTEMPTS: u32 = 20;
const ROUNDING: f64 = 1e-21;

/// Why the loop ended.
struct End {
    status: Status,
    reason: String,
    kind: Kind,
    /// The parameters that a limit of energy or error was met at; the step went on from there.
    met: Option<Vec<f64>>,
}

/// What may follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Nothing.
    Final,
    /// The next stage, if there is one.
    Settled,
    /// The stage before, if there is one.
    Stuck,
}

impl End {
    fn of(status: Status, reason: String) -> Self {
        Self {
            status,
            reason,
            kind: Kind::Final,
            met: None,
        }
    }

    fn converged(reason: String) -> Self {
        Self::of(Status::Converged, reason)
    }

    fn met(reason: String, theta: &[f64]) -> Self {
        Self {
            met: Some(theta.to_vec()),
            ..Self::converged(reason)
        }
    }

    fn of_stepper(finish: &Finish) -> Self {
        let kind = match finish {
            Finish::Done(_) => Kind::Final,
            Finish::Settled(_) => Kind::Settled,
            Finish::Stuck(_) => Kind::Stuck,
        };
        Self {
            kind,
            ..Self::converged(finish.reason().into())
        }
    }
}

impl<'a> Run<'a> {
    /// Makes ready to go on from `resumed`, or from the random start.
    pub fn new(
        set: Setting<'a>,
        folder: Folder<'a>,
        observer: &'a mut dyn Observer,
        resumed: Option<State>,
    ) -> Self {
        let first = &set.plan.stages[0];
        let state = resumed.unwrap_or_else(|| {
            let mut rng = stream(set.deck.flow.seed, Purpose::Network, 0, 0);
            let theta = set.problem.network.initial(&mut rng);
            State::start(
                &folder.identity().problem,
                theta,
                first.stepper(None).memory(),
            )
        });
        let initial = state.initial.filter(|_| state.stage > 0);
        let mut stepper = set.plan.stages[state.stage].stepper(initial);
        stepper.recall(state.memory.clone());
        Self {
            steady: Steady::new(set.plan.steady, state.steady),
            before: state.seconds,
            set,
            folder,
            observer,
            started: Instant::now(),
            state,
            stepper,
            solve: 0.0,
            last_save: Instant::now(),
        }
    }

    /// Steps until the end, saves, and sums up. Collective.
    ///
    /// # Errors
    /// If the disk refuses or the deck asks for what the solver cannot do. A solve that fails is no
    /// error here: the summary says [`Status::Failed`] and why.
    pub fn go(mut self) -> Result<Summary> {
        let set = self.set;
        let (seed, metric) = (set.deck.flow.seed, set.plan.metric);
        let mut flow = Flow::new(set.problem, set.comm, set.shares, metric, seed);
        loop {
            let stage = &set.plan.stages[self.state.stage];
            let end = match stage.batch {
                None => self.march(&mut flow, stage)?,
                Some(batch) => {
                    let thin = set.problem.thinned(batch);
                    let shares = Shares::even(thin.cells(), set.comm.size());
                    let mut flow = Flow::new(&thin, set.comm, &shares, metric, seed);
                    self.march(&mut flow, stage)?
                }
            };
            let next = set.plan.stages.get(self.state.stage + 1);
            match (end.kind, next) {
                (Kind::Settled, Some(next)) => self.enter(next, &end.reason),
                (Kind::Stuck, _) if self.state.stage > 0 && !self.given_up() => {
                    self.fall_back(&end.reason);
                }
                _ => {
                    self.draw(&mut flow);
                    return self.finish(&flow, end);
                }
            }
        }
    }

    /// The number of the sample set of the next step. Every attempt of a later stage has its own.
    fn epoch(&self, stage: &Stage) -> u64 {
        match stage.resample {
            Some(every) => self.state.step / every,
            None => u64::from(self.state.attempts.made),
        }
    }

    /// Draws the sample set in use.
    fn draw(&self, flow: &mut Flow) {
        match &self.state.drawn {
            Some(drawn) => flow.adapt(drawn.epoch, &drawn.anchor),
            None => flow.adapt(0, &self.state.theta),
        }
    }

    /// Begins the next stage; this one waits.
    fn enter(&mut self, next: &Stage, reason: &str) {
        self.state.waiting.push(Waiting {
            theta: self.state.theta.clone(),
            memory: self.stepper.memory(),
        });
        self.state.stage += 1;
        self.state.drawn = None;
        self.stepper = next.stepper(self.state.initial);
        self.announce(next, reason);
    }

    /// Counts an attempt of the last stage that found no way down; whether it was the last one.
    fn given_up(&mut self) -> bool {
        let state = &mut self.state;
        let best = state.best.as_ref().map_or(f64::INFINITY, |b| b.energy);
        let halved = best < 0.5 * state.attempts.energy;
        state.attempts = Attempts {
            failed: if halved { 0 } else { state.attempts.failed + 1 },
            energy: best,
            made: state.attempts.made + 1,
        };
        let tiny = best < ROUNDING * state.initial.unwrap_or(0.0);
        state.attempts.failed >= if tiny { 1 } else { ATTEMPTS }
    }

    /// Goes on with the stage before, from where it waits.
    fn fall_back(&mut self, reason: &str) {
        self.state.stage -= 1;
        self.state.drawn = None;
        let stage = &self.set.plan.stages[self.state.stage];
        let initial = self.state.initial.filter(|_| self.state.stage > 0);
        self.stepper = stage.stepper(initial);
        if let Some(Waiting { theta, memory }) = self.state.waiting.pop() {
            self.state.theta = theta;
            self.stepper.recall(memory);
        }
        self.stepper.retry();
        self.announce(stage, reason);
    }

    fn announce(&mut self, stage: &Stage, reason: &str) {
        if self.set.comm.rank() == 0 {
            self.observer.stage(self.state.step, reason, stage);
        }
    }

    /// Steps until the end of a stage.
    fn march(&mut self, flow: &mut Flow, stage: &Stage) -> Result<End> {
        let solver = stage.solver();
        let mut ready = false;
        loop {
            if let Some(end) = self.limit()? {
                return Ok(end);
            }
            let epoch = self.epoch(stage);
            if self.state.drawn.as_ref().is_none_or(|d| d.epoch != epoch) {
                self.state.drawn = Some(Drawn {
                    epoch,
                    anchor: self.state.theta.clone(),
                });
                ready = false;
            }
            if !std::mem::replace(&mut ready, true) {
                self.draw(flow);
                if let (None, Some(best)) = (stage.batch, &mut self.state.best) {
                    best.energy = flow.covector(&best.theta).energy();
                }
            }
            crate::comm::set_context(format!("step {}", self.state.step));
            let clock = Instant::now();
            let before = self.state.theta.clone();
            let mut theta = before.clone();
            let stepped = self
                .stepper
                .step(flow, solver.as_ref(), &mut theta, self.state.step);
            self.solve += clock.elapsed().as_secs_f64();
            let report = match stepped {
                Ok(report) => report,
                Err(error @ Error::Input(_)) => return Err(error),
                Err(Error::Failed(reason)) => return Ok(End::of(Status::Failed, reason)),
            };
            if let Some(end) = self.accept(before, theta, &report)? {
                return Ok(end);
            }
            if self.save_is_due()? {
                self.save()?;
            }
        }
    }

    /// Takes the step over into the state, records it, and tells why the stage has ended, if so.
    fn accept(
        &mut self,
        before: Vec<f64>,
        theta: Vec<f64>,
        report: &Report,
    ) -> Result<Option<End>> {
        let energy = report.energy();
        self.state.initial.get_or_insert(energy);
        self.remember_best();
        let best = self.stepper.best().and(self.state.best.as_ref());
        let best_energy = best.map_or(energy, |b| b.energy);
        let shown = best.map_or(before, |b| b.theta.clone());
        let mut end = report.finished.as_ref().map(End::of_stepper);
        // The energy of a few random points is no measure of the whole.
        let whole = self.set.plan.stages[self.state.stage].batch.is_none();
        if end.is_none() && whole {
            let met = |reason| End::met(reason, &shown);
            end = self.tolerance(best_energy).map(met);
        }
        if end.is_none() && whole {
            end = self.steady.look(energy).map(End::converged);
        }
        let step = self.state.step;
        if step.is_multiple_of(self.set.deck.output.every) || end.is_some() {
            let errors = self.errors(&shown, false);
            if let (Some(limit), Some(error)) =
                (self.set.deck.stop.error, self.exact_error(&errors))
                && error <= limit
            {
                let reason = format!("the error {error:.2e} is below `stop.error`");
                end = Some(End::met(reason, &shown));
            }
            let record = Record {
                step,
                stage: self.state.stage,
                time: self.state.time,
                seconds: self.seconds(),
                best_energy,
                report: report.clone(),
                errors,
            };
            self.state.history =
                self.folder
                    .record(&record, self.state.history, self.set.problem)?;
            if self.set.comm.rank() == 0 {
                self.observer.record(&record, self.set.problem);
            }
        }
        self.state.step += 1;
        self.state.time += report.dt;
        self.state.theta = theta;
        Ok(end)
    }

    /// Keeps the best parameters of all visits to the last stage.
    fn remember_best(&mut self) {
        let kept = self.state.best.as_ref();
        let better = |b: &&Best| kept.is_none_or(|kept| b.energy < kept.energy);
        if let Some(best) = self.stepper.best().filter(better) {
            self.state.best = Some(best.clone());
        }
    }

    /// Why an energy is small enough, if it is.
    fn tolerance(&self, energy: f64) -> Option<String> {
        let limit = self.set.deck.stop.energy.as_option();
        limit.filter(|limit| energy <= **limit)?;
        Some(format!("E = {energy:.2e} is below `stop.energy`"))
    }

    /// Errors on every test. The rows trained on are many: they are looked at only at the end.
    fn errors(&self, theta: &[f64], at_end: bool) -> Vec<ErrorNorms> {
        let tests = self.set.problem.tests.iter();
        let measured = tests.map(|test| {
            if at_end || !test.is_training() {
                self.measure(test, theta)
            } else {
                ErrorNorms::UNKNOWN
            }
        });
        measured.collect()
    }

    fn measure(&self, test: &Test, theta: &[f64]) -> ErrorNorms {
        test.measure(
            self.set.problem.network.as_ref(),
            theta,
            self.set.deck.flow.seed,
            self.set.comm,
        )
    }

    fn exact_error(&self, errors: &[ErrorNorms]) -> Option<f64> {
        let tests = self.set.problem.tests.iter().zip(errors);
        let mut exact = tests.filter(|(test, _)| matches!(test, Test::Exact { .. }));
        exact.next().map(|(_, e)| e.relative_l2)
    }

    fn seconds(&self) -> f64 {
        self.before + self.started.elapsed().as_secs_f64()
    }

    /// Whether a limit of steps or time is reached; rank 0's clock decides for all.
    fn limit(&self) -> Result<Option<End>> {
        let stopped = |reason: String| Some(End::of(Status::Stopped, reason));
        if self.state.step >= self.set.deck.stop.steps {
            return Ok(stopped(format!(
                "`stop.steps` = {} steps done",
                self.set.deck.stop.steps
            )));
        }
        let Some(limit) = self.set.deck.stop.seconds else {
            return Ok(None);
        };
        let mut over = [f64::from(
            self.set.comm.rank() == 0 && self.seconds() >= limit,
        )];
        self.set.comm.max(&mut over);
        Ok(if over[0] > 0.0 {
            stopped(format!("`stop.seconds` = {limit} s used"))
        } else {
            None
        })
    }

    fn save_is_due(&self) -> Result<bool> {
        match self.set.deck.checkpoint.every {
            Interval::Steps(steps) => Ok(self.state.step.is_multiple_of(steps.max(1))),
            Interval::Seconds(seconds) => {
                let late = self.last_save.elapsed().as_secs_f64() >= seconds;
                let mut due = [f64::from(self.set.comm.rank() == 0 && late)];
                self.set.comm.max(&mut due);
                Ok(due[0] > 0.0)
            }
        }
    }

    fn save(&mut self) -> Result<()> {
        self.state.memory = self.stepper.memory();
        self.state.steady = self.steady.state();
        self.state.seconds = self.seconds();
        self.last_save = Instant::now();
        self.folder.save(&self.state)
    }
}
