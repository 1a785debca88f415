//! The real program under a real mpirun: the same bits, and no rank left hanging.
//!
//! `launch/test.sh` sets NED_MPIRUN to the mpirun of the MPI that the program was built with.
#![allow(clippy::unwrap_used, clippy::expect_used)]
#![cfg(feature = "mpi")]

mod common;

use common::{digest, errors, mpi, text};
use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};

/// `timeout 120 mpirun -n RANKS ned-dist ARGUMENTS`.
fn mpirun(ranks: usize, arguments: &[&str]) -> Output {
    launch(ranks, Path::new(env!("CARGO_BIN_EXE_ned-dist")), arguments)
}

/// `timeout 120 mpirun -n RANKS PROGRAM ARGUMENTS`.
fn launch(ranks: usize, program: &Path, arguments: &[&str]) -> Output {
    let mut command = mpi::mpirun("120", ranks);
    let output = command.arg(program).args(arguments).output();
    output.expect("timeout is a part of coreutils")
}

#[test]
fn any_number_of_ranks_reaches_the_same_parameters() {
    let folder = tempfile::tempdir().unwrap();
    let mut digests = Vec::new();
    for ranks in [1, 2, 4, 16] {
        let out = folder.path().join(ranks.to_string());
        let path = out.display().to_string();
        let small = [
            "--set=network.hidden=[12]",
            "--set=stop.steps=8",
            "--set=flow.stepper=natural",
        ];
        let run = [&["run", "--quiet", "--out", &path][..], &small].concat();
        let output = mpirun(ranks, &run);
        assert!(
            output.status.success(),
            "{ranks} ranks: {}",
            text(&output.stderr)
        );
        digests.push(digest(&out));
    }
    assert!(digests.iter().all(|d| d == &digests[0]), "{digests:?}");
}

/// A matrix of several tiles, which travel between the ranks and end on all of them.
#[test]
fn a_matrix_in_tiles_reaches_the_same_parameters() {
    let folder = tempfile::tempdir().unwrap();
    let reach = |ranks: usize| {
        let out = folder.path().join(ranks.to_string());
        let path = out.display().to_string();
        let settings = [
            "--set=network.hidden=[110]",
            "--set=flow.solver=cholesky",
            "--set=flow.stepper=euler",
            "--set=stop.steps=2",
        ];
        let run = [&["run", "--quiet", "--out", &path][..], &settings].concat();
        let output = mpirun(ranks, &run);
        assert!(output.status.success(), "{}", text(&output.stderr));
        digest(&out)
    };
    let alone = reach(1);
    for ranks in [2, 3, 4] {
        assert_eq!(reach(ranks), alone, "{ranks} ranks");
    }
}

/// So many ranks on so few cores that each must give way while it waits.
#[test]
fn sixty_four_ranks_on_one_machine_reach_the_same_parameters() {
    let folder = tempfile::tempdir().unwrap();
    let reach = |ranks: usize| {
        let out = folder.path().join(ranks.to_string());
        let path = out.display().to_string();
        let few = ["--set=network.hidden=[6]", "--set=stop.steps=3"];
        let run = [&["run", "--quiet", "--out", &path][..], &few].concat();
        let output = mpirun(ranks, &run);
        assert!(output.status.success(), "{}", text(&output.stderr));
        digest(&out)
    };
    assert_eq!(reach(64), reach(1));
}

/// The stages of a run's steps, from its history.
fn stages(out: &Path) -> Vec<usize> {
    let mut reader = csv::Reader::from_path(out.join("history.csv")).unwrap();
    let rows = reader.records().map(|row| row.unwrap()[1].parse().unwrap());
    rows.collect()
}

#[test]
fn the_default_stages_reach_the_same_parameters() {
    let folder = tempfile::tempdir().unwrap();
    let small = common::STAGED.map(|(key, value)| format!("--set={key}={value}"));
    let run = |ranks: usize| {
        let out = folder.path().join(ranks.to_string());
        let path = out.display().to_string();
        let mut arguments = vec!["run", "--quiet", "--out", &path];
        arguments.extend(small.iter().map(String::as_str));
        let output = mpirun(ranks, &arguments);
        assert!(output.status.success(), "{}", text(&output.stderr));
        (digest(&out), stages(&out))
    };
    let alone = run(1);
    let entered: Vec<usize> = common::turns(&alone.1).iter().map(|turn| turn.1).collect();
    assert!(entered.starts_with(&[1, 0]), "{entered:?}");
    for ranks in [2, 4] {
        assert_eq!(run(ranks), alone, "{ranks} ranks");
    }
}

#[test]
fn a_run_goes_on_with_another_number_of_ranks() {
    let folder = tempfile::tempdir().unwrap();
    let run = |name: &str, ranks: usize, steps: usize| {
        let out = folder.path().join(name);
        let (path, steps) = (out.display().to_string(), format!("stop.steps={steps}"));
        let small = ["--set", "network.hidden=[9, 9]", "--set", &steps];
        let arguments = [&["run", "--quiet", "--out", &path][..], &small].concat();
        let output = mpirun(ranks, &arguments);
        assert!(output.status.success(), "{}", text(&output.stderr));
        digest(&out)
    };
    let whole = run("whole", 2, 10);
    run("parts", 3, 5);
    assert_eq!(run("parts", 4, 10), whole);
}

#[test]
fn bad_input_ends_every_rank_with_one_message_and_code_2() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out").display().to_string();
    let many = [
        "run",
        "--out",
        &out,
        "--set",
        "sampling.cells=1",
        "--set",
        "boundary.0.on=y = 0",
    ];
    for (arguments, named) in [
        (
            &["run", "no-such-deck.toml", "--out", &out][..],
            "no-such-deck.toml",
        ),
        (
            &["run", "--out", &out, "--set", "network.hiden=[3]"],
            "hidden",
        ),
        (
            &[
                "run",
                "--out",
                &out,
                "--set",
                "problem.equation=lap(u) = qq",
            ],
            "qq",
        ),
        (&many, "cells"),
    ] {
        let started = Instant::now();
        let output = mpirun(3, arguments);
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
        assert_eq!(stderr.matches("error: ").count(), 1, "{stderr}");
        assert!(stderr.contains(named), "{stderr}");
        assert!(
            started.elapsed() < Duration::from_secs(60),
            "a rank was left hanging"
        );
        assert!(!Path::new(&out).exists(), "something was written");
    }
}

#[test]
fn help_and_version_are_printed_once() {
    for flag in ["--help", "--version"] {
        let output = mpirun(3, &[flag]);
        assert!(output.status.success());
        let stdout = text(&output.stdout);
        let once = match flag {
            "--help" => "Usage:",
            _ => concat!("ned-dist ", env!("CARGO_PKG_VERSION")),
        };
        assert_eq!(stdout.matches(once).count(), 1, "{stdout}");
    }
    assert_eq!(mpirun(2, &["--no-such-flag"]).status.code(), Some(2));
}

/// Not a promise of its own: what the next test runs under mpirun.
#[test]
fn a_rank_that_panics() {
    if std::env::var("NED_TEST_PANIC").is_err() {
        return;
    }
    let comm = ned_dist::comm::start().unwrap();
    ned_dist::comm::set_context("step 14".into());
    if comm.rank() == 1 {
        panic!("this rank has had enough");
    }
    // The others wait for it, as in any collective.
    comm.barrier();
    comm.finish(0);
}

#[test]
fn a_panic_on_one_rank_ends_the_job_with_one_line() {
    let started = Instant::now();
    let this = std::env::current_exe().unwrap();
    let output = launch(
        3,
        Path::new("env"),
        &[
            "NED_TEST_PANIC=1",
            this.to_str().unwrap(),
            "--exact",
            "a_rank_that_panics",
            "--nocapture",
        ],
    );
    let all = text(&output.stderr) + &text(&output.stdout);
    assert_eq!(output.status.code(), Some(101), "{all}");
    assert!(
        started.elapsed() < Duration::from_secs(60),
        "a rank was left hanging"
    );
    let line = all.lines().find(|l| l.contains("has had enough")).unwrap();
    assert!(
        line.contains("rank 1") && line.contains("step 14"),
        "{line}"
    );
}

#[test]
fn a_nan_that_one_rank_meets_ends_all_with_one_error() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out").display().to_string();
    // The last cells belong to the last rank.
    let law = "--set=problem.equation=-lap(u) = sqrt(0.95 - x)";
    let output = mpirun(3, &["run", "--quiet", "--out", &out, law]);
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert_eq!(errors(&stderr), 1, "{stderr}");
    for word in ["`equation`", "cell ", "step 0"] {
        assert!(stderr.contains(word), "{word} is not in: {stderr}");
    }
}
