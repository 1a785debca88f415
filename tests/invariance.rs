//! The same bits of the parameters for any number of ranks and threads: every solver, stepper,
//! metric and kind of term.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{set, solve, starter};

/// Small networks and few steps: what is tested is the order of sums, not convergence.
fn assert_invariant(name: &str, overrides: &[(&str, &str)]) {
    let mut all = vec![
        ("stop.steps", "6"),
        ("stop.energy", "0.0"),
        ("network.hidden", "[7, 6]"),
    ];
    all.extend(overrides);
    let all = set(&all);
    let reference = solve(starter(name), &all, 1, 1, None);
    assert!(reference.steps > 0);
    for (ranks, threads) in [
        (1, 2),
        (1, 4),
        (2, 1),
        (3, 2),
        (4, 1),
        (5, 1),
        (8, 1),
        (16, 1),
    ] {
        let other = solve(starter(name), &all, ranks, threads, None);
        assert_eq!(
            other.theta_digest, reference.theta_digest,
            "{name} {overrides:?} on {ranks} ranks of {threads} threads"
        );
        assert_eq!(other.energy.to_bits(), reference.energy.to_bits());
    }
}

#[test]
fn qr_with_the_natural_level_rule() {
    assert_invariant("poisson-2d", &[]);
}

#[test]
fn qr_with_one_wide_layer() {
    assert_invariant(
        "poisson-2d",
        &[("network.hidden", "[64]"), ("stop.steps", "3")],
    );
}

#[test]
fn a_disk_and_a_polygon() {
    let few = [
        ("network.hidden", "[6]"),
        ("sampling.points", "300"),
        ("stop.steps", "3"),
    ];
    for rule in ["gauss", "sobol", "random"] {
        let rule = ("sampling.rule", rule);
        assert_invariant("disk", &[&few[..], &[rule]].concat());
        assert_invariant("l-shape", &[&few[..], &[rule]].concat());
    }
}

#[test]
fn cholesky() {
    assert_invariant("semilinear-2d", &[("flow.solver", "cholesky")]);
}

#[test]
fn euler_with_qr_in_the_l2_metric_on_fresh_points() {
    let fresh = [
        ("flow.metric", "l2"),
        ("flow.stepper", "euler"),
        ("flow.dt", "1e-4"),
        ("flow.cutoff", "1e-3"),
        ("sampling.rule", "random"),
        ("sampling.resample", "2"),
    ];
    assert_invariant("poisson-2d", &fresh);
}

#[test]
fn steepest_descent() {
    assert_invariant(
        "poisson-5d",
        &[("flow.solver", "steepest"), ("sampling.points", "800")],
    );
}

#[test]
fn a_variational_energy() {
    assert_invariant("poisson-2d-energy", &[]);
}

#[test]
fn stochastic_gradient_descent() {
    assert_invariant(
        "poisson-2d",
        &[("flow.method", "sgd"), ("flow.momentum", "0.9")],
    );
}

#[test]
fn adam() {
    assert_invariant("poisson-2d", &[("flow.method", "adam")]);
}

#[test]
fn lbfgs() {
    assert_invariant("semilinear-2d", &[("flow.method", "lbfgs")]);
}

#[test]
fn the_classical_runge_kutta_method() {
    let changes = [
        ("flow.metric", "l2"),
        ("flow.stepper", "rk4"),
        ("stop.steps", "3"),
    ];
    assert_invariant("poisson-2d", &changes);
}

#[test]
fn the_adaptive_pair_in_the_h1_metric() {
    let changes = [
        ("flow.metric", "h1"),
        ("flow.solver", "cholesky"),
        ("flow.damping", "1e-3"),
        ("flow.stepper", "adaptive"),
        ("stop.steps", "3"),
    ];
    assert_invariant("poisson-2d-energy", &changes);
}

#[test]
fn data_in_batches() {
    assert_invariant(
        "terrain",
        &[
            ("flow.solver", "cholesky"),
            ("sampling.points", "3000"),
            ("sampling.resample", "true"),
        ],
    );
}

#[test]
fn functions() {
    assert_invariant("fit-function", &[("network.activation", "gelu")]);
}

#[test]
fn hard_boundary_values_on_a_periodic_strip_with_fourier_features() {
    let changes = [
        ("boundary.0.on", "y == 0 or y == 1"),
        ("network.periodic", "[\"x\"]"),
        ("network.fourier", "{ features = 3, scale = 1.0 }"),
        ("sampling.points", "400"),
    ];
    assert_invariant("poisson-2d-hard", &changes);
}
