//! What a file system does to a run under a real mpirun: it is full, read-only, hangs, or is shared
//! with another run. One clear error, nothing that was whole is lost, and the same command goes on.
//!
//! Full and read-only disks are mounts that only the job sees; that takes root.
#![allow(clippy::unwrap_used, clippy::expect_used)]
#![cfg(all(feature = "mpi", target_os = "linux"))]

mod common;

use common::job::{ENDLESS, Job, SLOW, undisturbed};
use common::processes::ranks_of;
use common::{errors, files, skip, state, summary, text, wait_until};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// Goes on with a job where `prepare` has mounted something on its folder, OUT, and leaves what it
/// wrote there in OUT.after. `None`, after a loud word, where nothing may be mounted.
fn run_on(prepare: &str, job: &Job) -> Option<Output> {
    let isolated = ["--mount", "--propagation", "private"];
    let may = Command::new("unshare").args(isolated).arg("true").output();
    if !may.is_ok_and(|output| output.status.success()) {
        return skip("disks that are full or read-only: mounts need root");
    }
    let script = format!(
        "set -e; cp -a \"$OUT\" \"$OUT.before\"; {prepare}\n\
         set +e; \"$@\"; code=$?; cp -a \"$OUT\" \"$OUT.after\"; exit $code"
    );
    let inner = job.command(&[]);
    let mut command = Command::new("unshare");
    command.args(isolated).args(["sh", "-c", &script, "sh"]);
    command.arg(inner.get_program()).args(inner.get_args());
    for (name, value) in inner.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    Some(command.env("OUT", job.out()).output().unwrap())
}

/// A job that has done 20 steps of many.
fn begun() -> Job {
    let job = Job::new(2).with(&SLOW);
    assert!(job.run(&["--set=stop.steps=20"]).status.success());
    job
}

/// It ended with this code and one error, that says the words; no rank is left.
fn assert_one_error(output: &Output, code: i32, words: &[&str], job: &Job) {
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    assert_eq!(errors(&stderr), 1, "{stderr}");
    for word in words {
        assert!(stderr.contains(word), "{word} is not in: {stderr}");
    }
    assert!(ranks_of(&job.out()).is_empty());
}

#[test]
fn a_disk_that_fills_up_gives_one_error_and_leaves_a_whole_checkpoint() {
    let job = begun();
    let little = "size=$(($(du -sk \"$OUT\" | cut -f 1) + 16))k
        mount -t tmpfs -o size=$size none \"$OUT\"; cp -a \"$OUT.before/.\" \"$OUT\"";
    let Some(output) = run_on(little, &job) else {
        return;
    };
    assert_one_error(&output, 1, &["No space left", "same command"], &job);
    let after = job.out().with_extension("after");
    assert!(state(&after).step >= 20);
    // The same on a disk with space.
    fs::remove_dir_all(job.out()).unwrap();
    fs::rename(after, job.out()).unwrap();
    assert_eq!(job.finish(), undisturbed());
}

#[test]
fn a_read_only_folder_gives_one_error_and_nothing_is_touched() {
    let job = begun();
    let before = files(&job.out());
    let fixed = "mount --bind \"$OUT\" \"$OUT\"; mount -o remount,bind,ro \"$OUT\"";
    let Some(output) = run_on(fixed, &job) else {
        return;
    };
    assert_one_error(&output, 2, &["Read-only file system", "out"], &job);
    assert!(files(&job.out()) == before);
    assert_eq!(job.finish(), undisturbed());
}

#[test]
fn two_runs_do_not_share_a_folder() {
    // A method that goes on for ever.
    let job = Job::new(2).with(&["--set=flow.method=adam"]);
    let first = job.start(&[ENDLESS]);
    for more in [&[][..], &["--force"]] {
        let second = job.run(more);
        let stderr = text(&second.stderr);
        assert_eq!(second.status.code(), Some(2), "{stderr}");
        assert_eq!(errors(&stderr), 1, "{stderr}");
        assert!(stderr.contains("is running here"), "{stderr}");
    }
    fs::write(job.out().join("STOP"), "").unwrap();
    let output = first.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(summary(&job.out())["status"], "stopped");
}

#[test]
fn a_full_disk_gives_one_error_and_leaves_a_whole_checkpoint() {
    let job = Job::new(2).with(&SLOW);
    assert!(job.run(&["--set=stop.steps=20"]).status.success());
    // Whoever writes there is told that no space is left.
    let temporary = job.out().join("checkpoint/state.tmp");
    std::os::unix::fs::symlink("/dev/full", temporary).unwrap();
    let output = job.run(&[]);
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert_eq!(errors(&stderr), 1, "{stderr}");
    for word in ["cannot write a checkpoint", "No space left", "same command"] {
        assert!(stderr.contains(word), "{word} is not in: {stderr}");
    }
    assert_eq!(state(&job.out()).step, 20);
    assert_eq!(job.finish(), undisturbed());
}

/// Whoever writes the next checkpoint waits for a reader that never comes.
fn hang(out: &Path) {
    let pipe = out.join("checkpoint/state.tmp");
    assert!(Command::new("mkfifo").arg(pipe).status().unwrap().success());
}

#[test]
fn a_disk_that_hangs_is_named_by_the_watchdog_which_ends_the_job() {
    let job = begun();
    hang(&job.out());
    let output = job.run(&["--watchdog=0.4s"]);
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(101), "{stderr}");
    let busy = "watchdog: has been busy for";
    // On a busy machine a step before it may have taken as long.
    let mut warnings = stderr.lines().filter(|line| line.contains(busy));
    let names_it = |line: &str| line.starts_with("[rank 0 ") && line.contains("in output");
    assert!(warnings.any(names_it), "{stderr}");
    let last = stderr.lines().find(|line| line.contains("ends the job"));
    let last = last.unwrap();
    assert!(
        last.starts_with("[rank 0 ") && last.contains("step"),
        "{last}"
    );
    wait_until(|| ranks_of(&job.out()).is_empty());
    fs::remove_file(job.out().join("checkpoint/state.tmp")).unwrap();
    assert_eq!(state(&job.out()).step, 20);
    assert_eq!(job.finish(), undisturbed());
}
