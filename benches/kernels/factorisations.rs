//! Factorisations of the tangent spaces of starter decks.

use crate::peak::Kernel;
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use ned_dist::comm::{Shares, Solo};
use ned_dist::deck::{Deck, find};
use ned_dist::flow::{Flow, Metric};
use ned_dist::problem::{Problem, build};
use ned_dist::sampling::{Purpose, stream};
use ned_dist::solver::{Cholesky, DEFAULT_DAMPING, Qr, Solver};

/// Starter decks whose tangent spaces are factored.
const DECKS: [&str; 2] = ["poisson-2d", "poisson-5d"];

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
        2.0 * m * p * p + (-2.0 / 3.0 + 4.0) * p.powi(3)
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

/// All rows of a starter deck through the tree of cells: R of the QR, then its directions.
#[divan::bench(args = DECKS, sample_count = 10)]
fn qr_and_directions(bencher: Bencher, name: &str) {
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

/// The factorisations as shares of the peak.
pub fn print() {
    DECKS.iter().for_each(|deck| print_factorisations(deck));
    print_large_gram();
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
    qr.print(&format!("qr and directions, {name}"));
    let cholesky = Kernel::new(start.cholesky_operations(), || factor(&CHOLESKY));
    cholesky.print(&format!("cholesky, {name}"));
}
