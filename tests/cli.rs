//! The command line keeps its word: exit codes, starter decks, what `check` and `run` print, and
//! every file that a run writes.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{digest, errors, files, problems, program_in, summary, text};
use ndarray::{Array1, Array2};
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
fn new_lists_the_starters() {
    let folder = tempdir().unwrap();
    let list = ends(0, &program_in(folder.path(), &["new"]));
    let named = |name: &&str| {
        list.lines()
            .any(|l| l.split_whitespace().next() == Some(name))
    };
    assert!(STARTERS.iter().all(named), "{list}");
    assert!(files(folder.path()).is_empty());
}

#[test]
fn new_writes_a_deck_that_check_accepts_and_overwrites_nothing() {
    let folder = tempdir().unwrap();
    for name in STARTERS {
        let deck = format!("{name}.toml");
        ends(0, &program_in(folder.path(), &["new", name]));
        let checked = ends(0, &program_in(folder.path(), &["check", &deck]));
        assert!(checked.contains("The deck is right"), "{checked}");
    }
    let data = |folder: &Path| fs::read(folder.join("terrain.csv")).unwrap();
    assert!(data(folder.path()) == data(&problems()));
    let before = files(folder.path());
    let again = program_in(folder.path(), &["new", "poisson-2d"]);
    assert_eq!(ends(2, &again), "");
    assert!(text(&again.stderr).contains("poisson-2d.toml"));
    assert!(files(folder.path()) == before);
}

#[test]
fn new_writes_all_files_or_none() {
    let folder = tempdir().unwrap();
    write(&folder, "terrain.csv", "mine");
    let output = program_in(folder.path(), &["new", "terrain"]);
    ends(2, &output);
    assert!(text(&output.stderr).contains("terrain.csv"));
    let left = files(folder.path());
    assert_eq!(left[&folder.path().join("terrain.csv")], b"mine");
    let left: Vec<_> = left.keys().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn new_suggests_the_name_that_is_meant() {
    let folder = tempdir().unwrap();
    let output = program_in(folder.path(), &["new", "poison-2d"]);
    ends(2, &output);
    assert!(text(&output.stderr).contains("did you mean `poisson-2d`?"));
    assert!(files(folder.path()).is_empty());
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

/// The cells of a csv file, its header first.
fn cells(path: &Path) -> Vec<Vec<String>> {
    let text = fs::read_to_string(path).unwrap();
    let line = |line: &str| line.split(',').map(Into::into).collect();
    text.lines().map(line).collect()
}

#[test]
fn compare_solves_by_every_method_in_a_folder_of_its_own() {
    let folder = tempdir().unwrap();
    let compare = [
        &[
            "compare",
            "--out=both",
            "--methods=ned,adam,ned",
            "--seconds=60",
        ],
        &SMALL[..],
        &["--set=stop.steps=3"],
    ];
    let stdout = ends(0, &program_in(folder.path(), &compare.concat()));
    for word in ["ned", "adam", "relative L2", "60 s each", "both"] {
        assert!(stdout.contains(word), "{word} is not in: {stdout}");
    }
    let both = folder.path().join("both");
    let table = cells(&both.join("compare.csv"));
    assert_eq!(table.len(), 3, "{table:?}");
    for (line, method) in table[1..].iter().zip(["ned", "adam"]) {
        assert_eq!(line.len(), table[0].len());
        assert_eq!(line[..3], [method, "stopped", "3"]);
        let out = both.join(method);
        let found = summary(&out);
        assert_complete(&found, method);
        assert_eq!(line[4].parse::<f64>().unwrap(), found["energy"]);
        assert_eq!(
            line[5].parse::<f64>().unwrap(),
            found["error"]["relative_l2"]
        );
        assert_eq!(cells(&out.join("history.csv")).len(), 4);
        let resolved = fs::read_to_string(out.join("resolved.toml")).unwrap();
        assert!(resolved.contains(&format!("method = \"{method}\"")));
    }
    // The deck's own method runs as it would alone.
    let alone = run_small(folder.path(), "alone", &["--set=stop.steps=3"]);
    assert_eq!(digest(&both.join("ned")), alone);
}

#[test]
fn compare_reports_errors_on_data() {
    let folder = tempdir().unwrap();
    write(&folder, "learning.toml", LEARNING);
    write(&folder, "six.csv", SIX);
    let compare = ["compare", "learning.toml", "--set=stop.steps=2"];
    let stdout = ends(0, &program_in(folder.path(), &compare));
    let out = folder.path().join("learning-compare");
    let table = cells(&out.join("compare.csv"));
    let methods: Vec<&str> = table[1..].iter().map(|line| line[0].as_str()).collect();
    assert_eq!(methods, ["ned", "sgd", "adam", "lbfgs"]);
    for line in &table[1..] {
        let found = summary(&out.join(&line[0]));
        assert_eq!(line[6].parse::<f64>().unwrap(), found["data"]["train_rmse"]);
        assert_eq!(line[7].parse::<f64>().unwrap(), found["data"]["test_rmse"]);
    }
    assert!(stdout.contains("test RMSE"), "{stdout}");
}

#[test]
fn compare_looks_at_everything_before_it_writes() {
    let folder = tempdir().unwrap();
    for (wrong, word) in [
        (&["--methods=ned,lbfg"][..], "did you mean `lbfgs`?"),
        (&["--methods="], "not a method"),
        (&["--seconds=0"], "--seconds"),
        (
            &[
                "--methods=ned,lbfgs",
                "--set=sampling.rule=random",
                "--set=sampling.resample=true",
            ],
            "sampling.resample = false",
        ),
    ] {
        let output = program_in(folder.path(), &[&["compare", "--out=out"], wrong].concat());
        assert_eq!(ends(2, &output), "");
        let stderr = text(&output.stderr);
        assert_eq!(errors(&stderr), 1, "{stderr}");
        assert!(stderr.contains(word), "{word} is not in: {stderr}");
        assert!(files(folder.path()).is_empty());
    }
}

#[test]
fn compare_goes_on_when_a_method_fails() {
    let folder = tempdir().unwrap();
    let law = "--set=problem.equation=log(u - 100) = 0";
    let methods = "--methods=ned,adam";
    let compare = [&["compare", "--out=out", methods, law], &SMALL[..]].concat();
    let output = program_in(folder.path(), &compare);
    ends(1, &output);
    let stderr = text(&output.stderr);
    assert!(stderr.contains("ned failed") && stderr.contains("adam failed"));
    let table = cells(&folder.path().join("out/compare.csv"));
    assert_eq!([&table[1][1], &table[2][1]], ["failed", "failed"]);
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
fn the_summary_has_every_key() {
    let folder = tempdir().unwrap();
    run_small(folder.path(), "exact", &[]);
    let found = summary(&folder.path().join("exact"));
    assert_complete(&found, "exact");
    assert_eq!(
        (&found["status"], &found["steps"]),
        (&"stopped".into(), &4.into())
    );
    for key in ["relative_l2", "rms", "max"] {
        assert!(found["error"][key].is_f64(), "error.{key}");
    }
    write(&folder, "learning.toml", LEARNING);
    write(&folder, "six.csv", SIX);
    let run = [
        "run",
        "learning.toml",
        "--quiet",
        "--out=data",
        "--set=stop.steps=3",
    ];
    ends(0, &program_in(folder.path(), &run));
    let found = summary(&folder.path().join("data"));
    assert_complete(&found, "data");
    for key in ["train_rmse", "test_rmse"] {
        assert!(found["data"][key].is_f64(), "data.{key}");
    }
}

#[test]
fn the_history_has_a_line_per_recorded_step() {
    let folder = tempdir().unwrap();
    run_small(folder.path(), "out", &["--set=output.every=3"]);
    let mut reader = csv::Reader::from_path(folder.path().join("out/history.csv")).unwrap();
    let header = reader.headers().unwrap().clone();
    for name in [
        "step",
        "time",
        "seconds",
        "energy",
        "energy_equation",
        "gradient_norm",
        "dt",
        "damping",
        "rank",
        "iterations",
        "relative_l2",
        "rms",
        "max",
    ] {
        assert!(header.iter().any(|column| column == name), "{name}");
    }
    let steps: Vec<String> = reader.records().map(|r| r.unwrap()[0].to_owned()).collect();
    assert_eq!(steps, ["0", "3"]);
}

/// The numbers between two words of a text.
fn numbers(text: &str, after: &str, before: &str) -> Vec<f64> {
    let (_, rest) = text.split_once(after).unwrap();
    let (numbers, _) = rest.split_once(before).unwrap();
    let numbers = numbers.split_whitespace().map(|n| n.parse().unwrap());
    numbers.collect()
}

const GRID: [usize; 2] = [5, 4];

/// Rows x, y, u of the csv file, the last coordinate running fastest.
fn csv_field(fields: &Path) -> Array2<f64> {
    let mut reader = csv::Reader::from_path(fields.join("u.csv")).unwrap();
    assert_eq!(reader.headers().unwrap(), vec!["x", "y", "u"]);
    let rows: Vec<[f64; 3]> = reader.deserialize().map(Result::unwrap).collect();
    Array2::from(rows)
}

/// The numbers of the vti file, the first coordinate running fastest, as u[(i, j)].
fn vti_field(fields: &Path) -> Array2<f64> {
    let text = fs::read_to_string(fields.join("u.vti")).unwrap();
    for extent in ["WholeExtent", "Piece Extent"] {
        assert_eq!(
            numbers(&text, &format!("{extent}=\""), "\""),
            [0., 4., 0., 3., 0., 0.]
        );
    }
    assert_eq!(numbers(&text, "Origin=\"", "\""), [0.0; 3]);
    assert_eq!(numbers(&text, "Spacing=\"", "\"")[..2], [0.25, 1.0 / 3.0]);
    let values = numbers(&text, "Name=\"u\" format=\"ascii\">", "<");
    let values = Array2::from_shape_vec((GRID[1], GRID[0]), values).unwrap();
    values.reversed_axes()
}

#[test]
fn fields_agree_in_every_format() {
    let folder = tempdir().unwrap();
    let formats = "--set=output.fields=[\"csv\",\"npy\",\"vti\"]";
    run_small(folder.path(), "out", &[formats, "--set=output.grid=[5,4]"]);
    let fields = folder.path().join("out/fields");
    let npy: Array2<f64> = ndarray_npy::read_npy(fields.join("u.npy")).unwrap();
    let x: Array1<f64> = ndarray_npy::read_npy(fields.join("x.npy")).unwrap();
    let y: Array1<f64> = ndarray_npy::read_npy(fields.join("y.npy")).unwrap();
    let (csv, vti) = (csv_field(&fields), vti_field(&fields));
    assert_eq!((npy.dim(), x.len(), y.len()), ((5, 4), 5, 4));
    assert_eq!(csv.dim(), (20, 3));
    assert_eq!([x[0], x[4], y[0], y[3]], [0.0, 1.0, 0.0, 1.0]);
    for ((i, j), &u) in npy.indexed_iter() {
        assert_eq!(csv.row(i * GRID[1] + j).to_vec(), [x[i], y[j], u]);
        assert_eq!(vti[(i, j)], u);
    }
    let corners = [npy[(0, 0)], npy[(4, 0)], npy[(0, 3)], npy[(4, 3)]];
    assert!(corners.windows(2).all(|pair| pair[0] != pair[1]));
}

#[test]
fn only_the_fields_that_are_asked_for_are_written() {
    let folder = tempdir().unwrap();
    run_small(folder.path(), "out", &["--set=output.fields=[\"npy\"]"]);
    let fields = folder.path().join("out/fields");
    let names = files(&fields);
    let names: Vec<_> = names
        .keys()
        .map(|p| p.file_name().unwrap().to_owned())
        .collect();
    assert_eq!(names, ["u.npy", "x.npy", "y.npy"]);
    let npy: Array2<f64> = ndarray_npy::read_npy(fields.join("u.npy")).unwrap();
    assert_eq!(npy.dim(), (101, 101));
    run_small(folder.path(), "none", &[]);
    assert!(!folder.path().join("none/fields").exists());
}
