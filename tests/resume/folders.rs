//! What a folder holds is not lost.

use super::{
    NEWEST, PREVIOUS, SMALL, assert_refused, assert_runs, assert_same, interrupted, noise, tear,
};
use crate::common::{files, program, summary, wait_until};
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
