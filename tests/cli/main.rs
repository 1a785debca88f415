//! The command line keeps its word: exit codes, starter decks, what `check` and `run` print, and
//! every file that a run writes.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../common/mod.rs"]
mod common;
mod compare;
mod eval;
mod starters;
mod written;

use common::{digest, errors, files, program_in, summary, text};
use std::fs;
use std::path::Path;
use std::process::Output;
use tempfile::{TempDir, tempdir};

/// The default problem, smaller.
const SMALL: [&str; 6] = [
    "--set=network.hidden=[6]",
    "--set=sampling.points=60",
    "--set=sampling.boundary_points=24",
    "--set=stop.steps=4",
    "--set=output.every=1",
    "--threads=1",
];

const STARTERS: [&str; 18] = [
    "poisson-2d",
    "poisson-2d-energy",
    "poisson-2d-hard",
    "semilinear-2d",
    "helmholtz",
    "disk",
    "l-shape",
    "heat",
    "poisson-5d",
    "poisson-5d-deep",
    "fokker-planck",
    "burgers",
    "deep-ritz",
    "allen-cahn",
    "fit-function",
    "franke",
    "oscillation",
    "terrain",
];

/// A deck that learns six values.
const LEARNING: &str = r#"
[data]
file = "six.csv"
inputs = ["x"]
target = "u = h"
test_fraction = 0.34
[network]
hidden = [3]
"#;
const SIX: &str = "x,h\n0,1\n1,2\n2,4\n3,3\n4,2\n5,0.5\n";

/// What the program prints on stdout when it ends with this code.
fn ends(code: i32, output: &Output) -> String {
    let [stdout, stderr] = [&output.stdout, &output.stderr].map(|bytes| text(bytes));
    assert_eq!(output.status.code(), Some(code), "{stdout}{stderr}");
    stdout
}

/// `ned-dist run --out NAME`, quietly, of the smaller default problem.
fn run_small(folder: &Path, name: &str, arguments: &[&str]) -> String {
    let all = [&["run", "--quiet", "--out", name], &SMALL[..], arguments].concat();
    ends(0, &program_in(folder, &all));
    digest(&folder.join(name))
}

fn write(folder: &TempDir, name: &str, content: &str) {
    fs::write(folder.path().join(name), content).unwrap();
}

/// Asserts that a summary has what every summary has.
fn assert_complete(summary: &serde_json::Value, name: &str) {
    for key in ["status", "reason", "theta_digest", "version"] {
        assert!(summary[key].is_string(), "{name}: {key}");
    }
    for key in ["steps", "parameters", "ranks", "threads"] {
        assert!(summary[key].is_u64(), "{name}: {key}");
    }
    for key in ["time", "energy", "peak_memory_mb"] {
        assert!(summary[key].is_number(), "{name}: {key}");
    }
    for key in ["total", "solve"] {
        assert!(summary["seconds"][key].is_f64(), "{name}: seconds.{key}");
    }
    let digest = summary["theta_digest"].as_str().unwrap();
    assert!(!digest.is_empty() && digest.chars().all(|c| c.is_ascii_hexdigit()));
}

#[test]
fn help_and_version_go_to_stdout() {
    let folder = tempdir().unwrap();
    let help = ends(0, &program_in(folder.path(), &["--help"]));
    for word in ["Usage:", "run", "compare", "check", "new", "Exit codes"] {
        assert!(help.contains(word), "{word} is not in: {help}");
    }
    let help = ends(0, &program_in(folder.path(), &["run", "--help"]));
    for word in [
        "--out",
        "--set",
        "--seed",
        "--threads",
        "--quiet",
        "--force",
    ] {
        assert!(help.contains(word), "{word} is not in: {help}");
    }
    let version = ends(0, &program_in(folder.path(), &["--version"]));
    assert_eq!(
        version.trim(),
        concat!("ned-dist ", env!("CARGO_PKG_VERSION"))
    );
    assert!(files(folder.path()).is_empty());
}

#[test]
fn the_exit_code_tells_how_it_ended() {
    let folder = tempdir().unwrap();
    run_small(folder.path(), "well", &[]);
    let fails = [
        &[
            "run",
            "--out=fails",
            "--set=problem.equation=log(u - 100) = 0",
        ],
        &SMALL[..],
    ];
    ends(1, &program_in(folder.path(), &fails.concat()));
    for wrong in [
        &["--no-such-flag"][..],
        &["walk"],
        &["run", "--set", "seed"],
        &["run", "--seed=x"],
    ] {
        let output = program_in(folder.path(), wrong);
        assert_eq!(ends(2, &output), "");
        assert_eq!(errors(&text(&output.stderr)), 1);
    }
}

#[test]
fn what_check_prints_is_a_deck_that_says_the_same() {
    let folder = tempdir().unwrap();
    for name in STARTERS {
        let deck = format!("{name}.toml");
        ends(0, &program_in(folder.path(), &["new", name]));
        let resolved = ends(0, &program_in(folder.path(), &["check", &deck]));
        write(&folder, "again.toml", &resolved);
        let again = ends(0, &program_in(folder.path(), &["check", "again.toml"]));
        assert_eq!(again, resolved);
    }
}

/// Runs a deck and what it left as `resolved.toml`; both must reach the same parameters.
fn assert_reproduced(arguments: &[&str]) {
    let folder = tempdir().unwrap();
    write(&folder, "learning.toml", LEARNING);
    write(&folder, "six.csv", SIX);
    let run = |name: &str, arguments: &[&str]| {
        let all = [&["run", "--quiet", "--threads=1", "--out", name], arguments].concat();
        ends(0, &program_in(folder.path(), &all));
        digest(&folder.path().join(name))
    };
    let original = run("original", arguments);
    assert_eq!(run("again", &["original/resolved.toml"]), original);
}

#[test]
fn the_resolved_deck_reproduces_the_run() {
    assert_reproduced(&[&SMALL[..5], &["--seed=7"]].concat());
}

#[test]
fn the_resolved_deck_reproduces_a_run_on_fresh_points() {
    assert_reproduced(&[&SMALL[..5], &["--set=flow.method=sgd"]].concat());
}

#[test]
fn the_resolved_deck_reproduces_a_run_on_data() {
    assert_reproduced(&["learning.toml", "--set=stop.steps=4"]);
}

#[test]
fn set_changes_the_deck() {
    let folder = tempdir().unwrap();
    run_small(folder.path(), "wide", &["--set", "network.hidden=[5, 4]"]);
    let parameters = &summary(&folder.path().join("wide"))["parameters"];
    assert_eq!(*parameters, 3 * 5 + 6 * 4 + 5);
    let resolved = fs::read_to_string(folder.path().join("wide/resolved.toml")).unwrap();
    assert!(resolved.contains("hidden = [5, 4]"), "{resolved}");
}

#[test]
fn seed_is_the_seed_of_the_flow() {
    let folder = tempdir().unwrap();
    let default = run_small(folder.path(), "0", &[]);
    let short = run_small(folder.path(), "short", &["--seed=3"]);
    let long = run_small(folder.path(), "long", &["--set=flow.seed=3"]);
    assert_eq!(short, long);
    assert_ne!(short, default);
}

#[test]
fn threads_change_the_time_and_nothing_else() {
    let folder = tempdir().unwrap();
    let one = run_small(folder.path(), "one", &[]);
    let all = [&["run", "--quiet", "--out=two", "--threads=2"], &SMALL[..5]].concat();
    ends(0, &program_in(folder.path(), &all));
    let two = summary(&folder.path().join("two"));
    assert_eq!(two["threads"], 2);
    assert_eq!(two["theta_digest"], one.as_str());
}

#[test]
fn quiet_prints_nothing() {
    let folder = tempdir().unwrap();
    let run = [
        &["run", "--quiet", "--out=out", "--set=stop.energy=1e3"],
        &SMALL[..],
    ]
    .concat();
    for time in ["first", "converged before"] {
        let output = program_in(folder.path(), &run);
        assert_eq!(ends(0, &output), "", "{time}");
        assert_eq!(text(&output.stderr), "", "{time}");
    }
}

#[test]
fn a_summary_is_printed_unless_quiet() {
    let folder = tempdir().unwrap();
    let run = [&["run", "--out=out"], &SMALL[..]].concat();
    let stdout = ends(0, &program_in(folder.path(), &run));
    for word in [
        "stopped",
        "steps",
        "energy",
        "relative L2",
        "written to",
        "out",
    ] {
        assert!(stdout.contains(word), "{word} is not in: {stdout}");
    }
    assert!(stdout.contains(&digest(&folder.path().join("out"))[..16]));
}

#[test]
fn without_a_deck_and_a_folder_nothing_is_written() {
    let folder = tempdir().unwrap();
    let run = [&["run", "--quiet"], &SMALL[..]].concat();
    ends(0, &program_in(folder.path(), &run));
    assert!(files(folder.path()).is_empty());
}

#[test]
fn a_deck_without_a_folder_gets_one_of_its_name() {
    let folder = tempdir().unwrap();
    write(&folder, "learning.toml", LEARNING);
    write(&folder, "six.csv", SIX);
    let run = [
        "run",
        "learning.toml",
        "--quiet",
        "--threads=1",
        "--set=stop.steps=1",
    ];
    ends(0, &program_in(folder.path(), &run));
    summary(&folder.path().join("learning-out"));
}
