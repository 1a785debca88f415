//! Where the time of a run went: every phase over all ranks.
//!
//! `imbalance` is the longest time of a rank over the mean: 1 is perfect. Phases in which rank 0
//! works alone show it at its most, and the others wait for it in "communication".

use crate::comm::{Comm, Phase};
use serde::Serialize;

/// A phase over all ranks, in seconds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Span {
    /// The phase.
    pub name: &'static str,
    /// The least time of a rank.
    pub min: f64,
    /// The mean over the ranks.
    pub mean: f64,
    /// The longest time of a rank.
    pub max: f64,
    /// max / mean; 1 where nothing was done.
    pub imbalance: f64,
    /// Share of the time of all ranks, 0 to 1.
    pub share: f64,
}

/// The phases of the run so far; none where ranks have no clocks. Collective.
pub fn spans(comm: &dyn Comm) -> Vec<Span> {
    const PHASES: usize = Phase::ALL.len();
    let Some(clock) = comm.clock() else {
        return Vec::new();
    };
    // Every rank's times in its place, zeros elsewhere: the maximum brings all to all.
    let mut times = vec![0.0; comm.size() * PHASES];
    times[comm.rank() * PHASES..][..PHASES].copy_from_slice(&clock.seconds());
    comm.max(&mut times);
    let total: f64 = times.iter().sum();
    let span = |(index, phase): (usize, &Phase)| {
        let of_ranks = times.iter().skip(index).step_by(PHASES).copied();
        span(phase.name(), of_ranks, total)
    };
    Phase::ALL.iter().enumerate().map(span).collect()
}

fn span(name: &'static str, times: impl Iterator<Item = f64> + Clone, total: f64) -> Span {
    let (sum, max) = (
        times.clone().sum::<f64>(),
        times.clone().fold(0.0, f64::max),
    );
    let mean = sum / times.clone().count().max(1) as f64;
    Span {
        name,
        min: times.fold(f64::INFINITY, f64::min),
        mean,
        max,
        imbalance: if mean > 0.0 { max / mean } else { 1.0 },
        share: if total > 0.0 { sum / total } else { 0.0 },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_sums_up_the_ranks() {
        let found = span("solve", [3.0, 0.0, 0.0].into_iter(), 12.0);
        let expected = Span {
            name: "solve",
            min: 0.0,
            mean: 1.0,
            max: 3.0,
            imbalance: 3.0,
            share: 0.25,
        };
        assert_eq!(found, expected);
        let nothing = span("output", [0.0, 0.0].into_iter(), 0.0);
        assert_eq!((nothing.imbalance, nothing.share), (1.0, 0.0));
    }
}
