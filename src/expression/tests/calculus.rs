//! Derivatives against central differences, and the notation of PDEs against hand calculation.

use super::super::{DerivativeError, Function, Pool, Symbol};
use super::{assert_same, close, plane, space, value_at, value_of};

/// ∂e/∂x, and D_x for u = sin(2x+y), v = x²y, against central differences at several points.
fn check(text: &str) {
    let scope = plane();
    let mut pool = Pool::new();
    let id = pool.parse(text, &scope).unwrap_or_else(|e| panic!("{e}"));
    let symbol = Symbol::Coordinate(0);
    let slope = pool.derivative(id, symbol);
    let total = pool.total_derivative(id, 0).unwrap();
    let exact = ["sin(2*x + y)", "x^2*y"].map(|t| pool.parse(t, &scope).unwrap());
    let along = super::super::exact_in(&mut pool, id, &exact);
    let total = super::super::exact_in(&mut pool, total, &exact);
    for x in [0.13, 0.37, 0.61, 0.89] {
        let at = |h: f64| move |s| if s == symbol { x + h } else { value_of(s) };
        for (value, slope) in [(id, slope), (along, total)] {
            let h = 2e-4;
            let odd = |h| value_at(&pool, value, at(h)) - value_at(&pool, value, at(-h));
            let difference = (8.0 * odd(h) - odd(2.0 * h)) / (12.0 * h);
            let slope = value_at(&pool, slope, at(0.0));
            assert!(close(slope, difference, 1e-9), "{text} at {x}: {slope}");
        }
    }
}

#[test]
fn every_function_has_its_derivative() {
    for function in Function::all() {
        check(&format!("{}(0.9*x + 0.05)", function.name()));
        check(&format!("{}(0.1 + x^2*y)*u", function.name()));
    }
}

#[test]
fn derivatives_of_what_jumps_are_known_to_lack_it() {
    for (text, jumps) in [
        ("if(x < 0.5, 1, 10)*u_x", true),
        ("sign(x - 0.5)*u", true),
        ("(1 + 9*(x > 0.5))*u_x", true),
        ("if(x < 0.5, 2, 2)*u_x", false),
        ("if(x < 0.5, x, 1 - x)*u_x", false),
        ("exp(x)*u", false),
    ] {
        let mut pool = Pool::new();
        let id = pool.parse(text, &plane()).unwrap();
        // Slopes by the jet, of which Newton's method is made, lose nothing.
        let by_u = Symbol::Jet {
            unknown: 0,
            derivative: crate::expression::Derivative::Value,
        };
        pool.derivative(id, by_u);
        assert!(!pool.take_lost_jumps(), "{text}");
        pool.total_derivative(id, 0).unwrap();
        assert_eq!(pool.take_lost_jumps(), jumps, "{text}");
    }
}

#[test]
fn operations_have_their_derivatives() {
    for text in [
        "x^3",
        "(x - 2)^3",
        "(x - 2)^-2",
        "x^2.5",
        "x^-0.5",
        "2^x",
        "x^x",
        "(1 + x)^(u*x)",
        "x/(1 + u^2)",
        "u/v - 1/x",
        "-(x - u)*(x + v)",
        "min(x, 0.5) + max(x^2, 0.3*x, v)",
        "if(x > 0.5, x^2, sin(x))",
        "if(x > 0.5 or u < 0.1, x^2*u, -3)*v",
        "(x > 0.5)*x^2",
        "sqrt(1 + x^2)*exp(-r2)",
        "grad2(u)*x + lap(x*y^3)",
        "norm(x)^3",
        "e^(x*u)",
    ] {
        check(text);
    }
}

#[test]
fn if_never_lets_nan_through() {
    let scope = plane();
    let mut pool = Pool::new();
    let id = pool
        .parse("if(x > 0, sqrt(x)*log(x), x^2)^2", &scope)
        .unwrap();
    let symbol = Symbol::Coordinate(0);
    let first = pool.derivative(id, symbol);
    let second = pool.derivative(first, symbol);
    for (id, value) in [(id, 16.0), (first, -32.0), (second, 48.0)] {
        assert_eq!(value_at(&pool, id, |_| -2.0), value);
    }
    assert_eq!(value_at(&pool, first, |_| 0.0), 0.0);
}

#[test]
fn divergence_of_a_scaled_gradient_keeps_the_laplacian_whole() {
    let scope = plane();
    for (notation, by_hand) in [
        ("div(grad(u))", "lap(u)"),
        ("div(3*grad(u))", "3*lap(u)"),
        ("div((1 + x*y)*grad(u))", "(1 + x*y)*lap(u) + y*u_x + x*u_y"),
        ("div(u*grad(u))", "u*lap(u) + u_x^2 + u_y^2"),
        ("div(-grad(u)/2 + [x*u, 0])", "u + x*u_x - lap(u)/2"),
        (
            "div(grad(u)*v - 2*u*grad(v))",
            "v*lap(u) - 2*u*lap(v) - dot(grad(u), grad(v))",
        ),
        ("div([u_x, v_y])", "u_xx + v_yy"),
        ("lap(u^2)", "2*u*lap(u) + 2*(u_x^2 + u_y^2)"),
        ("lap(x^2*u)", "2*u + 4*x*u_x + x^2*lap(u)"),
        ("lap(u*v)", "u*lap(v) + v*lap(u) + 2*dot(grad(u), grad(v))"),
        ("grad2(x*u)", "(u + x*u_x)^2 + (x*u_y)^2"),
        ("dn(x*u)", "n_x*(u + x*u_x) + n_y*x*u_y"),
        ("dot([y, -x], grad(u))", "y*u_x - x*u_y"),
    ] {
        let mut pool = Pool::new();
        let left = pool
            .parse(notation, &scope)
            .unwrap_or_else(|e| panic!("{e}"));
        let right = pool
            .parse(by_hand, &scope)
            .unwrap_or_else(|e| panic!("{e}"));
        let symbols = pool.symbols(left);
        assert!(
            symbols.is_subset(&pool.symbols(right)),
            "{notation}: {symbols:?}"
        );
        let (a, b) = (
            value_at(&pool, left, value_of),
            value_at(&pool, right, value_of),
        );
        assert!(
            close(a, b, 1e-14),
            "{notation} is {}",
            pool.display(left, &scope)
        );
    }
}

#[test]
fn p_laplacian_is_of_second_order() {
    // div(|grad u|^2 grad u) = |grad u|^2 lap u + 2 (u_x^2 u_xx + 2 u_x u_y u_xy + u_y^2 u_yy)
    let scope = plane();
    let mut pool = Pool::new();
    let left = pool.parse("div(grad2(u)*grad(u))", &scope).unwrap();
    let by_hand = "grad2(u)*lap(u) + 2*(u_x^2*u_xx + 2*u_x*u_y*u_xy + u_y^2*u_yy)";
    let right = pool.parse(by_hand, &scope).unwrap();
    let (a, b) = (
        value_at(&pool, left, value_of),
        value_at(&pool, right, value_of),
    );
    assert!(close(a, b, 1e-14));
}

#[test]
fn third_derivatives_do_not_exist() {
    let mut pool = Pool::new();
    for text in ["u_xx", "lap(u)"] {
        let id = pool.parse(text, &plane()).unwrap();
        let result = pool.total_derivative(id, 0);
        assert_eq!(result, Err(DerivativeError::ThirdOrder));
        // A failed derivative leaves nothing behind.
        assert_eq!(pool.total_derivative(id, 0), result);
    }
}

#[test]
fn laplacians_in_high_dimension_stay_small() {
    let scope = space(100);
    let mut pool = Pool::new();
    let id = pool
        .parse("lap(sum(cos(pi*x_i)) + exp(u))", &scope)
        .unwrap();
    assert!(pool.len() < 5_000, "{}", pool.len());
    assert_eq!(pool.symbols(id).len(), 100 + 100 + 2);
    assert_same(&scope, "lap(sum(x_i^3))", "sum(6*x_i)");
}
