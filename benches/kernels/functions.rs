//! Activations with their three derivatives, and the functions that expressions are made of.

use crate::peak::Kernel;
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use ned_dist::expression::{Pool, Scope, Tape};
use ned_dist::network::Activation;
use ned_dist::simd::vectorised;

/// Length of the slices that functions are taken of.
const SLICE: usize = 4096;

/// As many of them are filled at a time.
const GROUP: usize = 512;

/// From -4 to 4.
fn arguments() -> Vec<f64> {
    let place = |k: usize| 8.0 * k as f64 / SLICE as f64 - 4.0;
    (0..SLICE).map(place).collect()
}

/// σ and its three derivatives, group by group as a layer fills them.
fn fill(activation: Activation, z: &[f64], into: &mut [Vec<f64>; 4]) {
    vectorised(
        #[inline(always)]
        || {
            for start in (0..z.len()).step_by(GROUP) {
                let group = start..z.len().min(start + GROUP);
                let columns = into.each_mut().map(|column| &mut column[group.clone()]);
                activation.fill(&z[group], columns);
            }
        },
    );
}

fn room() -> [Vec<f64>; 4] {
    [(); 4].map(|()| vec![0.0; SLICE])
}

#[divan::bench(args = Activation::ALL)]
fn activation_with_derivatives(bencher: Bencher, activation: Activation) {
    let (z, mut into) = (arguments(), room());
    let bencher = bencher.counter(ItemsCount::new(SLICE));
    bencher.bench_local(|| fill(activation, black_box(&z), &mut into));
}

/// The C library's tanh, the value alone.
#[divan::bench]
fn tanh_of_the_system(bencher: Bencher) {
    let (z, mut into) = (arguments(), vec![0.0; SLICE]);
    bencher.counter(ItemsCount::new(SLICE)).bench_local(|| {
        let pairs = into.iter_mut().zip(black_box(&z));
        pairs.for_each(|(t, z)| *t = z.tanh());
    });
}

/// The source term of the starter deck poisson-2d, as it is evaluated at the points of cells.
#[divan::bench]
fn source_term(bencher: Bencher) {
    let scope = Scope::new(&["x", "y"], &["u"]).unwrap();
    let mut pool = Pool::new();
    let source = pool.parse("2*pi^2 * sin(pi*x)*sin(pi*y)", &scope).unwrap();
    let (tape, points) = (Tape::new(&pool, &[source]), arguments());
    let bencher = bencher.counter(ItemsCount::new(SLICE));
    bencher.bench_local(|| tape.eval(SLICE, |_| black_box(&points)));
}

/// The activations as shares of the peak.
pub fn print() {
    let (z, mut into) = (arguments(), room());
    for activation in Activation::ALL {
        let work = || fill(activation, black_box(&z), &mut into);
        let kernel = Kernel::new(activation.operations() * SLICE as f64, work);
        let name = format!("{activation:?}").to_lowercase();
        kernel.print(&format!("{name}, {SLICE} values"));
    }
}
