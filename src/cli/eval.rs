//! `ned-dist eval`: the solution of a run, or any expression of it, at points of the user's own.

use super::DeckArgs;
use super::input::load;
use crate::comm::{Solo, launcher_size};
use crate::error::{Error, Result};
use crate::file::{failed, whole};
use crate::output::{Solution, read_theta};
use crate::problem::build_with;
use crate::table::Table;
use clap::Args;
use ndarray::Array2;
use std::io::{self, ErrorKind, Write};
use std::path::PathBuf;

/// Arguments of `eval`.
#[derive(Clone, Debug, Args)]
pub(super) struct EvalArgs {
    /// Folder of a run that has ended
    run: PathBuf,
    /// Points: a csv, npy or npz file with a column for each coordinate
    points: PathBuf,
    /// What to evaluate, in the language of the deck, as in u, grad2(u) or k*u_x; may be repeated
    /// [default: the unknowns]
    #[arg(long = "of", value_name = "EXPRESSION", allow_hyphen_values = true)]
    of: Vec<String>,
    /// File for the values, csv; without it they are printed
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Prints or writes coordinates and values of all points, NaN outside of the domain.
///
/// # Errors
/// If the folder holds no result, or an expression or the points have no meaning there.
pub(super) fn eval(arguments: &EvalArgs) -> Result<()> {
    if launcher_size().is_some_and(|size| size > 1) {
        let message = "`eval` works in one process: start it alone, without mpirun or srun";
        return Err(Error::Input(message.into()));
    }
    let (theta, deck) = read_theta(&arguments.run)?;
    let deck = DeckArgs {
        deck: Some(deck),
        ..DeckArgs::default()
    };
    let (mut deck, table) = load(&deck, &Solo)?;
    let of = match arguments.of.as_slice() {
        [] => deck.problem.unknowns.clone(),
        of => of.to_vec(),
    };
    let (problem, quantities) = build_with(&mut deck, table, &of)?;
    let points = Table::read_for("points", &arguments.points)?;
    let columns = problem.coordinates.iter().map(|name| {
        points.column(name).ok_or_else(|| {
            let [file, names] = [
                arguments.points.display().to_string(),
                points.names().join(", "),
            ];
            Error::Input(format!(
                "{file}: no column is named `{name}`, as a coordinate of the run is; its columns are {names}"
            ))
        })
    });
    let columns: Vec<usize> = columns.collect::<Result<_>>()?;
    let x = points.values().select(ndarray::Axis(1), &columns);
    let solution = Solution::new(&problem, &theta)?;
    let values = solution.evaluate(&quantities, &x);
    let outside = (values.rows().into_iter())
        .filter(|row| row.iter().any(|v| v.is_nan()))
        .count();
    if outside > 0 {
        tracing::warn!(
            "{outside} of {} points lie outside of the domain, or have no value there: NaN",
            x.nrows()
        );
    }
    let names = [problem.coordinates.clone(), of].concat();
    match &arguments.out {
        Some(path) => whole(path, |part| {
            let file = std::fs::File::create(part).map_err(|e| failed(path, &e))?;
            write(&names, &x, &values, file).map_err(|e| failed(path, &e))
        }),
        None => match write(&names, &x, &values, io::stdout().lock()) {
            // Who reads no further has what was wanted.
            Err(e) if e.kind() != ErrorKind::BrokenPipe => Err(Error::Failed(e.to_string())),
            _ => Ok(()),
        },
    }
}

fn write(
    names: &[String],
    x: &Array2<f64>,
    values: &Array2<f64>,
    to: impl Write,
) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(to);
    csv.write_record(names).map_err(plain)?;
    for (x, values) in x.rows().into_iter().zip(values.rows()) {
        let numbers = x.iter().chain(values).map(|v| format!("{v:?}"));
        csv.write_record(numbers).map_err(plain)?;
    }
    csv.flush()
}

/// The system's own error, whose kind csv's conversion would lose.
fn plain(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        kind => io::Error::other(format!("{kind:?}")),
    }
}
