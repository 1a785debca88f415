//! Domains against geometry: measures, moments and the divergence theorem by every sampling rule,
//! normals, equal cells; outlines from files, and fields on a grid around the domain.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::shapes::{domain, known, points};
use common::{program_in, text};
use faer::Mat;
use ned_dist::deck::{Deck, FieldFormat};
use ned_dist::domain::Patch;
use ned_dist::output::Field;
use ned_dist::problem::build;
use ned_dist::sampling::{Gauss, Random, Sampler, Sobol};
use std::f64::consts::PI;
use std::fs;

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

#[test]
fn an_outline_may_be_a_file_beside_the_deck() {
    let folder = tempfile::tempdir().unwrap();
    let deck = |keys: &str| {
        let law = "[problem]\nequation = \"u = 1\"\n[sampling]\npoints = 100\n";
        format!("[domain]\nshape = \"polygon\"\n{keys}\n{law}")
    };
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("outline.csv", "x,y\n0,0\n2,0\n0.5,0.5\n0,2\n0,0\n");
    write("file.toml", &deck("file = \"outline.csv\""));
    write(
        "list.toml",
        &deck("vertices = [[0, 0], [2, 0], [0.5, 0.5], [0, 2]]"),
    );
    let [file, list] = ["file.toml", "list.toml"].map(|name| {
        let output = program_in(folder.path(), &["check", name]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    });
    assert!(
        file.contains("vertices = [[0.0, 0.0], [2.0, 0.0]"),
        "{file}"
    );
    assert_eq!(file, list);
}

#[test]
fn fields_have_no_values_outside_of_the_domain() {
    let deck = "[domain]\nshape = \"ball\"\ncenter = [1, 0]\nradius = 2\n\
                [problem]\nequation = \"u = 1\"\n[network]\nhidden = [3]\n";
    let problem = build(&mut Deck::from_toml(deck, "test.toml", &[]).unwrap(), None).unwrap();
    let theta = vec![0.5; problem.network.parameters()];
    let field = Field::evaluate(&problem, &theta, &[5, 9]);
    for ((index, value), inside) in field.values.indexed_iter().zip(grid_of_a_disk()) {
        assert_eq!(value.is_finite(), inside, "{index:?}");
    }
    let folder = tempfile::tempdir().unwrap();
    for format in [FieldFormat::Csv, FieldFormat::Vti] {
        field.write(folder.path(), format).unwrap();
    }
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!(read("u.csv").matches("NaN").count(), 20);
    // VTK reads no NaN: it hides points by their flags.
    let vti = read("u.vti");
    assert!(!vti.contains("NaN"));
    let (_, flags) = vti
        .split_once("Name=\"vtkGhostType\" format=\"ascii\">")
        .unwrap();
    let (flags, _) = flags.split_once('<').unwrap();
    let flags: Vec<&str> = flags.split_whitespace().collect();
    assert_eq!(flags.len(), 45);
    assert_eq!(flags.iter().filter(|f| **f == "2").count(), 20);
}

/// Whether the points of a grid of 5 x 9 lie in the disk that it surrounds, the last axis fastest.
fn grid_of_a_disk() -> impl Iterator<Item = bool> {
    let inside = |k: usize| {
        let [x, y] = [(k / 9) as f64 / 2.0 - 1.0, (k % 9) as f64 / 4.0 - 1.0];
        x * x + y * y <= 1.0
    };
    (0..45).map(inside)
}
