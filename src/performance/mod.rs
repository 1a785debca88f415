//! What a step takes on P ranks, before it is run there; and what measured steps say about it.
//!
//! A step on P ranks of some threads is the sum of what the busiest rank does for its cells, of the way
//! up the tree of cells, and of the factorisation, by all or by rank 0 alone while the others wait:
//!
//! ```text
//! T(P) = s (W_sweeps/r + W_rows/r + W_assembly/r) / threads     s: share of the busiest rank, 1/P at best
//!      + Σ_{l ≤ L} (join_l/r + 8 numbers_l/bandwidth + latency)  rows or what they became, L = ⌈log₂ P⌉
//!      + L (messages · latency + 8 volume/bandwidth)             sums and broadcasts of θ's size
//!      + W_tiles/r / (P threads) + 8 tiles/bandwidth              a factorisation that all ranks share
//!      + W_solve/r                                               one on rank 0, replicated
//! ```
//!
//! W are operations ([`Work`], counted from the problem and the stage), r the rates of one core and
//! the rest of a [`Machine`], measured by `ned-dist doctor`. Efficiency is T(1)/(P T(P)): Amdahl's law
//! (1967) with the growth of a reduction.
//!
//! Measured times of several numbers of ranks are fitted by the same law with three unknowns
//! ([`Fit`]), which says how much of *this* code on *this* machine is parallel, whatever is counted.
//!
//! What the model does not know: how often a step is tried again (it counts what is usual), noise of
//! the machine, contention of messages, and memory that cores share.

mod fit;
mod gathering;
mod machine;
mod measure;
mod prediction;
mod solve;
mod steps;
mod work;

pub use fit::{Fit, Mode, Timing};
pub use gathering::{Climb, Gathering};
pub use machine::{Link, Machine, Rate, Rates};
pub use measure::{link, rates};
pub use prediction::Prediction;
pub use solve::Solve;
pub use steps::Step;
pub use work::Work;
