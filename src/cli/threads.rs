//! How many threads a rank uses, and who said so.

use super::cores::{allowed, online};
use crate::comm::Comm;
use crate::error::{Error, Result};
use std::hash::{DefaultHasher, Hash, Hasher};
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
/// ranks that share them. Collective.
///
/// # Errors
/// If a number is zero or none.
pub fn decide(argument: Option<usize>, comm: &dyn Comm) -> Result<Threads> {
    let visible = available_parallelism().map_or(1, usize::from);
    let sharing = sharing(comm);
    // A container or a job may have a part of the machine that all its ranks share.
    let bound = sharing == 1 && visible < online().unwrap_or(visible);
    let own = (visible / sharing).max(1);
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

/// How many ranks the system lets run on the very cores that this one may run on, itself included.
fn sharing(comm: &dyn Comm) -> usize {
    let mut hasher = DefaultHasher::new();
    (comm.hostname(), allowed()).hash(&mut hasher);
    // 52 bits are a whole number, and not 0.
    let here = (hasher.finish() >> 12) as f64 + 1.0;
    let mut all = vec![0.0; comm.size()];
    all[comm.rank()] = here;
    comm.max(&mut all);
    all.iter().filter(|&&there| there == here).count()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comm::team;

    #[test]
    fn ranks_on_the_same_cores_share_them() {
        // Threads of one process may run on the same cores.
        for ranks in [1, 3] {
            assert_eq!(team(ranks, |comm| sharing(comm)), vec![ranks; ranks]);
        }
    }
}
