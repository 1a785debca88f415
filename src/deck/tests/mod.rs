//! Every bad deck gives one error that names the key, the place and the cure; good ones round-trip.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod overrides;
mod resolved;
mod rules;
mod values;

use super::*;

/// A deck that uses most keys; line numbers in the tests below count from here.
const GOOD: &str = r#"title = "A plate"
[domain]
shape = "box"
lower = [0, 0]
upper = [1.0, 1.0]
[constants]
k = 2
a = 0.1
[functions]
g = "k*x"
f = "manufactured"
[problem]
equation = "-lap(u) = f"
exact = "sin(pi*x)*sin(pi*y)"
[[boundary]]
condition = "u = 0"
[[boundary]]
on = "x = 0"
condition = "dn(u) = g"
weight = 10
[network]
hidden = [64]
activation = "tanh"
[sampling]
points = 900
rule = "random"
resample = "auto"
[flow]
metric = "l2"
dt = 1e-3
seed = 7
[stop]
steps = 500
error = 1e-9
[output]
fields = ["csv", "vti"]
grid = [101, 101]
[checkpoint]
every = "10 min"
"#;

/// Only data.
const DATA: &str = r#"[data]
file = "terrain.csv"
inputs = ["x", "y"]
target = "u = height"
[network]
activation = "relu"
"#;

fn read(text: &str) -> Result<Deck, DeckError> {
    Deck::from_toml(text, "deck.toml", &[])
}

fn overridden(text: &str, key: &str, value: &str) -> Result<Deck, DeckError> {
    Deck::from_toml(text, "deck.toml", &[(key.to_owned(), value.to_owned())])
}

/// Asserts what an error says: `key | place | part of the message | part of the cure`.
#[track_caller]
fn assert_says(result: Result<Deck, DeckError>, says: &str) {
    let error = result.expect_err(says);
    let shown = error.to_string();
    let [key, place, message, cure] = cells(says);
    assert_eq!(error.key.as_deref().unwrap_or_default(), key, "{shown}");
    assert_eq!(error.place.as_deref().unwrap_or_default(), place, "{shown}");
    assert!(error.message.contains(message), "{shown}\nlacks {message}");
    assert!(error.cure.contains(cure), "{shown}\nlacks {cure}");
    assert!(shown.contains(place) && shown.contains(message) && shown.contains(cure));
}

/// The cells of a row, `a | b | c`.
fn cells<const N: usize>(row: &str) -> [&str; N] {
    let cells: Vec<&str> = row.split('|').map(str::trim).collect();
    cells.try_into().expect("a cell for every column")
}

/// The rows of a table, one a line.
fn rows(table: &str) -> impl Iterator<Item = &str> {
    table.lines().map(str::trim).filter(|row| !row.is_empty())
}

/// Puts a line in the place of a line of the good deck, and asserts the error at that line:
/// `line | new text | key | part of the message | part of the cure`.
#[track_caller]
fn bad(table: &str) {
    for row in rows(table) {
        let [line, with, key, message, cure] = cells(row);
        let mut lines: Vec<&str> = GOOD.lines().collect();
        lines[line.parse::<usize>().expect("a line number") - 1] = with;
        let says = format!("{key} | deck.toml:{line} | {message} | {cure}");
        assert_says(read(&lines.join("\n")), &says);
    }
}
