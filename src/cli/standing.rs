//! How a method has done: what its folder says, and when it reached each power of ten of the error.
//!
//! The folder is what counts, not the run of this process: a run may have begun in an earlier one.

use crate::error::{Error, Result};
use serde_json::Value;
use std::path::Path;

/// How one method has done.
#[derive(Clone, Debug)]
pub(super) struct Standing {
    pub(super) method: &'static str,
    /// "converged", "stopped" or "failed".
    pub(super) status: String,
    pub(super) steps: u64,
    pub(super) seconds: f64,
    pub(super) energy: f64,
    /// Errors of the result; NaN where they were not measured.
    pub(super) relative_l2: f64,
    pub(super) train_rmse: f64,
    pub(super) test_rmse: f64,
    /// What its history follows; nothing where it failed before there was one.
    pub(super) measure: Option<Measure>,
    /// The powers of ten that the error has reached, falling.
    pub(super) decades: Vec<Decade>,
}

/// An error of the result as a column of the tables.
pub(super) struct Column {
    /// In `compare.csv`.
    pub(super) key: &'static str,
    /// For people.
    pub(super) name: &'static str,
    pub(super) of: fn(&Standing) -> f64,
}

/// The errors that a result may have.
pub(super) const ERRORS: [Column; 3] = [
    Column {
        key: "relative_l2",
        name: "relative L2",
        of: |standing| standing.relative_l2,
    },
    Column {
        key: "train_rmse",
        name: "train RMSE",
        of: |standing| standing.train_rmse,
    },
    Column {
        key: "test_rmse",
        name: "test RMSE",
        of: |standing| standing.test_rmse,
    },
];

/// When the error was first at most 10^`exponent`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Decade {
    pub(super) exponent: i32,
    pub(super) seconds: f64,
}

/// What is followed over time: the best that there is in the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Measure {
    /// Against the exact solution.
    RelativeL2,
    /// On the data held out.
    TestRmse,
    /// Of nothing else.
    Energy,
}

impl Measure {
    /// The column of `history.csv`.
    fn column(self) -> &'static str {
        match self {
            Self::RelativeL2 => "relative_l2",
            Self::TestRmse => "test_rmse",
            Self::Energy => "best_energy",
        }
    }

    /// The same of the result.
    fn of(self, standing: &Standing) -> f64 {
        match self {
            Self::RelativeL2 => standing.relative_l2,
            Self::TestRmse => standing.test_rmse,
            Self::Energy => standing.energy,
        }
    }

    /// For people.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::RelativeL2 => "relative L2 error",
            Self::TestRmse => "test RMSE",
            Self::Energy => "energy",
        }
    }
}

impl Standing {
    /// Reads the folder of a method's run.
    ///
    /// # Errors
    /// If `summary.json` or `history.csv` cannot be read.
    pub(super) fn read(folder: &Path, method: &'static str) -> Result<Self> {
        let path = folder.join("summary.json");
        let text = std::fs::read_to_string(&path).map_err(|e| unreadable(&path, &e))?;
        let summary: Value = serde_json::from_str(&text).map_err(|e| unreadable(&path, &e))?;
        let number = |pointer: &str| summary.pointer(pointer).and_then(Value::as_f64);
        let path = folder.join("history.csv");
        let curve = path.exists().then(|| Curve::read(&path)).transpose()?;
        let mut standing = Self {
            method,
            status: summary["status"].as_str().unwrap_or_default().into(),
            steps: summary["steps"].as_u64().unwrap_or(0),
            seconds: number("/seconds/total").unwrap_or(f64::NAN),
            energy: number("/energy").unwrap_or(f64::NAN),
            relative_l2: number("/error/relative_l2").unwrap_or(f64::NAN),
            train_rmse: number("/data/train_rmse").unwrap_or(f64::NAN),
            test_rmse: number("/data/test_rmse").unwrap_or(f64::NAN),
            measure: curve.as_ref().map(|curve| curve.measure),
            decades: Vec::new(),
        };
        if let Some(mut curve) = curve {
            // The history has a line every so many steps; the result comes after the last one.
            curve.points.push(Point {
                seconds: standing.seconds,
                error: curve.measure.of(&standing),
            });
            standing.decades = decades(&curve.points);
        }
        Ok(standing)
    }

    /// When the error was first at most 10^`exponent`.
    pub(super) fn seconds_to(&self, exponent: i32) -> Option<f64> {
        let mut decades = self.decades.iter();
        let decade = decades.find(|decade| decade.exponent == exponent)?;
        Some(decade.seconds)
    }
}

fn unreadable(path: &Path, e: &dyn std::fmt::Display) -> Error {
    Error::Failed(format!("cannot read {}: {e}", path.display()))
}

/// An error at a time.
#[derive(Clone, Copy, Debug)]
struct Point {
    seconds: f64,
    error: f64,
}

/// The best measure that a history holds, over time.
struct Curve {
    measure: Measure,
    points: Vec<Point>,
}

impl Curve {
    fn read(path: &Path) -> Result<Self> {
        let mut reader = csv::Reader::from_path(path).map_err(|e| unreadable(path, &e))?;
        let header = reader.headers().map_err(|e| unreadable(path, &e))?.clone();
        let column = |name: &str| header.iter().position(|column| column == name);
        let measures = [Measure::RelativeL2, Measure::TestRmse];
        let mut present = measures.into_iter();
        let measure = present.find(|m| column(m.column()).is_some());
        let measure = measure.unwrap_or(Measure::Energy);
        let [time, error] = ["seconds", measure.column()].map(column);
        let mut points = Vec::new();
        for row in reader.records() {
            let row = row.map_err(|e| unreadable(path, &e))?;
            let number = |column: Option<usize>| row.get(column?)?.parse().ok();
            if let (Some(seconds), Some(error)) = (number(time), number(error)) {
                points.push(Point { seconds, error });
            }
        }
        Ok(Self { measure, points })
    }
}

/// When the curve was first at most each power of ten below its start. What is not above zero has
/// no decades: energies of variational problems.
fn decades(points: &[Point]) -> Vec<Decade> {
    let mut decades = Vec::new();
    let Some(start) = points.iter().find(|p| p.error.is_finite()) else {
        return decades;
    };
    let mut exponent = start.error.log10().ceil() - 1.0;
    for point in points.iter().filter(|p| p.error > 0.0) {
        while point.error <= 10_f64.powf(exponent) {
            decades.push(Decade {
                exponent: exponent as i32,
                seconds: point.seconds,
            });
            exponent -= 1.0;
        }
    }
    decades
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(points: &[[f64; 2]]) -> Vec<Point> {
        let point = |[seconds, error]: &[f64; 2]| Point {
            seconds: *seconds,
            error: *error,
        };
        points.iter().map(point).collect()
    }

    #[test]
    fn decades_are_those_below_the_start_at_their_first_time() {
        let found = decades(&curve(&[
            [0.5, 3.0],
            [1.0, f64::NAN],
            [2.0, 0.9],
            [3.0, 0.002],
            [4.0, 5.0],
            [5.0, 1e-4],
        ]));
        let found: Vec<[f64; 2]> = found
            .iter()
            .map(|d| [f64::from(d.exponent), d.seconds])
            .collect();
        let expected = [
            [0.0, 2.0],
            [-1.0, 3.0],
            [-2.0, 3.0],
            [-3.0, 5.0],
            [-4.0, 5.0],
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn what_never_falls_or_is_no_error_has_none() {
        for points in [&[][..], &[[0.0, f64::NAN]], &[[0.0, 1.0], [1.0, 2.0]]] {
            assert!(decades(&curve(points)).is_empty());
        }
        assert!(decades(&curve(&[[0.0, -1.0], [1.0, -2.0]])).is_empty());
        assert!(decades(&curve(&[[0.0, 0.0], [1.0, 1e-3]])).is_empty());
    }
}
