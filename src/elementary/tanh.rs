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
    let y = 2.0 * x.abs();
    // Written so that NaN passes through.
    let y = if y > LARGEST { LARGEST } else { y };
    let shifted = y * std::f64::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = (y - n * LOG2_HIGH) - n * LOG2_LOW;
    let power = f64::from_bits(shifted.to_bits().wrapping_add(1023) << 52);
    let e = power * expm1_near(r) + (power - 1.0);
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
