//! The tape: batches against single points, big expressions, inputs that are missing.

use super::super::{Pool, Symbol, Tape};
use super::{plane, space};

/// NaN is not equal to itself; its bits are.
fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|v| v.to_bits()).collect()
}

#[test]
fn a_batch_has_the_bits_of_its_points() {
    let scope = plane();
    let mut pool = Pool::new();
    let texts = [
        "if(x > y, sin(x)*exp(y) - x^7/3, max(x, y, 0.5)) + erf(x*y)^2",
        "tanh(3*x - y)^1.3 + 2^(x*y) + (x - 0.5)^-3",
        "x",
        "2*pi",
        "x*y + x*y*(x - y)",
    ];
    let ids = texts.map(|t| pool.parse(t, &scope).unwrap());
    let tape = Tape::new(&pool, &ids);
    assert_eq!(tape.constant(3), Some(std::f64::consts::TAU));
    assert_eq!((tape.constant(0), tape.outputs()), (None, 5));
    let n = 1000;
    let x: Vec<f64> = (0..n).map(|k| (k as f64 * 0.618).fract()).collect();
    let y: Vec<f64> = (0..n).map(|k| (k as f64 * 0.414).fract()).collect();
    let part = |from: usize, to: usize| {
        tape.eval(to - from, |s| match s {
            Symbol::Coordinate(0) => &x[from..to],
            _ => &y[from..to],
        })
    };
    let all = part(0, n);
    for k in 0..n {
        for (column, single) in all.iter().zip(part(k, k + 1)) {
            assert_eq!(column[k].to_bits(), single[0].to_bits());
        }
    }
    let halves = (part(0, 300), part(300, n));
    for (k, column) in all.iter().enumerate() {
        assert_eq!(bits(&column[..300]), bits(&halves.0[k]));
        assert_eq!(bits(&column[300..]), bits(&halves.1[k]));
        assert_eq!(column.len(), n);
    }
    assert!(part(5, 5).iter().all(Vec::is_empty));
}

#[test]
fn sums_of_thousands_of_terms_do_not_exhaust_the_stack() {
    let scope = plane();
    let terms: Vec<String> = (0..5000)
        .map(|k| format!("x^{}*u/{}", k % 9, k + 1))
        .collect();
    let text = terms.join(" + ");
    let mut pool = Pool::new();
    let id = pool.parse(&text, &scope).unwrap();
    let slope = pool.total_derivative(id, 0).unwrap();
    assert_eq!(pool.symbols(slope).len(), 3);
    assert!(pool.display(slope, &scope).len() > 10_000);
    let tape = Tape::new(&pool, &[id, slope]);
    let values = tape.eval(1, |_| &[1.0]);
    let harmonic: f64 = (1..=5000).map(|k| 1.0 / f64::from(k)).sum();
    assert!((values[0][0] - harmonic).abs() < 1e-10);
    let high = space(1000);
    let id = pool.parse("sum(cos(pi*x_i))*grad2(u)", &high).unwrap();
    assert_eq!(pool.symbols(id).len(), 2000);
    // Deep to the right, which no text can be, but substitution can.
    let mut deep = pool.symbol(Symbol::Coordinate(0));
    for _ in 0..50_000 {
        deep = pool.apply(super::super::Function::Sin, deep);
    }
    let slope = pool.derivative(deep, Symbol::Coordinate(0));
    assert!(pool.display(slope, &scope).ends_with("..."));
}

#[test]
fn shared_parts_are_not_copied() {
    let mut pool = Pool::new();
    let mut square = pool.parse("x*sin(y)", &plane()).unwrap();
    for _ in 0..200 {
        let next = pool.apply(super::super::Function::Cos, square);
        square = pool.mul(square, next);
    }
    let slope = pool.derivative(square, Symbol::Coordinate(0));
    assert!(pool.len() < 3000);
    let tape = Tape::new(&pool, &[slope]);
    assert!(tape.eval(1, |_| &[0.5])[0][0].is_finite());
}

#[test]
fn missing_inputs_show_as_nan() {
    let mut pool = Pool::new();
    let id = pool.parse("x + 1", &plane()).unwrap();
    let tape = Tape::new(&pool, &[id]);
    assert_eq!(tape.inputs(), [Symbol::Coordinate(0)]);
    assert!(tape.eval(2, |_| &[0.5])[0].iter().all(|v| v.is_nan()));
}
