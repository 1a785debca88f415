//! Streams of random numbers: one for every (seed, purpose, epoch, cell), and one for every patch.
//!
//! A sampler that draws each cell by itself needs the cell's stream alone. One that spreads points
//! over a whole patch (a scrambled sequence) needs numbers that all cells of the patch share; they
//! come from a stream that the patch's first cell names, so every rank computes the same ones.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;

/// What random numbers are drawn for: streams of different purposes never meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The random start of the network.
    Network = 1,
    /// Training samples.
    Training = 2,
    /// Points on which errors are reported.
    Testing = 3,
    /// The split of data into training and test rows.
    Split = 4,
    /// Random restarts of a stepper.
    Kick = 5,
    /// Probes of where a boundary condition holds.
    Probe = 6,
    /// Candidates among which adaptive points are chosen.
    Candidate = 7,
    /// Points on which the energy is evaluated independently of training.
    Validation = 8,
    /// Frequencies of random Fourier features.
    Features = 9,
    /// Directions that a solver sketches the tangent space along.
    Sketch = 10,
}

/// The generator of (seed, purpose, epoch, cell).
pub fn stream(seed: u64, purpose: Purpose, epoch: u64, cell: u64) -> Xoshiro256PlusPlus {
    of_words([seed, purpose as u64, epoch, cell])
}

/// One draw of a sample set: all that its random numbers depend on beside the cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draw {
    /// Seed of the run.
    pub seed: u64,
    /// What is drawn.
    pub purpose: Purpose,
    /// Number of the sample set.
    pub epoch: u64,
}

/// The random numbers that a cell may use.
#[derive(Clone, Debug)]
pub struct Chance {
    /// The cell's own.
    pub cell: Xoshiro256PlusPlus,
    /// Those of its patch: every cell of the patch gets this generator at its start.
    pub patch: Xoshiro256PlusPlus,
}

impl Draw {
    /// The numbers of cell `cell` in a patch whose first cell is `first`, both counted over all terms.
    pub fn chance(self, cell: usize, first: usize) -> Chance {
        Chance {
            cell: self.cell(cell),
            patch: self.patch(first),
        }
    }

    /// The numbers of cell `cell` alone.
    pub fn cell(self, cell: usize) -> Xoshiro256PlusPlus {
        stream(self.seed, self.purpose, self.epoch, cell as u64)
    }

    /// The numbers of the patch, or of any other run of cells, whose first cell is `first`. One word
    /// more than a cell's stream has keeps them apart.
    pub fn patch(self, first: usize) -> Xoshiro256PlusPlus {
        of_words([self.seed, self.purpose as u64, self.epoch, first as u64, 1])
    }
}

fn of_words<const N: usize>(words: [u64; N]) -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(words.into_iter().fold(0, absorb))
}

/// A hash of two words by the SplitMix64 finaliser (Steele, Lea & Flood 2014,
/// doi:10.1145/2660193.2660195); folding it over several words absorbs one after the other.
pub(super) fn absorb(state: u64, word: u64) -> u64 {
    let mut z = (state ^ word).wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::RngExt;
    use std::collections::BTreeSet;

    #[test]
    fn streams_differ_in_every_word() {
        let mut seen = BTreeSet::new();
        for seed in 0..4 {
            for epoch in 0..4 {
                for purpose in [Purpose::Training, Purpose::Testing, Purpose::Candidate] {
                    let draw = Draw {
                        seed,
                        purpose,
                        epoch,
                    };
                    for cell in 0..4 {
                        let mut chance = draw.chance(cell, cell);
                        assert!(seen.insert(chance.cell.random::<u64>()));
                        assert!(seen.insert(chance.patch.random::<u64>()));
                    }
                }
            }
        }
    }

    #[test]
    fn cells_share_the_numbers_of_their_patch() {
        let draw = Draw {
            seed: 5,
            purpose: Purpose::Training,
            epoch: 2,
        };
        let of_patch = |cell| draw.chance(cell, 3).patch.random::<u64>();
        assert_eq!(of_patch(3), of_patch(7));
        assert_eq!(of_patch(3), draw.patch(3).random::<u64>());
    }
}
