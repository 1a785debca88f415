//! The measure of all others: what one core can do at most, and a kernel as a share of it.

use divan::black_box;
use std::time::Instant;

/// Repeats of each measurement; the medians count.
const REPEATS: usize = 9;
/// A measurement takes at least so many seconds.
const LONG_ENOUGH: f64 = 0.01;

/// A kernel and its necessary operations.
pub struct Kernel<'k> {
    operations: f64,
    work: Box<dyn FnMut() + 'k>,
    calls: usize,
}

impl<'k> Kernel<'k> {
    pub fn new(operations: f64, work: impl FnMut() + 'k) -> Self {
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
    pub fn print(mut self, name: &str) {
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

/// Chains of multiply-adds: enough to hide their latency, few enough for the registers.
const CHAINS: usize = 12;
/// Length of a chain.
const LENGTH: usize = 20_000;

pub fn peak() -> Kernel<'static> {
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
