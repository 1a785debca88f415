//! Precedence, names, sums, conditions; and that what is displayed reads back.

use super::super::{Pool, Scope, Symbol};
use super::{assert_same, close, evaluate, plane, space, value_at};

#[test]
fn operators_bind_as_in_mathematics() {
    let scope = plane();
    for (text, value) in [
        ("-2^2", -4.0),
        ("2^3^2", 512.0),
        ("2*-3", -6.0),
        ("2^-1", 0.5),
        ("-2^-2", -0.25),
        ("10 - 3 - 2", 5.0),
        ("16/4/2", 2.0),
        ("16/4*2", 8.0),
        ("1 + 2*3", 7.0),
        ("(1 + 2)*3", 9.0),
        ("+3 - -3", 6.0),
        (".5 + 1. + 1e-3 + 2E2", 201.501),
        ("(-2)^3", -8.0),
        ("1 < 2", 1.0),
        ("1 + 1 >= 3 - 1", 1.0),
        ("2 != 2", 0.0),
        ("1 > 2 or 2 > 1 and not 3 == 4", 1.0),
        ("not 1 > 2", 1.0),
        ("if(2 > 1, 5, 6)", 5.0),
        ("min(3, 1, 2) + max(4, 9, 5)", 10.0),
        ("e", std::f64::consts::E),
        ("abs(-3) + sign(-2) + sign(0)", 2.0),
        ("erf(0.5)", 0.520_499_877_813_046_5),
        ("2*pi", std::f64::consts::TAU),
    ] {
        assert!(close(evaluate(text, &scope), value, 1e-15), "{text}");
    }
}

#[test]
fn a_negative_base_may_have_an_integer_power() {
    let scope = plane();
    assert!(close(evaluate("(x - 1)^3", &scope), -0.343, 1e-14));
    assert!(close(evaluate("(-x)^3", &scope), -0.027, 1e-14));
    assert!(close(evaluate("(x - 1)^-2", &scope), 1.0 / 0.49, 1e-14));
}

#[test]
fn names_of_jets_normals_and_coordinates() {
    let scope = plane();
    assert_same(&scope, "u_yx", "u_xy");
    assert_same(&scope, "u_x1x2", "u_xy");
    assert_same(&scope, "u_x2", "u_y");
    assert_same(&scope, "x1 + x2", "x + y");
    assert_same(&scope, "n_1", "n_x");
    assert_same(&scope, "dot(n, grad(u))", "dn(u)");
    assert_same(&scope, "r2", "x^2 + y^2");
    assert_same(&scope, "norm(x)", "sqrt(x^2 + y^2)");
    assert_same(&scope, "norm([x, 2])", "sqrt(x^2 + 4)");
    let fluids = Scope::new(&["x", "y"], &["n", "p"]).unwrap().boundary();
    assert_same(&fluids, "dn(p)", "n_1*p_x + n_2*p_y");
}

#[test]
fn sums_run_over_the_coordinates() {
    let d5 = space(5);
    assert_same(&d5, "sum(x_i^2 over i)", "r2");
    assert_same(&d5, "sum(x_i^2)", "norm(x)^2");
    assert_same(&d5, "sum(i)", "15");
    assert_same(
        &d5,
        "sum(i*u_x_i)",
        "u_x1 + 2*u_x2 + 3*u_x3 + 4*u_x4 + 5*u_x5",
    );
    assert_same(
        &d5,
        "sum(u_x_ix_i over i)",
        "u_x1x1+u_x2x2+u_x3x3+u_x4x4+u_x5x5",
    );
    assert_same(&d5, "dot(x, x)", "r2");
    assert_same(&d5, "dot(x, grad(u))", "sum(x_i*u_x_i)");
    assert_same(
        &space(2),
        "sum(sum(i*j*x_j over j) over i)",
        "x1+2*x2 + (2*x1+4*x2)",
    );
    assert_same(&plane(), "sum(n_i*u_x_i)", "dn(u)");
}

#[test]
fn time_is_no_coordinate_of_space() {
    let scope = Scope::new(&["x", "y", "t"], &["u"]).unwrap();
    assert_same(&scope, "lap(u)", "u_xx + u_yy");
    assert_same(&scope, "grad2(u)", "u_x^2 + u_y^2");
    // In more coordinates it is less work to take time off the whole.
    let wide = Scope::new(&["x", "y", "z", "t"], &["u"]).unwrap();
    assert_eq!(evaluate("lap(u) + u_tt", &wide), 2.5);
    assert_same(&scope, "div(t*grad(u))", "t*(u_xx + u_yy)");
    assert_same(&scope, "r2", "x^2 + y^2");
    assert_same(&scope.boundary(), "dn(u)", "n_x*u_x + n_y*u_y + n_t*u_t");
    assert_same(&scope, "u_t + u_tt", "u_tt + u_t");
}

#[test]
fn functions_are_defined_in_any_order() {
    let mut pool = Pool::new();
    let mut scope = plane();
    scope.add_constant("k", 3.0).unwrap();
    let functions = [
        ("f", "2*g + k"),
        ("s", "manufactured"),
        ("g", "h_x + x"),
        ("h", "x^2*y"),
        ("b", "[1, x]"),
        ("q", " manufactured "),
    ];
    scope.define_functions(&mut pool, &functions).unwrap();
    assert_eq!(scope.sources(), ["s", "q"]);
    let f = pool.parse("f", &scope).unwrap();
    assert_eq!(f, pool.parse("2*(2*x*y + x) + 3", &scope).unwrap());
    assert_eq!(scope.function("f"), Some(f));
    let q = pool.symbol(Symbol::Source(1));
    assert_eq!(pool.parse("q", &scope).unwrap(), q);
    let flow = pool.parse("dot(b, grad(u))", &scope).unwrap();
    assert_eq!(flow, pool.parse("u_x + x*u_y", &scope).unwrap());
}

#[test]
fn columns_win_on_the_right_side_of_a_target() {
    let mut pool = Pool::new();
    let mut scope = plane();
    scope.set_columns(&["x", "u", "height"]);
    let target = pool.parse_equation("u = u + height", &scope).unwrap();
    assert_eq!(target.left, pool.parse("u", &scope).unwrap());
    assert_eq!(value_at(&pool, target.right, super::value_of), 11.0 + 12.0);
    let residual = target.residual(&mut pool);
    assert_eq!(pool.symbols(residual).len(), 3);
}

#[test]
fn what_is_displayed_reads_back() {
    let scope = plane();
    for text in [
        "-x^2 + 3*(x - y)/(1 - u)",
        "x - (y - u) - (x + y)",
        "x/(y*u)/(x/y)",
        "-(x*y)/(u + 1)*2",
        "-lap(u) - 1 + u_x*v_xy - 2*u_yy",
        "if(x > 0.5 and not y <= 1, sqrt(x), -erf(x^-3))",
        "(x < y)*2 + (u == 1) - max(x, -y, u)^1.5",
        "2^(-x)^y - (-x)^y - x^-0.5",
        "n_x*u_x + n_y*u_y - 1e-20 + 1e300*x",
        "tanh(x)*e^y - 0.1*pi*x",
        "x - 2*(-y) - 3",
        "-(x + y)*-(x - y)^2",
        "1/(1/x) - abs(x)/abs(-x) + -3/x",
    ] {
        let mut pool = Pool::new();
        let id = pool.parse(text, &scope).unwrap();
        let shown = pool.display(id, &scope);
        let back = pool.parse(&shown, &scope).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(
            id,
            back,
            "{text} shown as {shown} is {}",
            pool.display(back, &scope)
        );
    }
    let mut pool = Pool::new();
    let id = pool.parse("1 - 2*x + u*3 - -y", &scope).unwrap();
    assert_eq!(pool.display(id, &scope), "1 - 2*x + 3*u + y");
}
