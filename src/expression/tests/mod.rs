//! Expressions against truth: values, derivatives against central differences, hand calculations.

#![allow(clippy::unwrap_used)]

mod calculus;
mod errors;
mod evaluation;
mod language;
mod manufactured;

use super::{Derivative, Id, Pool, Scope, Symbol, Tape};

/// x, y and u, v, on the boundary.
pub(super) fn plane() -> Scope {
    let mut scope = Scope::new(&["x", "y"], &["u", "v"]).unwrap();
    scope.on_boundary = true;
    scope
}

/// d coordinates x1 .. xd and u.
pub(super) fn space(d: usize) -> Scope {
    let names: Vec<String> = (1..=d).map(|k| format!("x{k}")).collect();
    Scope::new(&names, &["u".to_owned()]).unwrap()
}

/// A number for every symbol, different for each and the same every time.
pub(super) fn value_of(symbol: Symbol) -> f64 {
    match symbol {
        Symbol::Coordinate(i) => 0.3 + 0.4 * i as f64,
        Symbol::Normal(i) => [0.6, 0.8, 0.1][i % 3],
        Symbol::Column(k) => 10.0 + k as f64,
        Symbol::Source(k) => 100.0 + k as f64,
        Symbol::Jet {
            unknown,
            derivative,
        } => {
            let shift = unknown as f64 / 8.0;
            match derivative {
                Derivative::Value => 0.7 + shift,
                Derivative::First(i) => 1.1 - 0.3 * i as f64 + shift,
                Derivative::Second(i, j) => 0.2 + 0.5 * i as f64 + 0.9 * j as f64 + shift,
                Derivative::Laplacian => 2.5 + shift,
            }
        }
    }
}

/// The value of an expression at one point.
pub(super) fn value_at(pool: &Pool, id: Id, value: impl Fn(Symbol) -> f64) -> f64 {
    let tape = Tape::new(pool, &[id]);
    let table: Vec<(Symbol, [f64; 1])> = tape.inputs().iter().map(|&s| (s, [value(s)])).collect();
    let input = |symbol| {
        let row = table.iter().find(|row| row.0 == symbol);
        &row.unwrap().1[..]
    };
    tape.eval(1, input)[0][0]
}

pub(super) fn evaluate(text: &str, scope: &Scope) -> f64 {
    let mut pool = Pool::new();
    let id = pool.parse(text, scope).unwrap_or_else(|e| panic!("{e}"));
    value_at(&pool, id, value_of)
}

/// Asserts that two texts lower to the same expression.
pub(super) fn assert_same(scope: &Scope, left: &str, right: &str) {
    let mut pool = Pool::new();
    let a = pool.parse(left, scope).unwrap_or_else(|e| panic!("{e}"));
    let b = pool.parse(right, scope).unwrap_or_else(|e| panic!("{e}"));
    let (x, y) = (pool.display(a, scope), pool.display(b, scope));
    assert_eq!(a, b, "{left} is {x}, {right} is {y}");
}

pub(super) fn close(a: f64, b: f64, tolerance: f64) -> bool {
    (a - b).abs() <= tolerance * (1.0 + b.abs())
}
