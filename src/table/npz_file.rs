//! NumPy's format for several arrays: a zip archive with an npy file for each.
//!
//! A few bytes can be unpacked to a thousand times as many, so what an entry says of its size is
//! compared with the size of the archive, and all entries together with what a table may hold.

use super::{Columns, SHOWN, bounded, npy_file, open};
use crate::error::cut;
use ndarray::{Array1, Array2};
use std::io::{Read, Seek};
use std::path::Path;
use zip::ZipArchive;

/// The most that deflate packs into a byte, 1032, and a little for headers.
const DENSEST: u64 = 1100;

/// Reads a file with one array of one dimension for each column.
///
/// # Errors
/// If it cannot be read, holds anything else, or is too large.
pub(super) fn read(path: &Path) -> Result<Columns, String> {
    let (file, length) = open(path)?;
    let mut archive = ZipArchive::new(file).map_err(|e| cut(&e.to_string(), 4 * SHOWN))?;
    bounded(1, archive.len())?;
    let mut names: Vec<String> = Vec::with_capacity(archive.len());
    let mut columns: Vec<Array1<f64>> = Vec::with_capacity(archive.len());
    for index in 0..archive.len() {
        let Entry { name, values } = entry(&mut archive, index, length)?;
        if columns.first().is_some_and(|c| c.len() != values.len()) {
            return Err("its arrays differ in length".into());
        }
        bounded(values.len() as u64, columns.len() + 1)?;
        names.push(name);
        columns.push(values);
    }
    let rows = columns.first().map_or(0, Array1::len);
    let values = Array2::from_shape_fn((rows, columns.len()), |(i, j)| columns[j][i]);
    Ok(Columns { names, values })
}

/// An array and its name.
struct Entry {
    name: String,
    values: Array1<f64>,
}

/// An entry of an archive of `length` bytes.
fn entry<R: Read + Seek>(
    archive: &mut ZipArchive<R>,
    index: usize,
    length: u64,
) -> Result<Entry, String> {
    let mut file = archive
        .by_index(index)
        .map_err(|e| cut(&e.to_string(), 4 * SHOWN))?;
    let name = file.name().trim_end_matches(".npy").to_owned();
    let size = file.size();
    let wrong = |what: String| {
        let name = cut(&name, SHOWN);
        format!("array `{name}`: {what}; expected float64 arrays of one dimension")
    };
    if size > length.saturating_mul(DENSEST) {
        let what = format!("{size} bytes cannot come out of an archive of {length}");
        return Err(wrong(what));
    }
    let values = npy_file::parse(&mut file, size).map_err(wrong)?;
    Ok(Entry { name, values })
}
