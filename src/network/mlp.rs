//! Multilayer perceptron u = scale · (W_L σ(… σ(W_1 x̂ + b_1) …) + b_L) + shift, of any depth and width.
//!
//! Jets travel forward through the chain rule, all streams in one matrix product per layer:
//! a_i = σ' z_i, a_Δ = σ' z_Δ + σ'' Σ z_i², a_ij = σ' z_ij + σ'' z_i z_j. Inputs x̂ are the features of an
//! [`Embedding`]: the coordinates mapped to about the unit box, where the random start makes sense,
//! or waves of the same size.
//!
//! Parameters: for each layer W as columns of length h_in, one per unit, then b.

use super::hidden::Hidden;
use super::input::{Input, product};
use super::layer::Layer;
use super::operations::{Sweeps, of_layers};
use super::scratch::Scratch;
use super::trace::MlpTrace;
use super::{Activation, Affine, Embedding, Network, Trace};
use crate::jet::{Jets, Layout};
use faer::MatRef;
use rand::RngExt;
use rand_distr::StandardNormal;
use rand_xoshiro::Xoshiro256PlusPlus;

/// The network; see the module's page for the formula.
#[derive(Clone, Debug)]
pub struct Mlp {
    widths: Vec<usize>,
    activation: Activation,
    input: Embedding,
    pub(super) output: Affine,
}

impl Mlp {
    /// A network with the hidden layers `hidden` between the features of the input and the
    /// components of the output.
    pub fn new(
        hidden: &[usize],
        activation: Activation,
        input: impl Into<Embedding>,
        output: Affine,
    ) -> Self {
        let input = input.into();
        let ends = [input.features(), output.scale.len()];
        let widths = [&ends[..1], hidden, &ends[1..]].concat();
        Self {
            widths,
            activation,
            input,
            output,
        }
    }

    /// u = scale · z + shift, all streams.
    fn leave(&self, z: &Scratch, jets: &mut Jets) {
        let n = jets.points();
        for (j, (&scale, &shift)) in self.output.scale.iter().zip(&self.output.shift).enumerate() {
            let column = jets.mat_mut().col_as_slice_mut(j);
            let pairs = column.iter_mut().zip(z.column(j));
            pairs.for_each(|(u, z)| *u = z * scale);
            column[..n].iter_mut().for_each(|u| *u += shift);
        }
    }

    /// (h_in, h_out, offset of W in θ) of every layer.
    fn layers(&self) -> Vec<Layer> {
        let mut offset = 0;
        let mut layers = Vec::with_capacity(self.widths.len() - 1);
        for pair in self.widths.windows(2) {
            let [inputs, outputs] = [pair[0], pair[1]];
            layers.push(Layer {
                inputs,
                outputs,
                offset,
            });
            offset += (inputs + 1) * outputs;
        }
        layers
    }
}

impl Network for Mlp {
    fn parameters(&self) -> usize {
        self.widths.windows(2).map(|w| (w[0] + 1) * w[1]).sum()
    }

    fn inputs(&self) -> usize {
        self.input.inputs()
    }

    fn outputs(&self) -> usize {
        self.output.scale.len()
    }

    fn widths(&self) -> Vec<usize> {
        self.widths.clone()
    }

    /// W ~ N(0, 1.5² / h_in), b ~ U(−1.5, 1.5) in hidden layers: the spread that gave the best
    /// conditioned tangent spaces; output weights N(0, 1 / h), output bias 0.
    fn initial(&self, rng: &mut Xoshiro256PlusPlus) -> Vec<f64> {
        let layers = self.layers();
        let mut theta = Vec::with_capacity(self.parameters());
        for (index, layer) in layers.iter().enumerate() {
            let last = index + 1 == layers.len();
            let spread = if last { 1.0 } else { 1.5 } / (layer.inputs as f64).sqrt();
            for _ in 0..layer.inputs * layer.outputs {
                let normal: f64 = rng.sample(StandardNormal);
                theta.push(spread * normal);
            }
            for _ in 0..layer.outputs {
                theta.push(if last {
                    0.0
                } else {
                    rng.random_range(-1.5..1.5)
                });
            }
        }
        theta
    }

    fn operations(&self, layout: &Layout) -> Sweeps {
        let affine = self.input.as_affine().is_some();
        of_layers(&self.widths, self.activation, affine, layout)
    }

    fn trace<'a>(
        &'a self,
        theta: &'a [f64],
        x: MatRef<'_, f64>,
        layout: &Layout,
    ) -> Box<dyn Trace + 'a> {
        let n = x.nrows();
        let input = Input::new(&self.input, x, layout);
        let layers = self.layers();
        let mut hidden: Vec<Hidden> = Vec::with_capacity(layers.len());
        let mut jets = Jets::zeros(layout, n, self.outputs());
        for (index, layer) in layers.iter().enumerate() {
            let weights = layer.weights(theta);
            let mut z = match hidden.last() {
                None => input.enter(weights, layout),
                Some(previous) => product(previous.a.as_ref(), weights),
            };
            for (j, &bias) in layer.bias(theta).iter().enumerate() {
                z.column_mut(j)[..n].iter_mut().for_each(|v| *v += bias);
            }
            if index + 1 == layers.len() {
                self.leave(&z, &mut jets);
            } else {
                hidden.push(Hidden::new(z, n, layout, self.activation));
            }
        }
        Box::new(MlpTrace {
            net: self,
            theta,
            layers,
            input,
            hidden,
            jets,
        })
    }
}
