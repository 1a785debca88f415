//! Fields as numpy arrays: one file per unknown and one per axis.

use super::Field;
use crate::error::Result;
use crate::file::{failed, whole};
use ndarray::{Array1, ArrayD};
use ndarray_npy::write_npy;
use std::path::Path;

/// Writes `u.npy`, …, of shape (n_1, …, n_d), and `x.npy`, … with the grid points of the axes.
///
/// # Errors
/// If the disk refuses.
pub fn write(field: &Field, folder: &Path) -> Result<()> {
    for (k, name) in field.unknowns.iter().enumerate() {
        let path = folder.join(format!("{name}.npy"));
        let values = field.unknown(k).to_owned();
        write_array(&path, &values)?;
    }
    for (name, axis) in field.coordinates.iter().zip(&field.axes) {
        let path = folder.join(format!("{name}.npy"));
        let values = Array1::from(axis.clone());
        write_array(&path, &values.into_dyn())?;
    }
    Ok(())
}

fn write_array(path: &Path, values: &ArrayD<f64>) -> Result<()> {
    whole(path, |part| {
        write_npy(part, values).map_err(|e| failed(path, &e))
    })
}
