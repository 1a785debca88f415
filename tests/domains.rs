//! Domains against geometry: measures, moments and the divergence theorem by every sampling rule,
//! normals, equal cells, and the functions that vanish on the boundary.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use faer::Mat;
use ned_dist::deck::Deck;
use ned_dist::domain::{Domain, Patch, of_deck};
use ned_dist::expression::{Id, Pool, Symbol, Tape};
use ned_dist::sampling::{Draw, Gauss, Piece, Purpose, Random, Sampler, Sobol};
use std::f64::consts::PI;
use std::sync::Arc;

/// A domain with its measure, the measure of its boundary, and ∫ x, ∫ |x|².
struct Known {
    name: &'static str,
    deck: &'static str,
    measure: f64,
    boundary: f64,
    first: f64,
    square: f64,
}

/// ∫ |x|² over a ball is (|c|² + R² d / (d + 2)) V; over polygons by summing boxes and triangles.
fn known() -> Vec<Known> {
    let volume = [PI * 4.0, 4.0 / 3.0 * PI * 0.125, 8.0 / 15.0 * PI * PI];
    vec![
        Known {
            name: "disk",
            deck: "shape = \"ball\"\ncenter = [1, -3]\nradius = 2",
            measure: volume[0],
            boundary: 4.0 * PI,
            first: volume[0],
            square: (10.0 + 2.0) * volume[0],
        },
        Known {
            name: "ball",
            deck: "shape = \"ball\"\ncenter = [1, 0, 0.5]\nradius = 0.5",
            measure: volume[1],
            boundary: PI,
            first: volume[1],
            square: (1.25 + 0.25 * 0.6) * volume[1],
        },
        Known {
            name: "ball in five dimensions",
            deck: "shape = \"ball\"\ncenter = [0.5, 0, 0, 0, 0]\nradius = 1",
            measure: volume[2],
            boundary: 5.0 * volume[2],
            first: 0.5 * volume[2],
            square: (0.25 + 5.0 / 7.0) * volume[2],
        },
        Known {
            name: "ball in four dimensions",
            deck: "shape = \"ball\"\ncenter = [0, 0, 0, 0.5]\nradius = 1",
            measure: 0.5 * PI * PI,
            boundary: 2.0 * PI * PI,
            first: 0.0,
            square: (0.25 + 4.0 / 6.0) * 0.5 * PI * PI,
        },
        Known {
            name: "interval",
            deck: "shape = \"ball\"\ncenter = [2]\nradius = 1",
            measure: 2.0,
            boundary: 2.0,
            first: 4.0,
            square: 26.0 / 3.0,
        },
        Known {
            name: "triangle, clockwise",
            deck: "shape = \"polygon\"\nvertices = [[0, 0], [0, 4], [3, 0]]",
            measure: 6.0,
            boundary: 12.0,
            first: 6.0,
            square: 25.0,
        },
        Known {
            name: "L",
            deck: "shape = \"polygon\"\n\
                   vertices = [[0, 0], [1, 0], [1, 1], [-1, 1], [-1, -1], [0, -1]]",
            measure: 3.0,
            boundary: 8.0,
            first: -0.5,
            square: 2.0,
        },
        Known {
            // The square [0, 2]² less the triangle (0, 0), (2, 0), (1, 1).
            name: "square with a notch",
            deck: "shape = \"polygon\"\nvertices = [[2, 2], [0, 2], [0, 0], [1, 1], [2, 0]]",
            measure: 3.0,
            boundary: 6.0 + 2.0 * 2.0_f64.sqrt(),
            first: 3.0,
            square: 32.0 / 3.0 - (7.0 / 6.0 + 1.0 / 6.0),
        },
    ]
}

fn domain(text: &str) -> Arc<dyn Domain> {
    let deck = format!("[domain]\n{text}\n[problem]\nequation = \"u = 1\"");
    let deck = Deck::from_toml(&deck, "test.toml", &[]).unwrap();
    of_deck(&deck.domain.unwrap()).unwrap()
}

/// Points with weights, and normals where there are any.
struct Points {
    x: Mat<f64>,
    weights: Vec<f64>,
    normals: Option<Mat<f64>>,
}

/// The points of a patch, cell by cell.
fn points(rule: &dyn Sampler, patch: &Patch, wanted: usize, cells: usize) -> Vec<Points> {
    let piece = Piece {
        patch: patch.clone(),
        count: rule.count(patch, wanted),
        cells,
    };
    let draw = Draw {
        seed: 3,
        purpose: Purpose::Training,
        epoch: 0,
    };
    let of_cell = |cell| {
        let (x, weights) = rule.draw(&piece, cell, &mut draw.chance(cell, 0));
        let normals = patch.normals(&x);
        Points {
            x,
            weights,
            normals,
        }
    };
    (0..cells).map(of_cell).collect()
}

/// Σ w f(x, n) over patches, with about `wanted` points in each.
fn sum(
    rule: &dyn Sampler,
    patches: &[Patch],
    wanted: usize,
    f: impl Fn(&[f64], &[f64]) -> f64,
) -> f64 {
    let mut sum = 0.0;
    for points in patches.iter().flat_map(|p| points(rule, p, wanted, 7)) {
        for (i, w) in points.weights.iter().enumerate() {
            let row = |m: &Mat<f64>| m.row(i).iter().copied().collect::<Vec<f64>>();
            let normal = points.normals.as_ref().map(row).unwrap_or_default();
            sum += w * f(&row(&points.x), &normal);
        }
    }
    sum
}

/// Each rule that serves so many dimensions, how many points it gets, and its tolerance.
struct Rule {
    sampler: Box<dyn Sampler>,
    points: usize,
    tolerance: f64,
}

fn rules(dim: usize) -> Vec<Rule> {
    let rule = |sampler, points, tolerance| Rule {
        sampler,
        points,
        tolerance,
    };
    let mut rules = vec![
        rule(Box::new(Random) as Box<dyn Sampler>, 20_000, 3e-2),
        rule(Box::new(Sobol::new(dim)), 8192, 1e-3),
    ];
    if dim <= 3 {
        rules.push(rule(Box::new(Gauss), 432, 1e-12));
    }
    rules
}

#[test]
fn measures_and_moments_are_those_of_geometry() {
    for known in known() {
        let domain = domain(known.deck);
        let [inside, around] = [domain.interior(), domain.boundary()];
        let total = |patches: &[Patch]| patches.iter().map(Patch::measure).sum::<f64>();
        assert!(
            (total(&inside) / known.measure - 1.0).abs() < 1e-13,
            "{}",
            known.name
        );
        assert!(
            (total(&around) / known.boundary - 1.0).abs() < 1e-13,
            "{}",
            known.name
        );
        for Rule {
            sampler,
            points,
            tolerance,
        } in rules(domain.dim())
        {
            let sum = |f: fn(&[f64], &[f64]) -> f64| sum(sampler.as_ref(), &inside, points, f);
            let square = |x: &[f64], _: &[f64]| x.iter().map(|x| x * x).sum::<f64>();
            for (sum, exact) in [
                (sum(|_, _| 1.0), known.measure),
                (sum(|x, _| x[0]), known.first),
                (sum(square), known.square),
            ] {
                let gap = (sum - exact).abs() / known.square;
                assert!(gap < tolerance, "{}: {sum} {exact}", known.name);
            }
        }
    }
}

#[test]
fn what_flows_out_is_what_springs_inside() {
    // F = (x_0² x_last, x_1, …) and div F, which is 1 per further axis and 2 x_0 x_last.
    let flux = |x: &[f64], n: &[f64]| {
        let rest = x[1..].iter().zip(&n[1..]).map(|(x, n)| x * n);
        x[0] * x[0] * x[x.len() - 1] * n[0] + rest.sum::<f64>()
    };
    let divergence = |x: &[f64], _: &[f64]| {
        let own = if x.len() == 1 {
            3.0 * x[0] * x[0]
        } else {
            2.0 * x[0] * x[x.len() - 1]
        };
        own + (x.len() - 1) as f64
    };
    for known in known() {
        let domain = domain(known.deck);
        for Rule {
            sampler,
            points,
            tolerance,
        } in rules(domain.dim())
        {
            let out = sum(sampler.as_ref(), &domain.boundary(), points, flux);
            let inside = sum(sampler.as_ref(), &domain.interior(), points, divergence);
            let gap = (out - inside).abs() / known.square;
            assert!(gap < 2.0 * tolerance, "{}: {out} {inside}", known.name);
        }
    }
}

#[test]
fn points_lie_in_the_domain_and_normals_point_out_of_it() {
    for known in known() {
        let domain = domain(known.deck);
        let (lower, upper) = domain.bounds();
        for rule in rules(domain.dim()) {
            for points in domain
                .interior()
                .iter()
                .flat_map(|p| points(rule.sampler.as_ref(), p, 200, 3))
            {
                for x in points.x.row_iter() {
                    let x: Vec<f64> = x.iter().copied().collect();
                    assert!(domain.contains(&x), "{}: {x:?}", known.name);
                    let within = x.iter().zip(lower.iter().zip(&upper));
                    assert!(within.into_iter().all(|(x, (l, u))| (l..=u).contains(&x)));
                }
            }
            for points in domain
                .boundary()
                .iter()
                .flat_map(|p| points(rule.sampler.as_ref(), p, 64, 3))
            {
                let normals = points.normals.unwrap();
                for (x, n) in points.x.row_iter().zip(normals.row_iter()) {
                    let square: f64 = n.iter().map(|n| n * n).sum();
                    assert!((square - 1.0).abs() < 1e-14, "{}", known.name);
                    let beside = |by: f64| {
                        x.iter()
                            .zip(n.iter())
                            .map(|(x, n)| x + by * n)
                            .collect::<Vec<f64>>()
                    };
                    assert!(domain.contains(&beside(0.0)), "{}", known.name);
                    // 1e-6 from the end of an edge the other edge may be nearer than that.
                    assert!(domain.contains(&beside(-1e-9)), "{}", known.name);
                    assert!(!domain.contains(&beside(1e-9)), "{}", known.name);
                }
            }
        }
    }
}

#[test]
fn cells_have_equal_measure_and_points_of_their_own() {
    for known in known() {
        let domain = domain(known.deck);
        for patch in domain.interior().iter().chain(&domain.boundary()) {
            for cells in [1, 3, 8, 50] {
                let even = patch.measure() / cells as f64;
                let of_cell = |cell| patch.cell(cell, cells).measure();
                let equal = |cell| (of_cell(cell) / even - 1.0).abs() < 1e-12;
                assert!(
                    patch.free_axes().is_empty() || (0..cells).all(equal),
                    "{}",
                    known.name
                );
            }
            // A net does not depend on the cells that it is drawn in.
            let rule = Sobol::new(domain.dim());
            let rows = |cells| {
                let all = points(&rule, patch, 64, cells).into_iter();
                let rows = all.flat_map(|p| {
                    let rows = p.x.row_iter().map(|x| x.iter().copied().collect());
                    rows.collect::<Vec<Vec<f64>>>()
                });
                rows.collect::<Vec<_>>()
            };
            assert_eq!(rows(1), rows(5));
        }
    }
}

#[test]
fn a_disk_has_spectral_quadrature() {
    // ∫ e^x over the unit disk is 2π I_1(1), over its circle 2π I_0(1).
    let domain = domain("shape = \"ball\"\ncenter = [0, 0]\nradius = 1");
    let [first, zeroth] = [0.565_159_103_992_485_1, 1.266_065_877_752_008_4];
    let inside = sum(&Gauss, &domain.interior(), 200, |x, _| x[0].exp());
    let around = sum(&Gauss, &domain.boundary(), 20, |x, _| x[0].exp());
    assert!((inside - 2.0 * PI * first).abs() < 1e-13, "{inside}");
    assert!((around - 2.0 * PI * zeroth).abs() < 1e-13, "{around}");
}

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
