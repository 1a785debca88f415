//! f64 as integers of the same order, so that a maximum is exact, the same in any order of
//! ranks, and shows a NaN.
//!
//! The usual trick: for positive numbers the bits already ascend; for negative ones they descend,
//! so they are inverted. Every NaN becomes the largest key, which is itself the key of a NaN.
//! MPI leaves the maximum of a NaN undefined; the maximum of integers is not.

const SIGN: u64 = 1 << 63;

/// A key that ascends with `value`: −∞ < … < −0 < +0 < … < +∞ < NaN.
pub fn key(value: f64) -> u64 {
    let bits = value.to_bits();
    if value.is_nan() {
        u64::MAX
    } else if bits & SIGN == 0 {
        bits | SIGN
    } else {
        !bits
    }
}

/// The number of a [`key`].
pub fn value(key: u64) -> f64 {
    f64::from_bits(if key & SIGN == 0 { !key } else { key ^ SIGN })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_ascend_and_come_back() {
        let ascending = [
            f64::NEG_INFINITY,
            -2.0,
            -1.0,
            -1e-310,
            -0.0,
            0.0,
            1e-310,
            1.0,
            f64::INFINITY,
        ];
        assert!(ascending.windows(2).all(|pair| key(pair[0]) < key(pair[1])));
        assert!(
            ascending
                .iter()
                .all(|&x| value(key(x)).to_bits() == x.to_bits())
        );
        for nan in [f64::NAN, -f64::NAN] {
            assert!(key(nan) > key(f64::INFINITY));
            assert!(value(key(nan)).is_nan());
        }
    }
}
