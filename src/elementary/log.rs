//! Logarithms by log((1 + s) / (1 − s)) = 2 artanh s, an odd function whose series needs no cases.
//!
//! artanh s = s + s³ Q(s²), Q of degree 9 interpolated at the Chebyshev nodes of s² ∈ [0, 1/9] (error
//! 1e-16 of s³). log x = k log 2 + log m takes m from [√½, √2), so that s = (m − 1) / (m + 1); the
//! softplus needs log(1 + t) for t ∈ [0, 1], where s = t / (2 + t) is at most 1/3 with no reduction.

use super::{LOG2_HIGH, LOG2_LOW, cubic};
use std::f64::consts::FRAC_1_SQRT_2;

/// 2⁵⁴, which makes every subnormal number a normal one.
const LIFT: f64 = 18_014_398_509_481_984.0;
/// The bits of 2⁵²: those of 2⁵² + k are these and k.
const INTEGERS: u64 = 0x4330_0000_0000_0000;
/// The mantissa's bits.
const MANTISSA: u64 = (1 << 52) - 1;

/// log x, within 3 units in the last place; NaN below zero.
#[inline(always)]
pub fn log(x: f64) -> f64 {
    let subnormal = x < f64::MIN_POSITIVE;
    let lifted = if subnormal { x * LIFT } else { x };
    // Counted from √½, the exponent is k and the mantissa m of [√½, √2).
    let from = FRAC_1_SQRT_2.to_bits();
    let bits = lifted.to_bits().wrapping_add(1f64.to_bits() - from);
    let biased = f64::from_bits(INTEGERS | (bits >> 52)) - f64::from_bits(INTEGERS);
    let k = biased - if subnormal { 1023.0 + 54.0 } else { 1023.0 };
    let m = f64::from_bits((bits & MANTISSA).wrapping_add(from));
    let f = m - 1.0;
    let s = f / (2.0 + f);
    let value = k * LOG2_HIGH + (2.0 * s + (2.0 * s * excess(s * s) + k * LOG2_LOW));
    let value = if x > 0.0 { value } else { f64::NAN };
    let value = if x == 0.0 { f64::NEG_INFINITY } else { value };
    if x == f64::INFINITY { x } else { value }
}

/// log(1 + t) for t from 0 to 1, within 2 units in the last place.
#[inline(always)]
pub fn log1p_of_share(t: f64) -> f64 {
    let s = t / (2.0 + t);
    2.0 * (s + s * excess(s * s))
}

/// artanh(s) / s − 1 at z = s² ≤ 1/9.
#[inline(always)]
fn excess(z: f64) -> f64 {
    const A: [f64; 4] = [
        3.333_333_333_333_333e-1,
        2.000_000_000_000_729_2e-1,
        1.428_571_428_355_438e-1,
        1.111_111_135_871_393_2e-1,
    ];
    const B: [f64; 4] = [
        9.090_894_718_066_429e-2,
        7.692_785_032_479_312e-2,
        6.657_072_104_827_468e-2,
        6.000_536_404_795_356e-2,
    ];
    const C: [f64; 2] = [4.400_369_243_072_337e-2, 8.082_022_805_971_766e-2];
    let z2 = z * z;
    let z4 = z2 * z2;
    z * (cubic(A, z, z2) + z4 * (cubic(B, z, z2) + z4 * (C[0] + z * C[1])))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{arguments, assert_within};
    use super::*;

    #[test]
    fn log_is_within_three_units_from_the_smallest_number_to_the_largest() {
        let positive = arguments(4.0).into_iter().filter(|&x| x > 0.0);
        let near_one = (0..2000).map(|k| 1.0 + f64::from(k - 1000) * 1e-9);
        let x: Vec<f64> = positive.chain(near_one).chain([5e-324, f64::MAX]).collect();
        assert_within(3, &x, log, libm::log);
    }

    #[test]
    fn log_has_its_ends() {
        assert_eq!([log(0.0), log(-0.0)], [f64::NEG_INFINITY; 2]);
        assert_eq!(log(f64::INFINITY), f64::INFINITY);
        for x in [-1e-310, -1.0, f64::NEG_INFINITY] {
            assert!(log(x).is_nan());
        }
    }

    #[test]
    fn log1p_is_within_two_units_between_zero_and_one() {
        let shares = arguments(1.0)
            .into_iter()
            .filter(|x| (0.0..=1.0).contains(x));
        let x: Vec<f64> = shares.chain([1.0]).collect();
        // libm's own error is another.
        assert_within(3, &x, log1p_of_share, libm::log1p);
    }
}
