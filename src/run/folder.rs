//! The folder of a run: history, checkpoints, the resolved deck, the summary, fields.
//!
//! Rank 0 alone writes. Whatever goes wrong there is told to all ranks ([`agree`]), so that they
//! leave together and none waits for ever.

use super::agreement::agree;
use super::history::{History, Record};
use super::lock::Lock;
use super::notes::Notes;
use super::opening::{Looked, Policy, look};
use super::{Setting, Size, State, Store, Summary};
use crate::comm::Comm;
use crate::deck::Deck;
use crate::error::Result;
use crate::output::{Field, write_theta};
use crate::problem::Problem;
use std::path::{Path, PathBuf};

/// Where a run writes; nowhere at all if it was given no folder.
pub struct Folder<'a> {
    comm: &'a dyn Comm,
    path: Option<PathBuf>,
    identity: Identity,
    history: Option<History>,
    /// Rank 0's.
    _lock: Option<Lock>,
}

/// A folder and what was found in it.
pub enum Opened<'a> {
    /// Nothing to go on from.
    Fresh(Folder<'a>),
    /// A run that is not finished, or not summed up.
    Resumed(Folder<'a>, Box<State>),
    /// A run of the same problem that has converged; nothing is to be done.
    Finished {
        /// Steps it took.
        steps: u64,
        /// Why it ended.
        reason: String,
    },
}

/// What a folder's run is known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Digest of the problem; another one is another run.
    pub problem: String,
    /// The limits, as text: a run that converged under others goes on.
    pub limits: String,
    /// The resolved deck, as text.
    pub resolved: String,
    /// What a checkpoint of it must hold.
    pub size: Size,
}

impl Identity {
    /// Of a resolved deck, one entry of `flow.stepper` for each stage, and its problem.
    ///
    /// # Errors
    /// If the deck cannot be written as text.
    pub fn of(deck: &Deck, problem: &Problem) -> Result<Self> {
        Ok(Self {
            problem: problem.identity(deck)?,
            limits: format!("{:?}", deck.stop),
            resolved: deck.to_toml()?,
            size: Size {
                parameters: problem.network.parameters(),
                terms: problem.terms.len(),
                stages: stages(deck),
            },
        })
    }
}

/// Stages of the plan that is written into a deck: one name serves all.
fn stages(deck: &Deck) -> usize {
    let solvers = deck.flow.solver.as_option().map_or(1, |many| many.0.len());
    let steppers = deck.flow.stepper.as_option().map_or(1, |many| many.0.len());
    solvers.max(steppers)
}

impl<'a> Folder<'a> {
    /// Opens the folder `path`, makes it if it is missing, and looks for a checkpoint of the problem
    /// of `identity`. Collective.
    ///
    /// # Errors
    /// If the folder cannot be written, holds another run, or holds no whole checkpoint.
    pub fn open(
        comm: &'a dyn Comm,
        path: Option<PathBuf>,
        policy: Policy,
        identity: Identity,
    ) -> Result<Opened<'a>> {
        let looked = match &path {
            Some(path) if comm.rank() == 0 => {
                look(path, policy, &identity, &comm.hostname()).and_then(told)
            }
            _ => Ok(Told::default()),
        };
        let mut told = agree(comm, looked)?.unwrap_or_default();
        comm.broadcast_bytes(&mut told.state);
        comm.broadcast(&mut told.done);
        let folder = Self {
            comm,
            path,
            identity,
            history: None,
            _lock: told.lock,
        };
        if told.state.is_empty() {
            return Ok(Opened::Fresh(folder));
        }
        let state = State::from_bytes(&told.state)?;
        Ok(match state.finished {
            Some(finished) if told.done == [1.0] => Opened::Finished {
                steps: state.step,
                reason: finished.reason,
            },
            _ => Opened::Resumed(folder, Box::new(state)),
        })
    }

    /// What is run here.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Appends a record to the history, after cutting it to `length` when it is first opened, and
    /// returns its new length on rank 0. Collective.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn record(&mut self, record: &Record, length: u64, problem: &Problem) -> Result<u64> {
        let written = self.append(record, length, problem);
        Ok(agree(self.comm, written)?.unwrap_or(length))
    }

    fn append(&mut self, record: &Record, length: u64, problem: &Problem) -> Result<u64> {
        let Some(path) = self.path.as_ref().filter(|_| self.comm.rank() == 0) else {
            return Ok(length);
        };
        let mut history = match self.history.take() {
            Some(history) => history,
            None => History::open(&path.join("history.csv"), length, problem)?,
        };
        let length = history.append(record)?;
        self.history = Some(history);
        Ok(length)
    }

    /// The notes of the user, on rank 0.
    pub fn notes(&self) -> Option<Notes> {
        let path = self.path.as_ref().filter(|_| self.comm.rank() == 0);
        path.map(|path| Notes::new(path))
    }

    /// Saves a checkpoint, after the history that it counts on. Collective.
    ///
    /// # Errors
    /// If the disk refuses; the checkpoint before is then still whole.
    pub fn save(&self, state: &State) -> Result<()> {
        self.by_rank_0(|path| {
            self.history.as_ref().map_or(Ok(()), History::flush)?;
            store(path).save(state)?;
            let step = state.step;
            tracing::debug!(
                event = "checkpoint",
                step,
                "checkpoint: step {step} is next"
            );
            Ok(())
        })
    }

    /// Writes the fields that the deck asks for. Collective.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn write_fields(&self, set: &Setting, theta: &[f64]) -> Result<()> {
        self.by_rank_0(|path| write_fields(path, set, theta))
    }

    /// Writes the parameters of the result. Collective.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn write_theta(&self, theta: &[f64]) -> Result<()> {
        self.by_rank_0(|path| write_theta(path, theta))
    }

    /// Writes the summary. Collective.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn close(&self, summary: &Summary) -> Result<()> {
        self.by_rank_0(|path| summary.write(&path.join("summary.json")))
    }

    /// Does rank 0's work in the folder, if there is one, and tells all how it went.
    fn by_rank_0(&self, work: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
        let done = match &self.path {
            Some(path) if self.comm.rank() == 0 => work(path),
            _ => Ok(()),
        };
        agree(self.comm, done).map(|_| ())
    }
}

/// What rank 0 tells of a folder.
#[derive(Default)]
struct Told {
    /// The state that was found, as bytes; none if there is none.
    state: Vec<u8>,
    /// 1 if nothing is to be done.
    done: [f64; 1],
    /// Rank 0 keeps that.
    lock: Option<Lock>,
}

/// Makes what was found ready to be told; warns of what is wrong with it.
fn told(looked: Looked) -> Result<Told> {
    let Looked { found, done, lock } = looked;
    let (state, warning) = match found {
        Some(found) => (found.state.to_bytes()?, found.warning),
        None => (Vec::new(), None),
    };
    if let Some(warning) = warning {
        tracing::warn!("{warning}; going on from the checkpoint before it");
    }
    let done = [f64::from(u8::from(done))];
    Ok(Told { state, done, lock })
}

/// The checkpoints of the run in a folder.
pub(super) fn store(path: &Path) -> Store {
    Store::new(path.join("checkpoint"))
}

fn write_fields(path: &Path, set: &Setting, theta: &[f64]) -> Result<()> {
    if set.deck.output.fields.is_empty() {
        return Ok(());
    }
    let grid = (set.deck.output).grid_in(set.problem.coordinates.len());
    let field = Field::evaluate(set.problem, theta, &grid);
    for &format in &set.deck.output.fields {
        field.write(&path.join("fields"), format)?;
    }
    Ok(())
}
