//! A polygon as a Boolean formula of the half-planes beside its sides, each of which occurs once.
//!
//! The corners on the convex hull cut the outline into chains, and the polygon is the intersection of
//! what lies to the left of each. A chain of one side is a half-plane. A longer one, which bounds a
//! pocket of the hull, is continued to infinity along its first and last side and then split at a
//! corner beyond which both sides there can be continued without meeting the chain: what lies to its
//! left is the intersection of what lies to the left of the parts where the corner is convex, the union
//! where it is re-entrant. Such a corner always exists: any one on the hull of the chain
//! (Dobkin, Guibas, Hershberger & Snoeyink 1993, doi:10.1007/BF01908630, after Peterson).

use super::{Point, cross, signed_area};

/// Sines below this are taken for zero: the edges are on one line.
const STRAIGHT: f64 = 1e-12;

/// Consecutive edges on one line, from end to end counter-clockwise around the polygon.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Side {
    pub(super) ends: [Point; 2],
    /// Their places in the deck.
    pub(super) edges: Vec<usize>,
}

/// A formula of sides, given by their places in a list of them.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Formula {
    /// The half-plane to the left of a side.
    Left(usize),
    /// Where both hold.
    And(Box<Formula>, Box<Formula>),
    /// Where one of them holds.
    Or(Box<Formula>, Box<Formula>),
}

/// A vector between two points.
fn from_to(a: Point, b: Point) -> Point {
    [b[0] - a[0], b[1] - a[1]]
}

fn times(a: Point, b: Point) -> f64 {
    a[0] * b[1] - a[1] * b[0]
}

/// Whether three points are on one line.
pub(super) fn straight(a: Point, b: Point, c: Point) -> bool {
    let [u, v] = [from_to(a, b), from_to(b, c)];
    times(u, v).abs() <= STRAIGHT * u[0].hypot(u[1]) * v[0].hypot(v[1])
}

/// The sides of a polygon, counter-clockwise.
pub(super) fn sides(vertices: &[Point]) -> Vec<Side> {
    let n = vertices.len();
    let mut edges: Vec<Side> = (0..n)
        .map(|i| Side {
            ends: [vertices[i], vertices[(i + 1) % n]],
            edges: vec![i],
        })
        .collect();
    if signed_area(vertices) < 0.0 {
        edges.reverse();
        edges.iter_mut().for_each(|side| side.ends.reverse());
    }
    let turns = |i: usize| {
        let [a, b] = edges[(i + n - 1) % n].ends;
        !straight(a, b, edges[i].ends[1])
    };
    let first = (0..n).find(|&i| turns(i)).unwrap_or(0);
    edges.rotate_left(first);
    let mut sides: Vec<Side> = Vec::with_capacity(n);
    for edge in edges {
        match sides.last_mut() {
            Some(side) if straight(side.ends[0], side.ends[1], edge.ends[1]) => {
                side.ends[1] = edge.ends[1];
                side.edges.extend(edge.edges);
            }
            _ => sides.push(edge),
        }
    }
    sides
}

/// For every side whether it begins on the boundary of the convex hull (monotone chain: Andrew 1979,
/// doi:10.1016/0020-0190(79)90072-3).
fn on_hull(sides: &[Side]) -> Vec<bool> {
    let at = |i: usize| sides[i].ends[0];
    let mut order: Vec<usize> = (0..sides.len()).collect();
    order.sort_by(|&i, &j| {
        at(i)[0]
            .total_cmp(&at(j)[0])
            .then(at(i)[1].total_cmp(&at(j)[1]))
    });
    let mut on_hull = vec![false; sides.len()];
    for _ in 0..2 {
        let mut chain: Vec<usize> = Vec::new();
        for &i in &order {
            while let [.., a, b] = chain[..]
                && cross(at(a), at(b), at(i)) < 0.0
            {
                chain.pop();
            }
            chain.push(i);
        }
        chain.iter().for_each(|&i| on_hull[i] = true);
        order.reverse();
    }
    on_hull
}

/// Formulas whose conjunction is the polygon.
///
/// # Errors
/// If rounding hides where a chain can be split.
pub(super) fn conjuncts(sides: &[Side]) -> Result<Vec<Formula>, String> {
    let (n, hull) = (sides.len(), on_hull(sides));
    let starts: Vec<usize> = (0..n).filter(|&i| hull[i]).collect();
    let chains = starts.iter().enumerate().map(|(k, &start)| {
        let next = starts[(k + 1) % starts.len()];
        let length = (next + n - start - 1) % n + 1;
        (start..start + length).map(|i| i % n).collect::<Vec<_>>()
    });
    chains.map(|chain| of_chain(sides, &chain)).collect()
}

/// What lies to the left of a chain.
fn of_chain(sides: &[Side], chain: &[usize]) -> Result<Formula, String> {
    if let [side] = chain {
        return Ok(Formula::Left(*side));
    }
    let split = (1..chain.len()).find(|&k| is_free(sides, chain, k));
    let split = split.ok_or("the outline is too intricate for values that are built in")?;
    let [before, after] = [sides[chain[split - 1]].ends, sides[chain[split]].ends];
    let parts = chain.split_at(split);
    let [first, second] = [of_chain(sides, parts.0)?, of_chain(sides, parts.1)?].map(Box::new);
    Ok(if cross(before[0], before[1], after[1]) > 0.0 {
        Formula::And(first, second)
    } else {
        Formula::Or(first, second)
    })
}

/// Whether the sides before and after a corner of a chain can both be continued beyond it.
fn is_free(sides: &[Side], chain: &[usize], corner: usize) -> bool {
    let [before, after] = [corner - 1, corner].map(|k| sides[chain[k]].ends);
    let rays = [
        (corner - 1, from_to(before[0], before[1])),
        (corner, from_to(after[1], after[0])),
    ];
    let meets = |(own, along): (usize, Point)| {
        let others = (0..chain.len()).filter(move |&k| k != own);
        others.into_iter().any(|k| {
            let from = if k == 0 { f64::NEG_INFINITY } else { 0.0 };
            let to = if k + 1 == chain.len() {
                f64::INFINITY
            } else {
                1.0
            };
            hits(after[0], along, sides[chain[k]].ends, [from, to])
        })
    };
    !rays.into_iter().any(meets)
}

/// Whether the ray p + t d, t > 0, meets the piece a + u (b − a), u in `range`.
fn hits(p: Point, d: Point, [a, b]: [Point; 2], range: [f64; 2]) -> bool {
    let (e, to) = (from_to(a, b), from_to(p, a));
    let parallel = times(d, e);
    if parallel == 0.0 {
        let ahead = |x: Point| d[0] * (x[0] - p[0]) + d[1] * (x[1] - p[1]) > 0.0;
        return times(d, to) == 0.0 && (ahead(a) || ahead(b));
    }
    let [t, u] = [times(to, e) / parallel, times(to, d) / parallel];
    t > STRAIGHT && range[0] <= u && u <= range[1]
}
