//! Fields as VTK image data (`.vti`, ASCII), which ParaView and pyvista open.
//!
//! VTK reads no NaN from text: points outside of the domain hold 0 and are hidden by the ghost array
//! that VTK keeps for this (vtkDataSetAttributes::HIDDENPOINT).

use super::Field;
use crate::error::Result;
use crate::file::write_whole;
use std::fmt::Write;
use std::path::Path;

/// Writes one file with every unknown as a point array; axes that do not exist have one point.
///
/// # Errors
/// If the disk refuses.
pub fn write(field: &Field, path: &Path) -> Result<()> {
    write_whole(path, &text(field))
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
        for &value in field.unknown(k).t() {
            let value = if value.is_nan() { 0.0 } else { value };
            let _ = write!(numbers, "{value:e} ");
        }
        let _ = writeln!(
            arrays,
            "<DataArray type=\"Float64\" Name=\"{name}\" format=\"ascii\">{numbers}</DataArray>"
        );
    }
    arrays.push_str(&hidden(field));
    format!(
        "<?xml version=\"1.0\"?>\n<VTKFile type=\"ImageData\" version=\"0.1\">\n\
         <ImageData WholeExtent=\"{extent}\" Origin=\"{o}\" Spacing=\"{s}\">\n\
         <Piece Extent=\"{extent}\">\n<PointData>\n{arrays}</PointData>\n</Piece>\n\
         </ImageData>\n</VTKFile>\n"
    )
}

/// The array that hides the points without a value; nothing if all have one.
fn hidden(field: &Field) -> String {
    if field.unknowns.is_empty() || !field.values.iter().any(|v| v.is_nan()) {
        return String::new();
    }
    let first = field.unknown(0);
    let flags: Vec<&str> = first
        .t()
        .iter()
        .map(|v| if v.is_nan() { "2" } else { "0" })
        .collect();
    let flags = flags.join(" ");
    format!(
        "<DataArray type=\"UInt8\" Name=\"vtkGhostType\" format=\"ascii\">{flags}</DataArray>\n"
    )
}
