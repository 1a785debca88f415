//! Fields as comma-separated values: a line per grid point, coordinates first.

use super::{Field, failed, index_along};
use crate::error::Result;
use std::path::Path;

/// Writes `coordinates…, unknowns…`.
pub fn write(field: &Field, path: &Path) -> Result<()> {
    let fail = |e: csv::Error| failed(path, &e);
    let mut file = csv::Writer::from_path(path).map_err(fail)?;
    let names = field.coordinates.iter().chain(&field.unknowns);
    file.write_record(names).map_err(fail)?;
    let grid = field.grid();
    let m = field.unknowns.len();
    let values: Vec<f64> = field.values.iter().copied().collect();
    for (point, values) in values.chunks(m).enumerate() {
        let place = (0..grid.len()).map(|a| field.axes[a][index_along(point, &grid, a)]);
        let numbers = place.chain(values.iter().copied());
        let line = numbers.map(|v| format!("{v:e}"));
        file.write_record(line).map_err(fail)?;
    }
    file.flush().map_err(|e| failed(path, &e))
}
