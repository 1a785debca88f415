//! The stages of a run: each begins where the one before has come to its end, and an end far from a
//! solution is not called convergence.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{Keep, set, solve_on, turns};
use ned_dist::comm::Solo;
use ned_dist::run::{Status, Summary};

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
