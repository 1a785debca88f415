//! Bad input ends with exit code 2 and one message that names the key, the place and the cure,
//! before anything is written; a NaN during the solve ends with exit code 1 and the last good state.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod arguments;
mod changes;
#[path = "../common/mod.rs"]
mod common;

use arguments::ARGUMENTS;
use changes::CHANGES;
use common::{errors, files, program_in, state, summary, text};
use ned_dist::deck::Deck;
use std::fs;
use std::path::Path;
use std::process::Output;
use tempfile::TempDir;

const LAW: &str = r#"
[domain]
lower = [0.0, 0.0]
upper = [1.0, 1.0]

[functions]
f = "1 + x"

[problem]
equation = "-lap(u) = f"

[[boundary]]
on = "all"
condition = "u = 0"

[network]
hidden = [6]

[flow]
solver = "qr"

[sampling]
points = 60
boundary_points = 24

[stop]
steps = 3
"#;

/// The lines of its domain.
const BOX: &str = "lower = [0.0, 0.0]\nupper = [1.0, 1.0]";

const LEARNING: &str = r#"
[data]
file = "table.csv"
inputs = ["x", "y"]
target = "u = h"

[network]
hidden = [3]

[stop]
steps = 3
"#;

const TABLE: &str = "x,y,h\n0,0,1\n1,0,2\n0,1,3\n";

/// A quadrangle with a re-entrant corner at its first vertex.
const DART: &str = "vertices = [[0, 0], [1, -1], [0, 2], [-1, -1]]";

/// A deck with hard values on the boundary of a shape.
fn hard(shape: &str, keys: &str) -> String {
    let domain = format!("shape = \"{shape}\"\n{keys}");
    let law = LAW.replacen(BOX, &domain, 1);
    law.replacen("\"u = 0\"", "\"u = 0\"\nenforce = \"hard\"", 1)
}

/// A folder with the decks and the tables, one of them changed.
fn folder(from: &str, to: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut changed = from.is_empty();
    for (name, text) in [
        ("law.toml", LAW),
        ("learning.toml", LEARNING),
        ("table.csv", TABLE),
        ("bow.csv", "x,y\n0,0\n1,1\n1,0\n0,1\n0,0\n"),
        ("disk.toml", &hard("ball", "center = [0, 0]\nradius = 1")),
        ("corner.toml", &hard("polygon", DART)),
        ("crossed.toml", &hard("polygon", "file = \"bow.csv\"")),
    ] {
        changed |= text.contains(from);
        fs::write(folder.path().join(name), text.replacen(from, to, 1)).unwrap();
    }
    assert!(changed, "{from} is nowhere");
    folder
}

/// `ned-dist run DECK --out out ARGUMENTS`.
fn run(folder: &Path, arguments: &[&str]) -> Output {
    program_in(folder, &[&["run", "--out=out"], arguments].concat())
}

/// What is missing for this to be a good refusal, or nothing.
fn flaws(folder: &TempDir, arguments: &[&str], words: &[&str]) -> Option<String> {
    let before = files(folder.path());
    let output = run(folder.path(), arguments);
    let stderr = text(&output.stderr);
    let block = stderr.split_once("error: ").map_or("", |(_, block)| block);
    let mut flaws: Vec<String> = words
        .iter()
        .filter(|word| !block.contains(**word))
        .map(|word| format!("no \"{word}\""))
        .collect();
    let mut require = |right: bool, flaw: &str| {
        if !right {
            flaws.push(flaw.into());
        }
    };
    require(output.status.code() == Some(2), "another exit code");
    require(errors(&stderr) == 1, "not one error");
    require(output.stdout.is_empty(), "something on stdout");
    require(!stderr.contains("panicked"), "a panic");
    require(files(folder.path()) == before, "files were written");
    require(!folder.path().join("out").exists(), "the folder was made");
    let flaws = flaws.join(", ");
    (!flaws.is_empty()).then(|| format!("{arguments:?}: {flaws} in:\n{stderr}"))
}

#[test]
fn a_wrong_deck_or_table_is_refused() {
    let refused = |(from, to, words): &(&str, &str, &[&str])| {
        let folder = folder(from, to);
        let both = ["law.toml", "learning.toml"];
        let changed = both.iter().find(|deck| words[0].starts_with(**deck));
        let deck = match changed {
            Some(deck) => deck,
            None if words[0] == "data.file" => "learning.toml",
            None => "law.toml",
        };
        flaws(&folder, &[deck], words).map(|flaws| format!("{from} -> {to}: {flaws}"))
    };
    let all: Vec<String> = CHANGES.iter().filter_map(refused).collect();
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[test]
fn wrong_arguments_are_refused() {
    let folder = folder("", "");
    let refused = |(arguments, words): &(&[&str], &[&str])| flaws(&folder, arguments, words);
    let all: Vec<String> = ARGUMENTS.iter().filter_map(refused).collect();
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[test]
fn a_folder_that_cannot_be_written_is_refused() {
    let folder = folder("", "");
    let before = files(folder.path());
    // Root may write everywhere, but not below a regular file.
    let arguments = ["run", "law.toml", "--out=table.csv/out"];
    let output = program_in(folder.path(), &arguments);
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert_eq!(errors(&stderr), 1, "{stderr}");
    assert!(stderr.contains("--out table.csv/out"), "{stderr}");
    assert!(stderr.contains("cannot be written"), "{stderr}");
    assert!(files(folder.path()) == before);
}

/// Column of the first caret, and the character above it.
fn above_caret(stderr: &str) -> Option<char> {
    let lines: Vec<&str> = stderr.lines().collect();
    let at = lines
        .iter()
        .position(|line| line.trim_start().starts_with('^'))?;
    let column = lines[at].chars().position(|c| c == '^')?;
    lines[at - 1].chars().nth(column)
}

#[test]
fn an_error_in_an_expression_points_at_the_character() {
    for (from, to, key, pointed, word) in [
        (
            "= f\"",
            "= qq + f\"",
            "problem.equation",
            'q',
            "not defined",
        ),
        (
            "-lap(u)",
            "-lap((u)",
            "problem.equation",
            '(',
            "never closed",
        ),
        ("-lap(u)", "-lap(u))", "problem.equation", ')', ""),
        ("1 + x", "1 + * x", "functions.f", '*', "missing"),
        ("1 + x", "1 + § x", "functions.f", '§', ""),
        ("u = 0", "u = u_zz", "boundary[0].condition", 'u', ""),
        (
            "on = \"all\"",
            "on = \"w = 0\"",
            "boundary[0].on",
            'w',
            "known names",
        ),
    ] {
        let folder = folder(from, to);
        let output = run(folder.path(), &["law.toml"]);
        let stderr = text(&output.stderr);
        assert_eq!(above_caret(&stderr), Some(pointed), "{to}: {stderr}");
        let flaws = flaws(&folder, &["law.toml"], &["law.toml:", key, word]);
        assert!(flaws.is_none(), "{}", flaws.unwrap());
    }
}

#[test]
fn no_name_has_a_meaning_of_its_own_in_expressions() {
    for name in ned_dist::expression::reserved() {
        let text = format!(
            "[domain]\ncoordinates = [\"{name}\"]\nlower = [0]\nupper = [1]\n[problem]\nequation = \"u = 1\"\n"
        );
        let error = Deck::from_toml(&text, "law.toml", &[])
            .unwrap_err()
            .to_string();
        let says = format!("`{name}` has a meaning of its own");
        assert!(
            error.contains(&says) && error.contains("law.toml:2"),
            "{error}"
        );
    }
}

#[test]
fn a_nan_in_the_solve_names_the_term_and_leaves_the_last_good_state() {
    for (set, term) in [
        ("problem.equation=log(u - 100) = 0", "`equation`"),
        ("boundary.0.condition=sqrt(u - 100) = 0", "`boundary[0]`"),
    ] {
        let folder = folder("", "");
        let output = run(folder.path(), &["law.toml", "--quiet", "--set", set]);
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert_eq!(errors(&stderr), 1, "{stderr}");
        for word in [term, "at x = ", "cell 0", "step 0", "check", "checkpoint"] {
            assert!(stderr.contains(word), "{word} is not in: {stderr}");
        }
        let out = folder.path().join("out");
        assert_eq!(summary(&out)["status"], "failed");
        assert!(summary(&out)["reason"].as_str().unwrap().contains(term));
        let state = state(&out);
        assert_eq!(state.step, 0);
        assert!(state.theta.len() == 25 && state.theta.iter().all(|t| t.is_finite()));
    }
}

/// A first-order method learns of its last step at the next one, and then undoes it.
#[test]
fn a_step_to_where_there_is_no_energy_is_not_what_is_saved() {
    let folder = folder("solver = \"qr\"", "");
    let sets = [
        "problem.equation=log(u + 5) = -20",
        "flow.method=adam",
        "flow.dt=0.5",
        "stop.steps=1000",
    ];
    let sets = sets.map(|set| format!("--set={set}"));
    let arguments = [
        "law.toml", "--quiet", &sets[0], &sets[1], &sets[2], &sets[3],
    ];
    let output = run(folder.path(), &arguments);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let summary = summary(&folder.path().join("out"));
    assert!(summary["steps"].as_u64() > Some(0), "{summary}");
    assert!(summary["energy"].is_number(), "{summary}");
}
