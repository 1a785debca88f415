//! What happens to a run on a cluster, done to the real program under a real mpirun: ranks are
//! killed, jobs are preempted, time runs out. The same command always goes on, and
//! the parameters have the same bits in the end.
//!
//! `NED_FAULTS=50 launch/test.sh --test faults` kills fifty times instead of a few.
#![allow(clippy::unwrap_used, clippy::expect_used)]
#![cfg(feature = "mpi")]

mod common;

use common::job::{ENDLESS, Job, SLOW, STEPS, assert_goes_on, send, undisturbed};
use common::processes::{launchers_of, ranks_of};
use common::{digest, state, summary, text, wait_until};
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde_json::Value;
use std::fs;
use std::process::{Child, Stdio};
use std::time::Duration;

/// The job was stopped in the midst, saved, exited well, and goes on to the same bits.
fn assert_stopped(job: &Job, child: Child, reason: &str) {
    let output = child.wait_with_output().unwrap();
    let stderr = text(&output.stderr);
    assert!(output.status.success(), "{:?}: {stderr}", output.status);
    let found = summary(&job.out());
    assert_eq!(found["status"], "stopped");
    let said = found["reason"].as_str().unwrap();
    assert!(said.contains(reason), "{said}");
    assert_eq!(found["steps"], state(&job.out()).step);
    assert!(!job.out().join("lock").exists());
    assert_goes_on(job);
}

#[test]
fn a_job_whose_ranks_are_killed_again_and_again_ends_with_the_same_bits() {
    // On points that are drawn anew the run never ends by itself, however many kills there are.
    let job = Job::new(3).with(&SLOW).with(&["--set=sampling.resample=1"]);
    let kills = std::env::var("NED_FAULTS").map_or(5, |text| text.parse().unwrap());
    let mut dice = Xoshiro256PlusPlus::seed_from_u64(kills);
    let mut steps = Vec::new();
    for kill in 0..kills {
        // The first one finds a checkpoint, the others strike anywhere: MPI may not even have begun.
        let mut child = match kill {
            0 => job.start(&[ENDLESS]),
            _ => {
                let mut command = job.command(&[ENDLESS]);
                command.stdout(Stdio::null()).stderr(Stdio::null());
                command.spawn().unwrap()
            }
        };
        std::thread::sleep(Duration::from_millis(dice.random_range(0..1500)));
        let mut ranks = Vec::new();
        wait_until(|| {
            ranks = ranks_of(&job.out());
            !ranks.is_empty()
        });
        send("-KILL", ranks[dice.random_range(0..ranks.len())]);
        assert!(!child.wait().unwrap().success());
        wait_until(|| ranks_of(&job.out()).is_empty());
        steps.push(state(&job.out()).step);
    }
    assert!(steps.is_sorted() && steps[0] > 0, "{steps:?}");
    assert_goes_on(&job);
}

#[test]
fn usr1_sent_to_mpirun_saves_and_stops() {
    let job = Job::new(2);
    let child = job.start(&[ENDLESS]);
    let launchers = launchers_of(&job.out());
    send("-USR1", launchers[0]);
    assert_stopped(&job, child, "SIGUSR1");
}

#[test]
fn term_to_any_one_rank_saves_and_stops_all() {
    let job = Job::new(3);
    let child = job.start(&[ENDLESS]);
    send("-TERM", ranks_of(&job.out())[1]);
    assert_stopped(&job, child, "SIGTERM");
}

#[test]
fn int_to_the_program_saves_and_stops() {
    let job = Job::new(1);
    let child = job.start(&[ENDLESS]);
    send("-INT", ranks_of(&job.out())[0]);
    assert_stopped(&job, child, "SIGINT");
}

#[test]
fn term_to_mpirun_may_kill_ranks_but_loses_nothing() {
    let job = Job::new(2);
    let child = job.start(&[ENDLESS]);
    // Open MPI passes it on a second later, and a second after that it kills.
    send("-TERM", launchers_of(&job.out())[0]);
    child.wait_with_output().unwrap();
    assert_goes_on(&job);
}

#[test]
fn a_file_stop_saves_and_stops_and_is_taken_away() {
    let job = Job::new(2);
    let child = job.start(&[ENDLESS]);
    let note = job.out().join("STOP");
    fs::write(&note, "").unwrap();
    assert_stopped(&job, child, "STOP");
    assert!(!note.exists());
}

#[test]
fn a_file_checkpoint_saves_and_goes_on() {
    let job = Job::new(2).with(&["--set=checkpoint.every=1 h"]);
    let mut child = job.command(&[ENDLESS]).spawn().unwrap();
    wait_until(|| job.out().join("history.csv").exists());
    let note = job.out().join("CHECKPOINT");
    fs::write(&note, "").unwrap();
    wait_until(|| !note.exists());
    let saved = state(&job.out()).step;
    assert!(child.try_wait().unwrap().is_none(), "it does not go on");
    fs::write(job.out().join("STOP"), "").unwrap();
    assert!(child.wait().unwrap().success());
    assert!(0 < saved && saved < state(&job.out()).step, "{saved}");
    assert_goes_on(&job);
}

#[test]
fn a_run_that_is_short_of_time_stops_in_time_as_often_as_needed() {
    let job = Job::new(2).with(&SLOW);
    let mut steps = Vec::new();
    while steps.last() != Some(&STEPS) {
        // So little that it may not even reach its first step is no progress, but no harm.
        let time = format!("--max-time={}s", 0.3 + 0.1 * steps.len() as f64);
        let output = job.run(&[&time]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        let found = summary(&job.out());
        assert_eq!(found["status"], "stopped");
        let step = found["steps"].as_u64().unwrap();
        let reason = found["reason"].as_str().unwrap();
        assert!(step == STEPS || reason.contains("--max-time"), "{reason}");
        assert!(steps.len() < 100, "{steps:?}");
        steps.push(step);
    }
    assert!(steps.len() > 1, "one go was enough: {steps:?}");
    assert_eq!(digest(&job.out()), undisturbed());
}

#[test]
fn the_end_of_a_slurm_job_is_a_limit_unless_it_is_over() {
    let now = std::time::SystemTime::now();
    let now = now.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let job = Job::new(1);
    let ends = |end: u64, steps: &str| {
        // Adam does not end by itself.
        let mut command = job.command(&["--set=flow.method=adam", steps]);
        let output = command.env("SLURM_JOB_END_TIME", end.to_string()).output();
        let output = output.unwrap();
        assert!(output.status.success());
        let reason = summary(&job.out())["reason"].as_str().unwrap().to_owned();
        (reason, text(&output.stderr))
    };
    // Time enough for a slow start: an end that is over is not heeded.
    let (reason, _) = ends(now + 8, ENDLESS);
    assert!(reason.contains("SLURM_JOB_END_TIME"), "{reason}");
    let (reason, said) = ends(now - 100, "--set=stop.steps=1");
    assert!(reason.contains("stop.steps"), "{reason}");
    assert!(said.contains("over already"), "{said}");
}

#[test]
fn the_watchdog_tells_of_a_rank_that_stands_still_for_a_while() {
    let job = Job::new(2);
    let child = job.start(&[ENDLESS, "--watchdog=0.4s"]);
    let rank = ranks_of(&job.out())[1];
    send("-STOP", rank);
    std::thread::sleep(Duration::from_millis(1200));
    send("-CONT", rank);
    fs::write(job.out().join("STOP"), "").unwrap();
    let output = child.wait_with_output().unwrap();
    let stderr = text(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    let mut said = stderr.lines().filter(|line| line.starts_with("[rank "));
    assert!(
        said.any(|line| line.contains("watchdog: has waited")),
        "{stderr}"
    );
}

/// Of three ranks two wait, so one that is not rank 0 speaks: it says who it is.
#[test]
fn programs_can_read_which_rank_the_watchdog_warns_of() {
    let job = Job::new(3);
    let child = job.start(&[ENDLESS, "--watchdog=0.4s", "--log=json"]);
    let rank = ranks_of(&job.out())[1];
    send("-STOP", rank);
    std::thread::sleep(Duration::from_millis(1200));
    send("-CONT", rank);
    fs::write(job.out().join("STOP"), "").unwrap();
    let output = child.wait_with_output().unwrap();
    let stderr = text(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    let lines = stderr.lines().map(serde_json::from_str::<Value>);
    let lines: Vec<Value> = lines.map(|line| line.expect(&stderr)).collect();
    let others: Vec<&Value> = lines
        .iter()
        .filter(|l| l["rank"].as_u64() > Some(0))
        .collect();
    assert!(!others.is_empty(), "{stderr}");
    for line in others {
        assert_eq!(line["level"], "warning", "{line}");
        assert!(line["host"].is_string() && line["rank"].is_u64(), "{line}");
        let message = line["message"].as_str().unwrap();
        assert!(message.starts_with("watchdog: has "), "{line}");
    }
}

#[test]
fn a_second_term_ends_the_program_within_a_step() {
    let job = Job::new(1).with(&["--set=sampling.points=400000", "--set=network.hidden=[64]"]);
    let mut command = job.command(&["--set=flow.method=sgd"]);
    let child = command.stderr(Stdio::piped()).spawn().unwrap();
    wait_until(|| job.out().join("lock").exists());
    let ranks = ranks_of(&job.out());
    send("-TERM", ranks[0]);
    std::thread::sleep(Duration::from_millis(1500));
    send("-TERM", ranks[0]);
    assert!(!child.wait_with_output().unwrap().status.success());
    assert!(!job.out().join("summary.json").exists());
}
