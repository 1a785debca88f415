//! The error function and the normal distribution.
//!
//! For x ≥ 0, erfc x = e^(−x²) f(t) / (1 + 2 x) with t = (x − K) / (x + K), K = 3.75, and f between 1
//! and 2/√π: one polynomial of degree 23 serves all x (Shepherd & Laframboise 1981,
//! doi:10.1090/S0025-5718-1981-0595058-X; interpolated here at the Chebyshev nodes, error 5e-17). The
//! square in the exponent is taken in two parts, or its rounding would cost hundreds of units in the
//! tail. Below 1, erf x = x + x p(x²) keeps the digits that 1 − erfc x would lose.

use super::exp::{expm1_near, reduced_sum, scaled_back};
use super::{clamped, cubic};
use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI};

/// Beyond this, erfc is zero.
const LARGEST: f64 = 28.0;
/// Beyond this, the normal density and its tail are zero.
const TAIL: f64 = 40.0;

/// erf x, within 3 units in the last place.
#[inline(always)]
pub fn erf(x: f64) -> f64 {
    let size = clamped(x.abs(), 0.0, LARGEST);
    joined(exp_of_minus_square(size, 1.0), scaled(size), x)
}

/// erf x at every x, in place, with other slices to work in: the same bits as [`erf`].
#[inline(always)]
pub fn erf_each(x: &mut [f64], spare: [&mut [f64]; 2]) {
    let n = x.len();
    let [bell, tail] = spare.map(|slice| &mut slice[..n]);
    for k in 0..n {
        [bell[k], tail[k]] = minus_square(clamped(x[k].abs(), 0.0, LARGEST), 1.0);
    }
    exp_of_reduced(bell, tail);
    for k in 0..n {
        tail[k] = scaled(clamped(x[k].abs(), 0.0, LARGEST));
    }
    for k in 0..n {
        x[k] = joined(bell[k], tail[k], x[k]);
    }
}

/// erf x from e^(−x²) and e^(x²) erfc x.
#[inline(always)]
fn joined(bell: f64, tail: f64, x: f64) -> f64 {
    let size = clamped(x.abs(), 0.0, LARGEST);
    let small = size + size * excess(size * size);
    let value = if size < 1.0 { small } else { 1.0 - bell * tail };
    value.copysign(x)
}

/// [Φ(z), φ(z)], the normal distribution below z and its density, within 6 units in the last place.
#[inline(always)]
pub fn normal(z: f64) -> [f64; 2] {
    let size = clamped(z.abs(), 0.0, TAIL);
    distribution(
        exp_of_minus_square(size, 0.5),
        scaled(size * FRAC_1_SQRT_2),
        z,
    )
}

/// Φ and φ at every z, into slices: the same bits as [`normal`].
#[inline(always)]
pub fn normal_each(z: &[f64], below: &mut [f64], density: &mut [f64]) {
    let n = z.len();
    let [below, density] = [below, density].map(|slice| &mut slice[..n]);
    for k in 0..n {
        [density[k], below[k]] = minus_square(clamped(z[k].abs(), 0.0, TAIL), 0.5);
    }
    exp_of_reduced(density, below);
    for k in 0..n {
        below[k] = scaled(clamped(z[k].abs(), 0.0, TAIL) * FRAC_1_SQRT_2);
    }
    for k in 0..n {
        [below[k], density[k]] = distribution(density[k], below[k], z[k]);
    }
}

/// From e^(−z²/2) and e^(z²/2) erfc |z/√2|.
#[inline(always)]
fn distribution(bell: f64, tail: f64, z: f64) -> [f64; 2] {
    let tail = 0.5 * bell * tail;
    [
        if z > 0.0 { 1.0 - tail } else { tail },
        bell * (0.5 * FRAC_1_SQRT_2 * FRAC_2_SQRT_PI),
    ]
}

/// e^(−factor x²).
#[inline(always)]
fn exp_of_minus_square(x: f64, factor: f64) -> f64 {
    let [r, n] = minus_square(x, factor);
    scaled_back(expm1_near(r), n)
}

/// The same in stages, from r in the place of the result, and n.
#[inline(always)]
fn exp_of_reduced(r: &mut [f64], n: &[f64]) {
    r.iter_mut().for_each(|r| *r = expm1_near(*r));
    r.iter_mut()
        .zip(n)
        .for_each(|(e, n)| *e = scaled_back(*e, *n));
}

/// −factor x² to twice the digits, reduced to [r, n] for the exponential.
#[inline(always)]
fn minus_square(x: f64, factor: f64) -> [f64; 2] {
    // 26 bits, whose square is exact.
    let high = f64::from_bits(x.to_bits() & !((1 << 27) - 1));
    let low = (x - high) * (x + high);
    reduced_sum(-factor * (high * high), -factor * low)
}

/// e^(x²) erfc x for x from 0 to [`LARGEST`] and somewhat beyond.
#[inline(always)]
fn scaled(x: f64) -> f64 {
    const K: f64 = 3.75;
    const F: [[f64; 4]; 6] = [
        [
            1.237_512_630_837_827_5,
            -1.402_405_985_855_470_2e-1,
            3.585_415_485_479_575e-3,
            8.227_673_849_014_977e-2,
        ],
        [
            -1.088_039_301_424_664_5e-1,
            9.230_432_116_025_894e-2,
            -5.869_339_857_631_061e-2,
            2.836_227_742_037_733_5e-2,
        ],
        [
            -9.746_579_685_962_17e-3,
            1.755_625_843_431_864e-3,
            2.937_143_905_788_56e-4,
            -2.901_540_420_335_270_4e-4,
        ],
        [
            5.164_649_341_002_877e-5,
            2.238_413_852_565_675_7e-5,
            -1.143_798_037_449_553_4e-5,
            -9.733_875_167_494_142e-7,
        ],
        [
            1.741_901_194_519_436_7e-6,
            -5.741_076_073_013_916e-8,
            -2.485_110_865_021_070_6e-7,
            2.339_853_431_304_089_8e-8,
        ],
        [
            3.195_398_612_057_818e-8,
            -3.798_189_797_736_207e-9,
            -2.618_520_156_503_145e-9,
            3.205_262_337_928_915_7e-10,
        ],
    ];
    let t = (x - K) / (x + K);
    let t2 = t * t;
    let t4 = t2 * t2;
    let pair = |k: usize| cubic(F[k], t, t2) + t4 * cubic(F[k + 1], t, t2);
    let t8 = t4 * t4;
    (pair(0) + t8 * (pair(2) + t8 * pair(4))) / (1.0 + 2.0 * x)
}

/// erf(x) / x − 1 at z = x² ≤ 1.
#[inline(always)]
fn excess(z: f64) -> f64 {
    const A: [f64; 4] = [
        1.283_791_670_955_125_6e-1,
        -3.761_263_890_318_354_3e-1,
        1.128_379_167_094_500_6e-1,
        -2.686_617_064_323_777e-2,
    ];
    const B: [f64; 4] = [
        5.223_977_607_116_422_5e-3,
        -8.548_325_975_389_692e-4,
        1.205_529_490_483_970_7e-4,
        -1.492_473_690_741_966e-5,
    ];
    const C: [f64; 4] = [
        1.644_742_470_331_736_2e-6,
        -1.620_848_380_187_170_5e-7,
        1.372_006_454_677_768_6e-8,
        -7.795_898_827_002_142e-10,
    ];
    let z2 = z * z;
    let z4 = z2 * z2;
    cubic(A, z, z2) + z4 * (cubic(B, z, z2) + z4 * cubic(C, z, z2))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{arguments, assert_within};
    use super::*;

    #[test]
    fn erf_is_within_three_units() {
        assert_within(3, &arguments(7.0), erf, libm::erf);
        assert_eq!(erf(f64::NEG_INFINITY), -1.0);
        assert_eq!(erf(-0.0).to_bits(), (-0f64).to_bits());
    }

    /// Φ(z) = ½ erfc(−z/√2) by libm, put right by the first two terms of Taylor's series for what
    /// −z/√2 has lost in rounding.
    fn exact_below(z: f64) -> f64 {
        /// √½ − FRAC_1_SQRT_2.
        const REST: f64 = -4.833_646_656_726_457e-17;
        let x = -z * FRAC_1_SQRT_2;
        let lost = (-z).mul_add(FRAC_1_SQRT_2, -x) - z * REST;
        let slope = -FRAC_2_SQRT_PI * libm::exp(-x * x);
        0.5 * (libm::erfc(x) + slope * lost)
    }

    #[test]
    fn the_normal_distribution_is_within_six_units_down_to_its_tail() {
        let x: Vec<f64> = arguments(37.0)
            .into_iter()
            .filter(|z| z.abs() < 37.0)
            .collect();
        // libm's own error is two more.
        assert_within(8, &x, |z| normal(z)[0], exact_below);
        let deep = normal(-37.5)[0];
        assert!((deep / 4.605_353_009_581_955e-308 - 1.0).abs() < 1e-13);
    }

    #[test]
    fn the_density_is_the_slope_of_the_distribution() {
        for z in [-30.0, -7.5, -1.0, -0.1, 0.0, 0.4, 2.0, 5.0] {
            let h = 1e-4;
            let slope = (normal(z + h)[0] - normal(z - h)[0]) / (2.0 * h);
            let density = normal(z)[1];
            // The third derivative is (z² − 1) φ.
            let error = h * h * (z * z + 1.0) * density + 1e-12;
            assert!((slope - density).abs() < error, "{z}: {slope} {density}");
        }
    }

    #[test]
    fn ends_and_nan() {
        for (z, below) in [(-1e300, 0.0), (f64::NEG_INFINITY, 0.0), (1e300, 1.0)] {
            assert_eq!(normal(z)[0], below);
            assert_eq!(normal(z)[1], 0.0);
        }
        assert!(normal(f64::NAN)[1].is_nan());
    }
}
