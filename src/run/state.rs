//! The state of a run between two steps: all that it needs to go on with the same bits.

use crate::stepper::{Best, Memory};
use serde::{Deserialize, Serialize};

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
    /// Energy of the first step, of the problem that the stage solves.
    pub initial: Option<f64>,
    /// Where the deck's energy was left for the equation of its stationary points.
    pub minimum: Option<Minimum>,
    /// What the detection of a steady state remembers: the last energy and how long it has stood.
    pub steady: (f64, u32),
    /// Length of the history file in bytes.
    pub history: u64,
    /// Why the run ended, if it converged.
    pub finished: Option<Finished>,
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
}

impl Default for Attempts {
    fn default() -> Self {
        Self {
            made: 0,
            failed: 0,
            energy: f64::INFINITY,
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
}

impl State {
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
            initial: None,
            minimum: None,
            steady: (f64::INFINITY, 0),
            history: 0,
            finished: None,
        }
    }
}
