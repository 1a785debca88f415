//! tanh |x| = E / (E + 2) with E = expm1(2 |x|) = 2ⁿ expm1(r) + (2ⁿ − 1), where 2 |x| = n log 2 + r with
//! |r| ≤ log(2) / 2 (Cody & Waite 1980, Software Manual for the Elementary Functions), and expm1(r)
//! as for the exponential.

use super::exp::expm1_near;
use super::{LOG2_HIGH, LOG2_LOW, ROUND};

/// Beyond this, tanh (y/2) is 1 to the last bit.
const LARGEST: f64 = 40.0;

/// tanh x, within 3 units in the last place.
#[inline(always)]
pub fn tanh(x: f64) -> f64 {
    let [r, power] = reduced(x);
    finished(expm1_near(r), power, x)
}

/// tanh z at every z, into a slice, with another to work in: the same bits as [`tanh`].
#[inline(always)]
pub fn tanh_each(z: &[f64], into: &mut [f64], spare: &mut [f64]) {
    let n = z.len();
    let (into, spare) = (&mut into[..n], &mut spare[..n]);
    for k in 0..n {
        [into[k], spare[k]] = reduced(z[k]);
    }
    into.iter_mut().for_each(|x| *x = expm1_near(*x));
    for k in 0..n {
        into[k] = finished(into[k], spare[k], z[k]);
    }
}

/// [r, 2ⁿ].
#[inline(always)]
fn reduced(x: f64) -> [f64; 2] {
    let y = 2.0 * x.abs();
    // Written so that NaN passes through.
    let y = if y > LARGEST { LARGEST } else { y };
    let shifted = y * std::f64::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = (y - n * LOG2_HIGH) - n * LOG2_LOW;
    [
        r,
        f64::from_bits(shifted.to_bits().wrapping_add(1023) << 52),
    ]
}

/// E / (E + 2) with the sign of x.
#[inline(always)]
fn finished(e: f64, power: f64, x: f64) -> f64 {
    let e = power * e + (power - 1.0);
    (e / (e + 2.0)).copysign(x)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{arguments, assert_within};
    use super::*;

    #[test]
    fn it_is_within_three_units_of_libm() {
        assert_within(3, &arguments(26.0), tanh, libm::tanh);
    }

    #[test]
    fn ends_and_nan() {
        assert_eq!(tanh(f64::INFINITY), 1.0);
        assert_eq!(tanh(-1e300), -1.0);
        assert_eq!(tanh(0.0).to_bits(), 0.0f64.to_bits());
        assert_eq!(tanh(-0.0).to_bits(), (-0.0f64).to_bits());
        assert!(tanh(f64::NAN).is_nan());
    }
}
