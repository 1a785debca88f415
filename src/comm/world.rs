//! MPI: the only file that uses it.
//!
//! **No call of MPI waits** between the first and the last. Blocking calls wait busily, and where ranks
//! share cores they starve the very rank they wait for: MPICH takes 10 ms a barrier with 4 ranks on 2
//! cores and comes to a halt with 16. So every verb starts a non-blocking operation and [`poll`]s it, giving way to
//! others after some hundred tries. MPI works with Threading::Funneled, all calls on the thread
//! that started it (`World` is neither Send nor Sync).
//!
//! **A rank never leaves alone.** A panic aborts all ranks from the panic hook, before unwinding
//! could finalise MPI and wait for ever; so does dropping a `World` that was not finished. MPI's
//! own errors abort by themselves, its default.

use super::failure::{self, PANICKED, Word};
use super::parts::{CHUNK, parts};
use super::{Comm, launcher, ordered};
use mpi::datatype::Equivalence;
use mpi::environment::{self, Universe};
use mpi::point_to_point::Status;
use mpi::request::{self, Request, Scope};
use mpi::topology::{Process, SimpleCommunicator};
use mpi::traits::*;
use mpi::{Rank, Threading, collective::SystemOperation};
use std::marker::PhantomData;
use std::time::Duration;
use std::{hint, mem, process, thread};

/// Ranks that have met are all silent for so long before they finalise MPI.
const SILENCE: Duration = Duration::from_millis(100);

/// So long may finalising MPI take.
const PATIENCE: Duration = Duration::from_secs(30);

/// So long may MPI's abort take before the process ends without it.
const LAST_RESORT: Duration = Duration::from_secs(5);

/// The ranks that mpirun started.
pub struct World {
    universe: Option<Universe>,
    world: SimpleCommunicator,
    main_thread_only: PhantomData<*const ()>,
}

impl World {
    /// Initialises MPI; from here on a panic on any thread prints one line and ends all ranks.
    ///
    /// # Errors
    /// When MPI was initialised before, does not allow threads beside the one that calls it, or
    /// sees one rank where the launcher started several.
    pub fn start() -> Result<World, String> {
        let (universe, provided) = environment::initialize_with_threading(Threading::Funneled)
            .ok_or("MPI was initialised before")?;
        let world = universe.world();
        if world.size() == 1 {
            launcher::check_alone(
                &format!(
                    "it was built with {}, the launcher is of another MPI",
                    short(&library())
                ),
                "Start it with the mpirun of that MPI (srun: try --mpi=pmix or --mpi=pmi2), or build \
                 it again with the launcher's MPI, MPICC=<its mpicc>, in another target folder",
            )?;
        }
        if provided < Threading::Funneled {
            return Err(format!(
                "{} does not support threads (MPI_THREAD_FUNNELED)",
                short(&library())
            ));
        }
        failure::install(world.rank() as usize, &host(), || end());
        Ok(World {
            universe: Some(universe),
            world,
            main_thread_only: PhantomData,
        })
    }

    fn peer(&self, rank: usize) -> Process<'_> {
        self.world.process_at_rank(rank as Rank)
    }
}

impl Comm for World {
    fn rank(&self) -> usize {
        self.world.rank() as usize
    }

    fn size(&self) -> usize {
        self.world.size() as usize
    }

    fn send(&self, to: usize, data: &[f64]) {
        for part in parts(data, CHUNK) {
            request::scope(|scope| complete(self.peer(to).immediate_send(scope, part)));
        }
    }

    fn recv(&self, from: usize) -> Vec<f64> {
        let mut data = Vec::new();
        loop {
            let (message, status) = poll(|| self.peer(from).immediate_matched_probe());
            let (start, count) = (
                data.len(),
                status.count(f64::equivalent_datatype()) as usize,
            );
            data.resize(start + count, 0.0);
            let part = &mut data[start..];
            request::scope(|scope| complete(message.immediate_matched_receive_into(scope, part)));
            if count < CHUNK {
                return data;
            }
        }
    }

    fn overlap(&self, outgoing: &[(usize, Vec<f64>)], work: &mut dyn FnMut()) {
        request::scope(|scope| {
            let mut requests = Vec::new();
            for (to, data) in outgoing {
                let post = |part| self.peer(*to).immediate_send(scope, part);
                requests.extend(parts(data, CHUNK).map(post));
            }
            work();
            for request in requests {
                complete(request);
            }
        });
    }

    fn broadcast(&self, data: &mut [f64]) {
        for part in data.chunks_mut(CHUNK) {
            request::scope(|scope| complete(self.peer(0).immediate_broadcast_into(scope, part)));
        }
    }

    fn max(&self, values: &mut [f64]) {
        for part in values.chunks_mut(CHUNK) {
            let keys: Vec<u64> = part.iter().map(|&value| ordered::key(value)).collect();
            let mut largest = vec![0; keys.len()];
            let (from, into, max) = (&keys[..], &mut largest[..], SystemOperation::max());
            request::scope(|scope| {
                complete(self.world.immediate_all_reduce_into(scope, from, into, max))
            });
            for (value, key) in part.iter_mut().zip(largest) {
                *value = ordered::value(key);
            }
        }
    }

    fn barrier(&self) {
        complete(self.world.immediate_barrier());
    }

    fn hostname(&self) -> String {
        host()
    }

    fn name(&self) -> String {
        library()
    }

    fn threading(&self) -> &'static str {
        match environment::threading_support() {
            Threading::Single => "MPI_THREAD_SINGLE",
            Threading::Funneled => "MPI_THREAD_FUNNELED",
            Threading::Serialized => "MPI_THREAD_SERIALIZED",
            Threading::Multiple => "MPI_THREAD_MULTIPLE",
        }
    }

    /// Finalises MPI, all ranks together: finalising waits busily, so they meet before.
    ///
    /// Over UCX, MPICH 4.0 may wait there for ever (<https://github.com/pmodels/mpich/pull/6596>): a rank
    /// that has closed its connections waits without answering, and one that has yet to close its own
    /// needs an answer. It takes a rank that answers a closing one before it closes itself, so between
    /// meeting and closing all are silent for a moment: of runs of two ranks on busy hosts 8 in 160
    /// hung without, none in 240 with. And where MPI does not end all the same, the process does.
    fn finish(mut self: Box<Self>, code: u8) {
        self.barrier();
        let (rank, host) = (self.rank(), host());
        thread::spawn(move || {
            thread::sleep(PATIENCE);
            tracing::warn!(
                rank,
                host,
                "the run is over, but MPI does not end: leaving without it"
            );
            process::exit(code.into());
        });
        if self.size() > 1 {
            thread::sleep(SILENCE);
        }
        drop(self.universe.take());
    }
}

impl Drop for World {
    /// Finished: nothing is left to do. Else this rank leaves alone, and the others end with it.
    fn drop(&mut self) {
        if let Some(universe) = self.universe.take() {
            mem::forget(universe);
            failure::report(&Word {
                rank: self.rank(),
                host: &host(),
                message: "left without finishing",
            });
            end();
        }
    }
}

/// Ends all ranks, or this one where MPI has ended already. Callable from any thread: MPI does
/// not promise that of its abort, but Open MPI and MPICH keep it.
fn end() -> ! {
    if environment::is_finalized() {
        process::exit(PANICKED);
    }
    // MPICH's launcher drops what a rank has written and it has not yet read.
    thread::sleep(Duration::from_millis(200));
    // On a host that is cut off, MPICH's abort waits for a launcher that never answers.
    thread::spawn(|| {
        thread::sleep(LAST_RESORT);
        process::abort()
    });
    SimpleCommunicator::world().abort(PANICKED)
}

/// Asks until there is an answer; gives way to others on this core after some hundred times.
fn poll<T>(mut answer: impl FnMut() -> Option<T>) -> T {
    for _ in 0..200 {
        if let Some(answer) = answer() {
            return answer;
        }
        hint::spin_loop();
    }
    loop {
        if let Some(answer) = answer() {
            return answer;
        }
        thread::yield_now();
    }
}

/// Polls an operation to its end.
fn complete<'a, D: ?Sized, S: Scope<'a>>(request: Request<'a, D, S>) -> Status {
    let mut pending = Some(request);
    poll(|| match pending.take()?.test() {
        Ok(status) => Some(status),
        Err(request) => {
            pending = Some(request);
            None
        }
    })
}

/// The first line of the MPI library's name and version, known also before MPI starts.
pub(super) fn library() -> String {
    let version = environment::library_version().unwrap_or_default();
    let line = version.lines().next().unwrap_or_default();
    // MPICH writes a table: "MPICH Version:\t4.0.2".
    line.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .trim_matches('\0')
        .to_string()
}

/// [`library`] without package and date, for a sentence.
fn short(library: &str) -> &str {
    library.split_once(',').map_or(library, |(name, _)| name)
}

/// The name of this host.
fn host() -> String {
    environment::processor_name().unwrap_or_else(|_| "unknown host".to_string())
}
