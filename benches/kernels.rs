//! The kernels of a step: sweeps of the network, tanh, factorisations of the tangent space.
//!
//! `cargo bench --bench kernels` (under `launch/setup.sh`) first prints divan's timings, then a table
//! that shows each kernel as a share of what one core can do at most. That peak is measured, by
//! multiply-adds on numbers that never leave their registers; kernels that add and multiply
//! separately, as all loops of this program do for the sake of equal bits, can reach half of it.
//!
//! Necessary operations, for n points, S streams of the jet (here S = d + 2: u, ∇u, Δu), layers
//! h_in → h_out and p parameters; an addition, multiplication or division counts one:
//!
//! | what | operations |
//! |---|---|
//! | first layer, each sweep through it | n h_out 2 d |
//! | further layer forward | 2 S n h_in h_out |
//! | σ forward, a hidden unit | n (53 + d + 2 d + 3): tanh 45, its derivatives 8, ∇, Δ |
//! | further layer backward | 2 S n h_in h_out for the layer below, the same again for ∂/∂W |
//! | first layer backward | n h_out 3 d for ∂/∂W |
//! | σ backward, a hidden unit | n (9 d + 6) |
//! | QR and SVD of m rows | 2 m p² − ⅔ p³, then 8⁄3 p³ to a bidiagonal, 2 p³ for its vectors |
//! | Cholesky of AᵀA | m p² + ⅓ p³ |
//! | product of two matrices | 2 n³ |
//!
//! The gradient and the rows of the tangent space take the same operations: rows are only not summed
//! over the points. (So they must be stored, 8 n p bytes, which no share of this peak can show.)

#![allow(missing_docs, clippy::unwrap_used)]

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, Par};
use ned_dist::comm::{Shares, Solo};
use ned_dist::deck::{Deck, find};
use ned_dist::expression::{Derivative, Symbol};
use ned_dist::flow::{Flow, Metric};
use ned_dist::jet::{Jets, Layout};
use ned_dist::network::{Activation, Affine, Mlp, Network};
use ned_dist::problem::{Problem, build};
use ned_dist::sampling::{Purpose, stream};
use ned_dist::simd::vectorised;
use ned_dist::solver::{Cholesky, DEFAULT_DAMPING, Qr, Solver};
use std::time::Instant;

/// Hidden layers that are measured.
const SHAPES: [&[usize]; 3] = [&[64], &[64, 64], &[128, 128, 128, 128]];
/// Points of a cell.
const POINTS: usize = 256;
/// Coordinates.
const DIM: usize = 2;
/// Starter decks whose tangent spaces are factored.
const DECKS: [&str; 2] = ["poisson-2d", "poisson-5d"];
/// Length of the slices that tanh is taken of.
const SLICE: usize = 4096;

fn main() {
    divan::main();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test` runs benches without this; a filter asks for divan's part alone.
    if arguments == ["--bench"] {
        shares_of_peak();
    }
}

// ---- sweeps of the network -----------------------------------------------------------------------

/// A network at the points of a cell.
struct Cell {
    hidden: &'static [usize],
    network: Mlp,
    theta: Vec<f64>,
    x: Mat<f64>,
    layout: Layout,
}

impl Cell {
    fn new(hidden: &'static [usize]) -> Self {
        let network = Mlp::new(
            hidden,
            Activation::Tanh,
            Affine::identity(DIM),
            Affine::identity(1),
        );
        let laplacian = Symbol::Jet {
            unknown: 0,
            derivative: Derivative::Laplacian,
        };
        Self {
            hidden,
            theta: network.initial(&mut stream(0, Purpose::Network, 0, 0)),
            network,
            x: Mat::from_fn(POINTS, DIM, |i, j| ((i * (3 + j)) % 17) as f64 / 17.0),
            layout: Layout::of(DIM, [&laplacian]),
        }
    }

    fn cotangent(&self) -> Jets {
        let mut jets = Jets::zeros(&self.layout, POINTS, 1);
        jets.mat_mut().col_as_slice_mut(0).fill(1.0);
        jets
    }

    fn room_for_rows(&self) -> Mat<f64> {
        Mat::zeros(POINTS, self.theta.len())
    }

    /// Σ h_in h_out over the layers after the first.
    fn later_weights(&self) -> usize {
        let inner: usize = self.hidden.windows(2).map(|w| w[0] * w[1]).sum();
        inner + self.hidden[self.hidden.len() - 1]
    }

    fn units(&self) -> usize {
        self.hidden.iter().sum()
    }

    fn forward_operations(&self) -> usize {
        let products = 2 * self.layout.streams() * self.later_weights() + 2 * DIM * self.hidden[0];
        POINTS * (products + self.units() * (53 + 3 * DIM + 3))
    }

    fn backward_operations(&self) -> usize {
        let products = 4 * self.layout.streams() * self.later_weights() + 3 * DIM * self.hidden[0];
        POINTS * (products + self.units() * (9 * DIM + 6))
    }
}

#[divan::bench(args = 0..SHAPES.len())]
fn forward(bencher: Bencher, shape: usize) {
    let cell = Cell::new(SHAPES[shape]);
    bencher.counter(ItemsCount::new(POINTS)).bench_local(|| {
        let trace = cell
            .network
            .trace(&cell.theta, cell.x.as_ref(), &cell.layout);
        black_box(trace.jets().points())
    });
}

#[divan::bench(args = 0..SHAPES.len())]
fn gradient(bencher: Bencher, shape: usize) {
    let cell = Cell::new(SHAPES[shape]);
    let trace = cell
        .network
        .trace(&cell.theta, cell.x.as_ref(), &cell.layout);
    let cotangent = cell.cotangent();
    let bencher = bencher.counter(ItemsCount::new(POINTS));
    bencher.bench_local(|| trace.gradient(black_box(&cotangent)));
}

#[divan::bench(args = 0..SHAPES.len())]
fn rows(bencher: Bencher, shape: usize) {
    let cell = Cell::new(SHAPES[shape]);
    let trace = cell
        .network
        .trace(&cell.theta, cell.x.as_ref(), &cell.layout);
    let (cotangent, mut rows) = (cell.cotangent(), cell.room_for_rows());
    let bencher = bencher.counter(ItemsCount::new(POINTS));
    bencher.bench_local(|| trace.rows(black_box(&cotangent), &mut rows, 0));
}

// ---- tanh ----------------------------------------------------------------------------------------

fn arguments_of_tanh() -> Vec<f64> {
    let place = |k: usize| 8.0 * k as f64 / SLICE as f64 - 4.0;
    (0..SLICE).map(place).collect()
}

/// tanh and its three derivatives, as a layer fills them.
fn fill(z: &[f64], into: &mut [Vec<f64>; 4]) {
    let [a, b, c, d] = into;
    vectorised(
        #[inline(always)]
        || Activation::Tanh.fill(z, [&mut a[..], &mut b[..], &mut c[..], &mut d[..]]),
    );
}

fn room_for_tanh() -> [Vec<f64>; 4] {
    [(); 4].map(|()| vec![0.0; SLICE])
}

#[divan::bench]
fn tanh_with_derivatives(bencher: Bencher) {
    let (z, mut into) = (arguments_of_tanh(), room_for_tanh());
    let bencher = bencher.counter(ItemsCount::new(SLICE));
    bencher.bench_local(|| fill(black_box(&z), &mut into));
}

/// The C library's tanh, the value alone.
#[divan::bench]
fn tanh_of_the_system(bencher: Bencher) {
    let (z, mut into) = (arguments_of_tanh(), vec![0.0; SLICE]);
    bencher.counter(ItemsCount::new(SLICE)).bench_local(|| {
        let pairs = into.iter_mut().zip(black_box(&z));
        pairs.for_each(|(t, z)| *t = z.tanh());
    });
}

// ---- factorisations ------------------------------------------------------------------------------

/// A starter deck's problem on one rank.
struct Start {
    problem: Problem,
    shares: Shares,
    theta: Vec<f64>,
}

impl Start {
    fn new(name: &str) -> Self {
        let text = find(name).unwrap().text;
        let mut deck = Deck::from_toml(text, name, &[]).unwrap();
        let problem = build(&mut deck, None).unwrap();
        Self {
            shares: Shares::balanced(&problem.costs(), 1).unwrap(),
            theta: problem
                .network
                .initial(&mut stream(0, Purpose::Network, 0, 0)),
            problem,
        }
    }

    /// The flow on the first sample set.
    fn flow(&self) -> Flow<'_> {
        let mut flow = Flow::new(&self.problem, &Solo, &self.shares, Metric::Energy, 0);
        flow.draw(0);
        flow
    }

    /// (rows m, parameters p).
    fn size(&self) -> [f64; 2] {
        [self.problem.rows() as f64, self.theta.len() as f64]
    }

    fn qr_operations(&self) -> f64 {
        let [m, p] = self.size();
        2.0 * m * p * p + (-2.0 / 3.0 + 8.0 / 3.0 + 2.0) * p.powi(3)
    }

    fn cholesky_operations(&self) -> f64 {
        let [m, p] = self.size();
        m * p * p + p.powi(3) / 3.0
    }
}

const QR: Qr = Qr { cutoff: 1e-12 };
const CHOLESKY: Cholesky = Cholesky {
    damping: DEFAULT_DAMPING,
};

/// All rows of a starter deck through the tree of cells: R of the QR, then its singular values.
#[divan::bench(args = DECKS, sample_count = 10)]
fn qr_and_svd(bencher: Bencher, name: &str) {
    factor(bencher, name, &QR);
}

/// The same rows into the Gram matrix, and its Cholesky factor.
#[divan::bench(args = DECKS, sample_count = 10)]
fn cholesky(bencher: Bencher, name: &str) {
    factor(bencher, name, &CHOLESKY);
}

fn factor(bencher: Bencher, name: &str, solver: &dyn Solver) {
    let start = Start::new(name);
    let flow = start.flow();
    let tangent = flow.tangent(&start.theta, true);
    let bencher = bencher.counter(ItemsCount::new(start.problem.rows()));
    bencher.bench_local(|| black_box(solver.factor(&tangent).is_ok()));
}

// ---- the share of the peak -----------------------------------------------------------------------

/// Repeats of each measurement; the median counts.
const REPEATS: usize = 9;
/// A measurement takes about this many seconds.
const LONG_ENOUGH: f64 = 0.02;

/// Median seconds of one call of `work`.
fn seconds(mut work: impl FnMut()) -> f64 {
    let mut calls = 1;
    let mut measure = |calls: usize| {
        let clock = Instant::now();
        (0..calls).for_each(|_| work());
        clock.elapsed().as_secs_f64()
    };
    while measure(calls) < LONG_ENOUGH {
        calls *= 2;
    }
    let mut all = [(); REPEATS].map(|()| measure(calls) / calls as f64);
    all.sort_by(f64::total_cmp);
    all[REPEATS / 2]
}

/// A measured kernel.
struct Row {
    name: String,
    operations: f64,
    seconds: f64,
}

impl Row {
    fn new(name: impl Into<String>, operations: f64, work: impl FnMut()) -> Self {
        Self {
            name: name.into(),
            operations,
            seconds: seconds(work),
        }
    }

    fn rate(&self) -> f64 {
        self.operations / self.seconds / 1e9
    }

    fn print(&self, peak: f64) {
        println!(
            "{:<34}{:>12.1}{:>10.2}{:>10.1} %",
            self.name,
            1e6 * self.seconds,
            self.rate(),
            100.0 * self.rate() / peak
        );
    }
}

/// Prints the kernels of one thread as a share of the peak of one core.
fn shares_of_peak() {
    let one_thread = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    one_thread.unwrap().install(|| {
        println!("\nOne thread; operations as counted at the top of benches/kernels.rs");
        println!(
            "{:<34}{:>12}{:>10}{:>12}",
            "kernel", "µs", "GF/s", "of peak"
        );
        let peak = peak_row();
        peak.print(peak.rate());
        let print = |row: Row| row.print(peak.rate());
        [256, 1024].map(product_row).into_iter().for_each(print);
        print(tanh_row());
        SHAPES
            .iter()
            .flat_map(|shape| sweep_rows(shape))
            .for_each(print);
        DECKS
            .iter()
            .flat_map(|deck| factor_rows(deck))
            .for_each(print);
    });
}

fn sweep_rows(hidden: &'static [usize]) -> [Row; 3] {
    let cell = Cell::new(hidden);
    let sweep = || {
        cell.network
            .trace(&cell.theta, cell.x.as_ref(), &cell.layout)
    };
    let (trace, cotangent, mut rows) = (sweep(), cell.cotangent(), cell.room_for_rows());
    let name = |sweep: &str| format!("{sweep}, {} x {}", hidden.len(), hidden[0]);
    let [forward, backward] =
        [cell.forward_operations(), cell.backward_operations()].map(|n| n as f64);
    [
        Row::new(name("forward"), forward, || {
            black_box(sweep().jets().points());
        }),
        Row::new(name("gradient"), backward, || {
            black_box(trace.gradient(black_box(&cotangent)));
        }),
        Row::new(name("rows"), backward, || {
            trace.rows(black_box(&cotangent), &mut rows, 0);
        }),
    ]
}

fn factor_rows(name: &str) -> [Row; 2] {
    let start = Start::new(name);
    let flow = start.flow();
    let tangent = flow.tangent(&start.theta, true);
    let factor = |solver: &dyn Solver| {
        black_box(solver.factor(&tangent).is_ok());
    };
    [
        Row::new(format!("qr and svd, {name}"), start.qr_operations(), || {
            factor(&QR)
        }),
        Row::new(
            format!("cholesky, {name}"),
            start.cholesky_operations(),
            || {
                factor(&CHOLESKY);
            },
        ),
    ]
}

fn tanh_row() -> Row {
    let (z, mut into) = (arguments_of_tanh(), room_for_tanh());
    let work = move || fill(black_box(&z), &mut into);
    Row::new(format!("tanh, {SLICE} values"), 53.0 * SLICE as f64, work)
}

/// faer's product of two square matrices.
fn product_row(n: usize) -> Row {
    let a = Mat::from_fn(n, n, |i, j| ((i + 2 * j) % 7) as f64);
    let (b, mut c) = (a.clone(), Mat::<f64>::zeros(n, n));
    let name = format!("faer's product, {n} x {n}");
    Row::new(name, 2.0 * (n as f64).powi(3), move || {
        matmul(&mut c, Accum::Replace, black_box(&a), &b, 1.0, Par::Seq);
    })
}

/// Chains of multiply-adds: enough to hide their latency, few enough for the registers.
const CHAINS: usize = 12;
/// Length of a chain.
const LENGTH: usize = 20_000;

fn peak_row() -> Row {
    let (width, work) = widest_multiply_adds();
    let operations = 2 * CHAINS * LENGTH * width;
    Row::new("multiply-adds in registers", operations as f64, work)
}

/// The vectors' width, and [`multiply_adds`] compiled for the widest ones of this machine.
fn widest_multiply_adds() -> (usize, fn()) {
    #[cfg(target_arch = "x86_64")]
    {
        // Not through `vectorised`: it compiles for AVX2 at most and without the multiply-add.
        #[target_feature(enable = "avx512f,fma")]
        fn avx512() {
            multiply_adds::<8>();
        }
        #[target_feature(enable = "avx2,fma")]
        fn avx2() {
            multiply_adds::<4>();
        }
        #[allow(unsafe_code)]
        // SAFETY: each is called only where the processor has what it is compiled for.
        let callable: [fn(); 2] = [|| unsafe { avx512() }, || unsafe { avx2() }];
        if is_x86_feature_detected!("avx512f") {
            return (8, callable[0]);
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            return (4, callable[1]);
        }
    }
    (4, || multiply_adds::<4>())
}

/// s ← s x + y on all chains, with whatever vectors this is compiled for.
#[inline(always)]
fn multiply_adds<const WIDTH: usize>() {
    let (x, y) = (black_box(0.999), black_box(0.001));
    let mut sums = black_box([[1.0f64; WIDTH]; CHAINS]);
    for _ in 0..LENGTH {
        for chain in &mut sums {
            chain.iter_mut().for_each(|s| *s = s.mul_add(x, y));
        }
    }
    black_box(sums);
}
