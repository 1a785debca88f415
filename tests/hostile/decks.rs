//! Decks and the expressions in them.

use super::{Tally, check};
use crate::mutation::Mutation;
use ned_dist::deck::starters;
use ned_dist::expression::{Pool, Scope, Tape};

#[test]
fn spoilt_decks_are_refused_or_understood() {
    let mut tally = Tally::default();
    for (seed, starter) in (0..).zip(starters()) {
        let mut mutation = Mutation::new(seed);
        check(starter.text).unwrap();
        for _ in 0..120 {
            tally.count(check(&mutation.text(starter.text)));
        }
    }
    tally.assert_varied(100);
}

#[test]
fn spoilt_expressions_are_refused_or_understood() {
    let scope = Scope::new(&["x", "y", "t"], &["u", "v"]).unwrap();
    let good = [
        "-lap(u) + u*u_x = 2*pi^2*sin(pi*x)*exp(-y/3)",
        "div((1 + x^2)*grad(u)) + dot([x, y], grad(v)) - if(x < y, u_t, v_xy) = 0",
        "sum(x_i^2*u_x_i over i) + norm([x, y])^3 - min(abs(u), 2, erf(v)) = sqrt(r2)",
        "grad2(u)/2 - (x - (y - (x - y - t))) = tanh(u)^-2 - not (x == 1 and y > 2)",
    ];
    let mut tally = Tally::default();
    for (seed, good) in (0..).zip(good) {
        let mut mutation = Mutation::new(seed);
        for _ in 0..1500 {
            let mut pool = Pool::new();
            let parsed = pool.parse_equation(&mutation.text(good), &scope);
            if let Ok(equation) = parsed {
                let residual = equation.residual(&mut pool);
                let shown = pool.display(residual, &scope);
                assert!(!shown.is_empty());
                for symbol in pool.symbols(residual) {
                    pool.derivative(residual, symbol);
                }
                Tape::new(&pool, &[residual]);
            }
            tally.count(parsed);
        }
    }
    tally.assert_varied(40);
}
