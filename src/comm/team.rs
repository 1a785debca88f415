//! P ranks as threads of one process: what needs several ranks is tested without mpirun.
//!
//! One mailbox room under one lock: a queue for every pair of ranks, and a bell that wakes all
//! who wait. Sends never wait. A rank that waits for one that has gone would wait for ever under
//! MPI; here it panics and says so.

use super::Comm;
use std::collections::{HashMap, VecDeque};
use std::panic;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// Runs `work` on `size` ranks, each a thread, and returns what they return, in order of rank.
/// All share the global rayon pool.
///
/// # Panics
/// When a rank panics, with its payload: ranks that wait for it panic too.
pub fn team<T: Send>(size: usize, work: impl Fn(&dyn Comm) -> T + Sync) -> Vec<T> {
    let room = Room {
        mail: Mutex::default(),
        bell: Condvar::new(),
    };
    let (room, work) = (&room, &work);
    let ended: Vec<thread::Result<T>> = thread::scope(|scope| {
        let rank = |rank| scope.spawn(move || work(&Member { rank, size, room }));
        let ranks: Vec<_> = (0..size).map(rank).collect();
        ranks.into_iter().map(|rank| rank.join()).collect()
    });
    let culprit = room.lock().culprit;
    let mut values = Vec::with_capacity(size);
    for (rank, end) in ended.into_iter().enumerate() {
        match end {
            Ok(value) => values.push(value),
            // The other panics are only the echo of the first.
            Err(cause) if culprit == Some(rank) => panic::resume_unwind(cause),
            Err(_) => {}
        }
    }
    values
}

/// [`team()`] whose ranks have a rayon pool of `threads` threads each, as ranks under mpirun have.
/// For tests: rayon never frees the bookkeeping of such a pool.
///
/// # Panics
/// As [`team()`], and when the pools cannot be built.
pub fn team_with_threads<T: Send>(
    size: usize,
    threads: usize,
    work: impl Fn(&dyn Comm) -> T + Sync,
) -> Vec<T> {
    team(size, |comm| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .use_current_thread()
            .build();
        match pool {
            Ok(_pool) => work(comm),
            Err(error) => panic!("no pool of {threads} threads: {error}"),
        }
    })
}

/// Where the messages of a team wait.
struct Room {
    mail: Mutex<Mail>,
    bell: Condvar,
}

#[derive(Default)]
struct Mail {
    /// The messages on their way, by (from, to).
    queues: HashMap<(usize, usize), VecDeque<Vec<f64>>>,
    /// The ranks that have gone, and how.
    gone: HashMap<usize, &'static str>,
    /// The rank that panicked first.
    culprit: Option<usize>,
}

impl Room {
    fn lock(&self) -> MutexGuard<'_, Mail> {
        self.mail.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A rank of a team.
struct Member<'a> {
    rank: usize,
    size: usize,
    room: &'a Room,
}

impl Comm for Member<'_> {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.size
    }

    fn send(&self, to: usize, data: &[f64]) {
        assert!(
            to < self.size && to != self.rank,
            "rank {} of {} cannot send to {to}",
            self.rank,
            self.size
        );
        self.room
            .lock()
            .queues
            .entry((self.rank, to))
            .or_default()
            .push_back(data.to_vec());
        self.room.bell.notify_all();
    }

    fn recv(&self, from: usize) -> Vec<f64> {
        let mut mail = self.room.lock();
        loop {
            let queue = mail.queues.get_mut(&(from, self.rank));
            if let Some(data) = queue.and_then(VecDeque::pop_front) {
                return data;
            }
            if let Some(how) = mail.gone.get(&from).copied() {
                drop(mail);
                panic!("rank {} waits for rank {from}, which {how}", self.rank);
            }
            mail = self
                .room
                .bell
                .wait(mail)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn hostname(&self) -> String {
        super::Solo.hostname()
    }

    fn name(&self) -> String {
        format!("{} threads of one process", self.size)
    }
}

impl Drop for Member<'_> {
    /// Whoever waits for this rank must learn that it has gone.
    fn drop(&mut self) {
        let mut mail = self.room.lock();
        let how = if thread::panicking() {
            mail.culprit.get_or_insert(self.rank);
            "panicked"
        } else {
            "has returned"
        };
        mail.gone.insert(self.rank, how);
        self.room.bell.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZES: [usize; 7] = [1, 2, 3, 4, 5, 8, 16];

    #[test]
    fn messages_arrive_in_order_and_of_any_length() {
        let got = team(2, |comm| match comm.rank() {
            0 => {
                let outgoing = [(1, vec![]), (1, vec![1.0; 3_000_000])];
                comm.overlap(&outgoing, &mut || comm.send(1, &[2.0]));
                vec![]
            }
            _ => (0..3).map(|_| comm.recv(0).len()).collect(),
        });
        assert_eq!(got[1], [0, 3_000_000, 1]);
    }

    #[test]
    fn broadcasts_reach_all() {
        for size in SIZES {
            for length in [0, 1, 7, 8, 9, 100_000] {
                let text: Vec<u8> = (0..length).map(|i| (i * 37 % 256) as u8).collect();
                let got = team(size, |comm| {
                    let mut values = [comm.rank() as f64 + 0.5; 3];
                    comm.broadcast(&mut values);
                    let mut bytes = if comm.rank() == 0 {
                        text.clone()
                    } else {
                        vec![9; 20]
                    };
                    comm.broadcast_bytes(&mut bytes);
                    comm.barrier();
                    (values, bytes)
                });
                assert!(
                    got.iter()
                        .all(|(values, bytes)| *values == [0.5; 3] && *bytes == text)
                );
            }
        }
    }

    #[test]
    fn a_nan_anywhere_is_the_maximum_everywhere() {
        for size in SIZES {
            let got = team(size, |comm| {
                let rank = comm.rank() as f64;
                let nan = if comm.rank() == size / 2 {
                    -f64::NAN
                } else {
                    f64::INFINITY
                };
                let mut values = [rank, -rank, nan, -0.0, f64::NEG_INFINITY];
                comm.max(&mut values);
                values.map(f64::to_bits)
            });
            let largest = [size as f64 - 1.0, if size == 1 { -0.0 } else { 0.0 }];
            assert_eq!(got[0][3..], [-0.0, f64::NEG_INFINITY].map(f64::to_bits));
            assert_eq!(f64::from_bits(got[0][0]), largest[0]);
            assert_eq!(f64::from_bits(got[0][1]), largest[1]);
            assert!(f64::from_bits(got[0][2]).is_nan());
            assert!(got.iter().all(|values| *values == got[0]));
        }
    }

    #[test]
    #[should_panic(expected = "the cause")]
    fn a_panic_ends_the_team_with_its_own_cause() {
        team(5, |comm| {
            assert!(comm.rank() != 3, "the cause");
            comm.barrier();
            comm.barrier();
        });
    }

    #[test]
    #[should_panic(expected = "rank 0 waits for rank 1, which has returned")]
    fn waiting_for_a_rank_that_has_returned_is_an_error() {
        team(2, |comm| {
            if comm.rank() == 0 {
                comm.recv(1).len()
            } else {
                0
            }
        });
    }
}
