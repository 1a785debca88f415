//! Sweeps through a linearised multilayer perceptron: in reverse for the gradient over all points or
//! for a row per point, forward for the change of the jets along a direction of θ.

use super::hidden::Hidden;
use super::input::{Input, product};
use super::layer::Layer;
use super::scratch::Scratch;
use super::{Factors, LayerFactors, Mlp, Network, Trace};
use crate::jet::Jets;
use crate::simd::{LANES, vectorised};
use crate::vector::sum;
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, Par};

/// What a forward sweep leaves behind.
pub(super) struct MlpTrace<'a> {
    pub(super) net: &'a Mlp,
    pub(super) theta: &'a [f64],
    pub(super) layers: Vec<Layer>,
    pub(super) input: Input,
    pub(super) hidden: Vec<Hidden>,
    pub(super) jets: Jets,
}

impl MlpTrace<'_> {
    /// Walks the layers backwards and hands (layer, its index, adjoint of z) to `visit`.
    fn pull(&self, cotangent: &Jets, mut visit: impl FnMut(usize, &Layer, &Scratch)) {
        let (n, layout) = (self.jets.points(), self.jets.layout());
        let mut adjoint = Scratch::new(layout.streams() * n, self.jets.unknowns());
        for (j, &scale) in self.net.output.scale.iter().enumerate() {
            let pairs = adjoint.column_mut(j).iter_mut();
            let pairs = pairs.zip(cotangent.mat().col_as_slice(j));
            pairs.for_each(|(v, c)| *v = c * scale);
        }
        for (index, layer) in self.layers.iter().enumerate().rev() {
            visit(index, layer, &adjoint);
            if index == 0 {
                break;
            }
            let weights = layer.weights(self.theta).transpose();
            let mut below = product(adjoint.as_ref(), weights);
            let hidden = &self.hidden[index - 1];
            vectorised(
                #[inline(always)]
                || {
                    for unit in 0..layer.inputs {
                        hidden.pull_unit(layout, n, unit, below.column_mut(unit));
                    }
                },
            );
            adjoint = below;
        }
    }

    /// ż = Ẇ a + ḃ of a layer whose inputs stay, all streams.
    fn moved_by_weights(&self, index: usize, x: &[f64]) -> Scratch {
        let (layer, n) = (&self.layers[index], self.jets.points());
        let mut z = match index {
            0 => self.input.enter(layer.weights(x), self.jets.layout()),
            _ => product(self.hidden[index - 1].a.as_ref(), layer.weights(x)),
        };
        for (j, &bias) in layer.bias(x).iter().enumerate() {
            let values = z.column_mut(j)[..n].iter_mut();
            values.for_each(|v| *v += bias);
        }
        z
    }
}

impl Trace for MlpTrace<'_> {
    fn jets(&self) -> &Jets {
        &self.jets
    }

    fn into_jets(self: Box<Self>) -> Jets {
        self.jets
    }

    fn push(&self, x: &[f64]) -> Jets {
        let (n, layout) = (self.jets.points(), self.jets.layout());
        let mut change = self.moved_by_weights(0, x);
        for (index, hidden) in self.hidden.iter().enumerate() {
            vectorised(
                #[inline(always)]
                || {
                    for unit in 0..change.ncols() {
                        hidden.push_unit(layout, n, unit, change.column_mut(unit));
                    }
                },
            );
            let weights = self.layers[index + 1].weights(self.theta);
            let mut above = self.moved_by_weights(index + 1, x);
            let (target, change_below) = (above.as_mut(), change.as_ref());
            matmul(target, Accum::Add, change_below, weights, 1.0, Par::Seq);
            change = above;
        }
        let scale = &self.net.output.scale;
        let change = change.as_ref();
        let scaled = Mat::from_fn(change.nrows(), scale.len(), |i, j| {
            scale[j] * change[(i, j)]
        });
        Jets::from_mat(layout, n, scaled)
    }

    fn gradient(&self, cotangent: &Jets) -> Vec<f64> {
        let (n, layout) = (self.jets.points(), self.jets.layout());
        let mut gradient = vec![0.0; self.net.parameters()];
        self.pull(cotangent, |index, layer, adjoint| {
            let weights = match index {
                0 => self.input.gradient(adjoint, layout),
                _ => {
                    let below = &self.hidden[index - 1].a;
                    product(below.as_ref().transpose(), adjoint.as_ref())
                }
            };
            for j in 0..layer.outputs {
                let adjoint = adjoint.column(j);
                let target = &mut gradient[layer.offset + j * layer.inputs..][..layer.inputs];
                target.copy_from_slice(weights.column(j));
                gradient[layer.bias_offset() + j] = vectorised(
                    #[inline(always)]
                    || sum(&adjoint[..n]),
                );
            }
        });
        gradient
    }

    fn factors(&self, cotangent: &Jets) -> Option<Factors> {
        let layout = self.jets.layout();
        let mut layers = Vec::with_capacity(self.layers.len());
        self.pull(cotangent, |index, layer, adjoint| {
            layers.push(LayerFactors {
                offset: layer.offset,
                biased: true,
                streams: layout.streams(),
                inputs: match index {
                    0 => self.input.streams(layout),
                    _ => self.hidden[index - 1].a.as_ref().to_owned(),
                },
                adjoints: adjoint.as_ref().to_owned(),
            });
        });
        Some(Factors {
            rows: self.jets.points(),
            layers,
        })
    }

    fn rows(&self, cotangent: &Jets, rows: &mut Mat<f64>, start: usize) {
        let (n, layout) = (self.jets.points(), self.jets.layout());
        self.pull(cotangent, |index, layer, adjoint| {
            vectorised(
                #[inline(always)]
                || {
                    for j in 0..layer.outputs {
                        let adjoint = adjoint.column(j);
                        for i in 0..layer.inputs {
                            let column = rows.col_as_slice_mut(layer.offset + j * layer.inputs + i);
                            let column = &mut column[start..start + n];
                            match index {
                                0 => self.input.column(i, adjoint, layout, column),
                                _ => {
                                    let below = self.hidden[index - 1].a.column(i);
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

/// column_k = Σ_s x_{s,k} y_{s,k}: the entry of ∂u/∂W at every point.
#[inline(always)]
pub(super) fn dot_streams(x: &[f64], y: &[f64], column: &mut [f64]) {
    let n = column.len();
    let whole = n - n % LANES;
    for k in (0..whole).step_by(LANES) {
        column[k..k + LANES].copy_from_slice(&dot_at::<LANES>(x, y, n, k));
    }
    for (k, sum) in column.iter_mut().enumerate().skip(whole) {
        [*sum] = dot_at(x, y, n, k);
    }
}

/// The same for some points from k on, whose sums stay in registers.
#[inline(always)]
fn dot_at<const W: usize>(x: &[f64], y: &[f64], n: usize, k: usize) -> [f64; W] {
    let mut sums = [0.0; W];
    for (x, y) in x.chunks_exact(n).zip(y.chunks_exact(n)) {
        let (x, y) = (&x[k..k + W], &y[k..k + W]);
        for lane in 0..W {
            sums[lane] += x[lane] * y[lane];
        }
    }
    sums
}
