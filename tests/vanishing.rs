//! The functions that hard boundary values are built in with: zero on the chosen part of the boundary,
//! positive elsewhere, with bounded second derivatives.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::shapes::{domain, known, points};
use faer::Mat;
use ned_dist::domain::{Domain, Patch};
use ned_dist::expression::{Id, Pool, Symbol, Tape};
use ned_dist::sampling::Random;
use std::f64::consts::PI;

/// The value of an expression and of its derivatives up to the second at points (n, 2).
fn jets(pool: &mut Pool, id: Id, x: &Mat<f64>) -> Vec<Vec<f64>> {
    let [along, across] = [0, 1].map(|axis| pool.derivative(id, Symbol::Coordinate(axis)));
    let mut outputs = vec![id, along, across];
    for first in [along, across] {
        for axis in [0, 1] {
            outputs.push(pool.derivative(first, Symbol::Coordinate(axis)));
        }
    }
    Tape::new(pool, &outputs).eval(x.nrows(), |symbol| match symbol {
        Symbol::Coordinate(axis) => x.col_as_slice(axis),
        _ => &[],
    })
}

fn rows(patches: &[Patch], count: usize) -> Vec<Mat<f64>> {
    let all = patches.iter().flat_map(|p| points(&Random, p, count, 1));
    all.map(|points| points.x).collect()
}

/// Every edge zero to rounding, positive inside, with second derivatives below `bound`.
fn assert_vanishing(name: &str, domain: &dyn Domain, faces: &[usize], bound: f64) {
    let mut pool = Pool::new();
    let l = domain.vanishing(&mut pool, faces).unwrap();
    let boundary = domain.boundary();
    for (face, x) in rows(&boundary, 500).iter().enumerate() {
        let values = &jets(&mut pool, l, x)[0];
        let largest = values.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
        if faces.contains(&face) {
            assert!(largest < 1e-14, "{name}: {largest} on face {face}");
        } else {
            assert!(largest > 1e-3, "{name}: {largest} on face {face}");
        }
    }
    let mut most = 0.0;
    for x in rows(&domain.interior(), 4000) {
        let jets = jets(&mut pool, l, &x);
        assert!(
            jets[0].iter().all(|v| *v > 0.0),
            "{name}: not positive inside"
        );
        most = jets[0].iter().copied().fold(most, f64::max);
        let second = jets[3..]
            .iter()
            .flatten()
            .fold(0.0, |m: f64, v| m.max(v.abs()));
        assert!(second < bound, "{name}: second derivative {second}");
    }
    assert!((0.5..2.0).contains(&most), "{name}: {most}");
    for x in rows(&boundary, 50)
        .iter()
        .enumerate()
        .filter(|(f, _)| faces.contains(f))
    {
        let jets = jets(&mut pool, l, x.1);
        let slopes = jets[1].iter().zip(&jets[2]).map(|(a, b)| a.hypot(*b));
        assert!(
            slopes.into_iter().all(|s| s > 0.0 && s.is_finite()),
            "{name}"
        );
    }
}

#[test]
fn a_function_vanishes_on_the_boundary_alone() {
    for known in known().iter().filter(|known| domain(known.deck).dim() == 2) {
        let domain = domain(known.deck);
        let all: Vec<usize> = (0..domain.boundary().len()).collect();
        assert_vanishing(known.name, domain.as_ref(), &all, 60.0);
        assert_vanishing(known.name, domain.as_ref(), &all[..0], 60.0);
    }
    let star = (0..10).map(|i| {
        let (r, turn) = (if i % 2 == 0 { 1.0 } else { 0.45 }, 0.2 * PI * f64::from(i));
        format!("[{}, {}]", r * turn.cos(), r * turn.sin())
    });
    let star = star.collect::<Vec<_>>().join(", ");
    // A comb, whose pockets have convex corners of their own, and a spiral.
    let comb = "[0, 0], [5, 0], [5, 3], [4, 3], [4, 1], [3, 1], [3, 2], [2, 2], [2, 1], [1, 1], [1, 3], [0, 3]";
    let spiral = "[0, 0], [4, 0], [4, 4], [1, 4], [1, 2], [2, 2], [2, 3], [3, 3], [3, 1], [0, 1]";
    for outline in [star.as_str(), comb, spiral] {
        let domain = domain(&format!("shape = \"polygon\"\nvertices = [{outline}]"));
        let all: Vec<usize> = (0..domain.boundary().len()).collect();
        assert_vanishing(outline, domain.as_ref(), &all, 1e4);
    }
}

#[test]
fn a_function_vanishes_on_chosen_edges_alone() {
    let l = domain(
        "shape = \"polygon\"\nvertices = [[0, 0], [1, 0], [1, 1], [-1, 1], [-1, -1], [0, -1]]",
    );
    for faces in [&[0, 5][..], &[1], &[2, 3], &[0, 5, 4]] {
        assert_vanishing("L", l.as_ref(), faces, 60.0);
    }
    let error = l.vanishing(&mut Pool::new(), &[0, 1]).unwrap_err();
    assert!(
        error.contains("edges 1, 6") && error.contains("re-entrant"),
        "{error}"
    );
    let split = domain("shape = \"polygon\"\nvertices = [[0, 0], [1, 0], [2, 0], [1, 2]]");
    assert_vanishing("a side in two edges", split.as_ref(), &[0, 1], 60.0);
    let error = split.vanishing(&mut Pool::new(), &[0]).unwrap_err();
    assert!(
        error.contains("edges 1, 2") && error.contains("one line"),
        "{error}"
    );
}
