//! Messages: what they say, and where the carets stand.

use super::super::{ExpressionError, Pool, Scope};
use super::{plane, space};

fn error(text: &str, scope: &Scope) -> ExpressionError {
    match Pool::new().parse(text, scope) {
        Err(error) => error,
        Ok(_) => panic!("{text} was read"),
    }
}

#[test]
fn errors_say_what_and_where() {
    let scope = Scope::new(&["x", "y"], &["u"]).unwrap();
    for (text, place, message) in [
        ("2x", "2x", "write 2*x"),
        ("x + 2 u", "2 u", "write 2*u"),
        ("x(1 + u)", "x", "write x*(..)"),
        ("2(x + 1)", "2(", "operator is missing"),
        ("(x + 1", "(", "never closed"),
        ("x + 1)", ")", "closes nothing"),
        ("(x]", "]", "closes nothing"),
        ("x +", "+", "missing behind"),
        ("x + * y", "*", "missing before `*`"),
        ("sin()", "sin()", "sin is written sin(a); nothing is given"),
        ("sin(x, y)", "sin(x, y)", "2 arguments are given"),
        ("if(x, y)", "if(x, y)", "if(condition, a, b)"),
        ("min(x)", "min(x)", "min(a, b)"),
        ("q + 1", "q", "known names: x, y, u"),
        ("x + sine(x)", "sine", "did you mean `sin`"),
        ("ln(x)", "ln", "did you mean `log`"),
        ("u = 0", "=", "inside an expression"),
        ("x < y < 1", "<", "a < b and b < c"),
        ("dn(u)", "dn(u)", "boundary conditions"),
        ("n_x*u", "n_x", "boundary conditions"),
        ("grad(u) + 1", "+", "cannot be added"),
        ("grad(u)", "grad(u)", "a vector where a number is needed"),
        (
            "1 + sin(grad(u))",
            "grad(u)",
            "a vector where a number is needed",
        ),
        ("div(u)", "div(u)", "needs a vector"),
        ("dot(u, grad(u))", "u", "two vectors"),
        ("grad(u)*grad(u)", "*", "dot(a, b)"),
        ("1 + lap(lap(u))", "lap(lap(u))", "third derivatives"),
        ("lap(u_x)", "lap(u_x)", "third derivatives"),
        ("1 + u_xxy", "u_xxy", "third derivatives"),
        ("grad2(u_xx)", "grad2(u_xx)", "third derivatives"),
        ("u_z", "u_z", "coordinates: x, y"),
        ("x + ux", "ux", "did you mean `u_x`"),
        ("U_xy", "U_xy", "did you mean `u_xy`"),
        ("u(0)", "u", "is said by `on`"),
        ("[x, y, 1]", "[x, y, 1]", "each of the 2 coordinates"),
        ("x, y", ",", "comma"),
        ("x ** 2", "**", "x^2"),
        ("x & y", "&", "`and`"),
        ("1/0 + x", "1/0 + x", "finite"),
        ("1e999", "1e999", "too large"),
        ("x_i", "x_i", "in a sum"),
        ("sum(u_i)", "u_i", "u_x_i"),
        ("sum(x_i over)", "over)", "sum(expression over i)"),
        ("x over i", "over", "sum(expression over i)"),
        ("and x", "and", "missing before"),
        ("", "", "missing"),
        ("x + \u{3bb}", "\u{3bb}", "not defined"),
        ("x + @", "@", "`@` is not part"),
    ] {
        let error = error(text, &scope);
        assert!(error.message.contains(message), "{text}: {error}");
        assert_eq!(&text[error.span.clone()], place, "{error}");
    }
}

#[test]
fn carets_count_characters() {
    let mut scope = plane();
    scope.add_constant("\u{3bd}", 1.0).unwrap();
    let error = error("\u{3bd}*\u{3bd}*lapp(u)", &scope);
    let lines: Vec<String> = error.to_string().lines().map(str::to_owned).collect();
    assert_eq!(lines[1], "  \u{3bd}*\u{3bd}*lapp(u)");
    assert_eq!(lines[2], "      ^^^^");
    assert!(lines[0].contains("did you mean `lap`"));
}

#[test]
fn long_and_broken_lines_show_the_place_only() {
    let text = format!(
        "{}\n + {}q + {}",
        "x + y",
        "x + ".repeat(500),
        "x + ".repeat(500) + "x"
    );
    let shown = error(&text, &plane()).to_string();
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(lines[1].chars().count() < 200, "{shown}");
    let caret = lines[2].chars().position(|c| c == '^').unwrap();
    assert_eq!(lines[1].chars().nth(caret), Some('q'));
}

#[test]
fn equations_have_one_sign() {
    let scope = plane();
    let mut pool = Pool::new();
    for (text, place, message) in [
        ("u", "u", "left = right"),
        ("u = v = 0", "=", "one `=` too many"),
        ("sin(u = 0)", "=", "brackets"),
        ("u =", "=", "nothing stands behind"),
        ("= u", "=", "nothing stands before"),
        ("grad(u) = 0", "grad(u)", "vector"),
        ("u = q", "q", "not defined"),
    ] {
        let error = pool.parse_equation(text, &scope).unwrap_err();
        assert!(error.message.contains(message), "{text}: {error}");
        assert_eq!(&text[error.span.clone()], place, "{error}");
    }
}

#[test]
fn names_must_not_clash() {
    let mut scope = plane();
    for (name, message) in [
        ("x", "a coordinate"),
        ("x2", "a coordinate"),
        ("u", "an unknown"),
        ("sin", "reserved"),
        ("e", "reserved"),
        ("u_x", "already"),
        ("n_y", "already"),
        ("2k", "not"),
        ("a b", "name"),
    ] {
        let error = scope.add_constant(name, 1.0).unwrap_err();
        assert!(error.message.contains(message) || name == "2k", "{error}");
    }
    scope.add_constant("k", 1.0).unwrap();
    assert!(scope.add_constant("k", 2.0).is_err());
    assert!(scope.add_constant("m", f64::NAN).is_err());
    assert!(Scope::new(&["x", "x"], &["u"]).is_err());
    assert!(Scope::new(&["x2", "y"], &["u"]).is_err());
}

#[test]
fn functions_are_of_the_coordinates_and_not_in_circles() {
    let mut pool = Pool::new();
    let define = |pool: &mut Pool, functions: &[(&str, &str)]| {
        let error = plane().define_functions(pool, functions).unwrap_err();
        error.message
    };
    let circle = define(
        &mut pool,
        &[("a", "1"), ("f", "g + a"), ("g", "h_x"), ("h", "2*f")],
    );
    assert!(circle.contains("f -> g -> h -> f"), "{circle}");
    assert!(define(&mut pool, &[("f", "f + 1")]).contains("f -> f"));
    assert!(define(&mut pool, &[("f", "u + 1")]).contains("cannot be used here"));
    assert!(define(&mut pool, &[("f", "u_x")]).contains("cannot be used here"));
    assert!(define(&mut pool, &[("u", "1")]).contains("already"));
}

#[test]
fn hostile_texts_end_in_errors() {
    let scope = plane();
    for (open, close) in [
        ("(", ")"),
        ("-", ""),
        ("sin(", ")"),
        ("2^", ""),
        ("not ", ""),
    ] {
        let text = |n| open.repeat(n) + "x" + &close.repeat(n);
        assert!(error(&text(10_000), &scope).message.contains("nested"));
        assert!(Pool::new().parse(&text(150), &scope).is_ok());
    }
    let deep = "if(1<x,[".repeat(150);
    assert!(Pool::new().parse(&deep, &scope).is_err());
    assert!(
        error(&"x+".repeat(60_000), &scope)
            .message
            .contains("longer")
    );
    let sums = "sum(".repeat(5) + "1" + &")".repeat(5);
    assert!(error(&sums, &space(100)).message.contains("too many"));
    for text in [
        "((((", "]", "sum(", "sum(over", "over", "norm(", ",", "=", ".", "1.2.3", "_", "u_",
    ] {
        error(text, &scope);
    }
}
