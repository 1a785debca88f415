//! Progress on the way: a bar on a terminal, a line every few seconds in a batch log.

use super::log::{Level, Log};
use crate::problem::{Problem, Test};
use crate::run::{Observer, Record, Stage};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Shows records on stderr, so that stdout holds the summary alone.
pub struct Progress {
    log: Log,
    bar: Option<ProgressBar>,
    quiet: bool,
    last: Option<Instant>,
}

const PAUSE: Duration = Duration::from_secs(3);

impl Progress {
    /// A bar up to `steps` if they are known, or lines of `log`; nothing if `quiet`.
    pub(super) fn new(log: Log, steps: Option<u64>, quiet: bool) -> Self {
        let terminal = !quiet && !log.is_json() && std::io::stderr().is_terminal();
        Self {
            log,
            bar: terminal.then(|| bar(steps)),
            quiet,
            last: None,
        }
    }

    /// Removes the bar.
    pub fn done(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    /// Prints a line, past the bar if there is one.
    fn tell(&self, level: Level, message: &str, fields: Value) {
        let tell = || self.log.tell(level, message, fields);
        match &self.bar {
            Some(bar) => bar.suspend(tell),
            None => tell(),
        }
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
        if let Some(bar) = &self.bar {
            bar.set_position(record.step);
            bar.set_message(line(record, problem));
        } else if !self.quiet && self.last.is_none_or(|last| last.elapsed() >= PAUSE) {
            self.last = Some(Instant::now());
            let message = match self.log.is_json() {
                true => format!("step {}", record.step),
                false => format!("step {:>6}  {}", record.step, line(record, problem)),
            };
            self.tell(Level::Info, &message, fields(record, problem));
        }
    }

    fn stage(&mut self, step: u64, reason: &str, stage: &Stage) {
        let stage = stage.describe();
        let line = format!("step {step:>6}  {reason}; now {stage}");
        if !self.quiet {
            let fields = json!({"event": "stage", "step": step, "reason": reason, "stage": stage});
            self.tell(Level::Info, &line, fields);
        }
        self.last = None;
    }

    fn warn(&mut self, message: &str) {
        self.tell(Level::Warning, message, Value::Null);
    }
}

/// Energy, best energy, direction, step, cutoff and errors of a record. The energy may rise for
/// some steps before it falls; the best one never does.
fn line(record: &Record, problem: &Problem) -> String {
    let report = &record.report;
    let mut line = format!(
        "{:>7.1} s  E {:.2e}  best {:.2e}  |d| {:.1e}  dt {:.1e}",
        record.seconds,
        report.energy(),
        record.best_energy,
        report.direction,
        report.dt
    );
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
