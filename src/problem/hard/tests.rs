//! Hard conditions against what they promise: values on faces, and refusals.
#![allow(clippy::unwrap_used)]
use crate::deck::Deck;
use crate::jet::Layout;
use crate::problem::{Problem, build};
use crate::sampling::{Draw, Piece, Purpose, Random, Sampler, stream};
use rand::RngExt;

/// A system in the box [−1, 2] × [0.3, 1] with these boundary conditions.
fn problem(boundary: &[&str]) -> crate::error::Result<Problem> {
    let tables = boundary.iter().map(|b| format!("[[boundary]]\n{b}\n"));
    let text = format!(
        "[domain]\nlower = [-1, 0.3]\nupper = [2, 1]\n[problem]\nunknowns = [\"u\", \"v\"]\n\
         equation = [\"lap(u) = v\", \"lap(v) = u_xy\"]\n[network]\nhidden = [7]\n{}",
        tables.collect::<String>()
    );
    build(&mut Deck::from_toml(&text, "test.toml", &[])?, None)
}

/// The largest |unknown − g| on a face for random parameters.
fn gap(problem: &Problem, unknown: usize, face: usize, g: fn(f64, f64) -> f64) -> f64 {
    let domain = crate::domain::Cuboid::new(vec![-1.0, 0.3], vec![2.0, 1.0]);
    let patch = &crate::domain::Domain::boundary(&domain)[face];
    let mut rng = stream(1, Purpose::Testing, 0, 0);
    let p = problem.network.parameters();
    let theta: Vec<f64> = (0..p).map(|_| rng.random_range(-3.0..3.0)).collect();
    let draw = Draw {
        seed: 2,
        purpose: Purpose::Testing,
        epoch: 0,
    };
    let piece = Piece {
        patch: patch.clone(),
        count: 50,
        cells: 1,
    };
    let (x, _) = Random.draw(&piece, 0, &mut draw.chance(0, 0));
    let trace = problem.network.trace(&theta, x.as_ref(), &Layout::value(2));
    let values = trace.jets().stream(unknown, 0).iter().enumerate();
    let gaps = values.map(|(i, u)| (u - g(x[(i, 0)], x[(i, 1)])).abs());
    gaps.fold(0.0, f64::max)
}

#[test]
fn hard_values_hold_to_rounding_whatever_the_parameters() {
    let problem = problem(&[
        "on = \"x = -1\"\ncondition = \"u = y^2 - 1\"\nenforce = \"hard\"",
        "on = \"y == 0.3 or y == 1\"\ncondition = \"3*u = 3*(x + 1) + 3*(y^2 - 1)*exp(x + 1)\"\n\
         enforce = \"hard\"",
        "on = \"x = 2\"\ncondition = \"dn(u) = 0\"",
        "condition = \"v = sin(x*y)\"\nenforce = \"hard\"",
    ])
    .unwrap();
    assert_eq!(
        problem.terms.len(),
        2,
        "the equation and one weak condition"
    );
    assert_eq!(problem.terms[1].name, "boundary[2]");
    assert!(gap(&problem, 0, 0, |_, y| y * y - 1.0) < 1e-14);
    let g = |x: f64, y: f64| x + 1.0 + (y * y - 1.0) * (x + 1.0).exp();
    for face in [2, 3] {
        assert!(gap(&problem, 0, face, g) < 1e-13);
    }
    assert!(gap(&problem, 0, 1, g) > 0.1, "the weak face is free");
    for face in 0..4 {
        assert!(gap(&problem, 1, face, |x, y| (x * y).sin()) < 1e-15);
    }
}

#[test]
fn what_cannot_be_built_in_is_refused() {
    let hard = "enforce = \"hard\"";
    for (boundary, key, says) in [
        (
            vec!["condition = \"dn(u) = 0\""],
            "boundary[0].condition",
            "of the form u = g",
        ),
        (
            vec!["condition = \"u = v\""],
            "boundary[0].condition",
            "of the form u = g",
        ),
        (
            vec!["condition = \"u^2 = 1\""],
            "boundary[0].condition",
            "of the form u = g",
        ),
        (
            vec!["condition = \"u = n_x\""],
            "boundary[0].condition",
            "of the form u = g",
        ),
        (
            vec!["on = \"y > x\"\ncondition = \"u = 0\""],
            "boundary[0].on",
            "whole ones",
        ),
        (
            vec![
                "condition = \"u = 0\"",
                "on = \"x = 2\"\ncondition = \"u = 1\"",
            ],
            "boundary[1].on",
            "set every face once",
        ),
        (
            vec![
                "on = \"x = 2\"\ncondition = \"u = 1\"",
                "on = \"y = 1\"\ncondition = \"u = 0\"",
            ],
            "boundary[0].condition",
            "make them agree",
        ),
    ] {
        let tables: Vec<String> = boundary.iter().map(|b| format!("{b}\n{hard}")).collect();
        let tables: Vec<&str> = tables.iter().map(String::as_str).collect();
        let error = problem(&tables).err().unwrap().to_string();
        assert!(
            error.contains(key) && error.contains(says),
            "{boundary:?}: {error}"
        );
    }
}
