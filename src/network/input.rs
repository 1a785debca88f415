//! What the first layer works on: features with all their streams, or affine coordinates, whose
//! gradient is constant and whose second derivatives vanish, so that one stream is enough.

use super::embedding::Embedding;
use super::scratch::Scratch;
use super::trace::dot_streams;
use crate::jet::Layout;
use crate::simd::vectorised;
use crate::vector::sum;
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};

/// The input of the first layer at n points.
pub(super) enum Input {
    /// x̂, shape (n, d), and ∂x̂_i/∂x_i.
    Affine { x: Mat<f64>, slope: Vec<f64> },
    /// The streams of h features, shape (streams · n, h), as those of a hidden layer.
    Features(Mat<f64>),
}

impl Input {
    /// The features of the points `x`.
    pub(super) fn new(embedding: &Embedding, x: MatRef<'_, f64>, layout: &Layout) -> Self {
        match embedding.as_affine() {
            None => Self::Features(embedding.streams(x, layout)),
            Some(affine) => Self::Affine {
                x: Mat::from_fn(x.nrows(), x.ncols(), |i, j| {
                    x[(i, j)] * affine.scale[j] + affine.shift[j]
                }),
                slope: affine.scale.clone(),
            },
        }
    }

    /// All streams of x̂, shape (streams · n, h_in).
    pub(super) fn streams(&self, layout: &Layout) -> Mat<f64> {
        let (x, slope) = match self {
            Self::Features(streams) => return streams.clone(),
            Self::Affine { x, slope } => (x, slope),
        };
        let n = x.nrows();
        let mut streams = Mat::zeros(layout.streams() * n, x.ncols());
        for (i, &slope) in slope.iter().enumerate() {
            let column = streams.col_as_slice_mut(i);
            column[..n].copy_from_slice(x.col_as_slice(i));
            if layout.has_first() {
                column[layout.first(i) * n..][..n].fill(slope);
            }
        }
        streams
    }

    /// z = W x̂, all streams, shape (streams · n, h_out).
    pub(super) fn enter(&self, weights: MatRef<'_, f64>, layout: &Layout) -> Scratch {
        let (x, slope) = match self {
            Self::Features(streams) => return product(streams.as_ref(), weights),
            Self::Affine { x, slope } => (x, slope),
        };
        let n = x.nrows();
        let mut z = Scratch::new(layout.streams() * n, weights.ncols());
        let value = z.as_mut().subrows_mut(0, n);
        matmul(value, Accum::Replace, x, weights, 1.0, Par::Seq);
        for j in 0..weights.ncols() {
            // Beyond the gradient all derivatives are zero.
            let (firsts, rest) = match layout.has_first() {
                true => z.column_mut(j)[n..].split_at_mut(layout.dim() * n),
                false => continue,
            };
            for (i, slope) in slope.iter().enumerate() {
                firsts[i * n..][..n].fill(weights[(i, j)] * slope);
            }
            rest.fill(0.0);
        }
        z
    }

    /// Σ over points and streams of x̂ z̄ᵀ: the gradient by W, shape (h_in, h_out).
    pub(super) fn gradient(&self, adjoint: &Scratch, layout: &Layout) -> Scratch {
        let (x, slope) = match self {
            Self::Features(streams) => return product(streams.transpose(), adjoint.as_ref()),
            Self::Affine { x, slope } => (x, slope),
        };
        let n = x.nrows();
        let mut gradient = product(x.transpose(), adjoint.as_ref().subrows(0, n));
        if layout.has_first() {
            vectorised(
                #[inline(always)]
                || {
                    for j in 0..adjoint.ncols() {
                        let adjoint = adjoint.column(j);
                        for (i, target) in gradient.column_mut(j).iter_mut().enumerate() {
                            let slopes = &adjoint[layout.first(i) * n..][..n];
                            *target += slope[i] * sum(slopes);
                        }
                    }
                },
            );
        }
        gradient
    }

    /// The entry of the gradient by W_ij at every point by itself; `adjoint` is that of unit j.
    #[inline(always)]
    pub(super) fn column(&self, i: usize, adjoint: &[f64], layout: &Layout, column: &mut [f64]) {
        let (x, slope) = match self {
            Self::Features(streams) => {
                return dot_streams(adjoint, streams.col_as_slice(i), column);
            }
            Self::Affine { x, slope } => (x.col_as_slice(i), slope[i]),
        };
        let n = column.len();
        match layout.has_first() {
            false => (0..n).for_each(|k| column[k] = adjoint[k] * x[k]),
            true => {
                let slopes = &adjoint[layout.first(i) * n..][..n];
                (0..n).for_each(|k| column[k] = adjoint[k] * x[k] + slopes[k] * slope);
            }
        }
    }
}

/// a b.
pub(super) fn product(a: MatRef<'_, f64>, b: MatRef<'_, f64>) -> Scratch {
    let mut result = Scratch::new(a.nrows(), b.ncols());
    matmul(result.as_mut(), Accum::Replace, a, b, 1.0, Par::Seq);
    result
}
