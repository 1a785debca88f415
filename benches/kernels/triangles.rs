//! Rows into a triangle, and triangles into one.

use crate::peak::Kernel;
use divan::black_box;
use faer::Mat;
use ned_dist::sampling::{Purpose, stream};
use ned_dist::solver::absorb;
use rand::RngExt;

/// The rows of a recursive step into R, and the joins of the tree of cells.
pub fn print() {
    for (n, p) in [(55, 97), (146, 257), (255, 449), (512, 1000), (512, 2971)] {
        let (mut r, rows) = (upper(p, p + 1), entries(n, p + 1));
        let step = || absorb(&mut r, black_box(rows.clone()));
        let operations = 2.0 * (n * p * p) as f64;
        Kernel::new(operations, step).print(&format!("absorb {n} rows, p = {p}"));
    }
    for p in [257, 449] {
        let (mut r, below) = (upper(p, p), upper(p, p));
        let join = || absorb(&mut r, black_box(below.clone()));
        Kernel::new(2.0 / 3.0 * (p as f64).powi(3), join).print(&format!("join, p = {p}"));
    }
}

fn entries(rows: usize, columns: usize) -> Mat<f64> {
    let mut rng = stream(0, Purpose::Network, 0, 0);
    Mat::from_fn(rows, columns, |_, _| rng.random::<f64>() - 0.5)
}

fn upper(rows: usize, columns: usize) -> Mat<f64> {
    let full = entries(rows, columns);
    Mat::from_fn(
        rows,
        columns,
        |i, j| if i <= j { full[(i, j)] } else { 0.0 },
    )
}
