//! Activation functions with the three derivatives that a reverse sweep through a Laplacian needs.

use crate::deck::ActivationName;
use crate::elementary::{all_near, exp, log1p_of_share, normal, sin_cos, sin_cos_near, tanh};

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
        match self {
            Self::Tanh => each(z, into, tanh_taylor),
            // The sine of large numbers is another loop, which does not vectorise.
            Self::Sin if all_near(z) => each(
                z,
                into,
                #[inline(always)]
                |z| sine_taylor(sin_cos_near(z)),
            ),
            Self::Sin => each(z, into, |z| sine_taylor(sin_cos(z))),
            Self::Gelu => each(z, into, gelu),
            Self::Softplus => each(z, into, softplus),
            Self::Relu => each(z, into, relu),
        }
    }

    /// σ and its derivatives at z.
    pub fn taylor(self, z: f64) -> Taylor {
        match self {
            Self::Tanh => tanh_taylor(z),
            Self::Sin => sine_taylor(sin_cos(z)),
            Self::Gelu => gelu(z),
            Self::Softplus => softplus(z),
            Self::Relu => relu(z),
        }
    }
}

/// One loop over all z: without branches in `taylor` it is one of vectors.
#[inline(always)]
fn each(z: &[f64], into: [&mut [f64]; 4], taylor: impl Fn(f64) -> Taylor) {
    let n = z.len();
    let [value, first, second, third] = into.map(|slice| &mut slice[..n]);
    for k in 0..n {
        let t = taylor(z[k]);
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
fn tanh_taylor(z: f64) -> Taylor {
    let t = tanh(z);
    let s = 1.0 - t * t;
    taylor(t, s, -2.0 * t * s, s * (6.0 * t * t - 2.0))
}

#[inline(always)]
fn sine_taylor([sin, cos]: [f64; 2]) -> Taylor {
    taylor(sin, cos, -sin, -cos)
}

/// (z Φ)' = Φ + z φ, and φ' = −z φ.
#[inline(always)]
fn gelu(z: f64) -> Taylor {
    let at = normal(z);
    let density = at.density;
    // Where φ is zero, so are its products with z, infinite or not.
    let short = if density == 0.0 { 0.0 } else { z };
    let value = if at.below == 0.0 { -0.0 } else { z * at.below };
    taylor(
        value,
        at.below + short * density,
        density * (2.0 - short * short),
        density * short * (short * short - 4.0),
    )
}

/// Everything comes from t = e^(−|z|), so that neither end overflows or loses its digits.
#[inline(always)]
fn softplus(z: f64) -> Taylor {
    let t = exp(-z.abs());
    let inverse = 1.0 / (1.0 + t);
    let (above, s) = if z < 0.0 { (0.0, t * inverse) } else { (z, inverse) };
    let d = t * inverse * inverse;
    // 1 − 2 s.
    let odd = ((1.0 - t) * inverse).copysign(-z);
    taylor(above + log1p_of_share(t), s, d, d * odd)
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
