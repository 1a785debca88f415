//! How many threads a rank uses, and who said so.

use super::cores::online;
use crate::comm::Comm;
use crate::error::{Error, Result};
use std::thread::available_parallelism;

/// A number of threads and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Threads {
    /// Threads per rank.
    pub count: usize,
    /// The variable or rule that decided.
    pub source: &'static str,
}

const VARIABLES: [&str; 3] = [
    "RAYON_NUM_THREADS",
    "OMP_NUM_THREADS",
    "SLURM_CPUS_PER_TASK",
];

/// Decides by: the argument, the environment, the cores that this rank may use divided by the
/// ranks that share them.
///
/// # Errors
/// If a number is zero or none.
pub fn decide(argument: Option<usize>, comm: &dyn Comm) -> Result<Threads> {
    let visible = available_parallelism().map_or(1, usize::from);
    let online = online().unwrap_or(visible);
    let here = comm.ranks_here();
    // A rank bound to a part of the machine has its cores for itself.
    let bound = visible < online;
    let own = if bound {
        visible
    } else {
        (visible / here).max(1)
    };
    let (count, source) = match (argument, from_environment()?) {
        (Some(count), _) => (count, "--threads"),
        (None, Some(found)) => found,
        (None, None) if bound => (own, "the cores this rank is bound to"),
        (None, None) => (own, "the cores here, shared by the ranks"),
    };
    if count == 0 {
        return Err(Error::Input(format!(
            "{source}: 0 threads; at least 1 is needed"
        )));
    }
    Ok(Threads { count, source })
}

fn from_environment() -> Result<Option<(usize, &'static str)>> {
    for name in VARIABLES {
        let Ok(value) = std::env::var(name) else {
            continue;
        };
        // OMP_NUM_THREADS may list a number per nesting level; the first is ours.
        let first = value.split(',').next().unwrap_or("").trim();
        let count = first
            .parse()
            .map_err(|_| Error::Input(format!("{name}=\"{value}\" is no number of threads")))?;
        return Ok(Some((count, name)));
    }
    Ok(None)
}
