//! The kernels of a step: sweeps of the network, activations, factorisations of the tangent space.
//!
//! `cargo bench --bench kernels` (under `launch/setup.sh`) first prints divan's timings, then a table
//! that shows each kernel as a share of what one core can do at most. That peak is measured, by
//! multiply-adds on numbers that never leave their registers; kernels that add and multiply
//! separately, as all loops of this program do for the sake of equal bits, can reach half of it.
//!
//! Necessary operations, for n points and p parameters, the sweeps with u, ∇u, Δu; an addition,
//! multiplication or division counts one:
//!
//! | what | operations |
//! |---|---|
//! | an activation with its derivatives | `Activation::operations` a value |
//! | sweeps forward and backward | n times `Network::operations`, see src/network/operations.rs |
//! | n rows absorbed into a triangle | 2 n p² |
//! | two triangles joined | ⅔ p³ |
//! | QR and directions of m rows | 2 m p² − ⅔ p³, then 4 p³ |
//! | Cholesky of AᵀA | m p² + ⅓ p³ |
//! | product of two matrices | 2 n³ |
//!
//! The gradient and the rows of the tangent space take the same operations: rows are only not summed
//! over the points. (So they must be stored, 8 n p bytes, which no share of this peak can show.)

#![allow(missing_docs, clippy::unwrap_used)]

mod factorisations;
mod functions;
mod peak;
mod sweeps;
mod triangles;

use divan::black_box;
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, Par};
use peak::{Kernel, peak};

fn main() {
    // This thread is the pool: one thread, and nothing is handed over.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1);
    pool.use_current_thread().build_global().unwrap();
    divan::main();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test` runs benches without this; a filter asks for divan's part alone.
    if arguments == ["--bench"] {
        print_shares_of_peak();
    }
}

/// Prints the kernels of one thread as a share of the peak of one core.
fn print_shares_of_peak() {
    println!("\nOne thread; operations as counted at the top of benches/kernels/main.rs");
    println!(
        "{:<34}{:>12}{:>10}{:>12}",
        "kernel", "µs", "GF/s", "of peak"
    );
    peak().print("multiply-adds in registers");
    print_products();
    functions::print();
    sweeps::print();
    triangles::print();
    factorisations::print();
}

/// faer's product of two square matrices.
fn print_products() {
    for n in [256, 1024] {
        let a = Mat::from_fn(n, n, |i, j| ((i + 2 * j) % 7) as f64);
        let (b, mut c) = (a.clone(), Mat::<f64>::zeros(n, n));
        let product = || matmul(&mut c, Accum::Replace, black_box(&a), &b, 1.0, Par::Seq);
        Kernel::new(2.0 * (n as f64).powi(3), product).print(&format!("product, {n} x {n}"));
    }
}
