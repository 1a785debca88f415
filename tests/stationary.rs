//! Energies end where they are stationary: at the solution of the Euler–Lagrange equation with its
//! natural boundary conditions, more accurately than the energy itself shows, and at a minimum.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{set, solve, starter, turns};
use ned_dist::deck::Deck;
use ned_dist::problem::build;
use ned_dist::run::{Plan, Summary};

/// Solves a deck made of `law` with a small network.
fn solved(law: &str, more: &[(&str, &str)]) -> Summary {
    let mut overrides = set(&[
        ("network.hidden", "[16]"),
        ("sampling.points", "200"),
        ("sampling.boundary_points", "60"),
        ("output.every", "5"),
        ("stop.steps", "3000"),
    ]);
    overrides.extend(set(more));
    solve(law, &overrides, 1, 2, None)
}

/// Asserts that the minimiser is found, with |δE| as small as the error asks for.
fn minimises(law: &str, tolerance: f64) {
    let limit = format!("{:e}", 0.5 * tolerance);
    let summary = solved(law, &[("stop.error", &limit)]);
    let error = summary.error.unwrap().relative_l2;
    let norm = summary.stationarity.unwrap();
    let steps = summary.steps;
    assert!(
        error <= tolerance && norm <= 1e4 * tolerance,
        "error {error:.2e}, |δE| {norm:.2e} after {steps} steps: {}",
        summary.reason
    );
}

const SQUARE: &str = "[domain]\nlower = [0.0, 0.0]\nupper = [1.0, 1.0]\n";

/// The energy alone is blind below its own rounding, 1e-8 in u.
#[test]
fn a_nonlinear_energy_with_natural_conditions() {
    let law = r#"
[domain]
lower = [-1.0]
upper = [1.0]
[functions]
f = "manufactured"
[problem]
energy = "0.5*grad2(u) + 0.25*u^4 - f*u"
exact = "cos(pi*x)"
"#;
    minimises(law, 1e-9);
}

#[test]
fn a_variable_coefficient_with_a_robin_energy_and_a_hard_face() {
    let law = r#"
[functions]
k = "1 + x*y"
exact = "exp(x)*cos(y)"
f = "manufactured"
[problem]
energy = "0.5*k*grad2(u) - f*u"
exact = "exact"
[[boundary]]
on = "x = 0"
condition = "u = exact"
enforce = "hard"
[[boundary]]
on = "x = 1"
energy = "0.5*u^2 - (exact + k*exact_x)*u"
[[boundary]]
on = "y = 0"
energy = "k*exact_y*u"
[[boundary]]
on = "y = 1"
energy = "-k*exact_y*u"
"#;
    minimises(&[SQUARE, law].concat(), 1e-7);
}

#[test]
fn two_unknowns_that_are_coupled() {
    let law = r#"
[domain]
lower = [0.0]
upper = [1.0]
[functions]
f = "manufactured"
g = "manufactured"
[problem]
unknowns = ["u", "v"]
energy = "0.5*u_x^2 + v_x^2 + 0.5*(u - v)^2 + u^2 - f*u - g*v"
exact = ["cos(pi*x)", "cos(2*pi*x)"]
"#;
    minimises(law, 1e-7);
}

#[test]
fn the_boundary_in_nitsches_way() {
    let law = r#"
[domain]
lower = [0.0]
upper = [1.0]
[functions]
f = "manufactured"
[problem]
energy = "0.5*grad2(u) - f*u"
exact = "sin(pi*x)"
[[boundary]]
energy = "-dn(u)*u + 100*u^2"
"#;
    minimises(law, 1e-9);
}

/// u = 0 solves the equation too, as the top of the barrier between the wells.
#[test]
fn a_double_well_ends_in_a_well() {
    let law = r#"
[domain]
lower = [0.0]
upper = [1.0]
[problem]
energy = "0.5*grad2(u) + (u^2 - 1)^2"
"#;
    let summary = solved(law, &[("stop.steps", "600"), ("network.hidden", "[8]")]);
    let norm = summary.stationarity.unwrap();
    assert!(summary.energy < 1e-12, "energy {:.2e}", summary.energy);
    assert!(norm < 1e-6, "|δE| {norm:.2e}");
}

/// What the equation cannot be had for is left to the energy, and the plan says so.
#[test]
fn without_an_equation_the_energy_has_the_last_word() {
    for (law, boundary) in [
        ("0.5*lap(u)^2 - u", "condition = \"u = 0\""),
        ("0.5*grad2(u) - u", "energy = \"u^2 + u_y^2\""),
        (
            "0.5*grad2(u) - u",
            "on = \"x > 0.3\"\ncondition = \"u = 0\"",
        ),
    ] {
        let text = format!("{SQUARE}[problem]\nenergy = \"{law}\"\n[[boundary]]\n{boundary}\n");
        let summary = solved(&text, &[("stop.steps", "2")]);
        assert!(summary.stationarity.is_none(), "{law}, {boundary}");
        assert!(
            !summary.method.contains("stationarity"),
            "{law}, {boundary}"
        );
    }
    let summary = solved(starter("deep-ritz"), &[("stop.steps", "2")]);
    assert!(summary.method.contains("stationarity"));
}

/// One layer between the phases -1 and 1, 0.07 wide.
const LAYER: &str = r#"
[domain]
lower = [0.0]
upper = [1.0]
[constants]
eps = 0.05
[problem]
energy = "0.5*eps*grad2(u) + (u^2 - 1)^2/(4*eps)"
[[boundary]]
on = "x = 0"
condition = "u = -1"
enforce = "hard"
[[boundary]]
on = "x = 1"
condition = "u = 1"
enforce = "hard"
"#;

/// Its energy, up to what the ends of the interval add: ∫ (1 - u²)/√2 du.
fn assert_one_layer(energy: f64, tolerance: f64, seed: &str) {
    let layer = 2.0 * 2.0_f64.sqrt() / 3.0;
    let error = (energy / layer - 1.0).abs();
    assert!(error < tolerance, "seed {seed}: {energy}");
}

/// Nothing but the points keeps a layer from becoming so thin that it slips between two of them, where it
/// costs nothing; 32 points, as fine as a layer is wide, are few.
#[test]
fn an_energy_is_not_followed_to_where_its_points_alone_are_least() {
    for seed in ["0", "2", "3", "7"] {
        let changes = [
            ("flow.seed", seed),
            ("network.hidden", "[20]"),
            ("sampling.points", "32"),
        ];
        assert_one_layer(solved(LAYER, &changes).energy, 0.01, seed);
    }
}

/// The equation also holds where there are three layers; from there it is the energy that leads down. Few
/// starts lead there: the first of many that does.
#[test]
fn descent_is_taken_up_again_where_the_equation_has_led_above_the_minimum() {
    let taken_up_again = |seed: &u64| {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        let seed = seed.to_string();
        let changes = set(&[
            ("flow.seed", &seed),
            ("network.hidden", "[20]"),
            ("sampling.points", "64"),
            ("output.every", "1"),
            ("stop.steps", "1500"),
        ]);
        let summary = solve(LAYER, &changes, 1, 2, Some(&out));
        assert_one_layer(summary.energy, 1e-3, &seed);
        let mut rows = csv::Reader::from_path(out.join("history.csv")).unwrap();
        let stages = rows.records().map(|row| row.unwrap()[1].parse().unwrap());
        let entered: Vec<usize> = turns(&stages.collect::<Vec<_>>())
            .iter()
            .map(|t| t.1)
            .collect();
        let again = entered.starts_with(&[1, 2, 0, 1]);
        // Once: what comes after is the equation's own.
        assert!(again || !entered.contains(&0), "seed {seed}: {entered:?}");
        again
    };
    assert!((0..100).any(|seed| taken_up_again(&seed)));
}

/// (k u')' = −1 holds on both sides of the jump, but not the derivative of k that would be formed.
#[test]
fn where_a_coefficient_jumps_the_energy_alone_brings_the_result() {
    let deck = |k: &str| {
        format!(
            "[domain]\nlower = [0]\nupper = [1]\n[functions]\nk = \"{k}\"\n[problem]\n\
             energy = \"0.5*k*grad2(u) - u\"\n[[boundary]]\ncondition = \"u = 0\"\nenforce = \"hard\""
        )
    };
    let built = |k: &str| {
        let mut deck = Deck::from_toml(&deck(k), "test.toml", &[]).unwrap();
        let problem = build(&mut deck, None).unwrap();
        let plan = Plan::of(&mut deck, &problem).unwrap();
        (problem.stationary.err(), plan.stages.len())
    };
    let (why, stages) = built("if(x < 0.5, 1, 10)");
    assert!(why.unwrap().contains("jumps"));
    assert_eq!(stages, 1);
    assert_eq!(built("if(x < 0.5, 1 + x, 2 - x)"), (None, 3));
}

/// The equation is solved on fresh points before any attempt to finish: the run is stopped there, and its last
/// parameters are the result, not those at which the energy was left.
#[test]
fn what_has_come_nearer_on_fresh_points_is_the_result() {
    let law = r#"
[domain]
lower = [0.0, 0.0]
upper = [1.0, 1.0]
[functions]
f = "manufactured"
g = "exp(x + 0.5*y)"
[problem]
energy = "grad2(u)^0.75/1.5 - f*u"
exact = "g"
[[boundary]]
condition = "u = g"
enforce = "hard"
[network]
hidden = [8, 8]
[sampling]
points = 300
"#;
    let summary = solved(law, &[("network.hidden", "[8, 8]"), ("stop.steps", "90")]);
    let error = summary.error.unwrap().relative_l2;
    assert!(error < 1e-6, "{error:e}: {}", summary.reason);
}
