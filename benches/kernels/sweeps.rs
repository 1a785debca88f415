//! Sweeps of the network through a cell: forward, gradient, rows of the tangent space.

use crate::peak::Kernel;
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use faer::Mat;
use ned_dist::expression::{Derivative, Symbol};
use ned_dist::jet::{Jets, Layout};
use ned_dist::network::{Activation, Affine, Mlp, Network};
use ned_dist::sampling::{Purpose, stream};

/// Hidden layers that are measured.
const SHAPES: [&[usize]; 3] = [&[64], &[64, 64], &[128, 128, 128, 128]];
/// Points of a cell.
const POINTS: usize = 256;
/// Points of a cell of the starter decks.
const FEW: usize = 16;
/// Coordinates.
const DIM: usize = 2;
/// Coordinates of a problem of many; its network is the last of the shapes.
const MANY: usize = 10;

/// A network at the points of a cell.
struct Cell {
    points: usize,
    network: Mlp,
    theta: Vec<f64>,
    x: Mat<f64>,
    layout: Layout,
}

impl Cell {
    fn new(hidden: &'static [usize], dim: usize, points: usize) -> Self {
        let network = Mlp::new(
            hidden,
            Activation::Tanh,
            Affine::identity(dim),
            Affine::identity(1),
        );
        let laplacian = Symbol::Jet {
            unknown: 0,
            derivative: Derivative::Laplacian,
        };
        Self {
            points,
            theta: network.initial(&mut stream(0, Purpose::Network, 0, 0)),
            network,
            x: Mat::from_fn(points, dim, |i, j| ((i * (3 + j)) % 17) as f64 / 17.0),
            layout: Layout::of(dim, [&laplacian]),
        }
    }

    fn cotangent(&self) -> Jets {
        let mut jets = Jets::zeros(&self.layout, self.points, 1);
        jets.mat_mut().col_as_slice_mut(0).fill(1.0);
        jets
    }

    fn room_for_rows(&self) -> Mat<f64> {
        Mat::zeros(self.points, self.theta.len())
    }

    fn forward_operations(&self) -> f64 {
        self.points as f64 * self.network.operations(&self.layout).forward.total()
    }

    fn backward_operations(&self) -> f64 {
        self.points as f64 * self.network.operations(&self.layout).backward.total()
    }
}

#[divan::bench(args = SHAPES)]
fn forward(bencher: Bencher, hidden: &'static [usize]) {
    let cell = Cell::new(hidden, DIM, POINTS);
    bencher.counter(ItemsCount::new(POINTS)).bench_local(|| {
        let trace = cell
            .network
            .trace(&cell.theta, cell.x.as_ref(), &cell.layout);
        black_box(trace.jets().points())
    });
}

#[divan::bench(args = SHAPES)]
fn gradient(bencher: Bencher, hidden: &'static [usize]) {
    let cell = Cell::new(hidden, DIM, POINTS);
    let trace = cell
        .network
        .trace(&cell.theta, cell.x.as_ref(), &cell.layout);
    let cotangent = cell.cotangent();
    let bencher = bencher.counter(ItemsCount::new(POINTS));
    bencher.bench_local(|| trace.gradient(black_box(&cotangent)));
}

#[divan::bench(args = SHAPES)]
fn rows(bencher: Bencher, hidden: &'static [usize]) {
    let cell = Cell::new(hidden, DIM, POINTS);
    let trace = cell
        .network
        .trace(&cell.theta, cell.x.as_ref(), &cell.layout);
    let (cotangent, mut rows) = (cell.cotangent(), cell.room_for_rows());
    let bencher = bencher.counter(ItemsCount::new(POINTS));
    bencher.bench_local(|| trace.rows(black_box(&cotangent), &mut rows, 0));
}

/// All sweeps as shares of the peak.
pub fn print() {
    for hidden in SHAPES {
        print_sweeps(hidden, DIM, POINTS);
    }
    print_sweeps(SHAPES[SHAPES.len() - 1], MANY, POINTS);
    print_sweeps(SHAPES[0], DIM, FEW);
}

fn print_sweeps(hidden: &'static [usize], dim: usize, points: usize) {
    let cell = Cell::new(hidden, dim, points);
    let sweep = || {
        cell.network
            .trace(&cell.theta, cell.x.as_ref(), &cell.layout)
    };
    let (trace, cotangent, mut rows) = (sweep(), cell.cotangent(), cell.room_for_rows());
    let forward = || {
        black_box(sweep().jets().points());
    };
    let gradient = || {
        black_box(trace.gradient(black_box(&cotangent)));
    };
    let rows = || trace.rows(black_box(&cotangent), &mut rows, 0);
    let few = if points == FEW { ", few" } else { "" };
    let name = |sweep: &str| format!("{sweep}, {} x {}, {dim}D{few}", hidden.len(), hidden[0]);
    let backward = cell.backward_operations();
    Kernel::new(cell.forward_operations(), forward).print(&name("forward"));
    Kernel::new(backward, gradient).print(&name("gradient"));
    Kernel::new(backward, rows).print(&name("rows"));
}
