//! Ranks that solve one problem together: who am I, how many are we, and the few verbs
//! by which we talk.
//!
//! [`Comm`] is the seam. [`Solo`] is one process, [`team()`] runs P ranks as threads of one
//! process so that a test needs no mpirun, and `World` (feature `mpi`) is MPI: the only file
//! that names it. Two verbs, send and recv, carry the rest; `World` replaces the defaults by
//! MPI's own collectives.
//!
//! Everything numerical goes through [`tree_fold`], [`tree_sum`] and [`tree_scatter`]: a reduction
//! over a binary tree fixed by the number of cells alone, so the result has the same bits on any
//! number of ranks and threads. There is deliberately no `sum` over ranks.
//!
//! A failure that only one rank sees is a panic: it prints one line and ends every rank
//! ([`set_context`]). A failure that all ranks see in the same place is an ordinary error.

mod binomial;
mod clock;
mod failure;
mod launcher;
mod ordered;
#[cfg(feature = "mpi")]
mod parts;
mod shares;
#[cfg(feature = "mpi")]
mod signs;
mod solo;
mod team;
mod timed;
mod tree;
#[cfg(feature = "mpi")]
mod world;

pub use clock::{Clock, Phase, during};
pub use failure::{Word, context, set_context, set_wording};
pub use launcher::{launcher_rank, launcher_size};
pub use shares::Shares;
pub use solo::Solo;
pub use team::{team, team_with_threads};
pub use timed::Timed;
pub use tree::{Parted, Wire, tree_fold, tree_scatter, tree_sum};
#[cfg(feature = "mpi")]
pub use world::World;

/// What a rank can do: know its place, send, receive, and take part in collectives.
///
/// Broadcast, max and barrier are collectives: every rank calls the same ones in the same
/// order, or all wait for ever. A `Comm` is not required to be `Sync`, so it cannot enter a
/// rayon closure: all communication stays on the thread that started it (MPI's "funneled").
pub trait Comm {
    /// This rank's number, `0..size`.
    fn rank(&self) -> usize;

    /// The number of ranks.
    fn size(&self) -> usize;

    /// Sends `data`, of any length, to another rank.
    ///
    /// May wait until the receiver calls [`recv`](Comm::recv). Two messages from one rank to
    /// another arrive in the order sent. Not to oneself.
    fn send(&self, to: usize, data: &[f64]);

    /// Waits for the next message of rank `from`.
    fn recv(&self, from: usize) -> Vec<f64>;

    /// Starts to send every `(to, data)`, in this order, does `work` meanwhile, and returns when
    /// both are done.
    ///
    /// `work` may send and receive. The default is for a [`send`](Comm::send) that never waits.
    fn overlap(&self, outgoing: &[(usize, Vec<f64>)], work: &mut dyn FnMut()) {
        for (to, data) in outgoing {
            self.send(*to, data);
        }
        work();
    }

    /// Copies rank 0's `data` to every rank; the length is the same everywhere.
    fn broadcast(&self, data: &mut [f64]) {
        binomial::broadcast(self, data);
    }

    /// Copies rank 0's `data` to every rank, whatever was there and however long.
    fn broadcast_bytes(&self, data: &mut Vec<u8>) {
        binomial::broadcast_bytes(self, data);
    }

    /// Replaces `values` by the elementwise maximum over all ranks; the length is the same
    /// everywhere.
    ///
    /// A NaN on any rank is NaN on all, with the same bits; +0 is above −0.
    fn max(&self, values: &mut [f64]) {
        binomial::max(self, values);
    }

    /// Waits until every rank is here.
    fn barrier(&self) {
        binomial::max(self, &mut []);
    }

    /// The name of this rank's host.
    fn hostname(&self) -> String;

    /// What carries the messages, for the log: "Open MPI v4.1.4, ...", "no MPI: ...".
    fn name(&self) -> String;

    /// How MPI works with threads, for `doctor`.
    fn threading(&self) -> &'static str {
        "threads are free: there is no MPI"
    }

    /// Where this rank's time goes, if that is measured.
    fn clock(&self) -> Option<&Clock> {
        None
    }

    /// Leaves in order, together with all other ranks. The last call of a run, whose process is about
    /// to end with an exit code: should MPI not let it go, it ends with that all the same.
    fn finish(self: Box<Self>, _code: u8) {}
}

/// Joins the ranks that the launcher started: over MPI with the feature `mpi`. Without it, and where
/// no launcher is seen, as the one process there is. From here on a panic prints one line and ends
/// every rank.
///
/// # Errors
/// A message for the user: MPI cannot start or cannot work with threads, or the launcher started
/// several copies that cannot see one another. Every copy returns it; print it where
/// [`launcher_rank`] is `None` or 0.
pub fn start() -> Result<Box<dyn Comm>, String> {
    #[cfg(feature = "mpi")]
    if signs::launched() {
        return Ok(Box::new(World::start()?));
    }
    Ok(Box::new(Solo::start()?))
}
