//! Progress on the way: a bar on a terminal, a line every few seconds in a batch log.

use super::log::{BARS, Format};
use crate::problem::{Problem, Test};
use crate::run::{Observer, Record};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use std::io::IsTerminal;
use std::time::{Duration, Instant};
use tracing::Level;

/// Shows records on stderr, so that stdout holds the summary alone.
pub struct Progress {
    format: Format,
    bar: Option<ProgressBar>,
    last: Option<Last>,
}

/// The record that was told last.
struct Last {
    stage: usize,
    time: Instant,
}

const PAUSE: Duration = Duration::from_secs(3);

impl Progress {
    /// A bar up to `steps` if they are known, or lines in `format`; nothing where the log says less.
    pub(super) fn new(format: Format, steps: Option<u64>) -> Self {
        let people = !format.is_json() && std::io::stderr().is_terminal();
        let shows = people && tracing::enabled!(Level::INFO);
        Self {
            format,
            bar: shows.then(|| BARS.add(bar(steps))),
            last: None,
        }
    }

    /// Removes the bar.
    pub fn done(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    /// Whether the last line is long ago, or of another stage.
    fn is_due(&self, record: &Record) -> bool {
        let last = self.last.as_ref();
        last.is_none_or(|last| last.stage != record.stage || last.time.elapsed() >= PAUSE)
    }
}

fn bar(steps: Option<u64>) -> ProgressBar {
    let (bar, template) = match steps {
        Some(steps) => (ProgressBar::new(steps), "{bar:24} {pos}/{len} {msg}"),
        None => (ProgressBar::no_length(), "step {pos} {msg}"),
    };
    let style = ProgressStyle::with_template(template);
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar
}

impl Observer for Progress {
    fn record(&mut self, record: &Record, problem: &Problem) {
        let step = record.step;
        if let Some(bar) = &self.bar {
            bar.set_position(step);
            bar.set_message(line(record, problem));
        } else if self.is_due(record) {
            self.last = Some(Last {
                stage: record.stage,
                time: Instant::now(),
            });
            let message = match self.format {
                Format::Text => format!("step {step:>6}  {}", line(record, problem)),
                Format::Json => format!("step {step}"),
            };
            tracing::info!(fields = %fields(record, problem), "{message}");
        }
    }
}

/// Energy, best energy, |δE|, direction, step, cutoff and errors of a record. The energy may rise for
/// some steps before it falls; the best one never does.
fn line(record: &Record, problem: &Problem) -> String {
    let report = &record.report;
    let mut line = format!("{:>7.1} s  E {:.2e}  ", record.seconds, report.energy());
    line += &match record.stationarity {
        // The energy itself stands still.
        Some(stationarity) => format!("|δE| {stationarity:.1e}"),
        None => format!("best {:.2e}", record.best_energy),
    };
    // The last look of a stage is no step.
    if report.direction.is_finite() {
        line += &format!("  |d| {:.1e}  dt {:.1e}", report.direction, report.dt);
    }
    if report.note.damping > 0.0 {
        line += &format!("  cut {:.0e}", report.note.damping);
    }
    if report.note.iterations > 0 {
        line += &format!("  {} iterations", report.note.iterations);
    }
    for (test, errors) in problem.tests.iter().zip(&record.errors) {
        match test {
            Test::Exact { .. } => line += &format!("  error {:.1e}", errors.relative_l2),
            Test::Rows { name, .. } if errors.rms.is_finite() => {
                line += &format!("  {name} rmse {:.3e}", errors.rms);
            }
            Test::Rows { .. } => {}
        }
    }
    line
}

/// The same for programs, with the number of the stage and the flow time t.
fn fields(record: &Record, problem: &Problem) -> Value {
    let report = &record.report;
    let mut fields = json!({
        "event": "step",
        "step": record.step,
        "stage": record.stage,
        "t": record.time,
        "seconds": record.seconds,
        "energy": report.energy(),
        "best_energy": record.best_energy,
        "stationarity": record.stationarity,
        "gradient": report.gradient,
        "direction": report.direction,
        "dt": report.dt,
        "damping": report.note.damping,
    });
    for (test, errors) in problem.tests.iter().zip(&record.errors) {
        match test {
            Test::Exact { .. } => fields["error"] = errors.relative_l2.into(),
            Test::Rows { name, .. } => fields[format!("{name}_rmse")] = errors.rms.into(),
        }
    }
    fields
}
