//! A simple polygon in the plane: its triangles, its edges, and the function that vanishes on them.
//!
//! Edge i goes from vertex i to the next, in the order of the deck, whichever way around that is. The
//! interior is cut into triangles by ear clipping, flipped to Delaunay where that is allowed.

mod formula;
mod straight;
mod vanishing;

use super::{Chart, Domain, Patch};
use crate::expression::{Id, Pool};
use crate::vector::distance_from_segment;
use earcut::{Earcut, refine};
use straight::{Edge, Triangle};

/// (x, y).
pub(super) type Point = [f64; 2];

/// A simple polygon.
#[derive(Clone, Debug)]
pub struct Polygon {
    vertices: Vec<Point>,
    triangles: Vec<Triangle>,
}

impl Polygon {
    /// The polygon of these vertices, either way around; the deck has checked that it is simple.
    ///
    /// # Errors
    /// If no triangles were found that fill it; says so.
    pub fn new(vertices: Vec<Point>) -> Result<Self, String> {
        let mut corners: Vec<usize> = Vec::new();
        Earcut::new().earcut(vertices.iter().copied(), &[], &mut corners);
        refine(&mut corners, &vertices);
        let triangles = corners.chunks_exact(3).map(|t| [t[0], t[1], t[2]]);
        let triangles: Vec<Triangle> = triangles
            .map(|t| Triangle(t.map(|i| vertices[i])))
            .collect();
        let filled: f64 = triangles.iter().map(Chart::density).sum();
        let area = signed_area(&vertices).abs();
        if (filled - area).abs() > 1e-9 * area {
            return Err(format!(
                "the polygon could not be cut into triangles: they fill {filled} of its area {area}"
            ));
        }
        Ok(Self {
            vertices,
            triangles,
        })
    }

    /// The ends of every edge, in the order of the deck.
    fn edges(&self) -> impl Iterator<Item = [Point; 2]> + '_ {
        let next = self.vertices.iter().cycle().skip(1);
        self.vertices.iter().zip(next).map(|(a, b)| [*a, *b])
    }

    /// Width and height of the box around, the larger of them.
    fn size(&self) -> f64 {
        let (lower, upper) = self.bounds();
        (upper[0] - lower[0]).max(upper[1] - lower[1])
    }
}

/// The area that the vertices enclose, positive if they go around counter-clockwise; relative to the
/// first vertex, which may be far from the origin.
fn signed_area(vertices: &[Point]) -> f64 {
    let fan = vertices
        .windows(2)
        .map(|pair| cross(vertices[0], pair[0], pair[1]));
    0.5 * fan.sum::<f64>()
}

/// (b − a) × (c − a): positive if a, b, c turn left.
fn cross(a: Point, b: Point, c: Point) -> f64 {
    (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
}

impl Domain for Polygon {
    fn dim(&self) -> usize {
        2
    }

    fn bounds(&self) -> (Vec<f64>, Vec<f64>) {
        let extreme = |start: f64, pick: fn(f64, f64) -> f64| {
            let along = |j: usize| self.vertices.iter().map(|v| v[j]).fold(start, pick);
            vec![along(0), along(1)]
        };
        (
            extreme(f64::INFINITY, f64::min),
            extreme(f64::NEG_INFINITY, f64::max),
        )
    }

    /// By the parity of the edges that a ray to the right crosses.
    fn contains(&self, x: &[f64]) -> bool {
        let x = [x[0], x[1]];
        let crosses = |[a, b]: [Point; 2]| {
            let [low, high] = if a[1] < b[1] { [a, b] } else { [b, a] };
            low[1] <= x[1] && x[1] < high[1] && cross(low, high, x) > 0.0
        };
        let near = 1e-12 * self.size();
        self.edges().filter(|edge| crosses(*edge)).count() % 2 == 1
            || self
                .edges()
                .any(|edge| distance_from_segment(x, edge) <= near)
    }

    fn interior(&self) -> Vec<Patch> {
        self.triangles.iter().map(|t| Patch::mapped(*t)).collect()
    }

    fn boundary(&self) -> Vec<Patch> {
        let outward = signed_area(&self.vertices).signum();
        let patch = |[a, b]: [Point; 2]| {
            let length = (b[0] - a[0]).hypot(b[1] - a[1]);
            let normal = [b[1] - a[1], a[0] - b[0]].map(|v| outward * v / length);
            Patch::mapped(Edge {
                ends: [a, b],
                normal,
            })
        };
        self.edges().map(patch).collect()
    }

    fn face_names(&self, _: &[String]) -> Vec<String> {
        let numbers = 1..=self.vertices.len();
        numbers.map(|number| format!("edge {number}")).collect()
    }

    fn vanishing(&self, pool: &mut Pool, faces: &[usize]) -> Result<Id, String> {
        vanishing::on_edges(self, pool, faces)
    }

    fn extension(&self, _: &mut Pool, _: &[(usize, Id)]) -> Result<Id, String> {
        Err(
            "values that differ from edge to edge are not blended on a polygon; write one \
             expression for all edges with hard conditions"
                .to_owned(),
        )
    }
}
