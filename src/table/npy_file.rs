//! NumPy's format for one array (NEP 1): a magic word, the length of a header, the header, the data.
//!
//! The header is a Python dictionary with the type, the order and the shape. It is looked at before
//! the crate that understands it, whose parser recurses and tries anew with every bracket, and which
//! makes room for whatever the shape says: its length is one that NumPy itself accepts, it has the
//! brackets of an array of numbers, and the data that it promises are as long as those that follow.

use super::{Columns, SHOWN, bounded, open};
use crate::error::cut;
use ndarray::{Array, Array2, Dimension};
use ndarray_npy::ReadNpyExt;
use ndarray_npy::npy::header::Header;
use std::io::Read;
use std::path::Path;

/// The longest header, as `max_header_size` of `numpy.load`.
const LONGEST_HEADER: usize = 10_000;
/// Opening brackets of a header: those of the dictionary and of the shape. A compound type has more,
/// but is no number.
const MOST_BRACKETS: usize = 2;
/// Bytes before the length of the header: the magic word and two numbers of the version.
const MAGIC: usize = 8;

/// Reads the columns c0, c1, … of a file with an array of shape (rows, columns).
///
/// # Errors
/// If it cannot be read, is no such array, or is too large.
pub(super) fn read(path: &Path) -> Result<Columns, String> {
    let (file, length) = open(path)?;
    let values: Array2<f64> = parse(file, length)
        .map_err(|what| format!("{what}; expected float64, shape (rows, columns)"))?;
    bounded(values.nrows() as u64, values.ncols())?;
    let names = (0..values.ncols()).map(|j| format!("c{j}")).collect();
    Ok(Columns { names, values })
}

/// An array from `length` bytes.
///
/// # Errors
/// If they are not such an array, or too many.
pub(super) fn parse<D: Dimension>(
    mut bytes: impl Read,
    length: u64,
) -> Result<Array<f64, D>, String> {
    let start = start(&mut bytes)?;
    let header = Header::from_reader(&mut start.as_slice()).map_err(|e| shown(&e))?;
    let promised = promised(&header.shape)?;
    let left = length.saturating_sub(start.len() as u64);
    if promised != left {
        return Err(format!(
            "its header promises {promised} bytes of data where there are {left}"
        ));
    }
    let whole = start.as_slice().chain(bytes.take(left));
    Array::read_npy(whole).map_err(|e| shown(&e))
}

fn shown(error: &dyn std::fmt::Display) -> String {
    cut(&error.to_string(), 4 * SHOWN)
}

/// The bytes up to the end of the header.
fn start(bytes: &mut impl Read) -> Result<Vec<u8>, String> {
    let torn = |_| "it ends within its header".to_owned();
    let mut start = vec![0; MAGIC];
    bytes.read_exact(&mut start).map_err(torn)?;
    // The length has two bytes in version 1 and four in later ones.
    let mut size = vec![0; if start[6] == 1 { 2 } else { 4 }];
    bytes.read_exact(&mut size).map_err(torn)?;
    let length = size
        .iter()
        .rev()
        .fold(0, |sum, b| sum << 8 | usize::from(*b));
    if length > LONGEST_HEADER {
        return Err(format!(
            "it is no npy file, or its header of {length} bytes is longer than {LONGEST_HEADER}"
        ));
    }
    let mut header = vec![0; length];
    bytes.read_exact(&mut header).map_err(torn)?;
    let brackets = header.iter().filter(|b| b"([{".contains(b)).count();
    if brackets > MOST_BRACKETS {
        return Err("its header is not that of an array of numbers".into());
    }
    start.extend(size);
    start.extend(header);
    Ok(start)
}

/// Bytes of the numbers in an array of some shape.
fn promised(shape: &[usize]) -> Result<u64, String> {
    let mut values = 1;
    // Zeros last: the other counts must be bearable as well.
    for &count in shape.iter().filter(|&&count| count > 0) {
        let Ok(()) = bounded(count as u64, 1) else {
            return Err(format!("its header claims {count} items along an axis"));
        };
        values *= count as u64;
        bounded(values, 1).map_err(|_| format!("its header claims {values} items or more"))?;
    }
    let empty = shape.contains(&0);
    Ok(if empty { 0 } else { 8 * values })
}
