//! Measure-preserving charts of the sphere |x − c| = R in R^d and of its inside, for any d ≥ 2.
//!
//! Coordinates are taken in pairs, each pair a circle; with m pairs the squared radii are the gaps
//! between
//!
//! ```text
//! 0 = g_0 < g_1 < … < g_m = 1,   g_j = g_{j+1} c_j^{1/j}
//! x_{2l−1} + i x_{2l} = √(g_l − g_{l−1}) exp(2πi φ_l)
//! ```
//!
//! for c_j, φ_l uniform in [0, 1] (Fang & Wang 1994, Number-theoretic Methods in Statistics, §1.5.3). In
//! odd dimensions the first three coordinates are a sphere (Archimedes: its height is uniform), and
//! the exponents are 1/(j + ½). In two and three dimensions these are the polar angle, and height and
//! longitude. Inside, the radius is R s^{1/d}. The maps are one to one and need no more parameters
//! than there are dimensions, so a Sobol net and equal cells stay what they are.

use super::chart::{Axis, Chart};
use faer::Mat;
use std::f64::consts::PI;

/// The sphere.
#[derive(Clone, Debug)]
pub(super) struct Sphere {
    center: Vec<f64>,
    radius: f64,
}

/// The open ball inside a sphere.
#[derive(Clone, Debug)]
pub(super) struct Inside(pub(super) Sphere);

impl Sphere {
    pub(super) fn new(center: Vec<f64>, radius: f64) -> Self {
        Self { center, radius }
    }

    /// The parameters of a direction: the height in odd dimensions, then c_1 …, then φ_1 ….
    fn angles(&self, radius: f64) -> Vec<Axis> {
        let pairs = self.center.len() / 2;
        let odd = self.center.len() % 2;
        let heights = vec![Axis::smooth(2.0 * radius); odd];
        let radii = vec![Axis::smooth(0.5 * PI * radius); pairs - 1];
        let turns = vec![Axis::angle(2.0 * PI * radius); pairs];
        [heights, radii, turns].concat()
    }

    /// The points in these directions, row i at the distance `radius(i)` from the centre; parameters
    /// begin in column `first`.
    fn place(&self, s: &Mat<f64>, first: usize, radius: impl Fn(usize) -> f64) -> Mat<f64> {
        let dim = self.center.len();
        let mut x = Mat::zeros(s.nrows(), dim);
        let mut unit = vec![0.0; dim];
        for i in 0..s.nrows() {
            direction(|k| s[(i, first + k)], &mut unit);
            for (j, (unit, center)) in unit.iter().zip(&self.center).enumerate() {
                x[(i, j)] = center + radius(i) * unit;
            }
        }
        x
    }
}

/// The unit vector of the parameters.
fn direction(parameter: impl Fn(usize) -> f64, unit: &mut [f64]) {
    let (pairs, odd) = (unit.len() / 2, unit.len() % 2);
    let mut outer = 1.0;
    for pair in (0..pairs).rev() {
        let inner = match pair {
            0 => 0.0,
            j => {
                let exponent = 1.0 / (j as f64 + 0.5 * odd as f64);
                outer * parameter(odd + j - 1).powf(exponent)
            }
        };
        let mut radius = (outer - inner).max(0.0).sqrt();
        if pair == 0 && odd == 1 {
            let height = 2.0 * parameter(0) - 1.0;
            unit[0] = radius * height;
            radius *= ((1.0 - height) * (1.0 + height)).sqrt();
        }
        let turn = 2.0 * PI * parameter(odd + pairs - 1 + pair);
        unit[odd + 2 * pair] = radius * turn.cos();
        unit[odd + 2 * pair + 1] = radius * turn.sin();
        outer = inner;
    }
}

/// The volume of the ball of radius 1 in R^d.
fn unit_volume(dim: usize) -> f64 {
    let start = if dim.is_multiple_of(2) { 1.0 } else { 2.0 };
    let steps = (2..=dim).rev().step_by(2);
    steps.fold(start, |volume, d| volume * 2.0 * PI / d as f64)
}

impl Chart for Sphere {
    fn dim(&self) -> usize {
        self.center.len()
    }

    fn axes(&self) -> Vec<Axis> {
        self.angles(self.radius)
    }

    fn density(&self) -> f64 {
        let dim = self.dim();
        dim as f64 * unit_volume(dim) * self.radius.powi(dim as i32 - 1)
    }

    fn points(&self, s: &Mat<f64>) -> Mat<f64> {
        self.place(s, 0, |_| self.radius)
    }

    fn normals(&self, x: &Mat<f64>) -> Option<Mat<f64>> {
        let outward = |i: usize, j: usize| x[(i, j)] - self.center[j];
        let length = |i: usize| {
            let squares = (0..self.dim()).map(|j| outward(i, j).powi(2));
            squares.sum::<f64>().sqrt()
        };
        let lengths: Vec<f64> = (0..x.nrows()).map(length).collect();
        Some(Mat::from_fn(x.nrows(), self.dim(), |i, j| {
            outward(i, j) / lengths[i]
        }))
    }
}

impl Chart for Inside {
    fn dim(&self) -> usize {
        self.0.dim()
    }

    fn axes(&self) -> Vec<Axis> {
        let radius = self.0.radius;
        let mut axes = vec![Axis::radial(self.dim() as i32, radius)];
        // Directions at the mean distance from the centre in the plane.
        axes.extend(self.0.angles(radius * 2.0 / 3.0));
        axes
    }

    fn density(&self) -> f64 {
        unit_volume(self.dim()) * self.0.radius.powi(self.dim() as i32)
    }

    fn points(&self, s: &Mat<f64>) -> Mat<f64> {
        let root = 1.0 / self.dim() as f64;
        self.0.place(s, 1, |i| self.0.radius * s[(i, 0)].powf(root))
    }

    fn normals(&self, _: &Mat<f64>) -> Option<Mat<f64>> {
        None
    }
}
