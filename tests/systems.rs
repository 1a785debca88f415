//! Systems whose unknowns, equations or targets are of units of their own.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{set, solve};
use ned_dist::deck::Deck;
use ned_dist::problem::build;
use ned_dist::run::Status;
use ned_dist::table::Table;

/// What a deck of several unknowns resolves to: the sizes of the unknowns, and the weights of the equations.
fn of_each(text: &str, unknowns: usize) -> [Vec<f64>; 2] {
    let mut deck = Deck::from_toml(text, "test.toml", &[]).unwrap();
    build(&mut deck, None).unwrap();
    let sizes = deck.network.output_scale.each(unknowns);
    [sizes, deck.problem.weight.each(unknowns)]
}

/// Flow of glycerine in a channel of 1 mm by 0.1 mm: only the pressure is told.
const CHANNEL: &str = r#"
[domain]
lower = [0.0, 0.0]
upper = [1e-3, 1e-4]
[constants]
mu = 1.4
dp = 1e4
[functions]
U = "dp/(2*mu*1e-3)*y*(1e-4 - y)"
P = "dp*(1 - x/1e-3)"
[problem]
unknowns = ["u", "v", "p"]
equation = ["-mu*lap(u) + p_x = 0", "-mu*lap(v) + p_y = 0", "u_x + v_y = 0"]
exact = ["U", "0", "P"]
[[boundary]]
on = "y = 0 or y = 1e-4"
condition = "u = 0"
[[boundary]]
on = "y = 0 or y = 1e-4 or x = 0 or x = 1e-3"
condition = "v = 0"
[[boundary]]
on = "x = 0 or x = 1e-3"
condition = "p = P"
[network]
hidden = [8]
[sampling]
points = 200
boundary_points = 100
"#;

#[test]
fn unknowns_and_equations_of_other_units_are_scaled_each() {
    let [sizes, weights] = of_each(CHANNEL, 3);
    // u is 9e-3 at most, and p 1e4.
    assert!((1e-3..=1.0).contains(&sizes[0]), "{sizes:?}");
    assert!((1e-4..=1.0).contains(&sizes[1]), "{sizes:?}");
    assert!((1e4..=1e5).contains(&sizes[2]), "{sizes:?}");
    assert_eq!(weights[..2], [1.0, 1.0]);
    assert!((1e8..=1e18).contains(&weights[2]), "{weights:?}");
    let summary = solve(CHANNEL, &set(&[("stop.error", "1e-7")]), 1, 1, None);
    assert_eq!(summary.status, Status::Converged, "{}", summary.reason);
    let of_unknown = summary.error_by_unknown;
    let u = of_unknown.values().next().unwrap();
    assert!(u.relative_l2 < 1e-3, "{:e}", u.relative_l2);
}

#[test]
fn unknowns_of_like_sizes_are_left_alone_and_what_is_given_is_heeded() {
    let like = CHANNEL.replace("1e-3", "1.0").replace("1e-4", "1.0");
    let like = like.replace("dp = 1e4", "dp = 3.0");
    let ones = vec![1.0; 3];
    assert_eq!(of_each(&like, 3), [ones.clone(), ones]);
    let given = CHANNEL
        .replace("exact", "weight = [1, 2, 3]\nexact")
        .replace("hidden", "output_scale = [4, 5, 6]\nhidden");
    assert_eq!(
        of_each(&given, 3),
        [vec![4.0, 5.0, 6.0], vec![1.0, 2.0, 3.0]]
    );
}

/// Numbers that start small, but grow as large as others fall.
#[test]
fn an_unknown_may_be_larger_than_it_is_told() {
    let epidemic = r#"
        domain = { lower = [0.0], upper = [160.0], coordinates = ["t"] }
        [problem]
        unknowns = ["S", "I", "R"]
        equation = ["S_t = -3e-7*S*I", "I_t = 3e-7*S*I - 0.1*I", "R_t = 0.1*I"]
        [[boundary]]
        on = "t = 0"
        condition = "S = 1e6"
        [[boundary]]
        on = "t = 0"
        condition = "I = 1"
        [[boundary]]
        on = "t = 0"
        condition = "R = 0"
        [network]
        hidden = [8]
    "#;
    let [sizes, _] = of_each(epidemic, 3);
    assert!(sizes[1] >= 1e3, "{sizes:?}");
}

/// One target is a thousand times the other.
#[test]
fn targets_of_other_units_count_alike() {
    let folder = tempfile::tempdir().unwrap();
    let rows = (0..60).map(|i| {
        let x = f64::from(i) / 59.0;
        format!("{x},{},{}\n", (3.0 * x).sin(), 1e3 * (2.0 * x).cos())
    });
    let rows: String = rows.collect();
    let file = folder.path().join("two.csv");
    std::fs::write(&file, "x,p,q\n".to_string() + &rows).unwrap();
    let data = |more: &str| {
        let text = format!(
            "[problem]\nunknowns = [\"u\", \"v\"]\n[data]\nfile = {file:?}\ninputs = [\"x\"]\n\
             target = [\"u = p\", \"v = q\"]\n{more}"
        );
        let mut deck = Deck::from_toml(&text, "test.toml", &[]).unwrap();
        let table = Table::read(&file).unwrap();
        build(&mut deck, Some(table)).unwrap();
        deck.data.unwrap().weight.each(2)
    };
    assert_eq!(data(""), [1e6, 1.0]);
    assert_eq!(data("weight = 3.0"), [3.0, 3.0]);
    assert_eq!(data("weight = [5.0, 2.0]"), [5.0, 2.0]);
}
