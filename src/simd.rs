//! Loops compiled for the vectors of the machine at hand, chosen when the program runs.
//!
//! The binary itself is built for any x86-64 (or other) processor; [`vectorised`] runs a loop in a
//! copy compiled for AVX2 or AVX-512 where there is one. Products and sums are never contracted,
//! so every copy gives the same bits.

use pulp::Arch;

/// Points that loops over short columns take at a time, as arrays: a compiler's own vectors begin to
/// pay at four times as many.
pub const LANES: usize = 8;

/// Runs `work` compiled for the widest vectors of this machine. The closure and what it calls must be
/// `#[inline(always)]` to be compiled along.
#[inline(always)]
pub fn vectorised<R>(work: impl FnOnce() -> R) -> R {
    Arch::new().dispatch(work)
}
