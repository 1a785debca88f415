//! The solution: at points, on a regular grid for numpy, spreadsheets and ParaView, and as parameters.

mod csv_file;
mod npy_file;
mod solution;
mod vti_file;

pub use solution::{Solution, read_theta, remove_theta, write_theta};

use crate::deck::FieldFormat;
use crate::error::Result;
use crate::file::failed;
use crate::problem::Problem;
use faer::Mat;
use ndarray::{ArrayD, Axis, IxDyn};
use rayon::prelude::*;
use solution::BLOCK;
use std::path::Path;

/// The unknowns on a tensor grid over the box around the domain; NaN outside of the domain.
pub struct Field {
    /// Names of the coordinates, d ≤ 3.
    pub coordinates: Vec<String>,
    /// Names of the unknowns, m.
    pub unknowns: Vec<String>,
    /// Grid points along every axis.
    pub axes: Vec<Vec<f64>>,
    /// Values, shape (n_1, …, n_d, m).
    pub values: ArrayD<f64>,
}

impl Field {
    /// Evaluates the network on `grid` points per coordinate.
    pub fn evaluate(problem: &Problem, theta: &[f64], grid: &[usize]) -> Self {
        let (lower, upper) = &problem.bounds;
        let axes: Vec<Vec<f64>> = grid
            .iter()
            .enumerate()
            .map(|(a, &n)| {
                if n == 1 {
                    // A slice: its edge would show boundary values alone.
                    return vec![0.5 * (lower[a] + upper[a])];
                }
                let step = (upper[a] - lower[a]) / (n - 1) as f64;
                // Rounding must not lead out of the domain.
                (0..n)
                    .map(|i| (lower[a] + step * i as f64).min(upper[a]))
                    .collect()
            })
            .collect();
        let total: usize = grid.iter().product();
        let m = problem.unknowns.len();
        let mut values = vec![0.0; total * m];
        let blocks = values.par_chunks_mut(BLOCK * m).enumerate();
        let solution = Solution { problem, theta };
        blocks.for_each(|(block, values)| {
            let x = Mat::from_fn(values.len() / m, grid.len(), |i, a| {
                axes[a][index_along(block * BLOCK + i, grid, a)]
            });
            solution.unknowns(&x, values);
        });
        let shape = [grid, &[m]].concat();
        let values = ArrayD::from_shape_vec(IxDyn(&shape), values);
        Self {
            coordinates: problem.coordinates.clone(),
            unknowns: problem.unknowns.clone(),
            axes,
            values: values.unwrap_or_else(|_| ArrayD::zeros(IxDyn(&shape))),
        }
    }

    /// Writes the field into `folder` in one format: `u.csv`, one `NAME.npy` per unknown, or `u.vti`.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn write(&self, folder: &Path, format: FieldFormat) -> Result<()> {
        std::fs::create_dir_all(folder).map_err(|e| failed(folder, &e))?;
        match format {
            FieldFormat::Csv => csv_file::write(self, &folder.join("u.csv")),
            FieldFormat::Npy => npy_file::write(self, folder),
            FieldFormat::Vti => vti_file::write(self, &folder.join("u.vti")),
        }
    }

    /// One unknown, shape (n_1, …, n_d).
    fn unknown(&self, index: usize) -> ndarray::ArrayViewD<'_, f64> {
        self.values.index_axis(Axis(self.axes.len()), index)
    }

    /// Numbers of grid points.
    fn grid(&self) -> Vec<usize> {
        self.axes.iter().map(Vec::len).collect()
    }
}

/// Index along axis `axis` of grid point `point`, the last axis running fastest.
fn index_along(point: usize, grid: &[usize], axis: usize) -> usize {
    let faster: usize = grid[axis + 1..].iter().product();
    point / faster % grid[axis]
}
