//! Fields as VTK image data (`.vti`, ASCII), which ParaView and pyvista open.

use super::{Field, failed};
use crate::error::Result;
use std::fmt::Write;
use std::path::Path;

/// Writes one file with every unknown as a point array; axes that do not exist have one point.
pub fn write(field: &Field, path: &Path) -> Result<()> {
    std::fs::write(path, text(field)).map_err(|e| failed(path, &e))
}

fn text(field: &Field) -> String {
    let of_axis = |a: usize| field.axes.get(a).filter(|axis| !axis.is_empty());
    let last = [0, 1, 2].map(|a| of_axis(a).map_or(0, |axis| axis.len() - 1));
    let origin = [0, 1, 2].map(|a| of_axis(a).map_or(0.0, |axis| axis[0]));
    let spacing = [0, 1, 2].map(|a| match of_axis(a) {
        Some(axis) if axis.len() > 1 => axis[1] - axis[0],
        _ => 1.0,
    });
    let extent = format!("0 {} 0 {} 0 {}", last[0], last[1], last[2]);
    let [o, s] = [origin, spacing].map(|v| format!("{:e} {:e} {:e}", v[0], v[1], v[2]));
    let mut arrays = String::new();
    for (k, name) in field.unknowns.iter().enumerate() {
        let mut numbers = String::new();
        // VTK's first axis runs fastest: the reverse of row-major order.
        for value in field.unknown(k).t() {
            let _ = write!(numbers, "{value:e} ");
        }
        let _ = writeln!(
            arrays,
            "<DataArray type=\"Float64\" Name=\"{name}\" format=\"ascii\">{numbers}</DataArray>"
        );
    }
    format!(
        "<?xml version=\"1.0\"?>\n<VTKFile type=\"ImageData\" version=\"0.1\">\n\
         <ImageData WholeExtent=\"{extent}\" Origin=\"{o}\" Spacing=\"{s}\">\n\
         <Piece Extent=\"{extent}\">\n<PointData>\n{arrays}</PointData>\n</Piece>\n\
         </ImageData>\n</VTKFile>\n"
    )
}
