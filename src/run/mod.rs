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
mod steady;
mod summary;

pub use checkpoint::{Finished, Found, State, Store};
pub use folder::{Folder, Identity, Opened, Policy, agree};
pub use history::Record;
pub use plan::Plan;
pub use summary::{DataErrors, Seconds, Status, Summary, digest};

use crate::comm::{Comm, Shares};
use crate::deck::{Auto, Deck, Interval};
use crate::error::{Error, Result};
use crate::flow::Flow;
use crate::problem::{ErrorNorms, Problem, Test};
use crate::sampling::{Purpose, stream};
use crate::stepper::{Report, Stepper};
use std::time::Instant;
use steady::Steady;

/// Someone who watches a run; called on rank 0 only.
pub trait Observer {
    /// A recorded step.
    fn record(&mut self, record: &Record, problem: &Problem);
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

/// Why the loop ended.
struct End {
    status: Status,
    reason: String,
}

impl<'a> Run<'a> {
    /// Makes ready to go on from `resumed`, or from the random start.
    pub fn new(
        set: Setting<'a>,
        folder: Folder<'a>,
        observer: &'a mut dyn Observer,
        resumed: Option<State>,
    ) -> Self {
        let mut stepper = set.plan.stepper();
        let state = resumed.unwrap_or_else(|| {
            let mut rng = stream(set.deck.flow.seed, Purpose::Network, 0, 0);
            let theta = set.problem.network.initial(&mut rng);
            State::start(&folder.identity().problem, theta, stepper.memory())
        });
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
        let seed = set.deck.flow.seed;
        let mut flow = Flow::new(set.problem, set.comm, set.shares, set.plan.metric, seed);
        let end = self.steps(&mut flow)?;
        self.finish(&flow, end)
    }

    fn steps(&mut self, flow: &mut Flow) -> Result<End> {
        let solver = self.set.plan.solver();
        let mut drawn = None;
        loop {
            if let Some(end) = self.limit()? {
                // The loop may end before its first step; the result is evaluated on these samples.
                flow.draw(self.set.plan.epoch(self.state.step.saturating_sub(1)));
                return Ok(end);
            }
            let epoch = self.set.plan.epoch(self.state.step);
            if drawn != Some(epoch) {
                flow.draw(epoch);
                drawn = Some(epoch);
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
                Err(Error::Failed(reason)) => {
                    return Ok(End {
                        status: Status::Failed,
                        reason,
                    });
                }
            };
            let end = self.accept(before, theta, &report)?;
            if let Some(reason) = end {
                return Ok(End {
                    status: Status::Converged,
                    reason,
                });
            }
            if self.save_is_due()? {
                self.save()?;
            }
        }
    }

    /// Takes the step over into the state, records it, and tells why the run has converged, if so.
    fn accept(
        &mut self,
        before: Vec<f64>,
        theta: Vec<f64>,
        report: &Report,
    ) -> Result<Option<String>> {
        let energy = report.energy();
        let best = self.stepper.best();
        let best_energy = best.map_or(energy, |b| b.energy);
        let shown = best.map_or(before, |b| b.theta.clone());
        let mut end = report.finished.clone();
        if end.is_none()
            && matches!(self.set.deck.stop.energy, Auto::Set(limit) if best_energy <= limit)
        {
            end = Some(format!("E = {best_energy:.2e} is below `stop.energy`"));
        }
        if end.is_none() {
            end = self.steady.look(energy);
        }
        let step = self.state.step;
        if step.is_multiple_of(self.set.deck.output.every) || end.is_some() {
            let errors = self.errors(&shown, false);
            if let (Some(limit), Some(error)) =
                (self.set.deck.stop.error, self.exact_error(&errors))
                && error <= limit
            {
                end = Some(format!("the error {error:.2e} is below `stop.error`"));
            }
            let record = Record {
                step,
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
        let stopped = |reason: String| {
            Some(End {
                status: Status::Stopped,
                reason,
            })
        };
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
