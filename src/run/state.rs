//! The state of a run between two steps: all that it needs to go on with the same bits.

use super::Horizon;
use crate::stepper::{Before, Best, Memory};
use serde::{Deserialize, Serialize};

/// Nobody takes more steps: they can still be counted in an f64.
const MOST_STEPS: u64 = 1 << 53;

/// The state of a run between two steps.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    /// Digest of the problem: deck, data and seed, without limits and output.
    pub problem: String,
    /// Steps done.
    pub step: u64,
    /// Flow time t.
    pub time: f64,
    /// Wall time spent, over all restarts.
    pub seconds: f64,
    /// The stage of the plan.
    pub stage: usize,
    /// The parameters.
    pub theta: Vec<f64>,
    /// What the stepper remembers.
    pub memory: Memory,
    /// Stages that wait for a later one to finish, the first first.
    pub waiting: Vec<Waiting>,
    /// The best parameters that the last stage has met.
    pub best: Option<Best>,
    /// Attempts to finish that failed.
    pub attempts: Attempts,
    /// The sample set in use.
    pub drawn: Option<Drawn>,
    /// How much of an evolution is solved.
    pub horizon: Horizon,
    /// Energy of the first step, of the problem that the stage solves.
    pub initial: Option<f64>,
    /// Where the deck's energy was left for the equation of its stationary points.
    pub minimum: Option<Minimum>,
    /// Whether that equation has led above the minimum, and the descent was taken up again.
    pub resumed: bool,
    /// What the detection of a steady state remembers: the last energy and how long it has stood.
    pub steady: (f64, u32),
    /// Length of the history file in bytes.
    pub history: u64,
    /// Why the run ended, if it converged.
    pub finished: Option<Finished>,
}

/// By what the parts of a state are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Parameters of the network.
    pub parameters: usize,
    /// Terms of the energy.
    pub terms: usize,
    /// Stages of the plan.
    pub stages: usize,
}

/// Where a stage waits while the next one tries to finish.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Waiting {
    /// The parameters.
    pub theta: Vec<f64>,
    /// What its stepper remembers.
    pub memory: Memory,
}

/// A sample set: its number, and the parameters whose residual adaptive points follow.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Drawn {
    /// Number of the set.
    pub epoch: u64,
    /// Parameters at which it was drawn.
    pub anchor: Vec<f64>,
    /// Whether all points that can follow the residual do so.
    pub everywhere: bool,
}

/// The minimum of an energy as far as it was found by the energy itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Minimum {
    /// The parameters.
    pub theta: Vec<f64>,
    /// Energy at the start of the run.
    pub initial: Option<f64>,
}

/// How often the last stage has tried to finish in vain.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Attempts {
    /// Attempts made.
    pub made: u32,
    /// Attempts in a row that did not halve the best energy.
    pub failed: u32,
    /// The best energy at the end of the last attempt.
    pub energy: f64,
    /// The best energy that was last compared with that on other points.
    pub compared: f64,
    /// Whether one of them has fitted its points alone.
    pub overfitted: bool,
}

impl Default for Attempts {
    fn default() -> Self {
        Self {
            made: 0,
            failed: 0,
            energy: f64::INFINITY,
            compared: f64::INFINITY,
            overfitted: false,
        }
    }
}

/// How a run converged.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Finished {
    /// Why it ended.
    pub reason: String,
    /// The limits that it ran under: with others it may go on.
    pub limits: String,
    /// The parameters that a limit was met at, if they are the result; the last step went on from there.
    pub met: Option<Vec<f64>>,
}

impl State {
    /// What went before the stage, if it is not the first.
    pub(super) fn before(&self) -> Option<Before> {
        let initial = self.initial.filter(|_| self.stage > 0)?;
        Some(Before {
            initial,
            attempts: self.attempts.made,
        })
    }

    /// Without what rank 0 alone keeps, as the other ranks of a run hold it.
    pub(super) fn elsewhere(mut self) -> Self {
        self.memory = self.memory.elsewhere();
        for waiting in self.waiting.iter_mut().chain(self.horizon.aside_mut()) {
            let memory = std::mem::replace(&mut waiting.memory, Memory::None);
            waiting.memory = memory.elsewhere();
        }
        self
    }

    /// Checks what a checkpoint says against the run that is to go on from it: whoever wrote the file
    /// can have written a right checksum too.
    ///
    /// # Errors
    /// If a count is not the run's, or a number is none that steps can lead to.
    pub fn check(&self, size: Size) -> Result<(), String> {
        let Size {
            parameters: p,
            terms,
            stages,
        } = size;
        let mut thetas = vec![&self.theta];
        let waiting = || self.waiting.iter().chain(self.horizon.aside());
        thetas.extend(waiting().map(|w| &w.theta));
        thetas.extend(self.best.iter().map(|b| &b.theta));
        thetas.extend(self.drawn.iter().map(|d| &d.anchor));
        thetas.extend(self.minimum.iter().map(|m| &m.theta));
        thetas.extend(self.finished.iter().filter_map(|f| f.met.as_ref()));
        if let Some(theta) = thetas.iter().find(|theta| theta.len() != p) {
            let n = theta.len();
            return Err(format!("it holds {n} parameters where the network has {p}"));
        }
        let mut memories = waiting().map(|w| &w.memory);
        let counters = [self.attempts.made, self.attempts.failed, self.steady.1];
        let right = self.stage < stages
            && self.waiting.len() == self.stage
            && self.memory.fits(p, terms)
            && memories.all(|memory| memory.fits(p, terms))
            && self.step < MOST_STEPS
            && (0.0..=1.0).contains(&self.horizon.share())
            && counters.iter().all(|&counter| counter < 1 << 31)
            && self.seconds >= 0.0
            && self.seconds.is_finite();
        match right {
            true => Ok(()),
            false => Err("what it remembers is not of such a run".into()),
        }
    }

    /// The state before the first step.
    pub fn start(problem: &str, theta: Vec<f64>, memory: Memory) -> Self {
        Self {
            problem: problem.into(),
            step: 0,
            stage: 0,
            time: 0.0,
            seconds: 0.0,
            theta,
            memory,
            waiting: Vec::new(),
            best: None,
            attempts: Attempts::default(),
            drawn: None,
            horizon: Horizon::default(),
            initial: None,
            minimum: None,
            resumed: false,
            steady: (f64::INFINITY, 0),
            history: 0,
            finished: None,
        }
    }
}
