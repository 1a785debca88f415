//! eˣ = 2ⁿ eʳ with x = n log 2 + r, |r| ≤ log(2) / 2 (Cody & Waite 1980, Software Manual for the
//! Elementary Functions), and eʳ − 1 by its Taylor polynomial of degree 13.

use super::{LOG2_HIGH, LOG2_LOW, ROUND, clamped, cubic};
use std::f64::consts::LOG2_E;

/// Beyond these, eˣ is infinite or rounds to zero.
const HIGHEST: f64 = 710.0;
const LOWEST: f64 = -746.0;

/// eˣ, within 1 unit in the last place.
#[inline(always)]
pub fn exp(x: f64) -> f64 {
    let [r, n] = reduced(x);
    scaled_back(expm1_near(r), n)
}

/// eˣ at every x, in place, with another slice to work in: the same bits as [`exp`].
#[inline(always)]
pub fn exp_each(x: &mut [f64], spare: &mut [f64]) {
    let spare = &mut spare[..x.len()];
    for k in 0..x.len() {
        [x[k], spare[k]] = reduced(x[k]);
    }
    x.iter_mut().for_each(|x| *x = expm1_near(*x));
    for k in 0..x.len() {
        x[k] = scaled_back(x[k], spare[k]);
    }
}

/// [r, n] of x + low, for a `low` of at most 1e-3 that x has no room for.
#[inline(always)]
pub(super) fn reduced_sum(x: f64, low: f64) -> [f64; 2] {
    let [r, n] = reduced(x);
    [r + low, n]
}

/// [r, n].
#[inline(always)]
fn reduced(x: f64) -> [f64; 2] {
    let x = clamped(x, LOWEST, HIGHEST);
    let n = (x * LOG2_E + ROUND) - ROUND;
    [(x - n * LOG2_HIGH) - n * LOG2_LOW, n]
}

/// 2ⁿ (1 + e).
#[inline(always)]
pub(super) fn scaled_back(e: f64, n: f64) -> f64 {
    // By two factors, because 2ⁿ itself may be too large or too small to be a number.
    let half = (0.5 * n + ROUND) - ROUND;
    let [first, second] = [power_of_two(half), power_of_two(n - half)];
    (first * e + first) * second
}

/// 2ⁿ for a whole n from -1022 to 1023.
#[inline(always)]
fn power_of_two(n: f64) -> f64 {
    f64::from_bits((n + ROUND).to_bits().wrapping_add(1023) << 52)
}

/// eʳ − 1 for |r| ≤ 0.35.
#[inline(always)]
pub(super) fn expm1_near(r: f64) -> f64 {
    const A: [f64; 4] = [1.0 / 2.0, 1.0 / 6.0, 1.0 / 24.0, 1.0 / 120.0];
    const B: [f64; 4] = [1.0 / 720.0, 1.0 / 5_040.0, 1.0 / 40_320.0, 1.0 / 362_880.0];
    const C: [f64; 4] = [
        1.0 / 3_628_800.0,
        1.0 / 39_916_800.0,
        1.0 / 479_001_600.0,
        1.0 / 6_227_020_800.0,
    ];
    let r2 = r * r;
    let r4 = r2 * r2;
    r + r2 * (cubic(A, r, r2) + r4 * cubic(B, r, r2) + (r4 * r4) * cubic(C, r, r2))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{arguments, assert_within};
    use super::*;

    #[test]
    fn it_is_within_a_unit_also_where_it_is_subnormal() {
        // libm's own error is another.
        assert_within(2, &arguments(760.0), exp, libm::exp);
        assert_eq!(exp(f64::INFINITY), f64::INFINITY);
        assert_eq!(exp(f64::NEG_INFINITY), 0.0);
        assert_eq!([exp(0.0), exp(-0.0)], [1.0, 1.0]);
    }

    #[test]
    fn a_low_part_counts() {
        for x in [-300.25, -1.5, 0.0, 2.75, 300.5] {
            for low in [1e-4, -3e-9] {
                let exact = libm::exp(x) * (1.0 + libm::expm1(low));
                let [r, n] = reduced_sum(x, low);
                let found = scaled_back(expm1_near(r), n);
                assert!((found / exact - 1.0).abs() < 5e-16);
            }
        }
    }
}
