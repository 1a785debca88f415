//! What a run tells on its way: to people and to programs, as much as is asked for, and of which rank.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{program_in, summary, text};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::tempdir;

/// The default problem, smaller.
const SMALL: [&str; 6] = [
    "--set=network.hidden=[6]",
    "--set=sampling.points=60",
    "--set=sampling.boundary_points=24",
    "--set=stop.steps=4",
    "--set=output.every=1",
    "--threads=1",
];

/// Runs the smaller problem in a folder, from its start.
fn run_small(folder: &Path, arguments: &[&str]) -> Output {
    let all = [&["run", "--force", "--out=out"], &SMALL[..], arguments].concat();
    program_in(folder, &all)
}

/// The objects that a run prints with `--log json`, each with what every line has.
fn objects(lines: &[u8]) -> Vec<Value> {
    let text = text(lines);
    let object = |line: &str| {
        let object: Value = serde_json::from_str(line).expect(line);
        for key in ["time", "level", "message"] {
            assert!(object[key].is_string(), "no {key} in {line}");
        }
        object
    };
    text.lines().map(object).collect()
}

#[test]
fn programs_can_read_what_a_run_prints() {
    let folder = tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let all = [&["run", "--log=json", "--out=out"], &SMALL[..], arguments].concat();
        program_in(folder.path(), &all)
    };
    let output = run(&["--set=title=\"two\\u001b[2J\\nlines\""]);
    let lines = objects(&output.stderr);
    let events: Vec<&str> = lines.iter().filter_map(|l| l["event"].as_str()).collect();
    assert_eq!(events[..2], ["start", "step"]);
    assert_eq!(lines[0]["ranks"], 1);
    assert_eq!(lines[0]["title"], "two\u{1b}[2J\nlines");
    assert_eq!(lines[1]["step"], 0);
    assert!(lines[1]["energy"].as_f64() > Some(0.0));
    assert!(lines[1]["error"].as_f64() > Some(0.0));
    let end = &objects(&output.stdout)[..];
    let summary = summary(&folder.path().join("out"));
    assert_eq!(end.len(), 1);
    for key in ["status", "steps", "energy", "theta_digest"] {
        assert_eq!(end[0][key], summary[key], "{key}");
    }

    // The same run goes on, and a wrong one ends with one line too.
    let lines = objects(&run(&["--set=stop.steps=6"]).stderr);
    assert!(
        lines
            .iter()
            .any(|l| l["event"] == "resume" && l["step"] == 4)
    );
    for (wrong, named) in [
        ("--set=network.hidden=0", "hidden"),
        ("--seed=x", "--seed"),
        ("--no-such-flag", "--no-such-flag"),
    ] {
        let output = run(&[wrong]);
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(text(&output.stdout), "");
        let lines = objects(&output.stderr);
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0]["level"], "error");
        let message = lines[0]["message"].as_str().unwrap();
        assert!(message.contains(named) && !message.starts_with("error"));
    }
}

#[test]
fn a_title_has_no_power_over_the_terminal() {
    let folder = tempdir().unwrap();
    let title = "--set=title=\"two\\u001b[2J\"";
    let header = text(&run_small(folder.path(), &[title]).stderr);
    assert!(
        header.contains("two [2J") && !header.contains('\u{1b}'),
        "{header}"
    );
}

#[test]
fn as_much_is_told_as_is_asked_for() {
    let folder = tempdir().unwrap();
    // A warning of which every rank could tell.
    let program = env!("CARGO_BIN_EXE_ned-dist");
    let told = |arguments: &[&str]| {
        let mut command = Command::new(program);
        command.args(["run", "--force", "--out=out"]).args(SMALL);
        command.args(arguments).current_dir(folder.path());
        let output = command.env("SLURM_JOB_END_TIME", "soon").output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        (text(&output.stderr), text(&output.stdout))
    };
    let count = |stderr: &str| {
        let begins = |word| move |line: &&str| line.starts_with(word);
        ["step ", "warning: SLURM_JOB_END_TIME", "debug: "]
            .map(|word| stderr.lines().filter(begins(word)).count().min(1))
    };
    for (arguments, kinds, result) in [
        (&[][..], [1, 1, 0], true),
        (&["--log-level=debug"], [1, 1, 1], true),
        (&["--log-level=warn"], [0, 1, 0], true),
        (&["--quiet"], [0, 1, 0], false),
        (&["--quiet", "--log-level=info"], [1, 1, 0], false),
    ] {
        let (stderr, stdout) = told(arguments);
        assert_eq!(count(&stderr), kinds, "{arguments:?}: {stderr}");
        assert_eq!(stdout.contains("steps "), result, "{arguments:?}: {stdout}");
    }
    let (stderr, stdout) = told(&["--log-level=error"]);
    assert_eq!(stderr, "");
    assert!(stdout.contains("steps "), "{stdout}");
}

#[test]
fn debugging_says_in_which_step_what_was_done() {
    let folder = tempdir().unwrap();
    let every = ["--log-level=debug", "--set=checkpoint.every=2"];
    let stderr = text(&run_small(folder.path(), &every).stderr);
    for line in [
        "debug: step 1: checkpoint: step 2 is next",
        "debug: no MPI: ",
    ] {
        assert!(stderr.contains(line), "no {line} in: {stderr}");
    }
    let json = [&every[..], &["--log=json"]].concat();
    let lines = objects(&run_small(folder.path(), &json).stderr);
    let saved: Vec<&Value> = lines
        .iter()
        .filter(|l| l["event"] == "checkpoint")
        .collect();
    // After two steps, and at the end.
    assert_eq!(saved.len(), 2, "{lines:?}");
    assert_eq!(
        (&saved[0]["level"], &saved[0]["during"]),
        (&"debug".into(), &"step 1".into())
    );
}

#[test]
#[cfg(feature = "mpi")]
fn of_several_ranks_the_first_one_tells() {
    let folder = tempdir().unwrap();
    let out = format!("--out={}", folder.path().join("out").display());
    let mut command = common::mpi::mpirun("120", 2);
    command.arg(env!("CARGO_BIN_EXE_ned-dist"));
    command.args(["run", "--log-level=debug", &out]).args(SMALL);
    let output = command.env("SLURM_JOB_END_TIME", "soon").output().unwrap();
    let stderr = text(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    for words in [
        "ned-dist ",
        "step      0 ",
        "warning: SLURM_JOB",
        "debug: step 3: checkpoint",
    ] {
        let lines = stderr.lines().filter(|line| line.starts_with(words));
        assert_eq!(lines.count(), 1, "{words} in: {stderr}");
    }
    assert!(!stderr.contains("[rank "), "{stderr}");
    assert!(folder.path().join("out/summary.json").exists());
}
