//! Fields as numpy arrays: one file per unknown and one per axis.

use super::{Field, failed};
use crate::error::Result;
use ndarray::Array1;
use ndarray_npy::write_npy;
use std::path::Path;

/// Writes `u.npy`, …, of shape (n_1, …, n_d), and `x.npy`, … with the grid points of the axes.
pub fn write(field: &Field, folder: &Path) -> Result<()> {
    for (k, name) in field.unknowns.iter().enumerate() {
        let path = folder.join(format!("{name}.npy"));
        let values = field.unknown(k).to_owned();
        write_npy(&path, &values).map_err(|e| failed(&path, &e))?;
    }
    for (name, axis) in field.coordinates.iter().zip(&field.axes) {
        let path = folder.join(format!("{name}.npy"));
        let values = Array1::from(axis.clone());
        write_npy(&path, &values).map_err(|e| failed(&path, &e))?;
    }
    Ok(())
}
