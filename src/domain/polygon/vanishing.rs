//! A function that vanishes on chosen edges of a polygon and is positive elsewhere.
//!
//! It is a product with one factor for each conjunct of the polygon's [`Formula`]. The factor of a side
//! on the convex hull is the distance from its line, a linear function. That of a pocket with
//! re-entrant corners is put together by Rvachev's functions of the distances A, B from lines,
//!
//! ```text
//! A ∨ B = (A + B + ρ) ρ,   A ∧ B = (A + B − ρ) ρ,   ρ = √(A² + B²)
//! ```
//!
//! (Shapiro 2007, doi:10.1017/S096249290631001X, R₀ of order 1), which are positive where the union or
//! the intersection of the half-planes is and zero on its boundary alone. At the corners their second
//! derivatives are bounded, which a strong form needs: without the factor ρ, and for joins of
//! distances to the power −1 (Sukumar & Srivastava 2022, doi:10.1016/j.cma.2021.114333), they grow like
//! 1/distance and their squares have no integral. They jump at re-entrant corners, so there u / ℓ has no
//! limit for most u, and a network of one layer follows it badly: on an L, where weak conditions
//! reached 1e-5, hard ones beside the corner left 4e-2 with 64 units and 3e-3 with 20 + 20. On the
//! convex hull the function is a polynomial and hard conditions serve as well as on a box.

use super::Polygon;
use super::formula::{Formula, Side, conjuncts, sides, straight};
use crate::domain::Chart;
use crate::expression::{Function, Id, Pool, Symbol, Tape};
use faer::Mat;

/// The most factors: products of more are all but zero in most of the domain.
const FACTORS: usize = 16;

/// Parameters per axis of a triangle at which the size of a product is looked at.
const PROBES: usize = 8;

/// What vanishes on these edges and on no others.
struct Factor {
    edges: Vec<usize>,
    formula: Formula,
}

/// The function for these edges, its maximum about 1.
///
/// # Errors
/// If a factor that vanishes on one of them vanishes on others too, or there are too many.
pub(super) fn on_edges(polygon: &Polygon, pool: &mut Pool, faces: &[usize]) -> Result<Id, String> {
    let sides = sides(&polygon.vertices);
    let mut product = pool.number(1.0);
    let mut taken = 0;
    for Factor { edges, formula } in factors(&sides)? {
        let hard = edges.iter().filter(|edge| faces.contains(edge)).count();
        if hard == 0 {
            continue;
        }
        if hard < edges.len() {
            return Err(format!(
                "edges {} lie on one line or meet in re-entrant corners, where no smooth function \
                 vanishes on some of them alone; give hard conditions to all of them or to none",
                listed(&edges)
            ));
        }
        let factor = value(polygon, pool, &sides, &formula);
        product = pool.mul(product, factor);
        taken += 1;
    }
    if taken > FACTORS {
        return Err(format!(
            "a polygon of {taken} sides has no smooth function like the distance from all of them; \
             up to {FACTORS} can be built in"
        ));
    }
    let size = pool.number(largest(polygon, pool, product));
    Ok(pool.div(product, size))
}

/// `1, 2, 5` for the edges 0, 1, 4.
fn listed(edges: &[usize]) -> String {
    let mut numbers: Vec<usize> = edges.iter().map(|edge| edge + 1).collect();
    numbers.sort_unstable();
    let numbers: Vec<String> = numbers.iter().map(usize::to_string).collect();
    numbers.join(", ")
}

/// The factors of a polygon; sides of the hull that lie on one line share theirs.
fn factors(sides: &[Side]) -> Result<Vec<Factor>, String> {
    let mut factors: Vec<Factor> = Vec::new();
    for formula in conjuncts(sides)? {
        let mut edges = Vec::new();
        collect(&formula, sides, &mut edges);
        let line = factors
            .iter_mut()
            .find(|f| same_line(sides, &f.formula, &formula));
        match line {
            Some(factor) => factor.edges.extend(edges),
            None => factors.push(Factor { edges, formula }),
        }
    }
    Ok(factors)
}

fn same_line(sides: &[Side], one: &Formula, other: &Formula) -> bool {
    let (Formula::Left(one), Formula::Left(other)) = (one, other) else {
        return false;
    };
    let [a, b] = sides[*one].ends;
    let ends = sides[*other].ends;
    ends.iter()
        .all(|&end| end == a || end == b || straight(a, b, end))
}

/// The edges of a formula.
fn collect(formula: &Formula, sides: &[Side], edges: &mut Vec<usize>) {
    match formula {
        Formula::Left(side) => edges.extend(&sides[*side].edges),
        Formula::And(a, b) | Formula::Or(a, b) => {
            collect(a, sides, edges);
            collect(b, sides, edges);
        }
    }
}

/// The R-function of a formula.
fn value(polygon: &Polygon, pool: &mut Pool, sides: &[Side], formula: &Formula) -> Id {
    match formula {
        Formula::Left(side) => height(polygon, pool, &sides[*side]),
        Formula::And(a, b) | Formula::Or(a, b) => {
            let [a, b] = [a, b].map(|part| value(polygon, pool, sides, part));
            let squares = [a, b].map(|v| pool.powi(v, 2));
            let square = pool.add(squares[0], squares[1]);
            let root = pool.apply(Function::Sqrt, square);
            let sum = pool.add(a, b);
            let join = match formula {
                Formula::Or(..) => pool.add(sum, root),
                _ => pool.sub(sum, root),
            };
            pool.mul(join, root)
        }
    }
}

/// The distance to the left of a side's line, 1 at the vertex farthest from it.
fn height(polygon: &Polygon, pool: &mut Pool, side: &Side) -> Id {
    let [a, b] = side.ends;
    let inward = [a[1] - b[1], b[0] - a[0]];
    let of = |v: &super::Point| inward[0] * (v[0] - a[0]) + inward[1] * (v[1] - a[1]);
    let farthest = polygon
        .vertices
        .iter()
        .map(|v| of(v).abs())
        .fold(0.0, f64::max);
    let mut sum = pool.number(0.0);
    for axis in [0, 1] {
        let x = pool.symbol(Symbol::Coordinate(axis));
        let [from, slope] = [a[axis], inward[axis] / farthest].map(|v| pool.number(v));
        let along = pool.sub(x, from);
        let term = pool.mul(slope, along);
        sum = pool.add(sum, term);
    }
    sum
}

/// The largest value of a function at points spread over the polygon.
fn largest(polygon: &Polygon, pool: &Pool, function: Id) -> f64 {
    let tape = Tape::new(pool, &[function]);
    let share = |k: usize| (k as f64 + 0.5) / PROBES as f64;
    let grid = Mat::from_fn(PROBES * PROBES, 2, |i, j| {
        share(if j == 0 { i / PROBES } else { i % PROBES })
    });
    let of_triangle = |triangle: &super::Triangle| {
        let x = triangle.points(&grid);
        let values = tape.eval(x.nrows(), |symbol| match symbol {
            Symbol::Coordinate(axis) => x.col_as_slice(axis),
            _ => &[],
        });
        values[0].iter().copied().fold(0.0, f64::max)
    };
    polygon
        .triangles
        .iter()
        .map(of_triangle)
        .fold(0.0, f64::max)
}
