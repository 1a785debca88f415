//! Comma-separated values: a line of names, then a line of numbers for each row; `#` begins a comment.

use super::{Columns, SHOWN, bounded, open};
use crate::error::cut;
use ndarray::Array2;
use std::io::Read;
use std::path::Path;

/// The longest file, 4 GiB; one record may be as long.
const LONGEST: u64 = 1 << 32;

/// Reads the columns of a file.
///
/// # Errors
/// If it cannot be read, is no table, or is too large, with the row and the column.
pub(super) fn read(path: &Path) -> Result<Columns, String> {
    let (file, length) = open(path)?;
    if length > LONGEST {
        return Err(format!(
            "it is {length} bytes long; leave at most {LONGEST}, or write it as npy"
        ));
    }
    // The file may grow while it is read.
    parse(file.take(LONGEST))
}

fn parse(text: impl Read) -> Result<Columns, String> {
    let fail = |e: csv::Error| cut(&e.to_string(), 4 * SHOWN);
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .comment(Some(b'#'))
        .from_reader(text);
    let header = reader.headers().map_err(fail)?;
    bounded(1, header.len())?;
    let names: Vec<String> = header.iter().map(Into::into).collect();
    if let [name] = names.as_slice()
        && name.contains([';', '\t'])
    {
        return Err("its first line has no comma; separate columns by commas".into());
    }
    if !names.is_empty() && names.iter().all(|name| name.parse::<f64>().is_ok()) {
        return Err("its first line is numbers; let it name the columns, as in x,y,u".into());
    }
    let mut values = Vec::new();
    let mut record = csv::StringRecord::new();
    let mut row = 0;
    while reader.read_record(&mut record).map_err(fail)? {
        row += 1;
        bounded(row, names.len())?;
        for (name, field) in names.iter().zip(&record) {
            values.push(field.parse::<f64>().map_err(|_| {
                let [name, field] = [name, field].map(|text| cut(text, SHOWN));
                format!("row {row} of column `{name}` is \"{field}\", not a number")
            })?);
        }
    }
    let shape = (values.len() / names.len().max(1), names.len());
    let values = Array2::from_shape_vec(shape, values).map_err(|e| e.to_string())?;
    Ok(Columns { names, values })
}
