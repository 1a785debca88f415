//! Tables of data: named columns of numbers from csv, npy or npz files.
//!
//! A file is not trusted. What its header claims is compared with the bytes that there are, and with
//! what a table may hold, before room is made for it; every rank keeps a copy of the whole.

mod csv_file;
mod npy_file;
mod npz_file;

use crate::error::{Error, Result, cut};
use ndarray::Array2;
use std::collections::HashSet;
use std::fs::File;
use std::path::Path;

/// The most values of a table, 2 GiB.
const MOST_VALUES: u64 = 1 << 28;
/// The most columns.
const MOST_COLUMNS: usize = 10_000;

/// Characters of a name or a field that a message shows.
const SHOWN: usize = 64;

/// Named columns of equal length; every value is finite.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    names: Vec<String>,
    values: Array2<f64>,
}

/// What a file holds, not yet looked at.
struct Columns {
    names: Vec<String>,
    /// Shape (rows, columns).
    values: Array2<f64>,
}

impl Table {
    /// A table of `values`, shape (rows, columns); `source` says in messages where it is from.
    ///
    /// # Errors
    /// If a value is not finite, with its row and column; if there is no row; if names and columns
    /// do not match, or a name is not a line of text or is there twice.
    pub fn new(names: Vec<String>, values: Array2<f64>, source: &str) -> Result<Self> {
        if names.len() != values.ncols() {
            let (names, columns) = (names.len(), values.ncols());
            return Err(input(
                source,
                &format!("{names} names for {columns} columns"),
            ));
        }
        if let Some(name) = names.iter().find(|n| n.chars().any(char::is_control)) {
            let name = cut(name, SHOWN);
            return Err(input(
                source,
                &format!("the name of column `{name}` holds a line break or a control character"),
            ));
        }
        if values.nrows() == 0 {
            return Err(input(source, "it holds no rows"));
        }
        let mut seen = HashSet::new();
        if let Some(twice) = names.iter().find(|name| !seen.insert(*name)) {
            let name = cut(twice, SHOWN);
            let what = format!("two columns are named `{name}`; rename or remove one");
            return Err(input(source, &what));
        }
        if let Some(((row, column), value)) = values.indexed_iter().find(|(_, v)| !v.is_finite()) {
            let name = cut(&names[column], SHOWN);
            return Err(input(
                source,
                &format!(
                    "row {} of column `{name}` is {value}; remove the row or mend the value",
                    row + 1
                ),
            ));
        }
        Ok(Self { names, values })
    }

    /// Reads the file of `data.file`, as [`Table::read_for`].
    ///
    /// # Errors
    /// As [`Table::read_for`].
    pub fn read(path: &Path) -> Result<Self> {
        Self::read_for("data.file", path)
    }

    /// Reads the file that a key of the deck names by its extension: `.csv` with a header line, `.npy` of shape (rows, columns) with
    /// columns c0, c1, …, or `.npz` with one array per column.
    ///
    /// # Errors
    /// If the file cannot be read or is malformed, with the key and the place.
    pub fn read_for(key: &str, path: &Path) -> Result<Self> {
        let source = format!("`{key}`: {}", path.display());
        let extension = path.extension().and_then(|e| e.to_str()).unwrap_or("");
        let read = match extension {
            "csv" => csv_file::read(path),
            "npy" => npy_file::read(path),
            "npz" => npz_file::read(path),
            _ => Err("its name must end in .csv, .npy or .npz".into()),
        };
        let Columns { names, values } = read.map_err(|what| input(&source, &what))?;
        Self::new(names, values, &source)
    }

    /// Names of the columns.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The values, shape (rows, columns).
    pub fn values(&self) -> &Array2<f64> {
        &self.values
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.values.nrows()
    }

    /// Index of a column.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|n| n == name)
    }
}

fn input(source: &str, what: &str) -> Error {
    Error::Input(format!("{source}: {what}"))
}

/// The file of a table. Only a plain file is one: a device has no end, and a pipe may never begin.
fn open(path: &Path) -> std::result::Result<(File, u64), String> {
    let about = std::fs::metadata(path).map_err(|e| e.to_string())?;
    if !about.is_file() {
        return Err("it is not a file".into());
    }
    let file = File::open(path).map_err(|e| e.to_string())?;
    Ok((file, about.len()))
}

/// Refuses more columns or values than a table can have.
fn bounded(rows: u64, columns: usize) -> std::result::Result<(), String> {
    if columns > MOST_COLUMNS {
        return Err(format!(
            "it has {columns} columns; leave at most {MOST_COLUMNS}"
        ));
    }
    match rows.checked_mul(columns as u64) {
        Some(values) if values <= MOST_VALUES => Ok(()),
        _ => Err(format!(
            "it has {rows} rows of {columns} columns; leave at most {MOST_VALUES} values"
        )),
    }
}
