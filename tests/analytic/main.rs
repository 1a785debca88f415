//! Problems with known solutions: every kind of equation, energy and boundary condition reaches the
//! exact one by the default stages. Networks are small, so tolerances are what such networks can
//! represent; steps on subsets are cheap, so there may be many.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../common/mod.rs"]
mod common;
mod shapes;

use common::{set, solve};

const SQUARE: &str = "
[domain]
lower = [0.0, 0.0]
upper = [1.0, 1.0]
";

/// Solves a deck made of `parts` with a small network and asserts the relative L² error.
fn reaches(parts: &[&str], tolerance: f64) {
    // The state that is kept at the end is the best by energy, not by error.
    let limit = format!("{:e}", 0.5 * tolerance);
    let overrides = set(&[
        ("network.hidden", "[16]"),
        ("sampling.points", "400"),
        ("sampling.boundary_points", "80"),
        ("stop.error", &limit),
        ("stop.steps", "3000"),
        ("output.every", "5"),
    ]);
    let summary = solve(&parts.concat(), &overrides, 1, 2, None);
    let error = summary.error.unwrap().relative_l2;
    assert!(
        error <= tolerance,
        "error {error:.2e} after {} steps: {}",
        summary.steps,
        summary.reason
    );
}

#[test]
fn poisson_with_dirichlet_neumann_and_robin_conditions() {
    let law = r#"
[constants]
k = 2.0
[functions]
exact = "exp(x)*cos(y) + x^2"
h = "k*exact + exact_x"
[problem]
equation = "-lap(u) = -2"
exact = "exact"
[[boundary]]
on = "x = 0"
condition = "u = exact"
[[boundary]]
on = "x = 1"
condition = "dn(u) + k*u = h"
[[boundary]]
on = "y == 0 or y == 1"
condition = "dn(u) = dot(n, grad(exact))"
"#;
    reaches(&[SQUARE, law], 1e-5);
}

#[test]
fn variable_coefficients_in_divergence_form() {
    let law = r#"
[functions]
k = "1 + x*y"
f = "manufactured"
[problem]
equation = "-div(k*grad(u)) + u_x = f"
exact = "sin(2*x) + y^2"
[[boundary]]
condition = "u = sin(2*x) + y^2"
"#;
    reaches(&[SQUARE, law], 1e-5);
}

#[test]
fn a_nonlinear_equation_in_one_dimension() {
    let deck = r#"
[domain]
lower = [-1.0]
upper = [1.0]
[functions]
f = "manufactured"
[problem]
equation = "-u_xx + u^3 = f"
exact = "cos(pi*x)"
[[boundary]]
condition = "dn(u) = 0"
"#;
    reaches(&[deck], 1e-6);
}

#[test]
fn the_heat_equation_in_space_and_time() {
    let deck = r#"
[domain]
lower = [0.0, 0.0]
upper = [1.0, 1.0]
coordinates = ["x", "t"]
[functions]
exact = "exp(-pi^2*t/4)*sin(pi*x)"
[problem]
equation = "u_t = 0.25*lap(u)"
exact = "exact"
[[boundary]]
on = "t = 0"
condition = "u = exact"
[[boundary]]
on = "x == 0 or x == 1"
condition = "u = 0"
"#;
    reaches(&[deck], 2e-3);
}

#[test]
fn a_system_of_two_unknowns() {
    let law = r#"
[functions]
f = "manufactured"
g = "manufactured"
[problem]
unknowns = ["u", "v"]
equation = ["-lap(u) + v = f", "u_x + v_y - u*v = g"]
exact = ["sin(x + y)", "x*y^2"]
[[boundary]]
condition = "u = sin(x + y)"
[[boundary]]
condition = "v = x*y^2"
"#;
    reaches(&[SQUARE, law], 1e-4);
}

#[test]
fn a_variational_energy_with_its_natural_boundary_condition() {
    let deck = r#"
[domain]
lower = [0.0]
upper = [1.0]
[functions]
f = "manufactured"
[problem]
energy = "0.5*grad2(u) + 0.25*u^4 - f*u"
exact = "cos(pi*x)"
"#;
    reaches(&[deck], 1e-5);
}

#[test]
fn regression_with_every_smooth_activation() {
    for activation in ["tanh", "sin", "gelu", "softplus"] {
        let network = format!("[network]\nactivation = \"{activation}\"\n");
        let law = "
[problem]
equation = \"u = exp(-x)*sin(3*y)\"
exact = \"exp(-x)*sin(3*y)\"
";
        reaches(&[SQUARE, law, &network], 1e-3);
    }
}

#[test]
fn random_points_in_five_dimensions() {
    let deck = r#"
[domain]
lower = [0.0, 0.0, 0.0, 0.0, 0.0]
upper = [1.0, 1.0, 1.0, 1.0, 1.0]
[functions]
g = "sum(x_i^2 over i)"
[problem]
equation = "lap(u) = 10"
exact = "g"
[[boundary]]
condition = "u = g"
"#;
    reaches(&[deck], 1e-3);
}

#[test]
fn poisson_with_hard_boundary_values() {
    let law = r#"
[functions]
f = "manufactured"
[problem]
equation = "-lap(u) = f"
exact = "sin(pi*x)*sin(pi*y) + x*y"
[[boundary]]
on = "x == 0 or y == 0"
condition = "u = 0"
enforce = "hard"
[[boundary]]
on = "x = 1"
condition = "u = y"
enforce = "hard"
[[boundary]]
on = "y = 1"
condition = "u = x"
enforce = "hard"
"#;
    reaches(&[SQUARE, law], 1e-6);
}

#[test]
fn an_equation_on_a_circle() {
    let deck = r#"
[domain]
lower = [0.5]
upper = [2.5]
[functions]
f = "manufactured"
[problem]
equation = "-u_xx + u = f"
exact = "exp(sin(pi*x))"
[network]
periodic = ["x"]
"#;
    reaches(&[deck], 1e-7);
}

#[test]
fn a_wave_of_many_periods_by_fourier_features() {
    let deck = r#"
[domain]
lower = [-1.0]
upper = [1.0]
[problem]
equation = "u = sin(20*x) + 0.3*x"
exact = "sin(20*x) + 0.3*x"
[network]
fourier = { features = 8, scale = 5.0 }
"#;
    reaches(&[deck], 1e-6);
}
