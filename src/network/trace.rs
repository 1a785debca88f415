//! Reverse sweeps through a multilayer perceptron: the gradient over all points, or a row per point.

use super::hidden::Hidden;
use super::input::{Input, product};
use super::layer::Layer;
use super::{Factors, LayerFactors, Mlp, Network, Trace};
use crate::jet::Jets;
use crate::simd::vectorised;
use faer::Mat;

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
            let mut below = product(adjoint.as_ref(), weights);
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
            let weights = match index {
                0 => self.input.gradient(adjoint, layout),
                _ => product(self.hidden[index - 1].a.transpose(), adjoint.as_ref()),
            };
            for j in 0..layer.outputs {
                let adjoint = adjoint.col_as_slice(j);
                let target = &mut gradient[layer.offset + j * layer.inputs..][..layer.inputs];
                target.copy_from_slice(weights.col_as_slice(j));
                gradient[layer.bias_offset() + j] = adjoint[..n].iter().sum();
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
                    _ => self.hidden[index - 1].a.clone(),
                },
                adjoints: adjoint.clone(),
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
                        let adjoint = adjoint.col_as_slice(j);
                        for i in 0..layer.inputs {
                            let column = rows.col_as_slice_mut(layer.offset + j * layer.inputs + i);
                            let column = &mut column[start..start + n];
                            match index {
                                0 => self.input.column(i, adjoint, layout, column),
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

/// column_k = Σ_s x_{s,k} y_{s,k}: the entry of ∂u/∂W at every point.
#[inline(always)]
pub(super) fn dot_streams(x: &[f64], y: &[f64], column: &mut [f64]) {
    let n = column.len();
    column.fill(0.0);
    // A cell may hold no point at all.
    let streams = x.chunks_exact(n.max(1)).zip(y.chunks_exact(n.max(1)));
    for (x, y) in streams {
        for k in 0..n {
            column[k] += x[k] * y[k];
        }
    }
}
