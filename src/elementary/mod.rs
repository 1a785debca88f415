//! Elementary functions without branches, so that loops over them vectorise: 1 to 3 ns a value instead
//! of 5 to 20.
//!
//! A chain of a hundred operations that wait for each other leaves a processor idle, however many chains
//! are independent: it does not see far enough ahead. So functions of whole columns, `…_each`, go in
//! stages of short chains, each a loop of its own over slices that stay in the first cache.
//!
//! Written in additions, multiplications and divisions alone, never contracted, and without the
//! system's library: the same bits on every machine, one value at a time or many. Loops run in
//! [`crate::simd::vectorised`], where all of this is inlined. Errors are stated in units in the last
//! place and tested against the `libm` crate, which is within one.

mod erf;
mod exp;
mod log;
mod sine;
mod tanh;

pub use erf::{erf, erf_each, normal, normal_each};
pub use exp::{exp, exp_each};
pub use log::{log, log1p_of_share};
pub use sine::{cos, sin, sin_cos, sin_cos_each};
pub use tanh::{tanh, tanh_each};

/// 1.5 · 2⁵²: adding it rounds to an integer, which then stands in the low bits.
const ROUND: f64 = 6_755_399_441_055_744.0;
/// log 2 to 32 bits, so that n times it is exact, and what is missing.
const LOG2_HIGH: f64 = 6.931_471_803_691_238e-1;
const LOG2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// c₀ + c₁ x + c₂ x² + c₃ x³, with x² given: the piece that longer polynomials are made of, by
/// Estrin's scheme, whose operations wait for each other less than Horner's.
#[inline(always)]
fn cubic(c: [f64; 4], x: f64, x2: f64) -> f64 {
    (c[0] + x * c[1]) + x2 * (c[2] + x * c[3])
}

/// x between two bounds; NaN passes through.
#[inline(always)]
fn clamped(x: f64, low: f64, high: f64) -> f64 {
    let x = if x < low { low } else { x };
    if x > high { high } else { x }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::vectorised;

    /// Distance in units in the last place, between numbers of the same sign.
    pub(super) fn ulps(a: f64, b: f64) -> u64 {
        a.to_bits().abs_diff(b.to_bits())
    }

    /// Arguments of both signs: from 1e-320 to 1e308, and evenly spaced ones up to `even`.
    pub(super) fn arguments(even: f64) -> Vec<f64> {
        let sizes = (0..5000).map(|k| 10f64.powf(-320.0 + f64::from(k) * 0.1256));
        let steps = (0..100_000).map(|k| f64::from(k) * 1e-5 * even);
        sizes.chain(steps).flat_map(|x| [x, -x]).collect()
    }

    /// Asserts that `ours` is within so many units of `truth` at every argument, and NaN at NaN.
    pub(super) fn assert_within(
        units: u64,
        x: &[f64],
        ours: impl Fn(f64) -> f64,
        truth: impl Fn(f64) -> f64,
    ) {
        for &x in x {
            let (found, exact) = (ours(x), truth(x));
            let close = ulps(found, exact) <= units || (found == exact);
            assert!(close, "at {x:e}: {found:e}, should be {exact:e}");
        }
        assert!(ours(f64::NAN).is_nan());
    }

    /// Every function of columns beside its function of single numbers.
    #[test]
    fn columns_have_the_same_bits_as_single_numbers() {
        let special = [f64::NAN, f64::INFINITY, -f64::INFINITY, 0.0, -0.0];
        let near = [&arguments(40.0)[..], &special].concat();
        let near: Vec<f64> = near
            .into_iter()
            .filter(|x| x.is_nan() || x.abs() < 1e5)
            .collect();
        for x in [near, vec![1.0, 1e5, -2e6, 1e300, f64::NAN]] {
            let mut columns = [(); 8].map(|()| x.clone());
            let [exps, tanhs, erfs, sines, cosines, below, density, spare] = &mut columns;
            let mut other = x.clone();
            vectorised(
                #[inline(always)]
                || {
                    exp_each(exps, spare);
                    tanh_each(&x, tanhs, spare);
                    erf_each(erfs, [&mut *spare, &mut other]);
                    sin_cos_each(&x, sines, cosines, spare);
                    normal_each(&x, below, density);
                },
            );
            for (k, &x) in x.iter().enumerate() {
                let ([sin, cos], [share, bell]) = (sin_cos(x), normal(x));
                let single = [exp(x), tanh(x), erf(x), sin, cos, share, bell];
                for (which, (one, column)) in single.iter().zip(&columns).enumerate() {
                    let same = one.to_bits() == column[k].to_bits();
                    assert!(
                        same || one.is_nan() && column[k].is_nan(),
                        "{which} at {x:e}"
                    );
                }
            }
        }
    }

    #[test]
    fn loops_for_vectors_have_the_same_bits_as_single_numbers() {
        let x = arguments(40.0);
        let mut logs = [(); 2].map(|()| x.clone());
        let [log_x, log1p_x] = &mut logs;
        vectorised(
            #[inline(always)]
            || {
                log_x.iter_mut().for_each(|x| *x = log(*x));
                log1p_x.iter_mut().for_each(|x| *x = log1p_of_share(*x));
            },
        );
        for (k, &x) in x.iter().enumerate() {
            let single = [log(x), log1p_of_share(x)];
            for (one, column) in single.iter().zip(&logs) {
                let same = one.to_bits() == column[k].to_bits();
                assert!(same || one.is_nan() && column[k].is_nan(), "at {x:e}");
            }
        }
    }
}
