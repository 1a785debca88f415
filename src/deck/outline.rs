//! What makes a list of vertices the outline of a polygon: no edge is too short to see, and edges meet
//! in their common vertices alone.

use crate::vector::distance_from_segment;

/// The most vertices: every two edges are compared.
const VERTICES: usize = 10_000;

/// Lengths below this share of the outline's size are taken for zero.
const NEAR: f64 = 1e-12;

/// (x, y).
type Point = [f64; 2];

/// Why a list of vertices is no outline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// The vertex to look at; none if it is the list as a whole.
    pub(super) vertex: Option<usize>,
    /// What is wrong.
    pub(super) what: String,
}

/// The vertices without a last one that repeats the first, as files often have it.
pub(super) fn opened(mut vertices: Vec<Point>) -> Vec<Point> {
    if vertices.len() > 1 && vertices.first() == vertices.last() {
        vertices.pop();
    }
    vertices
}

/// The first fault of an outline.
pub(super) fn fault(vertices: &[Point]) -> Option<Fault> {
    let n = vertices.len();
    let fault = |vertex, what: String| Some(Fault { vertex, what });
    if !(3..=VERTICES).contains(&n) {
        let what = format!("a polygon has from 3 to {VERTICES} vertices, and these are {n}");
        return fault(None, what);
    }
    let size = size(vertices);
    if !size.is_finite() || !(size * size).is_normal() {
        let what =
            format!("the width of the polygon, {size:e}, is too large or too small to square");
        return fault(None, what);
    }
    let near = NEAR * size;
    let edge = |i: usize| [vertices[i], vertices[(i + 1) % n]];
    if let Some(i) = (0..n).find(|&i| length(difference(edge(i)[1], edge(i)[0])) <= near) {
        return fault(Some(i), format!("edge {} has no length", i + 1));
    }
    for i in 0..n {
        let before = edge((i + n - 1) % n);
        if folds_back(before, edge(i)[1], near) {
            let what = format!("the outline turns back on itself at vertex {}", i + 1);
            return fault(Some(i), what);
        }
        let apart = (i + 2)..(n - usize::from(i == 0)).max(i + 2);
        if let Some(j) = apart.into_iter().find(|&j| meet(edge(i), edge(j), near)) {
            return fault(
                Some(j),
                format!("edges {} and {} cross or touch", i + 1, j + 1),
            );
        }
    }
    None
}

/// The larger side of the box around.
fn size(vertices: &[Point]) -> f64 {
    let width = |j: usize| {
        let all = || vertices.iter().map(|v| v[j]);
        all().fold(f64::NEG_INFINITY, f64::max) - all().fold(f64::INFINITY, f64::min)
    };
    width(0).max(width(1))
}

fn difference(a: Point, b: Point) -> Point {
    [a[0] - b[0], a[1] - b[1]]
}

fn length(v: Point) -> f64 {
    v[0].hypot(v[1])
}

fn cross(a: Point, b: Point) -> f64 {
    a[0] * b[1] - a[1] * b[0]
}

/// Whether the edge to `next` leaves along the edge that arrives.
fn folds_back([a, b]: [Point; 2], next: Point, near: f64) -> bool {
    distance_from_segment(next, [a, b]) <= near || distance_from_segment(a, [b, next]) <= near
}

/// Whether two segments come nearer to each other than `near`.
fn meet([a, b]: [Point; 2], [c, d]: [Point; 2], near: f64) -> bool {
    let apart = |j: usize| {
        let [low, high] = [a[j].min(b[j]) - near, a[j].max(b[j]) + near];
        c[j].max(d[j]) < low || high < c[j].min(d[j])
    };
    if apart(0) || apart(1) {
        return false;
    }
    let beside =
        |from: Point, to: Point, x: Point| cross(difference(to, from), difference(x, from));
    let crosses =
        beside(a, b, c) * beside(a, b, d) < 0.0 && beside(c, d, a) * beside(c, d, b) < 0.0;
    let touches = [c, d]
        .iter()
        .any(|&x| distance_from_segment(x, [a, b]) <= near)
        || [a, b]
            .iter()
            .any(|&x| distance_from_segment(x, [c, d]) <= near);
    crosses || touches
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn simple_outlines_pass_either_way_around() {
        let corner = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.5, 1.0], [0.0, 1.0]];
        let dart = [[0.0, 0.0], [2.0, -1.0], [0.5, 0.0], [2.0, 1.0]];
        for mut vertices in [corner.to_vec(), dart.to_vec()] {
            assert_eq!(fault(&vertices), None);
            vertices.reverse();
            assert_eq!(fault(&vertices), None);
        }
        let closed = [&corner[..], &corner[..1]].concat();
        assert_eq!(opened(closed), corner);
    }

    #[test]
    fn what_is_no_outline_is_seen() {
        for (vertices, vertex, says) in [
            (vec![[0.0, 0.0], [1.0, 0.0]], None, "from 3 to 10000"),
            (
                vec![[0.0, 0.0], [1e-200, 0.0], [0.0, 1e-200]],
                None,
                "too small",
            ),
            (
                vec![[0.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0]],
                Some(1),
                "no length",
            ),
            (
                vec![[0.0, 0.0], [1.0, 1.0], [1.0, 0.0], [0.0, 1.0]],
                Some(2),
                "edges 1 and 3 cross",
            ),
            (
                vec![[0.0, 0.0], [2.0, 0.0], [1.0, 0.0]],
                Some(0),
                "turns back",
            ),
            (
                vec![[0.0, 0.0], [2.0, 0.0], [2.0, 1.0], [1.0, 0.0], [0.0, 1.0]],
                Some(2),
                "touch",
            ),
        ] {
            let fault = fault(&vertices).unwrap();
            assert_eq!(fault.vertex, vertex, "{}", fault.what);
            assert!(fault.what.contains(says), "{}", fault.what);
        }
    }
}
