//! Collectives from send and recv alone, along a binomial tree of ranks: ⌈log₂ P⌉ rounds.
//!
//! Rank r hangs below r minus its lowest set bit, so its children are r + 1, r + 2, r + 4, ...
//! below that bit. Up the tree a rank hears its children, then tells its parent; down the tree
//! the reverse. Waits follow the edges of a tree, so no cycle can form even where a send waits
//! for its receiver.

use super::{Comm, ordered};

/// Rank 0's `data` to all.
pub fn broadcast<C: Comm + ?Sized>(comm: &C, data: &mut [f64]) {
    if let Some(parent) = parent(comm.rank()) {
        data.copy_from_slice(&comm.recv(parent));
    }
    for child in children(comm.rank(), comm.size()).into_iter().rev() {
        comm.send(child, data);
    }
}

/// The elementwise maximum on all ranks. Of nothing, it is a barrier.
pub fn max<C: Comm + ?Sized>(comm: &C, values: &mut [f64]) {
    let mut keys: Vec<u64> = values.iter().map(|&value| ordered::key(value)).collect();
    for child in children(comm.rank(), comm.size()) {
        for (key, other) in keys.iter_mut().zip(comm.recv(child)) {
            *key = (*key).max(ordered::key(other));
        }
    }
    for (value, key) in values.iter_mut().zip(keys) {
        *value = ordered::value(key);
    }
    if let Some(parent) = parent(comm.rank()) {
        comm.send(parent, values);
    }
    broadcast(comm, values);
}

/// Rank 0's bytes to all: the length, then eight bytes a word. A copy of an f64 keeps its bits.
pub fn broadcast_bytes<C: Comm + ?Sized>(comm: &C, data: &mut Vec<u8>) {
    let mut length = [data.len() as f64];
    comm.broadcast(&mut length);
    data.resize(length[0] as usize, 0);
    let mut words: Vec<f64> = data.chunks(8).map(word).collect();
    comm.broadcast(&mut words);
    for (bytes, word) in data.chunks_mut(8).zip(words) {
        bytes.copy_from_slice(&word.to_le_bytes()[..bytes.len()]);
    }
}

/// Up to eight bytes as a word, padded with zeros.
fn word(bytes: &[u8]) -> f64 {
    let mut word = [0; 8];
    word[..bytes.len()].copy_from_slice(bytes);
    f64::from_le_bytes(word)
}

/// The rank that `rank` hangs below.
fn parent(rank: usize) -> Option<usize> {
    (rank > 0).then(|| rank & (rank - 1))
}

/// The ranks below `rank`, the smallest subtree first.
fn children(rank: usize, size: usize) -> Vec<usize> {
    let bits = if rank == 0 {
        usize::BITS
    } else {
        rank.trailing_zeros()
    };
    (0..bits)
        .map(|bit| 1 << bit)
        .map_while(|step| (step < size - rank).then_some(rank + step))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rank_but_zero_is_the_child_of_its_parent() {
        for size in 1..40 {
            assert_eq!(parent(0), None);
            let mut seen = vec![0; size];
            for rank in 0..size {
                for child in children(rank, size) {
                    assert_eq!(parent(child), Some(rank));
                    seen[child] += 1;
                }
            }
            assert_eq!(seen[0], 0);
            assert!(seen[1..].iter().all(|&count| count == 1));
        }
    }
}
