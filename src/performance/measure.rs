//! The constants of the machine that this runs on, measured by the kernels of a step themselves.
//!
//! All ranks measure at once and the slowest counts, as in a step: ranks that share cores or a memory
//! show here. Everything takes about a second, and a slow network a few more.

use super::{Link, Rate, Rates};
use crate::comm::{Comm, Shares, tree_sum};
use crate::expression::{Derivative, Symbol};
use crate::jet::{Jets, Layout};
use crate::network::{Activation, Affine, Mlp, Network, Operations};
use crate::performance::prediction::levels;
use crate::sampling::{Purpose, stream};
use crate::solver::{Basis, absorb, factor_damped};
use crate::vector::dot;
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, Par};
use std::hint::black_box;
use std::time::Instant;

/// Orders of the matrices, a small and a large one.
const ORDERS: [usize; 2] = [96, 512];
/// Points of a cell, and coordinates.
const POINTS: usize = 16;
const DIM: usize = 2;
/// A network that is all activations, and one that is all products.
const NETWORKS: [&[usize]; 2] = [&[64], &[96, 96, 96]];
/// A measurement takes at least so many seconds, and is repeated so often; the best counts.
const LONG_ENOUGH: f64 = 0.02;
const REPEATS: usize = 3;
/// Numbers in a large message, 8 MB, and how often small ones are sent.
const LARGE: usize = 1 << 20;
const OFTEN: usize = 200;

/// Rates of one core while all ranks are at work. Collective.
pub fn rates(comm: &dyn Comm) -> Rates {
    let [units, layers] = sweeps(comm);
    let matrix = |kernel: &dyn Fn(usize) -> Kernel<'static>| {
        let [small, large] = ORDERS.map(|n| [n as f64, kernel(n).rate(comm)]);
        Rate::through(small, large)
    };
    Rates {
        layers,
        units,
        rows: row_products().rate(comm),
        triangles: matrix(&triangle),
        products: matrix(&product),
        cholesky: matrix(&cholesky),
        directions: matrix(&directions),
    }
}

/// Work that can be repeated, and its operations.
struct Kernel<'k> {
    operations: f64,
    work: Box<dyn FnMut() + 'k>,
}

impl<'k> Kernel<'k> {
    fn new(operations: f64, work: impl FnMut() + 'k) -> Self {
        Self {
            operations,
            work: Box::new(work),
        }
    }

    /// Seconds of one call on the slowest rank. Collective.
    fn seconds(mut self, comm: &dyn Comm) -> f64 {
        let mut calls = 1;
        let mut run = |calls: usize| {
            let clock = Instant::now();
            (0..calls).for_each(|_| (self.work)());
            clock.elapsed().as_secs_f64()
        };
        // All ranks agree on the number of calls.
        loop {
            let mut took = [run(calls)];
            comm.max(&mut took);
            if took[0] > LONG_ENOUGH {
                break;
            }
            calls *= 2;
        }
        let best = (0..REPEATS).map(|_| run(calls));
        let mut best = [best.fold(f64::INFINITY, f64::min)];
        comm.max(&mut best);
        best[0] / calls as f64
    }

    fn rate(self, comm: &dyn Comm) -> f64 {
        self.operations / self.seconds(comm)
    }
}

/// Rates of units and of layers: the times of two networks are two equations for them.
fn sweeps(comm: &dyn Comm) -> [f64; 2] {
    let [(few, short), (many, long)] = NETWORKS.map(|hidden| sweep(comm, hidden));
    // units/r_u + products/r_p = seconds.
    let determinant = few.units * many.products - many.units * few.products;
    let per_unit = (short * many.products - long * few.products) / determinant;
    let per_product = (long * few.units - short * many.units) / determinant;
    if per_unit > 0.0 && per_product > 0.0 {
        return [1.0 / per_unit, 1.0 / per_product];
    }
    // Noise: all operations alike.
    [(few.total() + many.total()) / (short + long); 2]
}

/// Operations and seconds of a sweep forward, one backward, and what a step allocates for them.
fn sweep(comm: &dyn Comm, hidden: &[usize]) -> (Operations, f64) {
    let (inputs, output) = (Affine::identity(DIM), Affine::identity(1));
    let network = Mlp::new(hidden, Activation::Tanh, inputs, output);
    let laplacian = Symbol::Jet {
        unknown: 0,
        derivative: Derivative::Laplacian,
    };
    let layout = Layout::of(DIM, [&laplacian]);
    let theta = network.initial(&mut stream(0, Purpose::Network, 0, 0));
    let x = Mat::from_fn(POINTS, DIM, |i, j| ((i * (3 + j)) % 17) as f64 / 17.0);
    let mut cotangent = Jets::zeros(&layout, POINTS, 1);
    cotangent.mat_mut().col_as_slice_mut(0).fill(1.0);
    let each = network.operations(&layout);
    let operations = (each.forward + each.backward) * POINTS as f64;
    let work = || {
        let trace = network.trace(&theta, x.as_ref(), &layout);
        let mut rows = Mat::zeros(POINTS, theta.len());
        trace.rows(black_box(&cotangent), &mut rows, 0);
        black_box(rows);
    };
    let kernel = Kernel::new(operations.total(), work);
    (operations, kernel.seconds(comm))
}

/// Aᵀ v on the rows of many cells.
fn row_products() -> Kernel<'static> {
    let (cells, columns) = (32, 512);
    let a: Vec<Mat<f64>> = (0..cells).map(|_| entries(POINTS, columns)).collect();
    let v = vec![1.0; POINTS];
    let work = move || {
        for a in &a {
            for j in 0..columns {
                black_box(dot(a.col_as_slice(j), &v));
            }
        }
    };
    Kernel::new((2 * cells * POINTS * columns) as f64, work)
}

/// Half as many rows as parameters, into a triangle.
fn triangle(p: usize) -> Kernel<'static> {
    let (start, rows) = (upper(p), entries(p / 2, p));
    let mut r = start;
    Kernel::new((p * p * p) as f64, move || {
        absorb(&mut r, black_box(rows.clone()));
    })
}

fn product(n: usize) -> Kernel<'static> {
    let (a, mut c) = (entries(n, n), Mat::<f64>::zeros(n, n));
    Kernel::new(2.0 * (n as f64).powi(3), move || {
        matmul(&mut c, Accum::Replace, black_box(&a), &a, 1.0, Par::Seq);
    })
}

fn cholesky(p: usize) -> Kernel<'static> {
    let a = Mat::from_fn(p, p, |i, j| if i == j { 2.0 } else { 1.0 / p as f64 });
    Kernel::new((p as f64).powi(3) / 3.0, move || {
        black_box(factor_damped(black_box(&a), 1e-11).is_some());
    })
}

fn directions(p: usize) -> Kernel<'static> {
    let r = upper(p);
    Kernel::new(Basis::operations(p as f64), move || {
        black_box(Basis::of(black_box(r.clone()), 0).is_some());
    })
}

/// Numbers without a pattern that a factorisation could profit from.
fn entries(rows: usize, columns: usize) -> Mat<f64> {
    let entry = |i: usize, j: usize| (1.0 + (7 * i + 13 * j + i * j) as f64).sin();
    Mat::from_fn(rows, columns, entry)
}

fn upper(p: usize) -> Mat<f64> {
    let full = entries(p, p);
    let entry = |i: usize, j: usize| if i <= j { full[(i, j)] } else { 0.0 };
    Mat::from_fn(p, p, entry)
}

/// The network between ranks, by sums over them; none for one rank. Collective.
pub fn link(comm: &dyn Comm) -> Option<Link> {
    let levels = f64::from(levels(comm.size()));
    if levels == 0.0 {
        return None;
    }
    let shares = Shares::even(comm.size(), comm.size());
    let sum = |length: usize| {
        comm.barrier();
        let clock = Instant::now();
        black_box(tree_sum(comm, &shares, length, &|_| vec![1.0; length]));
        clock.elapsed().as_secs_f64()
    };
    let mut small: Vec<f64> = (0..OFTEN).map(|_| sum(1)).collect();
    small.sort_by(f64::total_cmp);
    let large = (0..REPEATS).map(|_| sum(LARGE));
    let mut slowest = [small[OFTEN / 2], large.fold(f64::INFINITY, f64::min)];
    comm.max(&mut slowest);
    let [small, large] = slowest;
    // A sum goes up and comes down.
    Some(Link {
        latency: small / (2.0 * levels),
        bandwidth: 16.0 * levels * LARGE as f64 / (large - small).max(1e-9),
    })
}
