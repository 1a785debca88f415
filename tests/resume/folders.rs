//! What a folder holds is not lost.

use super::{
    NEWEST, PREVIOUS, SMALL, assert_refused, assert_runs, assert_same, interrupted, noise, tear,
};
use crate::common::program;
use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

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

/// Waits until `done` or for a minute.
fn wait_until(mut done: impl FnMut() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(started.elapsed() < Duration::from_secs(60), "no progress");
        std::thread::sleep(Duration::from_millis(1));
    }
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
