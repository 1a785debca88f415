//! Every method goes on as if nothing had been.

use super::{assert_same, essence, go_on, history};
use crate::common::{STAGED, state, turns};

/// 10 steps at once, and 5 and 5 on one rank, and 5 on one rank and 5 on three.
fn assert_resumes(deck: &str, changes: &[(&str, &str)]) {
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole");
    go_on(deck, changes, 10, 1, &whole);
    assert_eq!(history(&whole).len(), 10);
    for ranks in [1, 3] {
        let parts = folder.path().join(ranks.to_string());
        go_on(deck, changes, 5, 1, &parts);
        assert_eq!(state(&parts).step, 5);
        assert!(essence(&parts) != essence(&whole));
        go_on(deck, changes, 10, ranks, &parts);
        let what = format!("{deck} {changes:?}, going on with {ranks} ranks");
        assert_same(&parts, &whole, &what);
    }
}

#[test]
fn natural_with_qr() {
    assert_resumes("poisson-2d", &[("flow.stepper", "natural")]);
}

#[test]
fn the_equation_of_stationary_points() {
    assert_resumes("deep-ritz", &[("flow.stepper", "stationary")]);
}

#[test]
fn fresh_subsets_with_memory() {
    assert_resumes("poisson-2d", &[("flow.stepper", "recursive")]);
}

#[test]
fn fresh_subsets_by_their_kernel_with_momentum() {
    let changes = [
        ("flow.solver", "kernel"),
        ("flow.stepper", "stochastic"),
        ("flow.momentum", "0.9"),
    ];
    assert_resumes("poisson-2d", &changes);
}

#[test]
fn points_that_follow_the_residual_where_they_were_drawn() {
    for resample in ["false", "3"] {
        let changes = [
            ("flow.solver", "cholesky"),
            ("flow.stepper", "euler"),
            ("sampling.rule", "adaptive"),
            ("sampling.resample", resample),
        ];
        assert_resumes("poisson-2d", &changes);
    }
}

/// The default run, interrupted inside its first stage, where the second one takes over, inside it,
/// where the run falls back and after that, and where the second stage takes over again.
#[test]
fn the_default_stages() {
    for rule in ["gauss", "adaptive"] {
        let changes = [&STAGED[..], &[("sampling.rule", rule)]].concat();
        let folder = tempfile::tempdir().unwrap();
        let whole = folder.path().join("whole");
        go_on("poisson-2d", &changes, 600, 1, &whole);
        let stages = history(&whole).into_iter().map(|row| row[1].parse());
        let stages: Vec<usize> = stages.map(Result::unwrap).collect();
        let turns = turns(&stages);
        assert!(turns.len() > 2, "{rule}: {turns:?}");
        let [over, back, again] = [turns[0], turns[1], turns[2]];
        assert_eq!([over.1, back.1, again.1], [1, 0, 1]);
        let moments = [
            over.0 / 2,
            over.0,
            over.0 + 3,
            back.0,
            back.0 + 5,
            again.0 + 1,
        ];
        for (moment, ranks) in moments.into_iter().zip([3, 1, 2, 3, 1, 2]) {
            let parts = folder.path().join(format!("{rule}-{moment}"));
            go_on("poisson-2d", &changes, moment as u32, 4 - ranks, &parts);
            assert_eq!(state(&parts).step, moment as u64);
            go_on("poisson-2d", &changes, 600, ranks, &parts);
            let what = format!("{rule} {turns:?}, interrupted at {moment}, then on {ranks} ranks");
            assert_same(&parts, &whole, &what);
        }
    }
}

#[test]
fn euler_with_cholesky() {
    let changes = [("flow.solver", "cholesky"), ("flow.stepper", "euler")];
    assert_resumes("poisson-2d", &changes);
}

#[test]
fn conjugate_gradients() {
    assert_resumes("poisson-2d-energy", &[("flow.solver", "cg")]);
}

#[test]
fn steepest_descent() {
    assert_resumes("poisson-2d", &[("flow.solver", "steepest")]);
}

#[test]
fn stochastic_gradient_descent_on_fresh_points() {
    let changes = [
        ("flow.method", "sgd"),
        ("flow.momentum", "0.9"),
        ("sampling.rule", "random"),
    ];
    assert_resumes("poisson-2d", &changes);
}

#[test]
fn adam_on_fresh_points() {
    let changes = [("flow.method", "adam"), ("sampling.rule", "random")];
    assert_resumes("poisson-2d", &changes);
}

#[test]
fn lbfgs() {
    assert_resumes("poisson-2d", &[("flow.method", "lbfgs")]);
}

#[test]
fn runge_kutta_methods() {
    for stepper in ["rk4", "adaptive"] {
        let changes = [("flow.metric", "h1"), ("flow.stepper", stepper)];
        assert_resumes("poisson-2d-energy", &changes);
    }
}

#[test]
fn the_adaptive_pair_on_fresh_points() {
    let changes = [
        ("flow.solver", "cholesky"),
        ("flow.damping", "1e-3"),
        ("flow.stepper", "adaptive"),
        ("sampling.rule", "random"),
        ("sampling.resample", "true"),
    ];
    assert_resumes("poisson-2d", &changes);
}

#[test]
fn euler_in_the_midst_of_an_epoch() {
    let changes = [
        ("sampling.rule", "random"),
        ("sampling.resample", "3"),
        ("flow.metric", "l2"),
        ("flow.stepper", "euler"),
    ];
    assert_resumes("poisson-2d", &changes);
}

#[test]
fn a_variational_energy() {
    assert_resumes("poisson-2d-energy", &[]);
}
