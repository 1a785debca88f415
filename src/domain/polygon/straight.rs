//! Charts of constant density of a triangle and of an edge.
//!
//! A triangle is swept by the segments that connect points of the sides at one corner a,
//!
//! ```text
//! x = a + √s ((1 − t) (b − a) + t (c − a)),   |∂x/∂(s,t)| = area,
//! ```
//!
//! which with s = r² is the polynomial map of Duffy 1982 (doi:10.1137/0719090).

use super::Point;
use crate::domain::chart::{Axis, Chart};
use faer::Mat;

/// A triangle by its corners.
#[derive(Clone, Copy, Debug)]
pub(super) struct Triangle(pub(super) [Point; 3]);

impl Triangle {
    fn sides(&self) -> [Point; 2] {
        let [a, b, c] = self.0;
        [b, c].map(|end| [end[0] - a[0], end[1] - a[1]])
    }
}

impl Chart for Triangle {
    fn dim(&self) -> usize {
        2
    }

    fn axes(&self) -> Vec<Axis> {
        let [p, q] = self.sides();
        let median = 0.5 * (p[0] + q[0]).hypot(p[1] + q[1]);
        let opposite = (q[0] - p[0]).hypot(q[1] - p[1]);
        vec![Axis::radial(2, median), Axis::smooth(opposite * 2.0 / 3.0)]
    }

    fn density(&self) -> f64 {
        let [p, q] = self.sides();
        0.5 * (p[0] * q[1] - p[1] * q[0]).abs()
    }

    fn points(&self, s: &Mat<f64>) -> Mat<f64> {
        let ([p, q], a) = (self.sides(), self.0[0]);
        Mat::from_fn(s.nrows(), 2, |i, j| {
            let (r, t) = (s[(i, 0)].sqrt(), s[(i, 1)]);
            a[j] + r * ((1.0 - t) * p[j] + t * q[j])
        })
    }

    fn normals(&self, _: &Mat<f64>) -> Option<Mat<f64>> {
        None
    }
}

/// An edge between two corners, with its outward unit normal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    pub(super) ends: [Point; 2],
    pub(super) normal: Point,
}

impl Chart for Edge {
    fn dim(&self) -> usize {
        2
    }

    fn axes(&self) -> Vec<Axis> {
        vec![Axis::smooth(self.density())]
    }

    fn density(&self) -> f64 {
        let [a, b] = self.ends;
        (b[0] - a[0]).hypot(b[1] - a[1])
    }

    fn points(&self, s: &Mat<f64>) -> Mat<f64> {
        let [a, b] = self.ends;
        Mat::from_fn(s.nrows(), 2, |i, j| a[j] + s[(i, 0)] * (b[j] - a[j]))
    }

    fn normals(&self, x: &Mat<f64>) -> Option<Mat<f64>> {
        Some(Mat::from_fn(x.nrows(), 2, |_, j| self.normal[j]))
    }
}
