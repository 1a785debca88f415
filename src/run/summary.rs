//! The summary of a run: what `summary.json` holds and what is printed at the end.

use super::Span;
use crate::error::{Error, Result};
use crate::file::write_whole;
use crate::problem::ErrorNorms;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// A tolerance was met, or the flow came to its steady state.
    Converged,
    /// A limit of steps or time was reached, or the run has stalled far from a solution.
    Stopped,
    /// No step was possible; the last good state is saved.
    Failed,
}

/// Root mean square residuals of the data.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct DataErrors {
    /// On the rows that were trained on.
    pub train_rmse: f64,
    /// On the rows that were held out.
    pub test_rmse: Option<f64>,
}

/// Wall times.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Seconds {
    /// Since the problem was set up, over all restarts.
    pub total: f64,
    /// In the steps alone, since the last restart.
    pub solve: f64,
}

/// What a run leaves behind in `summary.json`.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// How it ended.
    pub status: Status,
    /// Why.
    pub reason: String,
    /// Steps taken.
    pub steps: u64,
    /// Flow time t.
    pub time: f64,
    /// Energy of the result.
    pub energy: f64,
    /// The same on as many random points that no step has seen: far larger where the network has learnt
    /// the points and not the problem.
    pub energy_elsewhere: Option<f64>,
    /// |δE|: norm of the residual of the energy's Euler–Lagrange equation, where there is one.
    pub stationarity: Option<f64>,
    /// Error against the exact solution, on points independent of training.
    pub error: Option<ErrorNorms>,
    /// The same of each unknown, if there are several.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub error_by_unknown: BTreeMap<String, ErrorNorms>,
    /// Errors on data.
    pub data: Option<DataErrors>,
    /// Number of parameters.
    pub parameters: usize,
    /// Digest of the parameters' bits.
    pub theta_digest: String,
    /// Ranks of the last segment.
    pub ranks: usize,
    /// Threads per rank.
    pub threads: usize,
    /// Wall times.
    pub seconds: Seconds,
    /// Where the time went since the last restart, over all ranks.
    pub phases: Vec<Span>,
    /// Largest resident set of any rank, in 10⁶ bytes.
    pub peak_memory_mb: f64,
    /// Solver and stepper that were used.
    pub method: String,
    /// Version of the program.
    pub version: &'static str,
}

impl Summary {
    /// Writes `summary.json`, whole: its being there says that the run was summed up.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self).map_err(|e| Error::Failed(e.to_string()))?;
        write_whole(path, &(text + "\n"))
    }
}

/// Hexadecimal SHA-256 of the bits of the parameters, in order.
pub fn digest(theta: &[f64]) -> String {
    let mut hash = Sha256::new();
    theta
        .iter()
        .for_each(|t| hash.update(t.to_bits().to_le_bytes()));
    hex(&hash.finalize())
}

/// Hexadecimal digits of bytes.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// The largest resident set of this process so far, in 10⁶ bytes; 0 where the system does not tell.
pub fn peak_memory_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    let kib = line.and_then(|l| l.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kib.unwrap_or(0.0) * 1024.0 / 1e6
}
