//! Runge–Kutta methods with `dt = "auto"` and L-BFGS never raise the energy on fixed samples, and
//! Euler's method with a fixed dt follows the flow at first order.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{Keep, set, solve, solve_on, starter, state};
use ned_dist::comm::Solo;

const SMALL: [(&str, &str); 5] = [
    ("network.hidden", "[6]"),
    ("sampling.points", "100"),
    ("sampling.boundary_points", "40"),
    ("flow.stepper", "euler"),
    ("output.every", "1"),
];

/// The energies of 40 steps.
fn energies(deck: &str, changes: &[(&str, &str)]) -> Vec<f64> {
    let limits = [("stop.steps", "40"), ("stop.energy", "-1e9")];
    let all = set(&[&SMALL[..], &limits, changes].concat());
    let mut keep = Keep::default();
    solve_on(&Solo, starter(deck), &all, None, &mut keep).unwrap();
    keep.0.iter().map(|record| record.report.energy()).collect()
}

fn assert_descends(deck: &str, changes: &[(&str, &str)]) {
    let energies = energies(deck, changes);
    assert!(energies.len() > 10, "{deck}: {energies:?}");
    for (step, pair) in energies.windows(2).enumerate() {
        let [before, after] = [pair[0], pair[1]];
        assert!(
            after <= before,
            "{deck} {changes:?} step {step}: {before} to {after}"
        );
    }
    assert!(energies.last() < energies.first(), "{deck}: {energies:?}");
}

#[test]
fn the_l2_flow_descends() {
    assert_descends(
        "poisson-2d",
        &[("flow.metric", "l2"), ("flow.solver", "qr")],
    );
}

#[test]
fn the_flow_in_the_metric_of_the_energy_descends() {
    let changes = [("flow.metric", "energy"), ("flow.solver", "cholesky")];
    assert_descends("semilinear-2d", &changes);
}

#[test]
fn steepest_descent_descends() {
    assert_descends("poisson-2d", &[("flow.solver", "steepest")]);
}

#[test]
fn the_flow_of_a_variational_energy_descends() {
    for solver in ["qr", "cholesky", "cg"] {
        assert_descends("poisson-2d-energy", &[("flow.solver", solver)]);
    }
}

#[test]
fn the_h1_flow_descends() {
    for deck in ["poisson-2d-energy", "fit-function"] {
        for solver in ["qr", "cg"] {
            assert_descends(deck, &[("flow.metric", "h1"), ("flow.solver", solver)]);
        }
    }
}

#[test]
fn the_classical_runge_kutta_method_descends() {
    let changes = [("flow.metric", "h1"), ("flow.stepper", "rk4")];
    assert_descends("poisson-2d-energy", &changes);
    assert_descends("poisson-2d", &[("flow.stepper", "rk4")]);
}

#[test]
fn lbfgs_descends() {
    for deck in ["poisson-2d", "poisson-2d-energy", "fit-function"] {
        assert_descends(deck, &[("flow.method", "lbfgs")]);
    }
}

#[test]
fn random_points_that_stay_are_fixed_samples() {
    let changes = [("sampling.rule", "random"), ("flow.metric", "l2")];
    assert_descends("poisson-2d", &changes);
}

/// θ at flow time `time` by `steps` steps.
fn flown(changes: &[(&str, &str)], time: f64, steps: u32) -> Vec<f64> {
    let (dt, count) = (format!("{:?}", time / f64::from(steps)), steps.to_string());
    let limits = [
        ("flow.dt", dt.as_str()),
        ("stop.steps", &count),
        ("stop.energy", "0.0"),
        ("stop.steady", "0.0"),
    ];
    let all = set(&[&SMALL[..], &limits, changes].concat());
    let folder = tempfile::tempdir().unwrap();
    let summary = solve(starter("fit-function"), &all, 1, 1, Some(folder.path()));
    assert!((summary.time - time).abs() < 1e-12, "{}", summary.reason);
    state(folder.path()).theta
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    let squares = a.iter().zip(b).map(|(a, b)| (a - b).powi(2));
    squares.sum::<f64>().sqrt()
}

/// The error of a step of dt is proportional to dt: halving it halves the difference.
fn assert_first_order(changes: &[(&str, &str)], time: f64, steps: u32) {
    let counts = [steps, 2 * steps, 4 * steps, 8 * steps];
    let ends: Vec<Vec<f64>> = counts.iter().map(|&n| flown(changes, time, n)).collect();
    let gaps: Vec<f64> = ends.windows(2).map(|e| distance(&e[0], &e[1])).collect();
    for pair in gaps.windows(2) {
        let slope = (pair[0] / pair[1]).log2();
        assert!(
            (0.85..=1.15).contains(&slope),
            "{changes:?}: order {slope} of {gaps:?}"
        );
    }
    // The flow did go somewhere.
    assert!(distance(&ends[0], &flown(changes, 0.5 * time, steps)) > 10.0 * gaps[0]);
}

#[test]
fn euler_follows_steepest_descent_at_first_order() {
    assert_first_order(&[("flow.solver", "steepest")], 0.5, 20);
}

#[test]
fn euler_follows_the_damped_newton_flow_at_first_order() {
    let changes = [("flow.solver", "cholesky"), ("flow.damping", "0.1")];
    assert_first_order(&changes, 1.0, 20);
}

#[test]
fn euler_follows_the_l2_flow_at_first_order() {
    // In the metric of this energy G would be four times as large.
    let changes = [
        ("problem.equation", "2*u = 2*g"),
        ("flow.metric", "l2"),
        ("flow.solver", "cholesky"),
        ("flow.damping", "0.1"),
    ];
    assert_first_order(&changes, 0.5, 20);
}
