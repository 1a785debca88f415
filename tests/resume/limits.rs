//! Runs that have come to their end.

use super::{SMALL, append, assert_runs, history, run};
use crate::common::{STAGED, digest, files, program_in, set, solve, starter, state, summary, text};
use std::path::Path;

#[test]
fn a_converged_run_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let easy = [
        "--set=flow.stepper=natural",
        "--set=stop.energy=40.0",
        "--set=stop.steps=200",
    ];
    assert_runs(&out, &easy);
    assert_eq!(summary(&out)["status"], "converged");
    assert!(state(&out).step > 2);
    let (before, reached) = (files(&out), digest(&out));
    let output = run(&out, &easy);
    let said = text(&output.stdout) + &text(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(files(&out) == before, "files were changed");
    append(&out.join("history.csv"), "junk\n");
    assert_runs(&out, &[&easy[..], &["--force"]].concat());
    assert_eq!(digest(&out), reached);
    let lines = history(&out).len() as u64;
    assert_eq!(summary(&out)["steps"], lines, "it did not start over");
}

#[test]
fn a_converged_run_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out").display().to_string();
    let small = SMALL.map(|(key, value)| format!("--set={key}={value}"));
    let mut arguments = vec!["run", "--threads=1", "--out", &path];
    arguments.extend(small.iter().map(String::as_str));
    arguments.extend(["--set=stop.energy=1e3", "--set=flow.stepper=natural"]);
    program_in(folder.path(), &arguments);
    let output = program_in(folder.path(), &arguments);
    let stdout = text(&output.stdout);
    assert!(output.status.success());
    assert!(stdout.contains("converged"), "{stdout}");
    assert!(stdout.contains("--force"), "{stdout}");
}

/// A step goes on from where a limit is met; what is reported is where it was met.
#[test]
fn a_run_that_met_its_limit_returns_what_met_it_and_goes_on_under_a_tighter_one() {
    let folder = tempfile::tempdir().unwrap();
    let run = |name: &str, error: &str| {
        let limits = [("stop.error", error), ("output.every", "1")];
        let all = [&STAGED[..], &limits].concat();
        let out = folder.path().join(name);
        solve(starter("poisson-2d"), &set(&all), 1, 1, Some(&out))
    };
    let loose = run("a", "0.5");
    assert_eq!(loose.status, ned_dist::run::Status::Converged);
    let row = history(&folder.path().join("a")).pop().unwrap();
    let reached = loose.error.unwrap().relative_l2;
    assert!(
        reached <= 0.5 && row.contains(&format!("{reached:e}")),
        "{reached:e} {row:?}"
    );
    let (tight, whole) = (run("a", "1e-30"), run("b", "1e-30"));
    assert_eq!((tight.steps, tight.theta_digest), (600, whole.theta_digest));
}

#[test]
fn a_run_that_converged_under_a_looser_limit_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let run = |out: &Path, energy: &str| {
        let limits = set(&[
            ("network.hidden", "[9]"),
            ("stop.steps", "30"),
            ("stop.energy", energy),
            ("flow.solver", "cholesky"),
        ]);
        solve(starter("poisson-2d"), &limits, 1, 1, Some(out))
    };
    let loose = run(&folder.path().join("a"), "40.0");
    assert_eq!(loose.status, ned_dist::run::Status::Converged);
    assert!(loose.steps < 30);
    let tight = run(&folder.path().join("a"), "0.0");
    let whole = run(&folder.path().join("b"), "0.0");
    assert_eq!((tight.steps, tight.theta_digest), (30, whole.theta_digest));
}
