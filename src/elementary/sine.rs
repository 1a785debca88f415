//! Sine and cosine: x = n π/2 + r with |r| ≤ π/4, then two polynomials and n mod 4.
//!
//! π/2 is taken in four parts (Cody & Waite 1980, Software Manual for the Elementary Functions), three
//! of 33 bits, so that n times each is exact for n < 2²⁰, and a rest: 152 bits in all, enough where x
//! comes closest to a multiple of π/2. The polynomials are those of FDLIBM (Sun Microsystems 1993,
//! k_sin.c and k_cos.c). Beyond 1e6 the `libm` crate reduces by as many bits as it takes.

use super::ROUND;
use std::f64::consts::FRAC_2_PI;

/// Up to this size of x the reduction here is good; 2²⁰ π/2 is more.
const NEAR: f64 = 1e6;

const PARTS: [f64; 4] = [
    1.570_796_326_734_125_6,
    6.077_100_506_303_966e-11,
    2.022_266_248_711_166_5e-21,
    8.478_427_660_368_9e-32,
];

/// sin x, within 2 units in the last place.
#[inline]
pub fn sin(x: f64) -> f64 {
    sin_cos(x)[0]
}

/// cos x, within 2 units in the last place.
#[inline]
pub fn cos(x: f64) -> f64 {
    sin_cos(x)[1]
}

/// [sin x, cos x], each within 2 units in the last place.
#[inline]
pub fn sin_cos(x: f64) -> [f64; 2] {
    match x.abs() > NEAR {
        true => [libm::sin(x), libm::cos(x)],
        false => sin_cos_near(x),
    }
}

/// [sin x, cos x] of |x| up to [`NEAR`].
#[inline(always)]
fn sin_cos_near(x: f64) -> [f64; 2] {
    let [r, quadrant] = reduced(x);
    turned(sin_of_eighth(r), cos_of_eighth(r), quadrant, x)
}

/// Sines and cosines of every x, with another slice to work in: the same bits as [`sin_cos`].
#[inline(always)]
pub fn sin_cos_each(x: &[f64], sin: &mut [f64], cos: &mut [f64], spare: &mut [f64]) {
    let n = x.len();
    let [sin, cos, spare] = [sin, cos, spare].map(|slice| &mut slice[..n]);
    for k in 0..n {
        [sin[k], spare[k]] = reduced(x[k]);
    }
    for k in 0..n {
        cos[k] = cos_of_eighth(sin[k]);
        sin[k] = sin_of_eighth(sin[k]);
    }
    for k in 0..n {
        [sin[k], cos[k]] = turned(sin[k], cos[k], spare[k], x[k]);
    }
    if !x.iter().fold(true, |near, x| near & (x.abs() <= NEAR)) {
        for k in 0..n {
            [sin[k], cos[k]] = sin_cos(x[k]);
        }
    }
}

/// [r, a number whose last bits are those of n].
#[inline(always)]
fn reduced(x: f64) -> [f64; 2] {
    let size = x.abs();
    let shifted = size * FRAC_2_PI + ROUND;
    let n = shifted - ROUND;
    let r = ((size - n * PARTS[0]) - n * PARTS[1]) - n * PARTS[2] - n * PARTS[3];
    [r, shifted]
}

/// [sin x, cos x] from those of r.
#[inline(always)]
fn turned(s: f64, c: f64, shifted: f64, x: f64) -> [f64; 2] {
    let quadrant = shifted.to_bits();
    let exchanged = quadrant & 1 == 1;
    let (s, c) = if exchanged { (c, s) } else { (s, c) };
    // The sine is negative in the quadrants 2 and 3, and odd; the cosine in 1 and 2.
    let sign_of_x = x.to_bits() & (1 << 63);
    let sign_of_sin = (quadrant & 2) << 62 ^ sign_of_x;
    let sign_of_cos = (quadrant.wrapping_add(1) & 2) << 62;
    [
        f64::from_bits(s.to_bits() ^ sign_of_sin),
        f64::from_bits(c.to_bits() ^ sign_of_cos),
    ]
}

/// sin r for |r| ≤ π/4.
#[inline(always)]
fn sin_of_eighth(r: f64) -> f64 {
    const S: [f64; 6] = [
        -1.666_666_666_666_663_2e-1,
        8.333_333_333_322_49e-3,
        -1.984_126_982_985_795e-4,
        2.755_731_370_707_006_8e-6,
        -2.505_076_025_340_686_3e-8,
        1.589_690_995_211_55e-10,
    ];
    let z = r * r;
    let z2 = z * z;
    let tail = (S[1] + z * S[2]) + z2 * ((S[3] + z * S[4]) + z2 * S[5]);
    r + (z * r) * (S[0] + z * tail)
}

/// cos r for |r| ≤ π/4.
#[inline(always)]
fn cos_of_eighth(r: f64) -> f64 {
    const C: [f64; 6] = [
        4.166_666_666_666_66e-2,
        -1.388_888_888_887_411e-3,
        2.480_158_728_947_673e-5,
        -2.755_731_435_139_066_3e-7,
        2.087_572_321_298_175e-9,
        -1.135_964_755_778_819_5e-11,
    ];
    let z = r * r;
    let z2 = z * z;
    let tail = z * (C[0] + z * C[1]) + z2 * z * ((C[2] + z * C[3]) + z2 * (C[4] + z * C[5]));
    // 1 − z/2, and what rounding it has lost.
    let half = 0.5 * z;
    let leading = 1.0 - half;
    leading + (((1.0 - leading) - half) + z * tail)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{arguments, assert_within};
    use super::*;
    use std::f64::consts::FRAC_PI_2;

    /// Arguments of all sizes, and the multiples of π/2 with their neighbours, where one of the two is
    /// next to nothing.
    fn of_all_kinds() -> Vec<f64> {
        let zeros = (1..100_000).map(|n| f64::from(n) * FRAC_PI_2);
        let zeros = zeros.flat_map(|x| [x.next_down(), x, x.next_up()]);
        let more = (0..20_000).map(|k| NEAR * (0.9 + f64::from(k) * 1e-5));
        arguments(50.0)
            .into_iter()
            .chain(zeros)
            .chain(more)
            .collect()
    }

    #[test]
    fn they_are_within_two_units() {
        // libm's own error is another.
        assert_within(3, &of_all_kinds(), sin, libm::sin);
        assert_within(3, &of_all_kinds(), cos, libm::cos);
    }

    #[test]
    fn signs_of_zero_and_infinities() {
        assert_eq!(sin(0.0).to_bits(), 0f64.to_bits());
        assert_eq!(sin(-0.0).to_bits(), (-0f64).to_bits());
        assert_eq!(cos(-0.0), 1.0);
        for x in [f64::INFINITY, f64::NEG_INFINITY] {
            assert!(sin(x).is_nan() && cos(x).is_nan());
            assert!(sin_cos_near(x).iter().all(|v| v.is_nan()));
        }
    }
}
