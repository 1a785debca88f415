//! What a folder holds is not lost.

use super::{
    NEWEST, PREVIOUS, SMALL, assert_refused, assert_runs, assert_same, interrupted, noise, tear,
};
use crate::common::{digest, files, program, program_in, summary, text, wait_until};
use std::fs;
use std::process::Stdio;
use std::time::Duration;

#[test]
fn when_no_checkpoint_is_whole_nothing_is_touched() {
    let (_folder, whole, parts) = interrupted(&[("checkpoint.every", "2")]);
    for name in [NEWEST, PREVIOUS] {
        tear(&parts.join(name));
    }
    let ten = "--set=stop.steps=10";
    assert_refused(&parts, &[ten], &["state.ned", "torn", "--force", "--out"]);
    fs::remove_file(parts.join(PREVIOUS)).unwrap();
    fs::write(parts.join(NEWEST), noise()).unwrap();
    let words = ["state.ned", "not a checkpoint", "--force", "--out"];
    assert_refused(&parts, &[ten], &words);
    assert_runs(&parts, &[ten, "--force"]);
    assert_same(&parts, &whole, "after --force");
}

#[test]
fn a_run_of_another_deck_is_not_overwritten() {
    let (_folder, whole, parts) = interrupted(&[]);
    let words = ["--out", "--force", "another problem"];
    for other in ["network.hidden=[7]", "flow.seed=1", "boundary.0.weight=2.0"] {
        assert_refused(&parts, &["--set", other], &words);
    }
    assert_refused(&parts, &["--resume=never"], &["--resume", "--force"]);
    assert_runs(&parts, &["--set=stop.steps=10", "--force"]);
    assert_same(&parts, &whole, "after --force");
}

#[test]
fn files_of_somebody_else_are_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["history.csv", "summary.json", "resolved.toml", "lock"] {
        let out = folder.path().join(name);
        fs::create_dir(&out).unwrap();
        fs::write(out.join(name), "mine").unwrap();
        assert_refused(&out, &[], &[name, "--out"]);
    }
    // A run that was killed before its first checkpoint starts over; one whose checkpoint was removed
    // when it had ended does not.
    let out = folder.path().join("out");
    assert_runs(&out, &["--set=stop.steps=2"]);
    fs::remove_dir_all(out.join("checkpoint")).unwrap();
    let words = ["summary.json", "--out", "--force"];
    assert_refused(&out, &["--set=stop.steps=2"], &words);
    fs::remove_file(out.join("summary.json")).unwrap();
    assert_runs(&out, &["--set=stop.steps=2"]);
}

#[test]
fn columns_of_other_names_are_another_problem() {
    let folder = tempfile::tempdir().unwrap();
    let deck = folder.path().join("deck.toml");
    let data = "[data]\nfile = \"d.csv\"\ninputs = [\"x\"]\ntarget = \"u = h\"\n";
    fs::write(&deck, data.to_owned() + "[network]\nhidden = [3]\n").unwrap();
    let run = |header: &str| {
        let rows = "0,1\n1,2\n2,4\n3,3\n";
        fs::write(folder.path().join("d.csv"), format!("{header}\n{rows}")).unwrap();
        let arguments = [
            "run",
            "deck.toml",
            "--quiet",
            "--out=out",
            "--set=stop.steps=3",
        ];
        program_in(folder.path(), &arguments)
    };
    assert!(run("h,x").status.success());
    let other = run("x,h");
    assert_eq!(other.status.code(), Some(2));
    assert!(text(&other.stderr).contains("another problem"));
}

#[test]
fn fields_that_are_asked_for_later_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let easy = "--set=stop.energy=1e3";
    assert_runs(&out, &[easy]);
    let reached = digest(&out);
    assert_runs(&out, &[easy, "--set=output.fields=[\"csv\"]"]);
    assert!(out.join("fields/u.csv").exists());
    assert_eq!(digest(&out), reached);
    assert_eq!(summary(&out)["status"], "converged");
}

#[test]
fn a_killed_run_goes_on_as_if_nothing_had_been() {
    let folder = tempfile::tempdir().unwrap();
    let [whole, killed] = ["whole", "killed"].map(|name| folder.path().join(name));
    let arguments = ["--set=checkpoint.every=1", "--set=stop.steps=300"];
    let mut command = program();
    command.args(["run", "--quiet", "--threads=1", "--out"]);
    command.arg(&killed).args(arguments);
    for (key, value) in SMALL {
        command.arg("--set").arg(format!("{key}={value}"));
    }
    command.stderr(Stdio::null()).stdin(Stdio::null());
    let newest = killed.join(NEWEST);
    let mut in_the_midst = 0;
    for moment in [0, 5, 11, 18, 26, 35] {
        let before = fs::read(&newest).ok();
        let mut child = command.spawn().unwrap();
        wait_until(|| {
            let now = fs::read(&newest).ok();
            (now.is_some() && now != before) || child.try_wait().unwrap().is_some()
        });
        std::thread::sleep(Duration::from_millis(moment));
        child.kill().unwrap();
        in_the_midst += usize::from(child.wait().unwrap().code().is_none());
    }
    assert!(in_the_midst > 1, "the run is over before it can be killed");
    assert_runs(&killed, &arguments);
    assert_runs(&whole, &arguments);
    assert_same(&killed, &whole, "killed");
}

/// Killed after the last checkpoint and before the summary, the parameters that met the limit are still
/// the result, though the step went on from there.
#[test]
fn a_run_that_ended_without_its_summary_is_summed_up() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let arguments = ["--set=stop.energy=1.0", "--set=output.fields=[\"csv\"]"];
    assert_runs(&out, &arguments);
    let [result, fields] = ["summary.json", "fields"].map(|name| out.join(name));
    let whole = summary(&out);
    assert_eq!(whole["status"], "converged");
    let field = fs::read(fields.join("u.csv")).unwrap();
    fs::remove_file(result).unwrap();
    fs::remove_dir_all(&fields).unwrap();
    assert_runs(&out, &arguments);
    let again = summary(&out);
    for key in [
        "status",
        "reason",
        "steps",
        "energy",
        "error",
        "theta_digest",
    ] {
        assert_eq!(again[key], whole[key], "{key}");
    }
    assert_eq!(fs::read(fields.join("u.csv")).unwrap(), field);
    let before = files(&out);
    assert_runs(&out, &arguments);
    assert!(files(&out) == before, "a run that is summed up was touched");
}
