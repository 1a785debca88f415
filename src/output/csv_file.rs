//! Fields as comma-separated values: a line per grid point, coordinates first.

use super::{Field, index_along};
use crate::error::Result;
use crate::file::{failed, whole};
use std::path::Path;

/// Writes `coordinates…, unknowns…`.
///
/// # Errors
/// If the disk refuses.
pub fn write(field: &Field, path: &Path) -> Result<()> {
    whole(path, |part| {
        lines(field, part).map_err(|e| failed(path, &e))
    })
}

fn lines(field: &Field, path: &Path) -> csv::Result<()> {
    let mut file = csv::Writer::from_path(path)?;
    let names = field.coordinates.iter().chain(&field.unknowns);
    file.write_record(names)?;
    let grid = field.grid();
    let m = field.unknowns.len();
    let values: Vec<f64> = field.values.iter().copied().collect();
    for (point, values) in values.chunks(m).enumerate() {
        let place = (0..grid.len()).map(|a| field.axes[a][index_along(point, &grid, a)]);
        let numbers = place.chain(values.iter().copied());
        let line = numbers.map(|v| format!("{v:e}"));
        file.write_record(line)?;
    }
    Ok(file.flush()?)
}
