//! Jets: an unknown and its derivatives at a block of points.
//!
//! An equation sees u only through its jet (u, ∇u, Δu, single second derivatives) at each point, so
//! the network hands out jets and takes back cotangents of the same shape. A [`Layout`] lists the
//! components that the energy asks for, and only these are computed: the Laplacian travels as one
//! stream of its own, never as the trace of a Hessian (Li et al. 2023, arXiv 2307.08214).
//!
//! Storage is one column per unknown; in a column the streams follow each other, and the points of
//! a stream are contiguous, which is what matrix products and vector loops want.

use crate::expression::{Derivative, Symbol};
use faer::Mat;
use std::collections::BTreeSet;

/// Which components of the jet are carried: u always, ∇u, Δu and second derivatives on demand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    dim: usize,
    first: bool,
    laplacian: bool,
    second: Vec<(usize, usize)>,
}

impl Layout {
    /// Only the value, in `dim` coordinates.
    pub fn value(dim: usize) -> Self {
        Self {
            dim,
            ..Self::default()
        }
    }

    /// What the jets among `symbols` need; second order brings the gradient with it, because the
    /// chain rule passes through it.
    pub fn of<'a>(dim: usize, symbols: impl IntoIterator<Item = &'a Symbol>) -> Self {
        let mut layout = Self::value(dim);
        let mut second = BTreeSet::new();
        for symbol in symbols {
            if let Symbol::Jet { derivative, .. } = symbol {
                match *derivative {
                    Derivative::Value => {}
                    Derivative::First(_) => layout.first = true,
                    Derivative::Laplacian => layout.laplacian = true,
                    Derivative::Second(i, j) => {
                        second.insert((i.min(j), i.max(j)));
                    }
                }
            }
        }
        layout.second = second.into_iter().collect();
        layout.first |= layout.laplacian || !layout.second.is_empty();
        layout
    }

    /// The same components, and ∇u.
    pub fn with_gradient(&self) -> Self {
        Self {
            first: true,
            ..self.clone()
        }
    }

    /// Number of coordinates.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Number of streams: components of the jet of one unknown at one point.
    pub fn streams(&self) -> usize {
        1 + if self.first { self.dim } else { 0 } + usize::from(self.laplacian) + self.second.len()
    }

    /// Whether the gradient is carried.
    pub fn has_first(&self) -> bool {
        self.first
    }

    /// Stream of ∂u/∂x_i.
    pub fn first(&self, i: usize) -> usize {
        1 + i
    }

    /// Stream of the Laplacian, if it is carried.
    pub fn laplacian(&self) -> Option<usize> {
        self.laplacian.then_some(1 + self.dim)
    }

    /// The second derivatives that are carried: (stream, i, j) with i ≤ j.
    pub fn second(&self) -> impl Iterator<Item = (usize, usize, usize)> + '_ {
        let start = 1 + self.dim + usize::from(self.laplacian);
        let pairs = self.second.iter().enumerate();
        pairs.map(move |(k, &(i, j))| (start + k, i, j))
    }

    /// The derivatives that are carried, in the order of their streams.
    pub fn derivatives(&self) -> impl Iterator<Item = Derivative> + '_ {
        let axes = if self.first { self.dim } else { 0 };
        std::iter::once(Derivative::Value)
            .chain((0..axes).map(Derivative::First))
            .chain(self.laplacian.then_some(Derivative::Laplacian))
            .chain(self.second.iter().map(|&(i, j)| Derivative::Second(i, j)))
    }

    /// Stream of a derivative, if it is carried.
    pub fn stream(&self, derivative: Derivative) -> Option<usize> {
        match derivative {
            Derivative::Value => Some(0),
            Derivative::First(i) => self.first.then_some(1 + i),
            Derivative::Laplacian => self.laplacian(),
            Derivative::Second(i, j) => {
                let pair = (i.min(j), i.max(j));
                self.second()
                    .find(|&(_, a, b)| (a, b) == pair)
                    .map(|(stream, _, _)| stream)
            }
        }
    }
}

/// Values of the jet's streams for n points and m unknowns; also the type of their cotangents.
#[derive(Clone, Debug)]
pub struct Jets {
    layout: Layout,
    points: usize,
    data: Mat<f64>,
}

impl Jets {
    /// All components zero.
    pub fn zeros(layout: &Layout, points: usize, unknowns: usize) -> Self {
        Self {
            layout: layout.clone(),
            points,
            data: Mat::zeros(layout.streams() * points, unknowns),
        }
    }

    /// Wraps a matrix of shape (streams · points, unknowns).
    pub fn from_mat(layout: &Layout, points: usize, data: Mat<f64>) -> Self {
        debug_assert_eq!(data.nrows(), layout.streams() * points);
        Self {
            layout: layout.clone(),
            points,
            data,
        }
    }

    /// Which components are carried.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Number of points n.
    pub fn points(&self) -> usize {
        self.points
    }

    /// Number of unknowns m.
    pub fn unknowns(&self) -> usize {
        self.data.ncols()
    }

    /// The matrix behind, (streams · points, unknowns).
    pub fn mat(&self) -> &Mat<f64> {
        &self.data
    }

    /// The matrix behind, for writing.
    pub fn mat_mut(&mut self) -> &mut Mat<f64> {
        &mut self.data
    }

    /// One stream of one unknown at all points.
    pub fn stream(&self, unknown: usize, stream: usize) -> &[f64] {
        &self.data.col_as_slice(unknown)[stream * self.points..(stream + 1) * self.points]
    }

    /// One stream of one unknown, for writing.
    pub fn stream_mut(&mut self, unknown: usize, stream: usize) -> &mut [f64] {
        let points = self.points;
        &mut self.data.col_as_slice_mut(unknown)[stream * points..(stream + 1) * points]
    }
}
