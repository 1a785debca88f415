//! Gauss–Legendre points on the tensor grid of a patch, exact for polynomials of degree 2 m − 1 in
//! every coordinate; for smooth integrands the most accurate rule in up to three dimensions.
//!
//! On a curved or slanted patch the grid is one of its parameters, of their roots where the map is
//! smooth in these: so balls get Gauss points along the radius and the height, equispaced ones around,
//! and triangles Duffy's grid, exact for polynomials too.
//!
//! The grid belongs to the whole patch; its cells are runs of grid points in lexicographic order.

use super::{Chance, Piece, Sampler};
use crate::domain::Patch;
use faer::Mat;
use std::f64::consts::PI;

/// Tensor grid with the same number of points along every free axis, twice as many around angles.
#[derive(Clone, Copy, Debug)]
pub struct Gauss;

impl Gauss {
    /// The nodes along each free axis when there are to be about `wanted` in all: m, and 2 m around
    /// an angle, where equispaced nodes integrate waves up to the 2 m-th exactly, as m Gauss nodes do
    /// polynomials.
    fn nodes(patch: &Patch, wanted: usize) -> Vec<usize> {
        let (axes, free) = (patch.axes(), patch.free_axes());
        let shares = free.iter().map(|&a| if axes[a].periodic { 2 } else { 1 });
        let shares: Vec<usize> = shares.collect();
        let all = shares.iter().product::<usize>() as f64;
        let root = 1.0 / free.len().max(1) as f64;
        let m = ((wanted as f64 / all).powf(root).round() as usize).max(1);
        shares.into_iter().map(|share| share * m).collect()
    }
}

/// The nodes along one axis of a patch, each found when it is first asked for: a cell needs few of
/// those along the first axis, and all together take m² operations.
struct Rule<'p> {
    patch: &'p Patch,
    axis: usize,
    nodes: Vec<Option<Node>>,
}

impl Rule<'_> {
    fn node(&mut self, i: usize) -> Node {
        let m = self.nodes.len();
        *self.nodes[i].get_or_insert_with(|| node(self.patch, self.axis, i, m))
    }
}

/// Node `i` of `m` along one axis of a patch.
fn node(patch: &Patch, axis: usize, i: usize, m: usize) -> Node {
    let kind = patch.axes()[axis];
    let [lower, upper] = [patch.lower(axis), patch.upper(axis)];
    if kind.periodic {
        return Node {
            place: lower + (upper - lower) * (i as f64 + 0.5) / m as f64,
            weight: (upper - lower) / m as f64,
        };
    }
    let Node { place, weight } = Node::of_legendre(i, m);
    let [from, to] = [lower, upper].map(|end| root(end, kind.power));
    let half = 0.5 * (to - from);
    let t = from + half * (1.0 + place);
    let slope = f64::from(kind.power) * t.powi(kind.power - 1);
    Node {
        place: t.powi(kind.power),
        weight: half * weight * slope,
    }
}

/// The p-th root.
fn root(x: f64, p: i32) -> f64 {
    if p == 1 {
        x
    } else {
        x.powf(1.0 / f64::from(p))
    }
}

impl Sampler for Gauss {
    fn count(&self, patch: &Patch, wanted: usize) -> usize {
        Self::nodes(patch, wanted).into_iter().product()
    }

    fn draw(&self, piece: &Piece, cell: usize, _: &mut Chance) -> (Mat<f64>, Vec<f64>) {
        let patch = &piece.patch;
        let nodes = Self::nodes(patch, piece.count).into_iter();
        let axes = patch.free_axes().into_iter().zip(nodes);
        let rule = |(axis, m): (usize, usize)| Rule {
            patch,
            axis,
            nodes: vec![None; m],
        };
        let mut rules: Vec<Rule> = axes.map(rule).collect();
        let run = piece.run(cell);
        let mut s = Mat::from_fn(run.len(), patch.parameters(), |_, axis| patch.lower(axis));
        let mut weights = vec![patch.density(); run.len()];
        for (i, mut index) in run.enumerate() {
            for rule in rules.iter_mut().rev() {
                let m = rule.nodes.len();
                let Node { place, weight } = rule.node(index % m);
                s[(i, rule.axis)] = place;
                weights[i] *= weight;
                index /= m;
            }
        }
        (patch.points(s), weights)
    }
}

/// A node of a rule on an interval, [−1, 1] for Legendre's.
#[derive(Clone, Copy, Debug)]
struct Node {
    place: f64,
    weight: f64,
}

impl Node {
    /// Root number `i` of the Legendre polynomial P_m and its weight 2 / ((1 − x²) P_m'(x)²), by
    /// Newton's method from Tricomi's asymptotic estimate; exact to rounding for any m in use.
    /// (Crates for this bring a linear algebra library of their own.)
    fn of_legendre(i: usize, m: usize) -> Self {
        let mut x = -(PI * (i as f64 + 0.75) / (m as f64 + 0.5)).cos();
        let mut slope = 1.0;
        // Quadratic: the round after a small change is exact to rounding, and the last.
        let mut last = false;
        for _ in 0..100 {
            let (mut before, mut value) = (1.0, x);
            for k in 2..=m {
                let k = k as f64;
                let next = ((2.0 * k - 1.0) * x * value - (k - 1.0) * before) / k;
                before = value;
                value = next;
            }
            slope = m as f64 * (before - x * value) / (1.0 - x * x);
            let change = value / slope;
            x -= change;
            if std::mem::replace(&mut last, change.abs() <= 1e-10) {
                break;
            }
        }
        Self {
            place: x,
            weight: 2.0 / ((1.0 - x * x) * slope * slope),
        }
    }
}
