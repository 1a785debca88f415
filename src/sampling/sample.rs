//! A sample: points of one cell with their weights and what is known there.

use crate::expression::Symbol;
use faer::Mat;

/// Points of one cell with what is known there.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Coordinates, shape (n, d).
    pub x: Mat<f64>,
    /// Quadrature weights, n.
    pub weights: Vec<f64>,
    /// Outward unit normals, shape (n, d) on the boundary and (n, 0) elsewhere.
    pub normals: Mat<f64>,
    /// Data columns, shape (n, columns); (n, 0) without data.
    pub columns: Mat<f64>,
}

impl Sample {
    /// Points of no quadrature, shape (n, d).
    pub fn at(x: Mat<f64>) -> Self {
        let n = x.nrows();
        Self {
            x,
            weights: vec![0.0; n],
            normals: Mat::zeros(n, 0),
            columns: Mat::zeros(n, 0),
        }
    }

    /// Number of points n.
    pub fn len(&self) -> usize {
        self.x.nrows()
    }

    /// Whether the cell drew no point.
    pub fn is_empty(&self) -> bool {
        self.x.nrows() == 0
    }

    /// The values of a symbol that is no jet, at all points; nothing for jets.
    pub fn values(&self, symbol: Symbol) -> &[f64] {
        match symbol {
            Symbol::Coordinate(i) => self.x.col_as_slice(i),
            Symbol::Normal(i) => self.normals.col_as_slice(i),
            Symbol::Column(i) => self.columns.col_as_slice(i),
            Symbol::Jet { .. } | Symbol::Source(_) => &[],
        }
    }

    /// The points that satisfy `keep`, a flag per point; weights stay as they are.
    pub fn filtered(&self, keep: &[bool]) -> Sample {
        let kept: Vec<usize> = (0..self.len()).filter(|&i| keep[i]).collect();
        self.picked(&kept)
    }

    /// The points of these numbers, in this order; weights stay as they are.
    pub fn picked(&self, points: &[usize]) -> Sample {
        let pick = |a: &Mat<f64>| Mat::from_fn(points.len(), a.ncols(), |i, j| a[(points[i], j)]);
        Sample {
            x: pick(&self.x),
            weights: points.iter().map(|&i| self.weights[i]).collect(),
            normals: pick(&self.normals),
            columns: pick(&self.columns),
        }
    }
}
