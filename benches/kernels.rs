//! The kernels of a step: sweeps of the network, tanh, factorisations of the tangent space.
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
//! | sweeps forward and backward | n times `Network::operations`, see src/network/operations.rs |
//! | n rows absorbed into a triangle | 2 n p² |
//! | two triangles joined | ⅔ p³ |
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
use ned_dist::solver::{Cholesky, DEFAULT_DAMPING, Qr, Solver, absorb};
use rand::RngExt;
use std::time::Instant;

/// Hidden layers that are measured.
const SHAPES: [&[usize]; 3] = [&[64], &[64, 64], &[128, 128, 128, 128]];
/// Points of a cell.
const POINTS: usize = 256;
/// Coordinates.
const DIM: usize = 2;
/// Coordinates of a problem of many; its network is the last of the shapes.
const MANY: usize = 10;
/// Starter decks whose tangent spaces are factored.
const DECKS: [&str; 2] = ["poisson-2d", "poisson-5d"];
/// Length of the slices that tanh is taken of.
const SLICE: usize = 4096;

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

// ---- sweeps of the network -----------------------------------------------------------------------

/// A network at the points of a cell.
struct Cell {
    network: Mlp,
    theta: Vec<f64>,
    x: Mat<f64>,
    layout: Layout,
}

impl Cell {
    fn new(hidden: &'static [usize], dim: usize) -> Self {
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
            theta: network.initial(&mut stream(0, Purpose::Network, 0, 0)),
            network,
            x: Mat::from_fn(POINTS, dim, |i, j| ((i * (3 + j)) % 17) as f64 / 17.0),
            layout: Layout::of(dim, [&laplacian]),
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

    fn forward_operations(&self) -> f64 {
        POINTS as f64 * self.network.operations(&self.layout).forward.total()
    }

    fn backward_operations(&self) -> f64 {
        POINTS as f64 * self.network.operations(&self.layout).backward.total()
    }
}

#[divan::bench(args = SHAPES)]
fn forward(bencher: Bencher, hidden: &'static [usize]) {
    let cell = Cell::new(hidden, DIM);
    bencher.counter(ItemsCount::new(POINTS)).bench_local(|| {
        let trace = cell
            .network
            .trace(&cell.theta, cell.x.as_ref(), &cell.layout);
        black_box(trace.jets().points())
    });
}

#[divan::bench(args = SHAPES)]
fn gradient(bencher: Bencher, hidden: &'static [usize]) {
    let cell = Cell::new(hidden, DIM);
    let trace = cell
        .network
        .trace(&cell.theta, cell.x.as_ref(), &cell.layout);
    let cotangent = cell.cotangent();
    let bencher = bencher.counter(ItemsCount::new(POINTS));
    bencher.bench_local(|| trace.gradient(black_box(&cotangent)));
}

#[divan::bench(args = SHAPES)]
fn rows(bencher: Bencher, hidden: &'static [usize]) {
    let cell = Cell::new(hidden, DIM);
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
        Self::with(name, &[])
    }

    /// With some keys of the deck set otherwise.
    fn with(name: &str, set: &[(String, String)]) -> Self {
        let text = find(name).unwrap().text;
        let mut deck = Deck::from_toml(text, name, set).unwrap();
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
    bencher.bench_local(|| black_box(solver.factor(&tangent, 1.0).is_ok()));
}

// ---- the share of the peak -----------------------------------------------------------------------

/// Repeats of each measurement; the medians count.
const REPEATS: usize = 9;
/// A measurement takes at least so many seconds.
const LONG_ENOUGH: f64 = 0.01;

/// A kernel and its necessary operations.
struct Kernel<'k> {
    operations: f64,
    work: Box<dyn FnMut() + 'k>,
    calls: usize,
}

impl<'k> Kernel<'k> {
    fn new(operations: f64, work: impl FnMut() + 'k) -> Self {
        let mut kernel = Self {
            operations,
            work: Box::new(work),
            calls: 1,
        };
        while kernel.seconds() * (kernel.calls as f64) < LONG_ENOUGH {
            kernel.calls *= 2;
        }
        kernel
    }

    /// Seconds of one call, as the mean over some.
    fn seconds(&mut self) -> f64 {
        let clock = Instant::now();
        (0..self.calls).for_each(|_| (self.work)());
        clock.elapsed().as_secs_f64() / self.calls as f64
    }

    /// Prints time, rate and share of the peak. The peak is measured anew before every repeat, so
    /// that a machine whose speed drifts treats both alike.
    fn print(mut self, name: &str) {
        let mut peak = peak();
        let (mut times, mut shares) = (Vec::new(), Vec::new());
        for _ in 0..REPEATS {
            let most = peak.operations / peak.seconds();
            let seconds = self.seconds();
            times.push(seconds);
            shares.push(self.operations / seconds / most);
        }
        let (seconds, share) = (median(times), median(shares));
        let rate = self.operations / seconds / 1e9;
        println!(
            "{name:<34}{:>12.1}{rate:>10.2}{:>10.1} %",
            1e6 * seconds,
            100.0 * share
        );
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Prints the kernels of one thread as a share of the peak of one core.
fn print_shares_of_peak() {
    println!("\nOne thread; operations as counted at the top of benches/kernels.rs");
    println!(
        "{:<34}{:>12}{:>10}{:>12}",
        "kernel", "µs", "GF/s", "of peak"
    );
    peak().print("multiply-adds in registers");
    print_products();
    print_tanh();
    SHAPES.iter().for_each(|hidden| print_sweeps(hidden, DIM));
    print_sweeps(SHAPES[SHAPES.len() - 1], MANY);
    print_triangles();
    DECKS.iter().for_each(|deck| print_factorisations(deck));
    print_large_gram();
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

fn print_tanh() {
    let (z, mut into) = (arguments_of_tanh(), room_for_tanh());
    let kernel = Kernel::new(53.0 * SLICE as f64, || fill(black_box(&z), &mut into));
    kernel.print(&format!("tanh, {SLICE} values"));
}

fn print_sweeps(hidden: &'static [usize], dim: usize) {
    let cell = Cell::new(hidden, dim);
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
    let name = |sweep: &str| format!("{sweep}, {} x {}, {dim}D", hidden.len(), hidden[0]);
    let backward = cell.backward_operations();
    Kernel::new(cell.forward_operations(), forward).print(&name("forward"));
    Kernel::new(backward, gradient).print(&name("gradient"));
    Kernel::new(backward, rows).print(&name("rows"));
}

/// The rows of a recursive step into R, and the joins of the tree of cells.
fn print_triangles() {
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

/// AᵀA of 2,000 parameters, with its Cholesky factor.
fn print_large_gram() {
    let start = Start::with("poisson-5d", &[("network.hidden".into(), "[285]".into())]);
    let flow = start.flow();
    let tangent = flow.tangent(&start.theta, true);
    let factor = || {
        black_box(CHOLESKY.factor(&tangent, 1.0).is_ok());
    };
    let name = format!("cholesky, {} parameters", start.theta.len());
    Kernel::new(start.cholesky_operations(), factor).print(&name);
}

fn print_factorisations(name: &str) {
    let start = Start::new(name);
    let flow = start.flow();
    let tangent = flow.tangent(&start.theta, true);
    let factor = |solver: &dyn Solver| {
        black_box(solver.factor(&tangent, 1.0).is_ok());
    };
    let qr = Kernel::new(start.qr_operations(), || factor(&QR));
    qr.print(&format!("qr and svd, {name}"));
    let cholesky = Kernel::new(start.cholesky_operations(), || factor(&CHOLESKY));
    cholesky.print(&format!("cholesky, {name}"));
}

/// Chains of multiply-adds: enough to hide their latency, few enough for the registers.
const CHAINS: usize = 12;
/// Length of a chain.
const LENGTH: usize = 20_000;

fn peak() -> Kernel<'static> {
    let (width, work) = widest_multiply_adds();
    Kernel::new((2 * CHAINS * LENGTH * width) as f64, work)
}

/// The vectors' width, and [`multiply_adds`] compiled for the widest ones of this machine.
fn widest_multiply_adds() -> (usize, fn()) {
    #[cfg(target_arch = "x86_64")]
    {
        // Not through `vectorised`, which compiles without the multiply-add.
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
