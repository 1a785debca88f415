//! The summary on the screen.

use crate::run::{Status, Summary};
use std::fmt::Write;
use std::path::Path;

/// The summary as a few readable lines.
pub fn text(summary: &Summary, out: Option<&Path>) -> String {
    let mut text = String::new();
    let status = match summary.status {
        Status::Converged => "converged",
        Status::Stopped => "stopped",
        Status::Failed => "failed",
    };
    let mut row = |name: &str, value: String| {
        let _ = writeln!(text, "  {name:<12} {value}");
    };
    row("status", format!("{status}: {}", summary.reason));
    row("steps", format!("{} by {}", summary.steps, summary.method));
    row("energy", format!("{:.3e}", summary.energy));
    if let Some(error) = summary.error {
        row(
            "error",
            format!(
                "relative L2 {:.2e}   rms {:.2e}   max {:.2e}",
                error.relative_l2, error.rms, error.max
            ),
        );
    }
    if let Some(data) = summary.data {
        let test = data
            .test_rmse
            .map_or(String::new(), |t| format!("   test {t:.4e}"));
        row("rmse", format!("train {:.4e}{test}", data.train_rmse));
    }
    row(
        "work",
        format!(
            "{} parameters on {} x {}, {:.1} s, {:.0} MB a rank",
            summary.parameters,
            plural(summary.ranks, "rank"),
            plural(summary.threads, "thread"),
            summary.seconds.total,
            summary.peak_memory_mb
        ),
    );
    row("parameters", summary.theta_digest[..16].to_string());
    if let Some(out) = out {
        row("written to", out.display().to_string());
    }
    text
}

/// "1 rank", "2 ranks".
pub fn plural(count: usize, noun: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{s}")
}
