//! Activation functions with the three derivatives that a reverse sweep through a Laplacian needs.

use crate::deck::ActivationName;
use crate::elementary::{
    exp, exp_each, log1p_of_share, normal, normal_each, sin_cos, sin_cos_each, tanh, tanh_each,
};

/// A scalar nonlinearity σ, applied to every hidden unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// tanh z.
    Tanh,
    /// sin z.
    Sin,
    /// z Φ(z), Φ the normal distribution function (Hendrycks & Gimpel 2016, arXiv 1606.08415).
    Gelu,
    /// log(1 + eᶻ).
    Softplus,
    /// max(z, 0); its second derivative is taken as 0, so it suits data, not equations.
    Relu,
}

/// σ and its first three derivatives at one point.
#[derive(Clone, Copy, Debug)]
pub struct Taylor {
    /// σ(z).
    pub value: f64,
    /// σ'(z).
    pub first: f64,
    /// σ''(z).
    pub second: f64,
    /// σ'''(z).
    pub third: f64,
}

impl From<ActivationName> for Activation {
    fn from(name: ActivationName) -> Self {
        match name {
            ActivationName::Tanh => Self::Tanh,
            ActivationName::Sin => Self::Sin,
            ActivationName::Gelu => Self::Gelu,
            ActivationName::Softplus => Self::Softplus,
            ActivationName::Relu => Self::Relu,
        }
    }
}

impl Activation {
    /// Every activation, for tests over the catalogue.
    pub const ALL: [Self; 5] = [
        Self::Tanh,
        Self::Sin,
        Self::Gelu,
        Self::Softplus,
        Self::Relu,
    ];

    /// Operations for σ(z) and its derivatives, as they are written: additions, multiplications and
    /// divisions.
    pub fn operations(self) -> f64 {
        match self {
            Self::Tanh => 53.0,
            Self::Sin => 45.0,
            Self::Gelu => 121.0,
            Self::Softplus => 80.0,
            Self::Relu => 1.0,
        }
    }

    /// σ, σ', σ'', σ''' at every z, into slices of the same length.
    #[inline(always)]
    pub fn fill(self, z: &[f64], into: [&mut [f64]; 4]) {
        let n = z.len();
        let [value, first, second, third] = into.map(|slice| &mut slice[..n]);
        // Functions first, column by column, into the place of what is made of them.
        match self {
            Self::Tanh => {
                tanh_each(z, value, first);
                each(z, [value, first, second, third], |_, t, _| of_tanh(t));
            }
            Self::Sin => {
                sin_cos_each(z, value, first, second);
                each(z, [value, first, second, third], |_, sin, cos| {
                    of_sine([sin, cos])
                });
            }
            Self::Gelu => {
                normal_each(z, value, first);
                let of = |z, below, density| of_normal(z, [below, density]);
                each(z, [value, first, second, third], of);
            }
            Self::Softplus => {
                first.iter_mut().zip(z).for_each(|(t, z)| *t = -z.abs());
                exp_each(first, value);
                (value.iter_mut().zip(&*first)).for_each(|(l, t)| *l = log1p_of_share(*t));
                each(z, [value, first, second, third], |z, log, t| {
                    of_share(z, t, log)
                });
            }
            Self::Relu => each(z, [value, first, second, third], |z, _, _| relu(z)),
        }
    }

    /// σ and its derivatives at z.
    pub fn taylor(self, z: f64) -> Taylor {
        match self {
            Self::Tanh => of_tanh(tanh(z)),
            Self::Sin => of_sine(sin_cos(z)),
            Self::Gelu => of_normal(z, normal(z)),
            Self::Softplus => {
                let t = exp(-z.abs());
                of_share(z, t, log1p_of_share(t))
            }
            Self::Relu => relu(z),
        }
    }
}

/// Derivatives from z and two numbers, which stand where value and slope will.
#[inline(always)]
fn each(z: &[f64], into: [&mut [f64]; 4], of: impl Fn(f64, f64, f64) -> Taylor) {
    let n = z.len();
    let [value, first, second, third] = into.map(|slice| &mut slice[..n]);
    for k in 0..n {
        let t = of(z[k], value[k], first[k]);
        (value[k], first[k]) = (t.value, t.first);
        (second[k], third[k]) = (t.second, t.third);
    }
}

#[inline(always)]
fn taylor(value: f64, first: f64, second: f64, third: f64) -> Taylor {
    Taylor {
        value,
        first,
        second,
        third,
    }
}

/// The derivatives of tanh are polynomials in t = tanh z.
#[inline(always)]
fn of_tanh(t: f64) -> Taylor {
    let s = 1.0 - t * t;
    taylor(t, s, -2.0 * t * s, s * (6.0 * t * t - 2.0))
}

#[inline(always)]
fn of_sine([sin, cos]: [f64; 2]) -> Taylor {
    taylor(sin, cos, -sin, -cos)
}

/// GELU from Φ(z) and φ(z): (z Φ)' = Φ + z φ, and φ' = −z φ.
#[inline(always)]
fn of_normal(z: f64, [below, density]: [f64; 2]) -> Taylor {
    // Where φ is zero, so are its products with z, infinite or not.
    let short = if density == 0.0 { 0.0 } else { z };
    taylor(
        if below == 0.0 { -0.0 } else { z * below },
        below + short * density,
        density * (2.0 - short * short),
        density * short * (short * short - 4.0),
    )
}

/// Softplus from t = e^(−|z|) and log(1 + t): neither end overflows or loses its digits.
#[inline(always)]
fn of_share(z: f64, t: f64, log: f64) -> Taylor {
    let inverse = 1.0 / (1.0 + t);
    let (above, s) = if z < 0.0 {
        (0.0, t * inverse)
    } else {
        (z, inverse)
    };
    let d = t * inverse * inverse;
    // 1 − 2 s.
    let odd = ((1.0 - t) * inverse).copysign(-z);
    taylor(above + log, s, d, d * odd)
}

/// NaN must not be mistaken for a quiet unit: 0 z keeps it.
#[inline(always)]
fn relu(z: f64) -> Taylor {
    let active = z > 0.0;
    let value = if active { z } else { 0.0 * z };
    taylor(value, if active { 1.0 } else { 0.0 }, 0.0, 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::vectorised;

    #[test]
    fn derivatives_agree_with_central_differences() {
        let h = 1e-5;
        for activation in Activation::ALL {
            for z in [-3.1, -0.7, -0.01, 0.3, 1.9, 4.2] {
                let [low, mid, high] = [z - h, z, z + h].map(|z| activation.taylor(z));
                for (exact, low, high) in [
                    (mid.first, low.value, high.value),
                    (mid.second, low.first, high.first),
                    (mid.third, low.second, high.second),
                ] {
                    let difference = (high - low) / (2.0 * h);
                    assert!(
                        (exact - difference).abs() < 1e-8,
                        "{activation:?} at {z}: {exact} {difference}"
                    );
                }
            }
        }
    }

    #[test]
    fn columns_have_the_same_bits_as_single_numbers() {
        let steps = (0..5000).map(|k| f64::from(k - 2500) * 0.017);
        let special = [f64::NAN, f64::INFINITY, -f64::INFINITY, 1e-310, 3e7, -0.0];
        let z: Vec<f64> = steps.chain(special).collect();
        for activation in Activation::ALL {
            // The sine goes another way where a large number is among them.
            for z in [&z[..5000], &z[..]] {
                let mut into = [(); 4].map(|()| vec![0.0; z.len()]);
                let [a, b, c, d] = &mut into;
                vectorised(
                    #[inline(always)]
                    || activation.fill(z, [a, b, c, d]),
                );
                for (k, &z) in z.iter().enumerate() {
                    let t = activation.taylor(z);
                    for (one, column) in [t.value, t.first, t.second, t.third].iter().zip(&into) {
                        let same = one.to_bits() == column[k].to_bits();
                        assert!(
                            same || one.is_nan() && column[k].is_nan(),
                            "{activation:?} {z}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn small_tails_keep_their_digits() {
        // z Φ(z) and log(1 + eᶻ) far to the left, by their asymptotic series.
        let gelu = Activation::Gelu.taylor(-20.0);
        let series = [1.0, -1.0, 3.0, -15.0, 105.0, -945.0, 10_395.0];
        let powers = series.iter().enumerate();
        let sum: f64 = powers.map(|(k, c)| c * 400f64.powi(-(k as i32))).sum();
        let bell = libm::exp(-200.0) / std::f64::consts::TAU.sqrt();
        assert!((gelu.value / (-bell * sum) - 1.0).abs() < 1e-13);
        let t = libm::exp(-50.0);
        let softplus = Activation::Softplus.taylor(-50.0);
        for found in [
            softplus.value,
            softplus.first,
            softplus.second,
            softplus.third,
        ] {
            assert!((found / t - 1.0).abs() < 1e-14);
        }
    }

    #[test]
    fn large_arguments_stay_finite_and_nan_stays_nan() {
        for activation in Activation::ALL {
            for z in [-800.0, 800.0, -1e300, 1e300] {
                let t = activation.taylor(z);
                assert!(
                    [t.value, t.first, t.second, t.third]
                        .iter()
                        .all(|v| v.is_finite())
                );
            }
            assert!(activation.taylor(f64::NAN).value.is_nan());
        }
    }
}
