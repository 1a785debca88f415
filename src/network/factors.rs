//! Rows of the tangent space that are never written out: outer products, layer by layer.
//!
//! A linear layer z = Wᵀx + b meets the parameters once for every stream s of the jet (value, directions,
//! Laplacian), so its part of the row of one point is a sum of few outer products,
//!
//! ```text
//! ∂/∂W = Σ_s X_s ⊗ Y_s,   ∂/∂b = Y_0,   X_s: inputs of the layer, Y_s: adjoints of its outputs,
//! ```
//!
//! S (h_in + h_out) numbers instead of h_in h_out. All that a dual solver asks of the rows A follows from
//! these factors, without A:
//!
//! ```text
//! A Aᵀ = Σ_layers Σ_{s,t} (Y_s Y_tᵀ) ∘ (X_s X_tᵀ)  +  Y_0 Y_0ᵀ,
//! A x  = Σ_layers Σ_s rowsum(Y_s ∘ X_s W)  +  Y_0 b,        x = (W, b, …),
//! Aᵀ v = (Σ_s X_sᵀ (v ∘ Y_s), Y_0ᵀ v, …).
//! ```
//!
//! The first costs n² S² (h_in + h_out) by streams, or n² h_in h_out by a few columns of A at a time,
//! which is less where layers are narrow and streams are many; [`LayerFactors::by_streams`] counts.
//! (For networks of values alone: Novak, Sohl-Dickstein & Schoenholz 2022, arXiv 2206.08720; with
//! the Laplacian: Dangel, Müller & Zeinhofer 2024, arXiv 2405.15603.)

use super::input::product;
use super::trace::dot_streams;
use crate::simd::vectorised;
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};
use std::ops::Range;

/// The rows of n points (or of several cotangents at each).
#[derive(Clone, Debug)]
pub struct Factors {
    /// Number of rows n.
    pub rows: usize,
    /// The layers that have parameters.
    pub layers: Vec<LayerFactors>,
}

/// The part of the rows that belongs to the parameters of one layer.
#[derive(Clone, Debug)]
pub struct LayerFactors {
    /// Where W begins in θ: as columns of length h_in, then b if there is one.
    pub offset: usize,
    /// Whether there is a b.
    pub biased: bool,
    /// S.
    pub streams: usize,
    /// X, shape (S · n, h_in): the streams one below the other.
    pub inputs: Mat<f64>,
    /// Y, shape (S · n, h_out).
    pub adjoints: Mat<f64>,
}

impl Factors {
    /// The factors of rows that are written out, shape (n, p): one layer with a single output that
    /// is the sum of its inputs. For networks that have no layers to offer.
    pub fn of_rows(rows: Mat<f64>) -> Self {
        let n = rows.nrows();
        let layer = LayerFactors {
            offset: 0,
            biased: false,
            streams: 1,
            adjoints: Mat::from_fn(n, 1, |_, _| 1.0),
            inputs: rows,
        };
        Self {
            rows: n,
            layers: vec![layer],
        }
    }

    /// S; the same in all layers.
    pub fn streams(&self) -> usize {
        self.layers.first().map_or(0, |layer| layer.streams)
    }

    /// The rows of several factors of the same streams, one below the other.
    pub fn stacked(parts: &[Self]) -> Self {
        let layers = parts.first().map_or(0, |part| part.layers.len());
        let layer = |index: usize| {
            let whole = |part: &Self| 0..part.rows;
            let parts: Vec<_> = parts.iter().map(|p| (&p.layers[index], whole(p))).collect();
            LayerFactors::picked(&parts)
        };
        Self {
            rows: parts.iter().map(|part| part.rows).sum(),
            layers: (0..layers).map(layer).collect(),
        }
    }

    /// moved += A x.
    pub fn push(&self, x: &[f64], moved: &mut [f64]) {
        for layer in &self.layers {
            layer.push(x, moved);
        }
    }

    /// sum += Aᵀ v.
    pub fn pull(&self, v: &[f64], sum: &mut [f64]) {
        for layer in &self.layers {
            layer.pull(v, sum);
        }
    }
}

impl LayerFactors {
    /// Number of rows n.
    pub fn rows(&self) -> usize {
        self.adjoints.nrows() / self.streams.max(1)
    }

    /// Some rows of several layers alike, one below the other.
    pub fn picked(parts: &[(&Self, Range<usize>)]) -> Self {
        let (first, _) = &parts[0];
        let whole = |of: fn(&Self) -> &Mat<f64>| {
            let rows: usize = parts.iter().map(|(_, rows)| rows.len()).sum();
            let mut whole = Mat::zeros(first.streams * rows, of(first).ncols());
            for j in 0..whole.ncols() {
                let mut targets = whole.col_as_slice_mut(j);
                for stream in 0..first.streams {
                    for (part, rows) in parts {
                        let start = stream * part.rows() + rows.start;
                        let (here, rest) = targets.split_at_mut(rows.len());
                        here.copy_from_slice(&of(part).col_as_slice(j)[start..start + rows.len()]);
                        targets = rest;
                    }
                }
            }
            whole
        };
        Self {
            inputs: whole(|part| &part.inputs),
            adjoints: whole(|part| &part.adjoints),
            ..**first
        }
    }

    fn bias_offset(&self) -> usize {
        self.offset + self.inputs.ncols() * self.adjoints.ncols()
    }

    fn push(&self, x: &[f64], moved: &mut [f64]) {
        let (n, bias) = (moved.len(), self.bias_offset());
        let (h_in, h_out) = (self.inputs.ncols(), self.adjoints.ncols());
        let weights = MatRef::from_column_major_slice(&x[self.offset..bias], h_in, h_out);
        let changed = product(self.inputs.as_ref(), weights);
        vectorised(
            #[inline(always)]
            || {
                for j in 0..h_out {
                    let adjoint = self.adjoints.col_as_slice(j);
                    let changed = changed.column(j).chunks_exact(n.max(1));
                    for (y, z) in adjoint.chunks_exact(n.max(1)).zip(changed) {
                        for k in 0..n {
                            moved[k] += y[k] * z[k];
                        }
                    }
                    if self.biased {
                        for k in 0..n {
                            moved[k] += adjoint[k] * x[bias + j];
                        }
                    }
                }
            },
        );
    }

    fn pull(&self, v: &[f64], sum: &mut [f64]) {
        let (n, bias) = (v.len(), self.bias_offset());
        let mut weighted = self.adjoints.clone();
        for j in 0..weighted.ncols() {
            let streams = weighted.col_as_slice_mut(j).chunks_exact_mut(n.max(1));
            streams.for_each(|y| y.iter_mut().zip(v).for_each(|(y, v)| *y *= v));
            if self.biased {
                sum[bias + j] += weighted.col_as_slice(j)[..n].iter().sum::<f64>();
            }
        }
        let weights = product(self.inputs.transpose(), weighted.as_ref());
        for j in 0..weights.ncols() {
            let target = sum[self.offset + j * self.inputs.ncols()..].iter_mut();
            let gradient = weights.column(j).iter();
            target.zip(gradient).for_each(|(t, g)| *t += g);
        }
    }

    /// Whether [`LayerFactors::add_product`] with the rows of `other` costs less than the product of
    /// their columns. A stream's product comes with one multiplication and one sum an entry.
    pub fn by_streams(&self, other: &Self) -> bool {
        let (h_in, h_out) = (self.inputs.ncols(), self.adjoints.ncols());
        self.streams * other.streams * (h_in + h_out + 4) < h_in * h_out
    }

    /// block += A Bᵀ, by streams, where A are these rows and B those of `other`, shape (n, m).
    pub fn add_product(&self, other: &Self, block: &mut Mat<f64>) {
        let [n, m] = [self.rows(), other.rows()];
        let [mut xs, mut ys] = [(); 2].map(|()| Mat::zeros(n, m));
        for s in 0..self.streams {
            for t in 0..other.streams {
                let factors = [
                    (&self.inputs, &other.inputs, &mut xs),
                    (&self.adjoints, &other.adjoints, &mut ys),
                ];
                for (left, right, to) in factors {
                    let [left, right] = [left.subrows(s * n, n), right.subrows(t * m, m)];
                    matmul(to, Accum::Replace, left, right.transpose(), 1.0, Par::Seq);
                }
                // A bias is the weight of an input whose value is 1.
                let one = f64::from(u8::from(self.biased && s == 0 && t == 0));
                vectorised(
                    #[inline(always)]
                    || {
                        for j in 0..m {
                            let sums = block.col_as_slice_mut(j).iter_mut();
                            let factors = xs.col_as_slice(j).iter().zip(ys.col_as_slice(j));
                            sums.zip(factors)
                                .for_each(|(sum, (x, y))| *sum += (x + one) * y);
                        }
                    },
                );
            }
        }
    }

    /// The columns of the rows that belong to some units of the layer, unit by unit: h_in of W and, if
    /// there is one, b; shape (n, units · (h_in + 1)).
    pub fn columns(&self, units: Range<usize>) -> Mat<f64> {
        let (n, h_in) = (self.rows(), self.inputs.ncols());
        let width = h_in + usize::from(self.biased);
        let mut columns = Mat::zeros(n, width * units.len());
        vectorised(
            #[inline(always)]
            || {
                for (index, unit) in units.enumerate() {
                    let adjoint = self.adjoints.col_as_slice(unit);
                    for i in 0..h_in {
                        let column = columns.col_as_slice_mut(index * width + i);
                        dot_streams(adjoint, self.inputs.col_as_slice(i), column);
                    }
                    if self.biased {
                        let column = columns.col_as_slice_mut(index * width + h_in);
                        column.copy_from_slice(&adjoint[..n]);
                    }
                }
            },
        );
        columns
    }
}
