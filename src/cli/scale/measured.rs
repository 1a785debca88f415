//! What the runs say of themselves, and what follows for a number of ranks.
//!
//! Every rank clocks its phases. The one that waits least for the others, usually rank 0, has hardly
//! anything but the transfer in "communication": the least time of a rank counts as transfer, what others
//! have beyond it as waiting, and all else as computing.

use super::speed_up;
use crate::comm::Phase;
use crate::error::{Error, Result};
use crate::performance::Mode;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The result of one run.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// Of a step.
    pub seconds: f64,
    /// Digest of the parameters.
    pub digest: String,
    /// Where the time of all ranks went.
    #[serde(flatten)]
    pub shares: Shares,
}

/// Parts of the time of all ranks, 1 in sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Shares {
    /// Computing.
    pub compute: f64,
    /// Waiting for other ranks.
    pub wait: f64,
    /// Messages on their way.
    pub transfer: f64,
}

/// What is read of summary.json.
#[derive(Deserialize)]
struct Summary {
    steps: usize,
    reason: String,
    theta_digest: String,
    seconds: Seconds,
    phases: Vec<Span>,
}

#[derive(Deserialize)]
struct Seconds {
    solve: f64,
}

#[derive(Deserialize)]
struct Span {
    name: String,
    min: f64,
    mean: f64,
}

impl Outcome {
    /// The outcome of the run in a folder.
    ///
    /// # Errors
    /// If it has not taken all of its steps.
    pub fn read(folder: &Path, steps: usize) -> Result<Self> {
        let path = folder.join("summary.json");
        let wrong = |e: &dyn std::fmt::Display| {
            Error::Failed(format!("cannot read {}: {e}", path.display()))
        };
        let text = std::fs::read_to_string(&path).map_err(|e| wrong(&e))?;
        let summary: Summary = serde_json::from_str(&text).map_err(|e| wrong(&e))?;
        if summary.steps != steps {
            return Err(Error::Input(format!(
                "the run ended after {} of {steps} steps ({}): there is no fixed work to compare; \
                 ask for fewer --steps, or for another stage, as by --set flow.stepper=euler",
                summary.steps, summary.reason
            )));
        }
        Ok(Self {
            seconds: summary.seconds.solve / steps as f64,
            digest: summary.theta_digest,
            shares: Shares::of(&summary.phases),
        })
    }
}

impl Shares {
    fn of(phases: &[Span]) -> Self {
        let steps = phases.iter().filter(|s| s.name != Phase::Output.name());
        let all: f64 = steps.map(|span| span.mean).sum();
        let talk = phases
            .iter()
            .find(|s| s.name == Phase::Communication.name());
        let [transfer, wait] = match talk {
            Some(talk) if all > 0.0 => [talk.min / all, (talk.mean - talk.min) / all],
            _ => [0.0; 2],
        };
        Self {
            compute: 1.0 - wait - transfer,
            wait,
            transfer,
        }
    }
}

/// What was measured on a number of ranks.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// Number of ranks.
    pub ranks: usize,
    /// Median seconds of a step.
    pub seconds: f64,
    /// The fastest run's.
    pub least: f64,
    /// The slowest run's.
    pub most: f64,
    /// Over one rank, or over the least number of ranks as if that were ideal.
    pub speed_up: f64,
    /// Speed-up over ranks.
    pub efficiency: f64,
    /// Of the run in the middle.
    #[serde(flatten)]
    pub shares: Shares,
    /// Digest of the parameters.
    pub digest: String,
    /// All runs.
    pub runs: Vec<Outcome>,
}

impl Row {
    /// A row for every number of ranks.
    ///
    /// # Errors
    /// If runs of the same problem ended with different parameters.
    pub fn of(ranks: &[usize], outcomes: &[Vec<Outcome>], mode: Mode) -> Result<Vec<Self>> {
        let mut rows: Vec<Self> = Vec::with_capacity(ranks.len());
        for (&ranks, outcomes) in ranks.iter().zip(outcomes) {
            let mut sorted = outcomes.clone();
            sorted.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
            let middle = &sorted[(sorted.len() - 1) / 2];
            let seconds = 0.5 * (middle.seconds + sorted[sorted.len() / 2].seconds);
            let (base, alone) = match rows.first() {
                Some(first) => (first.ranks, first.seconds),
                None => (ranks, seconds),
            };
            let speed_up = speed_up(mode, base, alone, ranks, seconds);
            rows.push(Self {
                ranks,
                seconds,
                least: sorted[0].seconds,
                most: sorted[sorted.len() - 1].seconds,
                speed_up,
                efficiency: speed_up / ranks as f64,
                shares: middle.shares,
                digest: middle.digest.clone(),
                runs: outcomes.clone(),
            });
        }
        same_bits(&rows, mode)?;
        Ok(rows)
    }
}

fn same_bits(rows: &[Row], mode: Mode) -> Result<()> {
    for row in rows {
        let expected = match mode {
            Mode::Strong => &rows[0],
            Mode::Weak => row,
        };
        if let Some(other) = row.runs.iter().find(|run| run.digest != expected.digest) {
            return Err(Error::Failed(format!(
                "{} ranks ended with other bits of the parameters ({:.16}) than {} ranks ({:.16}); \
                 report this",
                row.ranks, other.digest, expected.ranks, expected.digest
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn outcome(seconds: f64, digest: &str) -> Outcome {
        Outcome {
            seconds,
            digest: digest.into(),
            shares: Shares::default(),
        }
    }

    #[test]
    fn speed_ups_count_from_the_least_number_of_ranks() {
        let outcomes = [[4.0, 9.0, 3.0], [2.0, 2.5, 2.0]];
        let outcomes = outcomes.map(|times| times.map(|t| outcome(t, "same")).to_vec());
        let rows = Row::of(&[1, 2], &outcomes, Mode::Strong).unwrap();
        assert_eq!(
            (rows[0].seconds, rows[0].least, rows[0].most),
            (4.0, 3.0, 9.0)
        );
        assert_eq!((rows[1].speed_up, rows[1].efficiency), (2.0, 1.0));
        let rows = Row::of(&[2, 4], &outcomes, Mode::Strong).unwrap();
        assert_eq!((rows[0].speed_up, rows[1].speed_up), (2.0, 4.0));
        // Twice the points in half the time.
        let rows = Row::of(&[1, 2], &outcomes, Mode::Weak).unwrap();
        assert_eq!((rows[1].speed_up, rows[1].efficiency), (4.0, 2.0));
    }

    #[test]
    fn other_bits_are_an_error_where_the_problem_is_the_same() {
        let outcomes = [vec![outcome(1.0, "one")], vec![outcome(1.0, "other")]];
        let error = Row::of(&[1, 2], &outcomes, Mode::Strong).unwrap_err();
        assert!(error.to_string().contains("other bits"), "{error}");
        assert!(Row::of(&[1, 2], &outcomes, Mode::Weak).is_ok());
    }

    #[test]
    fn a_run_that_ended_by_itself_is_no_measurement() {
        let folder = tempfile::tempdir().unwrap();
        let summary = r#"{"steps": 7, "reason": "steady", "theta_digest": "d", "phases": [],
            "seconds": {"total": 3.0, "solve": 1.75}}"#;
        std::fs::write(folder.path().join("summary.json"), summary).unwrap();
        assert_eq!(Outcome::read(folder.path(), 7).unwrap().seconds, 0.25);
        let error = Outcome::read(folder.path(), 8).unwrap_err().to_string();
        let says = error.contains("7 of 8 steps (steady)") && error.contains("--steps");
        assert!(says, "{error}");
    }

    #[test]
    fn what_the_least_waiting_rank_talks_is_transfer() {
        let span = |name: &str, min: f64, mean: f64| Span {
            name: name.into(),
            min,
            mean,
        };
        let phases = [
            span("network", 5.0, 6.0),
            span("communication", 1.0, 2.0),
            span("output", 0.0, 90.0),
        ];
        let shares = Shares::of(&phases);
        assert_eq!((shares.wait, shares.transfer), (0.125, 0.125));
        assert_eq!(shares.compute, 0.75);
    }
}
