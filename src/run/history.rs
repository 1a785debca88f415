//! The history of a run: a line per recorded step, in `history.csv` and before the user's eyes.

use crate::error::{Error, Result};
use crate::problem::{ErrorNorms, Problem, Test};
use crate::stepper::Report;
use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

/// One recorded step.
#[derive(Clone, Debug)]
pub struct Record {
    /// Steps done before this one.
    pub step: u64,
    /// The stage of the plan.
    pub stage: usize,
    /// Flow time.
    pub time: f64,
    /// Wall time, over all restarts.
    pub seconds: f64,
    /// Least energy so far where the stepper keeps it, else the energy of the step.
    pub best_energy: f64,
    /// |δE| where the stage solves for it, on the points of its energy.
    pub stationarity: Option<f64>,
    /// What the stepper did.
    pub report: Report,
    /// Errors of the best parameters, one per test of the problem.
    pub errors: Vec<ErrorNorms>,
}

/// `history.csv`, open for appending.
pub struct History {
    file: File,
    exact: Vec<bool>,
    /// Whether there is a column for |δE|.
    stationary: bool,
}

impl History {
    /// Opens the file, cut off after `length` bytes; a new one gets its header.
    ///
    /// # Errors
    /// If it cannot be opened or written.
    pub fn open(path: &Path, length: u64, problem: &Problem) -> Result<Self> {
        let fail = |e: std::io::Error| failed(path, &e);
        let mut options = OpenOptions::new();
        let options = options.create(true).write(true).read(true).truncate(false);
        let mut file = options.open(path).map_err(fail)?;
        let length = length.min(file.metadata().map_err(fail)?.len());
        file.set_len(length).map_err(fail)?;
        file.seek(SeekFrom::End(0)).map_err(fail)?;
        let exact = problem
            .tests
            .iter()
            .map(|t| matches!(t, Test::Exact { .. }));
        let mut history = Self {
            file,
            exact: exact.collect(),
            stationary: problem.stationary.is_ok(),
        };
        if length == 0 {
            history.line(&header(problem))?;
        }
        Ok(history)
    }

    /// Appends a line and returns the length of the file in bytes.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn append(&mut self, record: &Record) -> Result<u64> {
        let mut fields = fields(record, &self.exact);
        if self.stationary {
            fields.push(number(record.stationarity.unwrap_or(f64::NAN)));
        }
        self.line(&fields)
    }

    /// Length of the file in bytes.
    ///
    /// # Errors
    /// If it cannot be asked for.
    pub fn length(&self) -> Result<u64> {
        let length = self.file.metadata().map(|m| m.len());
        length.map_err(|e| failed(Path::new("history.csv"), &e))
    }

    /// Returns when all lines are on the disk.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn flush(&self) -> Result<()> {
        let flushed = self.file.sync_data();
        flushed.map_err(|e| failed(Path::new("history.csv"), &e))
    }

    fn line(&mut self, fields: &[String]) -> Result<u64> {
        let mut line = fields.join(",");
        line.push('\n');
        let written = self.file.write_all(line.as_bytes());
        written.map_err(|e| failed(Path::new("history.csv"), &e))?;
        self.length()
    }
}

/// Cuts a history off after `length` bytes, if it is longer.
///
/// # Errors
/// If the disk refuses.
pub fn cut(path: &Path, length: u64) -> Result<()> {
    let fail = |e: std::io::Error| failed(path, &e);
    if path.metadata().is_ok_and(|m| m.len() > length) {
        let file = OpenOptions::new().write(true).open(path).map_err(fail)?;
        file.set_len(length).map_err(fail)?;
    }
    Ok(())
}

fn failed(path: &Path, e: &std::io::Error) -> Error {
    Error::Failed(format!("cannot write {}: {e}", path.display()))
}

fn header(problem: &Problem) -> Vec<String> {
    let mut names: Vec<String> = ["step", "stage", "time", "seconds", "energy", "best_energy"]
        .map(String::from)
        .into();
    names.extend(problem.terms.iter().map(|t| format!("energy_{}", t.name)));
    names.extend(
        [
            "gradient_norm",
            "direction_norm",
            "dt",
            "damping",
            "rank",
            "iterations",
        ]
        .map(String::from),
    );
    for test in &problem.tests {
        match test {
            Test::Exact { .. } => {
                names.extend(["relative_l2", "rms", "max"].map(String::from));
            }
            Test::Rows { name, .. } => names.push(format!("{name}_rmse")),
        }
    }
    if problem.stationary.is_ok() {
        names.push("stationarity".into());
    }
    names
}

/// With all digits; nothing for what was not computed.
fn number(v: f64) -> String {
    match v.is_nan() {
        true => String::new(),
        false => format!("{v:e}"),
    }
}

fn fields(record: &Record, exact: &[bool]) -> Vec<String> {
    let report = &record.report;
    let mut numbers = vec![
        record.time,
        record.seconds,
        report.energy(),
        record.best_energy,
    ];
    numbers.extend(&report.energies);
    numbers.extend([
        report.gradient,
        report.direction,
        report.dt,
        report.note.damping,
    ]);
    let mut fields = vec![record.step.to_string(), record.stage.to_string()];
    fields.extend(numbers.into_iter().map(number));
    fields.push(report.note.rank.to_string());
    fields.push(report.note.iterations.to_string());
    for (errors, &exact) in record.errors.iter().zip(exact) {
        if exact {
            fields.extend(
                [errors.relative_l2, errors.rms, errors.max]
                    .into_iter()
                    .map(number),
            );
        } else {
            fields.push(number(errors.rms));
        }
    }
    fields
}
