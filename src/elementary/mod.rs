//! Elementary functions without branches, so that loops over them vectorise: 1 to 3 ns a value instead
//! of 5 to 20.
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

pub use erf::{Normal, erf, normal};
pub use exp::exp;
pub use log::{log, log1p_of_share};
pub use sine::{all_near, cos, sin, sin_cos, sin_cos_near};
pub use tanh::tanh;

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

    #[test]
    fn vectors_give_the_same_bits_as_scalars() {
        let functions: [fn(f64) -> f64; 8] = [
            exp,
            log,
            log1p_of_share,
            tanh,
            erf,
            |x| normal(x).below,
            |x| sin_cos_near(x)[0],
            |x| sin_cos_near(x)[1],
        ];
        let special = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0];
        let x = [&arguments(40.0)[..], &special].concat();
        let wide = in_vectors(&x);
        for (which, function) in functions.iter().enumerate() {
            for (&x, wide) in x.iter().zip(&wide[which]) {
                let one = function(x);
                let same = one.to_bits() == wide.to_bits() || (one.is_nan() && wide.is_nan());
                assert!(same, "function {which} at {x:e}: {one:e} {wide:e}");
            }
        }
    }

    /// The functions of the test above, each by a loop that is compiled for vectors.
    fn in_vectors(x: &[f64]) -> [Vec<f64>; 8] {
        #[inline(always)]
        fn run(x: &[f64], out: &mut [f64], f: impl Fn(f64) -> f64) {
            out.iter_mut().zip(x).for_each(|(out, &x)| *out = f(x));
        }
        let mut out = [(); 8].map(|()| vec![0.0; x.len()]);
        let [a, b, c, d, e, f, g, h] = &mut out;
        vectorised(
            #[inline(always)]
            || {
                run(x, a, exp);
                run(x, b, log);
                run(x, c, log1p_of_share);
                run(x, d, tanh);
                run(x, e, erf);
                run(x, f, #[inline(always)] |x| normal(x).below);
                run(x, g, #[inline(always)] |x| sin_cos_near(x)[0]);
                run(x, h, #[inline(always)] |x| sin_cos_near(x)[1]);
            },
        );
        out
    }
}
