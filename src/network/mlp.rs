//! Multilayer perceptron u = scale · (W_L σ(… σ(W_1 x̂ + b_1) …) + b_L) + shift, of any depth and width.
//!
//! Jets travel forward through the chain rule, all streams in one matrix product per layer:
//! a_i = σ' z_i, a_Δ = σ' z_Δ + σ'' Σ z_i², a_ij = σ' z_ij + σ'' z_i z_j. Inputs x̂ are the coordinates
//! mapped affinely to about the unit box, where the random start makes sense.
//!
//! Parameters: for each layer W as columns of length h_in, one per unit, then b.

use super::hidden::Hidden;
use super::{Activation, Affine, Network, Trace};
use crate::jet::{Jets, Layout};
use crate::simd::vectorised;
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};
use rand::RngExt;
use rand_distr::StandardNormal;
use rand_xoshiro::Xoshiro256PlusPlus;

/// The network; see the module's page for the formula.
#[derive(Clone, Debug)]
pub struct Mlp {
    widths: Vec<usize>,
    activation: Activation,
    input: Affine,
    output: Affine,
}

impl Mlp {
    /// A network with the hidden layers `hidden` between the components of the two maps.
    pub fn new(hidden: &[usize], activation: Activation, input: Affine, output: Affine) -> Self {
        let ends = [input.scale.len(), output.scale.len()];
        let widths = [&ends[..1], hidden, &ends[1..]].concat();
        Self {
            widths,
            activation,
            input,
            output,
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

#[derive(Clone, Copy, Debug)]
struct Layer {
    inputs: usize,
    outputs: usize,
    offset: usize,
}

impl Layer {
    fn weights<'a>(&self, theta: &'a [f64]) -> MatRef<'a, f64> {
        let slice = &theta[self.offset..self.bias_offset()];
        MatRef::from_column_major_slice(slice, self.inputs, self.outputs)
    }

    fn bias_offset(&self) -> usize {
        self.offset + self.inputs * self.outputs
    }

    fn bias<'a>(&self, theta: &'a [f64]) -> &'a [f64] {
        &theta[self.bias_offset()..self.bias_offset() + self.outputs]
    }
}

impl Network for Mlp {
    fn parameters(&self) -> usize {
        self.widths.windows(2).map(|w| (w[0] + 1) * w[1]).sum()
    }

    fn inputs(&self) -> usize {
        self.widths[0]
    }

    fn outputs(&self) -> usize {
        self.output.scale.len()
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

    fn trace<'a>(
        &'a self,
        theta: &'a [f64],
        x: MatRef<'_, f64>,
        layout: &Layout,
    ) -> Box<dyn Trace + 'a> {
        let n = x.nrows();
        let input = Mat::from_fn(n, self.inputs(), |i, j| {
            x[(i, j)] * self.input.scale[j] + self.input.shift[j]
        });
        let layers = self.layers();
        let mut hidden: Vec<Hidden> = Vec::with_capacity(layers.len());
        let mut output = Mat::zeros(0, 0);
        for (index, layer) in layers.iter().enumerate() {
            let mut z = Mat::zeros(layout.streams() * n, layer.outputs);
            match hidden.last() {
                None => self.enter(layer, theta, &input, layout, &mut z),
                Some(previous) => {
                    let weights = layer.weights(theta);
                    let one = 1.0;
                    matmul(&mut z, Accum::Replace, &previous.a, weights, one, Par::Seq);
                }
            }
            for (j, &bias) in layer.bias(theta).iter().enumerate() {
                z.col_as_slice_mut(j)[..n]
                    .iter_mut()
                    .for_each(|v| *v += bias);
            }
            if index + 1 == layers.len() {
                output = z;
            } else {
                hidden.push(Hidden::new(z, n, layout, self.activation));
            }
        }
        for (j, (&scale, &shift)) in self.output.scale.iter().zip(&self.output.shift).enumerate() {
            let column = output.col_as_slice_mut(j);
            column.iter_mut().for_each(|v| *v *= scale);
            column[..n].iter_mut().for_each(|v| *v += shift);
        }
        Box::new(MlpTrace {
            net: self,
            theta,
            layers,
            input,
            hidden,
            jets: Jets::from_mat(layout, n, output),
        })
    }
}

impl Mlp {
    /// z = W x̂ of the first layer: the gradient of x̂ is constant and its second derivatives vanish.
    fn enter(
        &self,
        layer: &Layer,
        theta: &[f64],
        input: &Mat<f64>,
        layout: &Layout,
        z: &mut Mat<f64>,
    ) {
        let n = input.nrows();
        let weights = layer.weights(theta);
        let value = z.as_mut().subrows_mut(0, n);
        matmul(value, Accum::Replace, input, weights, 1.0, Par::Seq);
        if layout.has_first() {
            for j in 0..layer.outputs {
                for i in 0..layer.inputs {
                    let start = layout.first(i) * n;
                    let slope = weights[(i, j)] * self.input.scale[i];
                    z.col_as_slice_mut(j)[start..start + n].fill(slope);
                }
            }
        }
    }
}

struct MlpTrace<'a> {
    net: &'a Mlp,
    theta: &'a [f64],
    layers: Vec<Layer>,
    input: Mat<f64>,
    hidden: Vec<Hidden>,
    jets: Jets,
}

impl MlpTrace<'_> {
    /// Walks the layers backwards and hands (layer, its index, adjoint of z) to `visit`.
    fn pull(&self, cotangent: &Jets, mut visit: impl FnMut(usize, &Layer, &Mat<f64>)) {
        let (n, layout) = (self.jets.points(), self.jets.layout());
        let mut adjoint = cotangent.mat().clone();
        for (j, &scale) in self.net.output.scale.iter().enumerate() {
            adjoint
                .col_as_slice_mut(j)
                .iter_mut()
                .for_each(|v| *v *= scale);
        }
        for (index, layer) in self.layers.iter().enumerate().rev() {
            visit(index, layer, &adjoint);
            if index == 0 {
                break;
            }
            let weights = layer.weights(self.theta).transpose();
            let mut below = Mat::zeros(adjoint.nrows(), layer.inputs);
            matmul(&mut below, Accum::Replace, &adjoint, weights, 1.0, Par::Seq);
            let hidden = &self.hidden[index - 1];
            vectorised(
                #[inline(always)]
                || {
                    for unit in 0..layer.inputs {
                        hidden.pull_unit(layout, n, unit, below.col_as_slice_mut(unit));
                    }
                },
            );
            adjoint = below;
        }
    }
}

impl Trace for MlpTrace<'_> {
    fn jets(&self) -> &Jets {
        &self.jets
    }

    fn into_jets(self: Box<Self>) -> Jets {
        self.jets
    }

    fn gradient(&self, cotangent: &Jets) -> Vec<f64> {
        let (n, layout) = (self.jets.points(), self.jets.layout());
        let mut gradient = vec![0.0; self.net.parameters()];
        self.pull(cotangent, |index, layer, adjoint| {
            let mut weights = Mat::<f64>::zeros(layer.inputs, layer.outputs);
            let (below, above) = match index {
                0 => (self.input.as_ref(), adjoint.subrows(0, n)),
                _ => (self.hidden[index - 1].a.as_ref(), adjoint.as_ref()),
            };
            let below = below.transpose();
            matmul(&mut weights, Accum::Replace, below, above, 1.0, Par::Seq);
            for j in 0..layer.outputs {
                let adjoint = adjoint.col_as_slice(j);
                let target = &mut gradient[layer.offset + j * layer.inputs..][..layer.inputs];
                target.copy_from_slice(weights.col_as_slice(j));
                if index == 0 && layout.has_first() {
                    for (i, target) in target.iter_mut().enumerate() {
                        let slopes = &adjoint[layout.first(i) * n..][..n];
                        *target += self.net.input.scale[i] * slopes.iter().sum::<f64>();
                    }
                }
                gradient[layer.bias_offset() + j] = adjoint[..n].iter().sum();
            }
        });
        gradient
    }

    fn rows(&self, cotangent: &Jets, rows: &mut Mat<f64>, start: usize) {
        let n = self.jets.points();
        self.pull(cotangent, |index, layer, adjoint| {
            vectorised(
                #[inline(always)]
                || {
                    for j in 0..layer.outputs {
                        let adjoint = adjoint.col_as_slice(j);
                        for i in 0..layer.inputs {
                            let column = rows.col_as_slice_mut(layer.offset + j * layer.inputs + i);
                            let column = &mut column[start..start + n];
                            match index {
                                0 => self.first_column(adjoint, i, column),
                                _ => {
                                    let below = self.hidden[index - 1].a.col_as_slice(i);
                                    dot_streams(adjoint, below, column);
                                }
                            }
                        }
                        let bias = rows.col_as_slice_mut(layer.bias_offset() + j);
                        bias[start..start + n].copy_from_slice(&adjoint[..n]);
                    }
                },
            );
        });
    }
}

impl MlpTrace<'_> {
    /// The entry of ∂u/∂W of the first layer at every point: x̂ has a constant gradient and no more.
    #[inline(always)]
    fn first_column(&self, adjoint: &[f64], i: usize, column: &mut [f64]) {
        let (n, layout) = (column.len(), self.jets.layout());
        let input = self.input.col_as_slice(i);
        for k in 0..n {
            column[k] = adjoint[k] * input[k];
        }
        if layout.has_first() {
            let scale = self.net.input.scale[i];
            let slopes = &adjoint[layout.first(i) * n..][..n];
            for k in 0..n {
                column[k] += slopes[k] * scale;
            }
        }
    }
}

/// column_k = Σ_s x_{s,k} y_{s,k}: the entry of ∂u/∂W at every point.
#[inline(always)]
fn dot_streams(x: &[f64], y: &[f64], column: &mut [f64]) {
    let n = column.len();
    column.fill(0.0);
    for (x, y) in x.chunks_exact(n).zip(y.chunks_exact(n)) {
        for k in 0..n {
            column[k] += x[k] * y[k];
        }
    }
}
