//! The folder of a run: history, checkpoints, the resolved deck, the summary, fields.
//!
//! Rank 0 alone writes. Whatever goes wrong there is told to all ranks ([`agree`]), so that they
//! leave together and none waits for ever.

use super::history::{self, History, Record};
use super::{Found, Setting, State, Status, Store, Summary};
use crate::comm::Comm;
use crate::deck::Deck;
use crate::error::{Error, Result};
use crate::output::Field;
use crate::problem::Problem;
use std::path::{Path, PathBuf};

/// Where a run writes; nowhere at all if it was given no folder.
pub struct Folder<'a> {
    comm: &'a dyn Comm,
    path: Option<PathBuf>,
    identity: Identity,
    history: Option<History>,
}

/// A folder and what was found in it.
pub enum Opened<'a> {
    /// Nothing to go on from.
    Fresh(Folder<'a>),
    /// An unfinished run.
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
}

impl Identity {
    /// Of a resolved deck and its problem.
    ///
    /// # Errors
    /// If the deck cannot be written as text.
    pub fn of(deck: &Deck, problem: &Problem) -> Result<Self> {
        Ok(Self {
            problem: problem.identity(deck)?,
            limits: format!("{:?}", deck.stop),
            resolved: deck.to_toml()?,
        })
    }
}

/// What to do with what is found in a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Go on from a checkpoint.
    pub resume: bool,
    /// Start over, whatever is there.
    pub force: bool,
}

/// Rank 0's result, on all ranks. Collective.
///
/// # Errors
/// With rank 0's message.
pub fn agree<T>(comm: &dyn Comm, result: Result<T>) -> Result<Option<T>> {
    let mut code = [match &result {
        Err(error) if comm.rank() == 0 => f64::from(error.exit_code()),
        _ => 0.0,
    }];
    comm.broadcast(&mut code);
    if code[0] == 0.0 {
        return Ok(result.ok());
    }
    let mut message = match result {
        Err(error) => error.to_string().into_bytes(),
        Ok(_) => Vec::new(),
    };
    comm.broadcast_bytes(&mut message);
    let message = String::from_utf8_lossy(&message).into_owned();
    Err(if code[0] == 2.0 {
        Error::Input(message)
    } else {
        Error::Failed(message)
    })
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
        warn: &mut dyn FnMut(&str),
    ) -> Result<Opened<'a>> {
        let looked = match &path {
            Some(path) if comm.rank() == 0 => look(path, policy, &identity),
            _ => Ok(None),
        };
        let found = agree(comm, looked)?.flatten();
        let mut bytes = match &found {
            Some(found) => found.state.to_bytes()?,
            None => Vec::new(),
        };
        if let Some(warning) = found.and_then(|f| f.warning) {
            warn(&format!(
                "{warning}; going on from the checkpoint before it"
            ));
        }
        comm.broadcast_bytes(&mut bytes);
        let folder = Self {
            comm,
            path,
            identity,
            history: None,
        };
        if bytes.is_empty() {
            return Ok(Opened::Fresh(folder));
        }
        let state = State::from_bytes(&bytes)?;
        Ok(match state.finished {
            Some(finished) => Opened::Finished {
                steps: state.step,
                reason: finished.reason,
            },
            None => Opened::Resumed(folder, Box::new(state)),
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

    /// Saves a checkpoint. Collective.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn save(&self, state: &State) -> Result<()> {
        let saved = match &self.path {
            Some(path) if self.comm.rank() == 0 => store(path).save(state),
            _ => Ok(()),
        };
        agree(self.comm, saved).map(|_| ())
    }

    /// Writes the fields and the summary. Collective.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn close(&self, set: &Setting, theta: &[f64], summary: &Summary) -> Result<()> {
        let written = match &self.path {
            Some(path) if self.comm.rank() == 0 => write_results(path, set, theta, summary),
            _ => Ok(()),
        };
        agree(self.comm, written).map(|_| ())
    }
}

fn store(path: &Path) -> Store {
    Store::new(path.join("checkpoint"))
}

/// Looks into a folder on rank 0 and makes it ready to be written.
fn look(path: &Path, policy: Policy, identity: &Identity) -> Result<Option<Found>> {
    let refuse = |what: &str| {
        let path = path.display();
        Error::Input(format!("--out {path}: {what}"))
    };
    let store = store(path);
    let mut found = None;
    if !policy.force && store.exists() {
        if !policy.resume {
            return Err(refuse(
                "it holds a run; --resume auto goes on, --force starts over",
            ));
        }
        found = store.load()?;
        if found
            .as_ref()
            .is_some_and(|f| f.state.problem != identity.problem)
        {
            return Err(refuse(
                "it holds a run of another problem (its deck, data or seed differ); choose another \
                 --out, or --force to overwrite it",
            ));
        }
    }
    if let Some(Found { state, .. }) = &mut found {
        state.finished = state
            .finished
            .take()
            .filter(|f| f.limits == identity.limits);
        if state.finished.is_some() {
            return Ok(found);
        }
    }
    let unwritable = |e: std::io::Error| refuse(&format!("cannot be written: {e}"));
    std::fs::create_dir_all(path).map_err(unwritable)?;
    match &found {
        None => store.clear()?,
        Some(found) => {
            if found.warning.is_some() {
                store.set_aside()?;
            }
            history::cut(&path.join("history.csv"), found.state.history)?;
        }
    }
    // What an earlier end left behind would speak of another state.
    let summary = path.join("summary.json");
    if summary.exists() {
        std::fs::remove_file(&summary).map_err(unwritable)?;
    }
    std::fs::write(path.join("resolved.toml"), &identity.resolved).map_err(unwritable)?;
    Ok(found)
}

fn write_results(path: &Path, set: &Setting, theta: &[f64], summary: &Summary) -> Result<()> {
    if summary.status != Status::Failed {
        let grid = set.plan.grid(set.deck, set.problem);
        if !set.deck.output.fields.is_empty() {
            let field = Field::evaluate(set.problem, theta, &grid);
            for &format in &set.deck.output.fields {
                field.write(&path.join("fields"), format)?;
            }
        }
    }
    summary.write(&path.join("summary.json"))
}
