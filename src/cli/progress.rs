//! Progress on the way: a bar on a terminal, a line every few seconds in a batch log.

use crate::problem::{Problem, Test};
use crate::run::{Observer, Record, Stage};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Shows records on stderr, so that stdout holds the summary alone.
pub struct Progress {
    bar: Option<ProgressBar>,
    quiet: bool,
    last: Option<Instant>,
}

const PAUSE: Duration = Duration::from_secs(3);

impl Progress {
    /// A bar up to `steps` if they are known, or lines; nothing if `quiet`.
    pub fn new(steps: Option<u64>, quiet: bool) -> Self {
        let terminal = !quiet && std::io::stderr().is_terminal();
        Self {
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
            eprintln!("step {:>6}  {}", record.step, line(record, problem));
        }
    }

    fn stage(&mut self, step: u64, reason: &str, stage: &Stage) {
        let line = format!("step {step:>6}  {reason}; now {}", stage.describe());
        match &self.bar {
            Some(bar) => bar.suspend(|| eprintln!("{line}")),
            None if self.quiet => {}
            None => eprintln!("{line}"),
        }
        self.last = None;
    }

    fn warn(&mut self, message: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| eprintln!("warning: {message}")),
            None => eprintln!("warning: {message}"),
        }
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
