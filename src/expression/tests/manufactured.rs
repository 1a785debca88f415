//! Sources made from exact solutions, against hand calculation.

use super::super::{Pool, Scope, exact_in, solve_source, solve_source_energy};
use super::{close, plane, value_at, value_of};

fn setting() -> (Pool, Scope) {
    let (mut pool, mut scope) = (Pool::new(), plane());
    let functions = [("f", "manufactured"), ("g", "manufactured")];
    scope.define_functions(&mut pool, &functions).unwrap();
    (pool, scope)
}

fn source(equation: &str, exact: &[&str]) -> Result<(Pool, Scope, super::Id), String> {
    let (mut pool, scope) = setting();
    let equation = pool.parse_equation(equation, &scope).unwrap();
    let exact: Vec<_> = exact
        .iter()
        .map(|t| pool.parse(t, &scope).unwrap())
        .collect();
    let residual = equation.residual(&mut pool);
    let f = solve_source(&mut pool, residual, &exact, 0)?;
    let zero = pool.substitute(residual, &mut |s| {
        (s == super::Symbol::Source(0)).then_some(f)
    });
    let zero = exact_in(&mut pool, zero, &exact);
    assert!(value_at(&pool, zero, value_of).abs() < 1e-12);
    Ok((pool, scope, f))
}

#[test]
fn sources_of_equations() {
    for (equation, exact, by_hand) in [
        (
            "-lap(u) = f",
            "sin(pi*x)*sin(pi*y)",
            "2*pi^2*sin(pi*x)*sin(pi*y)",
        ),
        ("f = -div((1 + x)*grad(u))", "x^2 + y", "-(2*(1 + x) + 2*x)"),
        ("u_xx + u*u_y - 2*f/x = 3", "x^2*y", "(2*y + x^4*y - 3)*x/2"),
        (
            "-lap(u) + u^3 = f*u + 1",
            "1 + x",
            "((1 + x)^3 - 1)/(1 + x)",
        ),
    ] {
        let (mut pool, scope, f) = source(equation, &[exact]).unwrap();
        let by_hand = pool.parse(by_hand, &scope).unwrap();
        let (a, b) = (
            value_at(&pool, f, value_of),
            value_at(&pool, by_hand, value_of),
        );
        assert!(close(a, b, 1e-13), "{equation}: {a}, not {b}");
    }
    let (pool, _, f) = source("u_x + v_y = f", &["x^2", "y^2"]).unwrap();
    assert!(close(value_at(&pool, f, value_of), 0.6 + 1.4, 1e-14));
}

#[test]
fn sources_that_cannot_be_found() {
    for (equation, exact, message) in [
        ("-lap(u) = 1", "x", "does not occur"),
        ("-lap(u) = f^2", "x", "linearly"),
        ("-lap(u) = f + g", "x", "two manufactured"),
        ("-lap(u) + v = f", "x", "every unknown"),
        ("dn(u) = f", "x", "only"),
    ] {
        let error = source(equation, &[exact]).unwrap_err();
        assert!(error.contains(message), "{error}");
    }
}

#[test]
fn sources_of_energies() {
    let cubic = "x^3*y^2 + y*x";
    for (density, exact, equation) in [
        ("0.5*grad2(u) - f*u", cubic, "-lap(u) = f"),
        (
            "(1 + x)*grad2(u)/2 + u^4/4 - 3*f*u",
            cubic,
            "-div((1 + x)*grad(u)) + u^3 = 3*f",
        ),
        (
            "sqrt(1 + grad2(u)) - f*u",
            cubic,
            "-div(grad(u)/sqrt(1 + grad2(u))) = f",
        ),
        // Fourth order, by hand: the bi-Laplacian, and the derivative by x, x, y, y.
        (
            "lap(u)^2/2 - lap(u) - f*u",
            "x^5*y/5 + x^4*y",
            "24*x*y + 24*y = f",
        ),
        ("u_xy^2/2 - f*u", "2*x^3*y^2", "24*x = f"),
    ] {
        let (mut pool, scope) = setting();
        let exact = [pool.parse(exact, &scope).unwrap()];
        let density = pool.parse(density, &scope).unwrap();
        let f = solve_source_energy(&mut pool, density, 0, &exact, 2, 0).unwrap();
        let strong = pool.parse_equation(equation, &scope).unwrap();
        let residual = strong.residual(&mut pool);
        let by_hand = solve_source(&mut pool, residual, &exact, 0).unwrap();
        let (a, b) = (
            value_at(&pool, f, value_of),
            value_at(&pool, by_hand, value_of),
        );
        assert!(close(a, b, 1e-12), "{equation}: {a}, not {b}");
    }
    let (mut pool, scope) = setting();
    let exact = [pool.parse("x", &scope).unwrap()];
    let density = pool.parse("f*u_x + u^2", &scope).unwrap();
    let error = solve_source_energy(&mut pool, density, 0, &exact, 2, 0).unwrap_err();
    assert!(error.contains("f*u"), "{error}");
}
