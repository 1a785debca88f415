//! What a sweep of a network costs, counted: additions, multiplications and divisions, one each.
//!
//! For S streams of the jet, layers h_in → h_out and a point:
//!
//! | what | operations |
//! |---|---|
//! | first layer forward: the coordinates enter, their derivatives are the weights | 2 d h_out |
//! | the same behind features, and every further layer | 2 S h_in h_out |
//! | σ forward, a hidden unit | its own (tanh 53), 1 for each ∂_i, 2 d + 3 for Δ, 4 for each ∂_ij |
//! | further layer backward | 2 S h_in h_out for the layer below, the same again for ∂/∂W |
//! | first layer backward | 2 d h_out for ∂/∂W, d h_out more where ∇ is carried |
//! | σ backward, a hidden unit | 1, 3 for each ∂_i, 6 d + 5 for Δ, 8 for each ∂_ij |
//!
//! Gradients and rows of the tangent space take the same: rows are only not summed over the points.

use super::Activation;
use crate::jet::Layout;
use std::ops::{Add, Mul};

/// Operations by what limits them: matrix products, and all else, which is done number by number.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Operations {
    /// In matrix products.
    pub products: f64,
    /// In activations and in the first layer.
    pub units: f64,
}

impl Operations {
    /// All of them.
    pub fn total(self) -> f64 {
        self.products + self.units
    }
}

impl Add for Operations {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            products: self.products + other.products,
            units: self.units + other.units,
        }
    }
}

impl Mul<f64> for Operations {
    type Output = Self;

    fn mul(self, times: f64) -> Self {
        Self {
            products: times * self.products,
            units: times * self.units,
        }
    }
}

/// Operations of the sweeps through a network, for one point.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sweeps {
    /// Forward: the jets.
    pub forward: Operations,
    /// Backward: a gradient, or the row of one cotangent.
    pub backward: Operations,
}

/// The sweeps through dense layers of these widths, from the features to the unknowns; `affine` where
/// the features are the coordinates themselves.
pub(super) fn of_layers(
    widths: &[usize],
    activation: Activation,
    affine: bool,
    layout: &Layout,
) -> Sweeps {
    let streams = layout.streams() as f64;
    let [entrance, later] = [0..1, 1..widths.len() - 1].map(|layers| {
        let weights = layers.map(|l| widths[l] * widths[l + 1]);
        weights.sum::<usize>() as f64
    });
    let hidden = &widths[1..widths.len() - 1];
    let units = hidden.iter().sum::<usize>() as f64;
    let mut sweeps = Sweeps {
        forward: Operations {
            products: 2.0 * streams * later,
            units: units * (activation.operations() + forward_unit(layout)),
        },
        backward: Operations {
            products: 4.0 * streams * later,
            units: units * backward_unit(layout),
        },
    };
    if affine {
        let carried = if layout.has_first() { 3.0 } else { 2.0 };
        sweeps.forward.units += 2.0 * entrance;
        sweeps.backward.units += carried * entrance;
    } else {
        sweeps.forward.products += 2.0 * streams * entrance;
        sweeps.backward.products += 2.0 * streams * entrance;
    }
    sweeps
}

/// Beyond the activation itself.
fn forward_unit(layout: &Layout) -> f64 {
    let [firsts, laplacian, seconds] = counts(layout);
    firsts + laplacian * (2.0 * firsts + 3.0) + 4.0 * seconds
}

fn backward_unit(layout: &Layout) -> f64 {
    let [firsts, laplacian, seconds] = counts(layout);
    1.0 + 3.0 * firsts + laplacian * (6.0 * firsts + 5.0) + 8.0 * seconds
}

/// How many streams there are of ∂_i, Δ and ∂_ij.
fn counts(layout: &Layout) -> [f64; 3] {
    let firsts = if layout.has_first() { layout.dim() } else { 0 };
    let laplacian = usize::from(layout.laplacian().is_some());
    [firsts, laplacian, layout.second().count()].map(|n| n as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expression::{Derivative, Symbol};

    fn laplacian(dim: usize) -> Layout {
        let symbol = Symbol::Jet {
            unknown: 0,
            derivative: Derivative::Laplacian,
        };
        Layout::of(dim, [&symbol])
    }

    #[test]
    fn a_small_network_is_counted_by_hand() {
        // 2-3-1 with u, u_x, u_y, Δu. Forward: 2 · 2 · 3 into the hidden layer, three units of
        // 53 + 2 + 7, and 3 multiply-adds for each of the four streams of the output.
        let sweeps = of_layers(&[2, 3, 1], Activation::Tanh, true, &laplacian(2));
        assert_eq!(sweeps.forward.units, 12.0 + 3.0 * 62.0);
        assert_eq!(sweeps.forward.products, 2.0 * 4.0 * 3.0);
        // Backward: 3 · 2 · 3 for ∂/∂W of the first layer, units of 9 d + 6, and twice the output.
        assert_eq!(sweeps.backward.units, 18.0 + 3.0 * 24.0);
        assert_eq!(sweeps.backward.products, 2.0 * sweeps.forward.products);
        assert_eq!(sweeps.forward.total(), 198.0 + 24.0);
    }

    #[test]
    fn values_alone_need_neither_gradients_nor_laplacians() {
        let sweeps = of_layers(&[1, 2, 2, 1], Activation::Tanh, true, &Layout::value(1));
        assert_eq!(sweeps.forward.units, 2.0 * 2.0 + 4.0 * 53.0);
        assert_eq!(sweeps.forward.products, 2.0 * (4.0 + 2.0));
        assert_eq!(sweeps.backward.units, 2.0 * 2.0 + 4.0);
        let behind_features = of_layers(&[1, 2, 2, 1], Activation::Tanh, false, &Layout::value(1));
        assert_eq!(behind_features.forward.products, 2.0 * (2.0 + 4.0 + 2.0));
    }
}
