//! The stages of a run: each begins where the one before has come to its end, and an end far from a
//! solution is not called convergence.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{Keep, digest, set, solve_on, state, turns};
use ned_dist::comm::{Solo, team};
use ned_dist::run::{Horizon, Status, Summary};

/// u' + u² = 1 with u(0) = 0, which 3 units say to a few digits.
const LAW: &str = r#"
[domain]
lower = [0.0]
upper = [1.0]
[problem]
equation = "u_x + u^2 = 1"
exact = "tanh(x)"
[[boundary]]
on = "x = 0"
condition = "u = 0"
[network]
hidden = [3]
[sampling]
points = 40
"#;

/// The summary of a run, and the stages that its steps belong to.
fn run(changes: &[(&str, &str)]) -> (Summary, Vec<usize>) {
    let mut keep = Keep::default();
    let all = set(&[&[("output.every", "1")], changes].concat());
    let summary = solve_on(&Solo, LAW, &all, None, &mut keep).unwrap();
    (summary, keep.0.iter().map(|record| record.stage).collect())
}

#[test]
fn a_list_of_stages_is_gone_through_to_its_end() {
    let stages = [
        ("flow.stepper", "[\"euler\", \"natural\"]"),
        ("flow.solver", "[\"cholesky\", \"qr\"]"),
    ];
    let (summary, of_steps) = run(&stages);
    assert_eq!(
        turns(&of_steps).first().map(|turn| turn.1),
        Some(1),
        "{of_steps:?}"
    );
    assert_eq!(summary.status, Status::Converged, "{}", summary.reason);
}

#[test]
fn fresh_points_whose_energy_settles_far_from_a_solution_have_not_converged() {
    // Six units cannot bend as often as this.
    let far = [
        ("problem.equation", "u_x = 200*cos(200*x)"),
        ("problem.exact", "sin(200*x)"),
        ("network.hidden", "[6]"),
        ("flow.stepper", "recursive"),
    ];
    let (summary, _) = run(&far);
    assert_eq!(summary.status, Status::Stopped, "{}", summary.reason);
    for word in [
        "stalled: the energy of fresh points has settled",
        "of E is left",
        "`equation`",
    ] {
        assert!(summary.reason.contains(word), "{}", summary.reason);
    }
}

/// A layer of width 0.01, narrower than the distance of the points.
const LAYER: &str = r#"
[domain]
lower = [-1.0]
upper = [1.0]
[problem]
equation = "u_x = 200*(1 - tanh(200*(x - 0.123))^2)"
exact = "tanh(200*(x - 0.123))"
[[boundary]]
on = "x = -1"
condition = "u = -1"
[network]
hidden = [16]
[sampling]
points = 40
"#;

#[test]
fn a_layer_that_slips_between_the_points_is_found_by_points_that_follow_the_residual() {
    for seed in ["0", "1", "2"] {
        let all = set(&[("flow.seed", seed)]);
        let summary = solve_on(&Solo, LAYER, &all, None, &mut Keep::default()).unwrap();
        let error = summary.error.unwrap().relative_l2;
        assert_eq!(summary.status, Status::Converged, "{}", summary.reason);
        assert!(error < 1e-4, "seed {seed}: {error:e}");
    }
}

/// Interrupted while points follow the residual since an attempt on others was in vain, and taken up by more
/// ranks.
#[test]
fn a_run_goes_on_with_the_points_that_it_has_come_to() {
    let folder = tempfile::tempdir().unwrap();
    let [whole, parts] = ["whole", "parts"].map(|name| folder.path().join(name));
    let until = |steps: usize| {
        let steps = steps.to_string();
        set(&[
            ("flow.seed", "4"),
            ("output.every", "1"),
            ("stop.steps", &steps),
        ])
    };
    let mut keep = Keep::default();
    let reach = |steps: usize, out: &std::path::Path, keep: &mut Keep| {
        solve_on(&Solo, LAYER, &until(steps), Some(out), keep).unwrap()
    };
    reach(660, &whole, &mut keep);
    let stages: Vec<usize> = keep.0.iter().map(|record| record.stage).collect();
    let back = turns(&stages)
        .into_iter()
        .rfind(|turn| turn.1 == 0)
        .unwrap();
    reach(back.0 + 2, &parts, &mut Keep::default());
    assert!(state(&parts).attempts.overfitted);
    let out = &parts;
    team(3, |comm| {
        let all = until(660);
        solve_on(comm, LAYER, &all, Some(out), &mut Keep::default()).unwrap();
    });
    assert_eq!(digest(&parts), digest(&whole));
}

/// Lotka and Volterra's populations over two periods: they also hold, but for the start values, where both rest at 1.
const POPULATIONS: &str = r#"
[domain]
coordinates = ["t"]
lower = [0.0]
upper = [12.0]
[problem]
unknowns = ["a", "b"]
equation = ["a_t = a - a*b", "b_t = a*b - b"]
[[boundary]]
on = "t = 0"
condition = "a = 1.5"
[[boundary]]
on = "t = 0"
condition = "b = 0.5"
[network]
hidden = [12, 12]
[sampling]
points = 300
"#;

#[test]
fn an_evolution_that_stalls_is_solved_from_its_start_on() {
    for seed in ["0", "1", "2"] {
        let all = set(&[("flow.seed", seed), ("stop.energy", "1e-9")]);
        let summary = solve_on(&Solo, POPULATIONS, &all, None, &mut Keep::default()).unwrap();
        assert_eq!(summary.status, Status::Converged, "{}", summary.reason);
        assert!(summary.energy_elsewhere.unwrap() < 1e-8, "seed {seed}");
    }
}

/// Interrupted while a beginning of the evolution is solved, and taken up by more ranks.
#[test]
fn a_run_goes_on_with_the_beginning_of_an_evolution() {
    let folder = tempfile::tempdir().unwrap();
    let [whole, parts] = ["whole", "parts"].map(|name| folder.path().join(name));
    let until = |steps: &str| set(&[("stop.steps", steps)]);
    let reach = |steps: &str, out: &std::path::Path| {
        let all = until(steps);
        solve_on(&Solo, POPULATIONS, &all, Some(out), &mut Keep::default()).unwrap();
    };
    reach("320", &whole);
    reach("200", &parts);
    let Horizon::Beginning { share, .. } = state(&parts).horizon else {
        panic!("{:?}", state(&parts).horizon);
    };
    assert!((0.1..1.0).contains(&share), "{share}");
    let out = &parts;
    team(3, |comm| {
        let all = until("320");
        solve_on(comm, POPULATIONS, &all, Some(out), &mut Keep::default()).unwrap();
    });
    assert_eq!(digest(&parts), digest(&whole));
    assert!(matches!(state(&whole).horizon, Horizon::Passed));
}
