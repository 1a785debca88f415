//! Tables of data: named columns of numbers from csv, npy or npz files.

use crate::error::{Error, Result};
use ndarray::{Array1, Array2};
use ndarray_npy::{NpzReader, ReadNpyExt};
use std::fs::File;
use std::path::Path;

/// Named columns of equal length; every value is finite.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    names: Vec<String>,
    values: Array2<f64>,
}

impl Table {
    /// A table of `values`, shape (rows, columns); `source` says in messages where it is from.
    ///
    /// # Errors
    /// If a value is not finite, with its row and column; if there is no row; if names and columns
    /// do not match.
    pub fn new(names: Vec<String>, values: Array2<f64>, source: &str) -> Result<Self> {
        if names.len() != values.ncols() {
            let (names, columns) = (names.len(), values.ncols());
            return Err(input(
                source,
                &format!("{names} names for {columns} columns"),
            ));
        }
        if values.nrows() == 0 {
            return Err(input(source, "it holds no rows"));
        }
        if let Some(((row, column), value)) = values.indexed_iter().find(|(_, v)| !v.is_finite()) {
            let name = &names[column];
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
        match extension {
            "csv" => read_csv(path, &source),
            "npy" => read_npy(path, &source),
            "npz" => read_npz(path, &source),
            _ => Err(input(&source, "its name must end in .csv, .npy or .npz")),
        }
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

fn read_csv(path: &Path, source: &str) -> Result<Table> {
    let fail = |e: csv::Error| input(source, &e.to_string());
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .comment(Some(b'#'))
        .from_path(path)
        .map_err(fail)?;
    let names: Vec<String> = reader
        .headers()
        .map_err(fail)?
        .iter()
        .map(Into::into)
        .collect();
    let mut values = Vec::new();
    for (row, record) in reader.records().enumerate() {
        for (name, field) in names.iter().zip(&record.map_err(fail)?) {
            values.push(field.parse::<f64>().map_err(|_| {
                let row = row + 1;
                input(
                    source,
                    &format!("row {row} of column `{name}` is \"{field}\", not a number"),
                )
            })?);
        }
    }
    let shape = (values.len() / names.len().max(1), names.len());
    let values =
        Array2::from_shape_vec(shape, values).map_err(|e| input(source, &e.to_string()))?;
    Table::new(names, values, source)
}

fn open(path: &Path, source: &str) -> Result<File> {
    File::open(path).map_err(|e| input(source, &e.to_string()))
}

fn read_npy(path: &Path, source: &str) -> Result<Table> {
    let values = Array2::<f64>::read_npy(open(path, source)?).map_err(|e| {
        input(
            source,
            &format!("{e}; expected float64, shape (rows, columns)"),
        )
    })?;
    let names = (0..values.ncols()).map(|j| format!("c{j}")).collect();
    Table::new(names, values, source)
}

fn read_npz(path: &Path, source: &str) -> Result<Table> {
    let fail = |e: ndarray_npy::ReadNpzError| {
        input(
            source,
            &format!("{e}; expected float64 arrays of one dimension"),
        )
    };
    let mut reader = NpzReader::new(open(path, source)?).map_err(fail)?;
    let files = reader.names().map_err(fail)?;
    let mut columns: Vec<Array1<f64>> = Vec::with_capacity(files.len());
    for name in &files {
        columns.push(reader.by_name(name).map_err(fail)?);
    }
    let rows = columns.first().map_or(0, Array1::len);
    if columns.iter().any(|c| c.len() != rows) {
        return Err(input(source, "its arrays differ in length"));
    }
    let values = Array2::from_shape_fn((rows, columns.len()), |(i, j)| columns[j][i]);
    let names = files
        .iter()
        .map(|f| f.trim_end_matches(".npy").into())
        .collect();
    Table::new(names, values, source)
}
