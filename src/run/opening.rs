//! What rank 0 finds in a folder before a run, and how the folder is made ready for it.

use super::folder::{Identity, store};
use super::history;
use super::lock::Lock;
use super::{Found, State};
use crate::error::{Error, Result};
use crate::file::write_whole;
use crate::output::remove_theta;
use std::path::Path;

/// What to do with what is found in a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Go on from a checkpoint.
    pub resume: bool,
    /// Start over, whatever is there.
    pub force: bool,
}

/// What rank 0 has found in a folder, and the lock on it.
pub(super) struct Looked {
    pub(super) found: Option<Found>,
    /// Whether that has converged and is summed up: nothing is to be done.
    pub(super) done: bool,
    pub(super) lock: Option<Lock>,
}

/// Looks into a folder on rank 0 and makes it ready to be written.
///
/// # Errors
/// If it cannot be written, is in use, or holds what must not be overwritten.
pub(super) fn look(path: &Path, policy: Policy, identity: &Identity, host: &str) -> Result<Looked> {
    let summary = path.join("summary.json");
    // Before anything is read: another run may be writing it.
    let lock = path.is_dir().then(|| Lock::take(path, host));
    let mut found = find(path, policy, identity)?;
    if let Some(Found { state, .. }) = &mut found {
        state.finished = state
            .finished
            .take()
            .filter(|f| f.limits == identity.limits);
        // Fields may be asked for that were not written then.
        if state.finished.is_some() && summary.exists() && is_of(path, identity) {
            return Ok(Looked {
                found,
                done: true,
                lock: None,
            });
        }
    }
    let unwritable = |e: std::io::Error| refused(path, &format!("cannot be written: {e}"));
    std::fs::create_dir_all(path).map_err(unwritable)?;
    let lock = lock.unwrap_or_else(|| Lock::take(path, host))?;
    let store = store(path);
    match &found {
        None => {
            if !policy.force {
                foreign(path, identity)?;
            }
            store.clear()?;
        }
        Some(found) => {
            if found.warning.is_some() {
                store.set_aside()?;
            }
            history::cut(&path.join("history.csv"), found.state.history)?;
        }
    }
    // What an earlier end left behind would speak of another state.
    if summary.exists() {
        std::fs::remove_file(&summary).map_err(unwritable)?;
    }
    remove_theta(path).map_err(unwritable)?;
    write_whole(&path.join("resolved.toml"), &identity.resolved)
        .map_err(|e| refused(path, &e.to_string()))?;
    Ok(Looked {
        found,
        done: false,
        lock: Some(lock),
    })
}

/// Whether the deck in the folder is this run's, to the letter.
fn is_of(path: &Path, identity: &Identity) -> bool {
    let resolved = std::fs::read_to_string(path.join("resolved.toml"));
    resolved.is_ok_and(|resolved| resolved == identity.resolved)
}

/// Refuses files that this run would write over, unless it was killed before its first checkpoint.
fn foreign(path: &Path, identity: &Identity) -> Result<()> {
    let files: &[&str] = match is_of(path, identity) {
        true => &["summary.json"],
        false => &["summary.json", "history.csv", "resolved.toml"],
    };
    match files.iter().find(|file| path.join(file).exists()) {
        None => Ok(()),
        Some(file) => Err(refused(
            path,
            &format!(
                "it holds a {file} but no checkpoint of this run; choose another --out, or --force \
                 to overwrite it"
            ),
        )),
    }
}

/// The checkpoint to go on from.
///
/// # Errors
/// If the folder holds what must not be overwritten.
fn find(path: &Path, policy: Policy, identity: &Identity) -> Result<Option<Found>> {
    let store = store(path);
    if policy.force || !store.exists() {
        return Ok(None);
    }
    if !policy.resume {
        let what = "it holds a run; --resume auto goes on, --force starts over";
        return Err(refused(path, what));
    }
    // Another problem's state has other sizes, and that is not what is wrong with it.
    let other = |state: &State| state.problem != identity.problem;
    let found = store.load_if(&|state| match other(state) {
        true => Ok(()),
        false => state.check(identity.size),
    })?;
    let other = |found: &Found| other(&found.state);
    if found.as_ref().is_some_and(other) {
        return Err(refused(
            path,
            "it holds a run of another problem (its deck, data or seed differ); choose another \
             --out, or --force to overwrite it",
        ));
    }
    Ok(found)
}

fn refused(path: &Path, what: &str) -> Error {
    Error::Input(format!("--out {}: {what}", path.display()))
}
