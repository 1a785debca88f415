//! Bad input ends with exit code 2 and one message that names the key, the place and the cure,
//! before anything is written; a NaN during the solve ends with exit code 1 and the last good state.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{errors, files, program_in, state, summary, text};
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

/// Changes of the decks or the table, each with what its message must say: key, place, cure.
const CHANGES: &[(&str, &str, &[&str])] = &[
    (
        "hidden = [6]",
        "hiden = [6]",
        &["law.toml:17", "network.hiden", "did you mean `hidden`?"],
    ),
    (
        "hidden = [6]",
        "hidden = \"many\"",
        &["law.toml:17", "network.hidden", "must be a list"],
    ),
    (
        "hidden = [6]",
        "hidden = [6",
        &["law.toml:", "not TOML", "`key = value`"],
    ),
    (
        "[stop]",
        "[stopp]",
        &["law.toml:", "stopp", "did you mean `stop`?"],
    ),
    (
        "upper = [1.0, 1.0]",
        "upper = [1.0, 0.0]",
        &["law.toml:4", "domain.upper[1]", "must be greater"],
    ),
    (
        "upper = [1.0, 1.0]",
        "upper = [1.0]",
        &["law.toml:4", "domain.upper", "give both corners"],
    ),
    (
        "steps = 3",
        "error = 1e-3",
        &["law.toml:", "stop.error", "add `exact"],
    ),
    (
        "points = 60",
        "points = 0",
        &["law.toml:23", "sampling.points", "must be from 1"],
    ),
    (
        "f = \"1 + x\"",
        "f = \"manufactured\"",
        &["functions.f", "problem.exact", "give it"],
    ),
    (
        "on = \"all\"",
        "on = \"x = 7\"",
        &["law.toml:13", "boundary[0].on", "\"x = 1\""],
    ),
    (
        "on = \"all\"",
        "on = \"x > 7\"",
        &["law.toml:13", "boundary[0].on", "\"x = 1\""],
    ),
    (
        "solver = \"qr\"",
        "solver = \"qr\"\nstepper = \"rk5\"",
        &["law.toml:", "flow.stepper", "did you mean `rk4`?"],
    ),
    (
        "hidden = [6]",
        "hidden = [6]\nperiodic = [\"z\"]",
        &["law.toml:18", "network.periodic[0]", "must be x or y"],
    ),
    (
        "\"u = 0\"",
        "\"dn(u) = 0\"\nenforce = \"hard\"",
        &["law.toml:14", "boundary[0].condition", "write it so"],
    ),
    (
        "on = \"all\"",
        "on = \"x > 0.5\"\nenforce = \"hard\"",
        &["law.toml:13", "boundary[0].on", "\"x = 1\""],
    ),
    (
        BOX,
        "shape = \"ball\"\ncenter = [0.0, 0.0]\nradius = -1.0",
        &["law.toml:5", "domain.radius", "greater than 0"],
    ),
    (
        BOX,
        "shape = \"ball\"\ncenter = [1e12, 0.0]\nradius = 1.0",
        &["law.toml:5", "domain.radius", "lost beside `domain.center`"],
    ),
    (
        BOX,
        "shape = \"ball\"\nradius = 1.0",
        &["domain.center", "is missing", "center = [0.0, 0.0]"],
    ),
    (
        BOX,
        "center = [0.0, 0.0]\nradius = 1.0",
        &["law.toml:3", "domain.center", "set `shape = \"ball\"`"],
    ),
    (
        BOX,
        "shape = \"polygon\"\nvertices = [[0, 0], [1, 1], [1, 0], [0, 1]]",
        &[
            "law.toml:4",
            "domain.vertices[2]",
            "edges 1 and 3 cross",
            "in the order",
        ],
    ),
    (
        BOX,
        "shape = \"polygon\"\nvertices = [[0, 0], [1, 1], [2, 2]]",
        &[
            "law.toml:4",
            "domain.vertices",
            "turns back",
            "in the order",
        ],
    ),
    (
        BOX,
        "shape = \"polygon\"\nvertices = [[0, 0], [1, 1, 2], [2, 2]]",
        &["law.toml:4", "domain.vertices[1]", "a point [x, y]"],
    ),
    (
        BOX,
        "shape = \"polygon\"\nvertices = [[0, 0], [1, 0], [0, 1]]\nfile = \"table.csv\"",
        &["law.toml:5", "domain.file", "keep one"],
    ),
    (
        BOX,
        "shape = \"polygon\"\nfile = \"table.csv\"",
        &["law.toml:4", "domain.file", "3 columns", "x and y"],
    ),
    (
        BOX,
        "shape = \"polygon\"\nfile = \"none.csv\"",
        &["domain.file", "none.csv", "No such file"],
    ),
    (
        "on = \"all\"",
        "on = \"edge 9\"",
        &["law.toml:13", "boundary[0].on", "\"x = 1\""],
    ),
    (
        "\"y\"]",
        "\"z\"]",
        &[
            "learning.toml:4",
            "data.inputs[1]",
            "its columns are x, y, h",
        ],
    ),
    (
        "u = h",
        "u = height",
        &[
            "learning.toml:5",
            "data.target",
            "height",
            "known names: x, y, h",
        ],
    ),
    (
        "\"table.csv\"",
        "\"tables.csv\"",
        &["data.file", "tables.csv", "No such file"],
    ),
    (TABLE, "", &["data.file", "table.csv", "no rows"]),
    (TABLE, "x,y,h\n", &["data.file", "table.csv", "no rows"]),
    (
        "1,0,2",
        "1,0,NaN",
        &["data.file", "table.csv", "row 2", "`h`", "mend"],
    ),
    (
        "1,0,2",
        "1,inf,2",
        &["data.file", "table.csv", "row 2", "`y`", "mend"],
    ),
    (
        "1,0,2",
        "1,high,2",
        &[
            "data.file",
            "table.csv",
            "row 2",
            "`y`",
            "high",
            "not a number",
        ],
    ),
    ("1,0,2", "1,0", &["data.file", "table.csv", "line: 3"]),
];

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

/// Arguments, each with what its message must say.
const ARGUMENTS: &[(&[&str], &[&str])] = &[
    (&["no-such.toml"], &["no-such.toml", "ned-dist new"]),
    (&["law.toml", "--threads=0"], &["--threads", "at least 1"]),
    (
        &["law.toml", "--set=flow.sed=1"],
        &["--set flow.sed=1", "did you mean `seed`?"],
    ),
    (
        &["law.toml", "--set=boundary.1.weight=2"],
        &["--set boundary.1.weight", "counted from 0"],
    ),
    (
        &[
            "law.toml",
            "--set=flow.stepper=natural",
            "--set=flow.solver=cholesky",
        ],
        &["flow.stepper", "solver = \"qr\""],
    ),
    (
        &[
            "law.toml",
            "--set=flow.stepper=recursive",
            "--set=flow.metric=l2",
        ],
        &["flow.stepper = \"recursive\"", "metric = \"energy\""],
    ),
    (
        &["law.toml", "--set=flow.stepper=stationary"],
        &[
            "stationary",
            "not given by an energy",
            "leave this stage out",
        ],
    ),
    (
        &[
            "law.toml",
            "--set=flow.solver=[\"qr\", \"qr\", \"qr\"]",
            "--set=flow.stepper=[\"recursive\", \"natural\"]",
        ],
        &[
            "flow.stepper` lists 2",
            "flow.solver` 3",
            "one name for all",
        ],
    ),
    (
        &[
            "law.toml",
            "--set=flow.method=lbfgs",
            "--set=flow.solver=auto",
            "--set=sampling.rule=random",
            "--set=sampling.resample=true",
        ],
        &["flow.method", "sampling.resample = false"],
    ),
    (
        &["disk.toml", "--set=network.periodic=[\"x\"]"],
        &["network.periodic", "needs a box", "domain.shape"],
    ),
    (
        &[
            "disk.toml",
            "--set=domain.center=[0,0,0,0]",
            "--set=sampling.rule=gauss",
        ],
        &["sampling.rule", "up to 3 dimensions", "sobol"],
    ),
    (
        &["disk.toml", "--set=boundary.0.on=x > 0"],
        &[
            "--set boundary.0.on",
            "boundary[0].on",
            "parts of faces",
            "weak",
        ],
    ),
    (
        &["corner.toml", "--set=boundary.0.on=edge 1"],
        &[
            "corner.toml:",
            "boundary[0].condition",
            "edges 1, 4",
            "all of them",
        ],
    ),
    (
        &["crossed.toml"],
        &["crossed.toml:4", "domain.file", "bow.csv", "row 3", "cross"],
    ),
    (
        &["law.toml", "--set=flow.method=lbfgs", "--set=flow.dt=0.1"],
        &["flow.dt", "line search"],
    ),
    (
        &[
            "law.toml",
            "--set=sampling.rule=gauss",
            "--set=sampling.resample=true",
        ],
        &["sampling.resample", "sampling.rule = \"random\""],
    ),
];

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
        for word in [term, "cell 0", "step 0", "check", "checkpoint"] {
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
