//! Disks, spheres, balls and polygons.

use super::reaches;

#[test]
fn poisson_on_a_disk() {
    let deck = r#"
[domain]
shape = "ball"
center = [0.5, -0.5]
radius = 1.0
[functions]
exact = "sin(x)*exp(y/2) + x*y"
f = "manufactured"
[problem]
equation = "-lap(u) = f"
exact = "exact"
[[boundary]]
condition = "u = exact"
"#;
    reaches(&[deck], 1e-5);
    let hard = deck.replace(
        "\"sin(x)*exp(y/2) + x*y\"",
        "\"(1 - (x - 0.5)^2 - (y + 0.5)^2)*cos(x)\"",
    );
    reaches(
        &[&hard.replace("\"u = exact\"", "\"u = 0\"\nenforce = \"hard\"")],
        1e-5,
    );
}

#[test]
fn a_sphere_with_neumann_and_robin_conditions() {
    let deck = r#"
[domain]
shape = "ball"
center = [0.0, 0.0, 0.0]
radius = 1.0
[functions]
exact = "x*y + exp(z/2)"
f = "manufactured"
[problem]
equation = "-lap(u) + u = f"
exact = "exact"
[[boundary]]
on = "z > 0"
condition = "dn(u) = dot(n, grad(exact))"
[[boundary]]
on = "z <= 0"
condition = "dn(u) + 2*u = dot(n, grad(exact)) + 2*exact"
"#;
    reaches(&[deck], 1e-4);
}

#[test]
fn poisson_in_a_ball_of_five_dimensions() {
    let deck = r#"
[domain]
shape = "ball"
center = [0.0, 0.0, 0.0, 0.0, 0.0]
radius = 1.0
[problem]
equation = "-lap(u) = 10"
exact = "1 - r2"
[[boundary]]
condition = "u = 0"
"#;
    reaches(&[deck], 1e-3);
}

const L: &str = r#"
[domain]
shape = "polygon"
vertices = [[0, 0], [1, 0], [1, 1], [-1, 1], [-1, -1], [0, -1]]
[functions]
exact = "cos(x)*sin(y + 0.5) + x^2"
f = "manufactured"
[problem]
equation = "-lap(u) = f"
exact = "exact"
"#;

#[test]
fn poisson_on_an_l_shape() {
    let weak = r#"
[[boundary]]
on = "edge 2 or edge 4"
condition = "dn(u) = dot(n, grad(exact))"
[[boundary]]
on = "x > -1 and x < 1"
condition = "u = exact"
"#;
    reaches(&[L, weak], 1e-5);
}

#[test]
fn poisson_on_a_triangle_with_hard_values() {
    let deck = r#"
[domain]
shape = "polygon"
vertices = [[0, 0], [1, 2], [2, 0]]
[functions]
f = "manufactured"
[problem]
equation = "-lap(u) = f"
exact = "y*(2*x - y)*(4 - 2*x - y)*cos(x) + x"
[[boundary]]
condition = "u = x"
enforce = "hard"
"#;
    reaches(&[deck], 1e-5);
}

#[test]
fn hard_values_on_the_convex_side_of_an_l_shape() {
    let boundary = r#"
[[boundary]]
on = "edge 2 or edge 3 or edge 4 or edge 5"
condition = "u = 0"
enforce = "hard"
[[boundary]]
on = "edge 1 or edge 6"
condition = "dn(u) = dot(n, grad(exact))"
"#;
    let exact = "(1 - x^2)*(1 - y^2)*cos(x + y)";
    let law = L.replace("cos(x)*sin(y + 0.5) + x^2", exact);
    reaches(&[&law, boundary], 1e-5);
}
