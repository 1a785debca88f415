//! The summary on the screen, and the table of several methods.

use super::standing::{Column, ERRORS, Measure, Standing};
use crate::problem::ErrorNorms;
use crate::run::{Span, Status, Summary};
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::Path;

/// Energy on other points, as a multiple of that on the points used, that tells of overfitting.
const OVERFITTED: f64 = 100.0;

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
    let here = summary.energy;
    let elsewhere = summary.energy_elsewhere.map(|e| elsewhere(here, e));
    row(
        "energy",
        format!("{here:.3e}{}", elsewhere.unwrap_or_default()),
    );
    if let Some(norm) = summary.stationarity {
        row("stationarity", format!("|δE| {norm:.1e}"));
    }
    let norms = |error: &ErrorNorms| {
        format!(
            "relative L2 {:.2e}   rms {:.2e}   max {:.2e}",
            error.relative_l2, error.rms, error.max
        )
    };
    if let Some(error) = &summary.error {
        row("error", norms(error));
    }
    for (unknown, error) in &summary.error_by_unknown {
        row(&format!("  of {unknown}"), norms(error));
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

/// The energy on points that the network was not fitted to, with the cure where it is far larger than on
/// those that it was: it then knows the points and not the problem.
fn elsewhere(here: f64, there: f64) -> String {
    let cure = match there > OVERFITTED * here.abs() {
        true => " (overfitted: raise `sampling.points`)",
        false => "",
    };
    format!("   on other points {there:.3e}{cure}")
}

/// Where the time went, a line per phase; nothing where it was not measured.
pub fn phases(spans: &[Span]) -> String {
    let mut text = String::new();
    if spans.is_empty() {
        return text;
    }
    let _ = writeln!(
        text,
        "  {:<14}{:>9}{:>9}{:>9}{:>10}{:>8}",
        "seconds", "min", "mean", "max", "max/mean", "share"
    );
    for span in spans {
        let Span {
            name,
            min,
            mean,
            max,
            imbalance,
            share,
        } = span;
        let percent = 100.0 * share;
        let _ = writeln!(
            text,
            "  {name:<14}{min:>9.2}{mean:>9.2}{max:>9.2}{imbalance:>10.2}{percent:>6.1} %"
        );
    }
    text
}

/// Powers of ten side by side: a line stays within a hundred characters.
const COLUMNS: usize = 11;

/// How several methods have done, and when each reached the errors 10^k for k of `exponents`.
pub fn comparison(standings: &[Standing], measure: Measure, exponents: &[i32]) -> String {
    let mut text = format!(
        "  {:<8}{:<11}{:>9}{:>9}{:>12}",
        "method", "status", "steps", "seconds", "energy"
    );
    let known = |column: &&Column| standings.iter().any(|s| !(column.of)(s).is_nan());
    let errors: Vec<&Column> = ERRORS.iter().filter(known).collect();
    for error in &errors {
        let _ = write!(text, "{:>13}", error.name);
    }
    text.push('\n');
    for standing in standings {
        let Standing {
            method,
            status,
            steps,
            seconds,
            energy,
            ..
        } = standing;
        let _ = write!(
            text,
            "  {method:<8}{status:<11}{steps:>9}{seconds:>9.1}{energy:>12.2e}"
        );
        for error in &errors {
            let _ = write!(text, "{:>13.2e}", (error.of)(standing));
        }
        text.push('\n');
    }
    for exponents in exponents.chunks(COLUMNS) {
        text += &decades(standings, measure, exponents);
    }
    text
}

/// How a method has done, for programs.
pub fn fields(standing: &Standing) -> Value {
    let decades = standing.decades.iter();
    let decades = decades.map(|d| json!({"error": 10_f64.powi(d.exponent), "seconds": d.seconds}));
    let mut fields = json!({
        "event": "end",
        "method": standing.method,
        "status": standing.status,
        "steps": standing.steps,
        "seconds": standing.seconds,
        "energy": standing.energy,
        "followed": standing.measure.map(Measure::name),
        "decades": decades.collect::<Vec<Value>>(),
    });
    for error in ERRORS {
        fields[error.key] = (error.of)(standing).into();
    }
    fields
}

/// Seconds to the errors 10^k, a line per method.
fn decades(standings: &[Standing], measure: Measure, exponents: &[i32]) -> String {
    let mut text = format!(
        "seconds until the {} was at most\n  {:<8}",
        measure.name(),
        ""
    );
    for exponent in exponents {
        let _ = write!(text, "{:>8}", format!("1e{exponent}"));
    }
    text.push('\n');
    for standing in standings {
        let _ = write!(text, "  {:<8}", standing.method);
        for &exponent in exponents {
            let seconds = standing.seconds_to(exponent);
            let seconds = seconds.map_or("-".into(), |s| format!("{s:.2}"));
            let _ = write!(text, "{seconds:>8}");
        }
        text.push('\n');
    }
    text
}

/// "1 rank", "2 ranks".
pub fn plural(count: usize, noun: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{s}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn energies_that_are_far_larger_elsewhere_are_said_to_be_overfitted() {
        for (here, there, overfitted) in [
            (1e-12, 5e-11, false),
            (1e-12, 5e-10, true),
            (-5.5, -5.4, false),
            (0.0, 1e-3, true),
            (1.0, f64::NAN, false),
        ] {
            let said = elsewhere(here, there).contains("sampling.points");
            assert_eq!(said, overfitted, "{here} and {there}");
        }
    }
}
