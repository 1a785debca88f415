//! Activation functions with the three derivatives that a reverse sweep through a Laplacian needs.

use super::tanh::tanh;
use crate::deck::ActivationName;
use std::f64::consts::{FRAC_1_SQRT_2, PI};

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

    /// σ, σ', σ'', σ''' at every z, into slices of the same length.
    #[inline(always)]
    pub fn fill(self, z: &[f64], into: [&mut [f64]; 4]) {
        let n = z.len();
        let [value, first, second, third] = into.map(|slice| &mut slice[..n]);
        // A loop of its own for tanh, which vectorises; the others call into libm.
        if self == Self::Tanh {
            for k in 0..n {
                let t = tanh_taylor(z[k]);
                (value[k], first[k]) = (t.value, t.first);
                (second[k], third[k]) = (t.second, t.third);
            }
            return;
        }
        for k in 0..n {
            let t = self.taylor(z[k]);
            (value[k], first[k]) = (t.value, t.first);
            (second[k], third[k]) = (t.second, t.third);
        }
    }

    /// σ and its derivatives at z.
    pub fn taylor(self, z: f64) -> Taylor {
        match self {
            Self::Tanh => tanh_taylor(z),
            Self::Sin => {
                let (sin, cos) = z.sin_cos();
                taylor(sin, cos, -sin, -cos)
            }
            Self::Gelu => gelu(z),
            Self::Softplus => softplus(z),
            Self::Relu if z > 0.0 => taylor(z, 1.0, 0.0, 0.0),
            // NaN must not be mistaken for a quiet unit.
            Self::Relu => taylor(0.0 * z, 0.0, 0.0, 0.0),
        }
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
fn tanh_taylor(z: f64) -> Taylor {
    let t = tanh(z);
    let s = 1.0 - t * t;
    taylor(t, s, -2.0 * t * s, s * (6.0 * t * t - 2.0))
}

fn gelu(z: f64) -> Taylor {
    let cdf = 0.5 * libm::erfc(-z * FRAC_1_SQRT_2);
    let pdf = (-0.5 * z * z).exp() / (2.0 * PI).sqrt();
    let second = pdf * (2.0 - z * z);
    taylor(z * cdf, cdf + z * pdf, second, pdf * z * (z * z - 4.0))
}

fn softplus(z: f64) -> Taylor {
    let tail = (-z.abs()).exp();
    let value = z.max(0.0) + tail.ln_1p() + 0.0 * z;
    let s = if z >= 0.0 { 1.0 } else { tail } / (1.0 + tail);
    let d = s * (1.0 - s);
    taylor(value, s, d, d * (1.0 - 2.0 * s))
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn large_arguments_stay_finite_and_nan_stays_nan() {
        for activation in Activation::ALL {
            for z in [-800.0, 800.0] {
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
