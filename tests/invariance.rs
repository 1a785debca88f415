//! The same bits of the parameters for any number of ranks and threads: every solver, stepper,
//! metric and kind of term.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{Keep, STAGED, set, solve, solve_on, starter, turns};
use ned_dist::comm::Solo;

/// Small networks and few steps: what is tested is the order of sums, not convergence.
fn assert_invariant(name: &str, overrides: &[(&str, &str)]) {
    let few = [
        ("stop.steps", "6"),
        ("stop.energy", "0.0"),
        ("network.hidden", "[7, 6]"),
    ];
    assert_same_bits(name, &[&few[..], overrides].concat());
}

fn assert_same_bits(name: &str, overrides: &[(&str, &str)]) {
    let all = set(overrides);
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
    assert_invariant("poisson-2d", &[("flow.stepper", "natural")]);
}

#[test]
fn qr_with_one_wide_layer() {
    let changes = [
        ("flow.stepper", "natural"),
        ("network.hidden", "[64]"),
        ("stop.steps", "3"),
    ];
    assert_invariant("poisson-2d", &changes);
}

#[test]
fn the_equation_of_stationary_points() {
    let changes = [("flow.stepper", "[\"natural\", \"stationary\"]")];
    assert_invariant("deep-ritz", &changes);
    assert_invariant("deep-ritz", &[("flow.stepper", "stationary")]);
}

#[test]
fn fresh_subsets_with_memory() {
    for batch in ["30", "300"] {
        let changes = [
            ("flow.stepper", "recursive"),
            ("sampling.batch", batch),
            ("stop.steps", "12"),
        ];
        assert_invariant("poisson-2d", &changes);
    }
}

#[test]
fn fresh_subsets_by_their_kernel_with_momentum() {
    let changes = [
        ("flow.solver", "kernel"),
        ("flow.stepper", "stochastic"),
        ("flow.momentum", "0.9"),
        // More rows than a block of the kernel matrix.
        ("sampling.batch", "200"),
    ];
    assert_invariant("poisson-2d", &changes);
    // A force that is no residual.
    assert_invariant("poisson-2d-energy", &changes);
}

#[test]
fn the_default_stages_through_hand_overs_and_fall_backs() {
    for rule in ["gauss", "adaptive"] {
        let changes = [&STAGED[..], &[("sampling.rule", rule)]].concat();
        let mut keep = Keep::default();
        let text = starter("poisson-2d");
        solve_on(&Solo, text, &set(&changes), None, &mut keep).unwrap();
        let stages: Vec<usize> = keep.0.iter().map(|record| record.stage).collect();
        let entered: Vec<usize> = turns(&stages).iter().map(|turn| turn.1).collect();
        assert!(entered.starts_with(&[1, 0]), "{:?}", turns(&stages));
        assert_same_bits("poisson-2d", &changes);
    }
}

#[test]
fn points_that_follow_the_residual() {
    let changes = [
        ("flow.solver", "cholesky"),
        ("flow.stepper", "euler"),
        ("sampling.rule", "adaptive"),
        ("sampling.resample", "2"),
        ("sampling.points", "400"),
    ];
    assert_invariant("poisson-2d", &changes);
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
    // G in several tiles.
    let tiles = [
        ("flow.solver", "cholesky"),
        ("network.hidden", "[70]"),
        ("stop.steps", "2"),
    ];
    assert_invariant("semilinear-2d", &tiles);
}

#[test]
fn conjugate_gradients() {
    // Every iteration is a collective: few of them tell as much.
    let cg = [
        ("flow.solver", "cg"),
        ("flow.damping", "1e-3"),
        ("sampling.points", "300"),
        ("stop.steps", "2"),
    ];
    assert_invariant("semilinear-2d", &cg);
    let adaptive = [("flow.metric", "h1"), ("flow.stepper", "adaptive")];
    assert_invariant("poisson-2d-energy", &[&cg[..], &adaptive].concat());
    let fresh = [("flow.stepper", "stochastic"), ("sampling.batch", "100")];
    assert_invariant("poisson-2d", &[&cg[..], &fresh].concat());
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
fn data_in_small_batches() {
    for stepper in ["recursive", "stochastic"] {
        let changes = [
            ("flow.solver", "auto"),
            ("flow.damping", "auto"),
            ("flow.stepper", stepper),
            ("sampling.resample", "false"),
            ("sampling.points", "3000"),
            ("sampling.batch", "50"),
        ];
        assert_invariant("terrain", &changes);
    }
}

#[test]
fn functions() {
    let changes = [("network.activation", "gelu"), ("flow.stepper", "natural")];
    assert_invariant("fit-function", &changes);
}

#[test]
fn hard_boundary_values_on_a_periodic_strip_with_fourier_features() {
    let changes = [
        ("flow.stepper", "natural"),
        ("boundary.0.on", "y == 0 or y == 1"),
        ("network.periodic", "[\"x\"]"),
        ("network.fourier", "{ features = 3, scale = 1.0 }"),
        ("sampling.points", "400"),
    ];
    assert_invariant("poisson-2d-hard", &changes);
}
