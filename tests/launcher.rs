//! A program that no launcher started is one process, which does not wait half a second for
//! MPI to start; it ends, well or badly, as ranks do. What may have been a launcher starts MPI.
#![allow(clippy::unwrap_used, clippy::expect_used)]
#![cfg(all(feature = "mpi", unix))]

mod common;

use common::job::send;
use common::{digest, mpi, program, starter, state, summary, text, wait_until};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;
use tempfile::tempdir;

/// A small run that never converges.
const SMALL: [&str; 7] = [
    "run",
    "--threads=1",
    "--set=network.hidden=[6]",
    "--set=sampling.points=60",
    "--set=sampling.boundary_points=24",
    "--set=stop.energy=0.0",
    "--set=checkpoint.every=10",
];

/// What the header says of a process without MPI.
const NO_MPI: &str = "no MPI: one process without a launcher";

/// The small run in a folder, in an environment.
fn small(out: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> Command {
    let mut command = program();
    command.args(SMALL).arg("--out").arg(out).args(arguments);
    command.envs(variables.iter().copied());
    command.stdin(Stdio::null());
    command
}

fn run(out: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> Output {
    small(out, variables, arguments).output().unwrap()
}

#[test]
fn without_a_launcher_there_is_no_mpi_and_the_same_result() {
    let folder = tempdir().unwrap();
    let reach = |name: &str, variables: &[(&str, &str)]| {
        let out = folder.path().join(name);
        let output = run(&out, variables, &["--set=stop.steps=5"]);
        let header = text(&output.stderr);
        assert!(output.status.success(), "{header}");
        (header.contains(NO_MPI), digest(&out))
    };
    let (no_mpi, alone) = reach("alone", &[]);
    assert!(no_mpi);
    // What a user may have set, and the shell of a batch script.
    let shell = [
        ("OMPI_MCA_btl_base_verbose", "0"),
        ("OMPI_ALLOW_RUN_AS_ROOT", "1"),
        ("SLURM_JOB_ID", "7"),
        ("SLURM_NTASKS", "16"),
        ("SLURM_PROCID", "0"),
    ];
    assert_eq!(reach("shell", &shell), (true, alone.clone()));
    assert_eq!(reach("doubtful", &[("FLUX_URI", "local")]), (false, alone));
}

#[test]
fn the_launcher_of_another_mpi_is_noticed() {
    let folder = tempdir().unwrap();
    let out = folder.path().join("out");
    let size = match mpi::is_mpich() {
        true => "OMPI_COMM_WORLD_SIZE",
        false => "PMI_SIZE",
    };
    let output = run(&out, &[(size, "4")], &[]);
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("started 4 copies"), "{stderr}");
    assert!(stderr.contains("of another MPI"), "{stderr}");
    // Programs read of it too.
    let output = run(&out, &[(size, "4")], &["--log=json"]);
    let line: Value = serde_json::from_slice(&output.stderr).unwrap();
    assert_eq!(line["level"], "error");
    assert!(!out.exists());
}

#[test]
fn term_saves_and_stops_one_process() {
    let folder = tempdir().unwrap();
    let out = folder.path().join("out");
    stops(&out, small(&out, &[], ENDLESS), "-TERM", "SIGTERM");
}

/// LSF sends USR2 before the time is up, a terminal that is closed HUP.
#[test]
fn so_do_other_last_words() {
    let folder = tempdir().unwrap();
    for (signal, name) in [("-USR2", "SIGUSR2"), ("-HUP", "SIGHUP")] {
        let out = folder.path().join(name);
        stops(&out, small(&out, &[], ENDLESS), signal, name);
    }
    if mpi::is_mpich() {
        // A library that MPICH brings along catches HUP when it is loaded, ignored or not: what nohup
        // wished can be known no more.
        return;
    }
    // But a run that is to outlive its terminal does.
    let out = folder.path().join("nohup");
    let program = small(&out, &[], ENDLESS);
    let mut nohup = Command::new("nohup");
    nohup.arg(program.get_program()).args(program.get_args());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => nohup.env(name, value),
            None => nohup.env_remove(name),
        };
    }
    let mut child = nohup
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    wait_until(|| out.join("checkpoint/state.ned").exists());
    send("-HUP", child.id());
    std::thread::sleep(Duration::from_millis(300));
    assert!(child.try_wait().unwrap().is_none());
    send("-TERM", child.id());
    assert!(child.wait().unwrap().success());
}

const ENDLESS: &[&str] = &["--quiet", "--set=stop.steps=1000000"];

fn stops(out: &Path, mut program: Command, signal: &str, name: &str) {
    let mut child = program.spawn().unwrap();
    wait_until(|| out.join("checkpoint/state.ned").exists());
    send(signal, child.id());
    assert!(child.wait().unwrap().success());
    let found = summary(out);
    assert_eq!(found["status"], "stopped");
    assert!(found["reason"].as_str().unwrap().contains(name));
    assert_eq!(found["steps"], state(out).step);
}

/// Whoever writes the next checkpoint waits for a reader that never comes.
fn hang(out: &Path, arguments: &[&str]) -> String {
    let begun = run(out, &[], &["--quiet", "--set=stop.steps=10"]);
    assert!(begun.status.success());
    let pipe = out.join("checkpoint/state.tmp");
    assert!(Command::new("mkfifo").arg(pipe).status().unwrap().success());
    let hung = [&["--quiet", "--watchdog=0.2s"], arguments].concat();
    let output = run(out, &[], &hung);
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(101), "{stderr}");
    stderr
}

#[test]
fn the_watchdog_ends_one_process_too() {
    let folder = tempdir().unwrap();
    let stderr = hang(&folder.path().join("out"), &[]);
    let lines: Vec<&str> = stderr.lines().collect();
    let (last, before) = lines.split_last().unwrap();
    assert!(last.contains("ends the job") && last.contains("step"));
    assert!(before[0].contains("watchdog: has been busy for"));
    assert!(lines.iter().all(|l| l.starts_with("[rank 0 ")), "{stderr}");
}

#[test]
fn programs_can_read_the_last_words_of_a_rank() {
    let folder = tempdir().unwrap();
    let stderr = hang(&folder.path().join("out"), &["--log", "json"]);
    let object = |line: &str| serde_json::from_str::<Value>(line).expect(line);
    let lines: Vec<Value> = stderr.lines().map(object).collect();
    let (last, before) = lines.split_last().unwrap();
    assert_eq!(
        (&last["level"], &last["rank"]),
        (&"error".into(), &0.into())
    );
    for word in ["panicked", "ends the job"] {
        assert!(last["message"].as_str().unwrap().contains(word), "{last}");
    }
    assert_eq!(before[0]["level"], "warning");
    assert!(before[0]["host"].is_string());
}

/// Not a promise of its own: what the next test runs.
#[test]
fn a_thread_that_panics() {
    if std::env::var("NED_TEST_PANIC").is_err() {
        return;
    }
    let comm = ned_dist::comm::start().unwrap();
    assert!(comm.name().starts_with(NO_MPI));
    ned_dist::comm::set_context("step 14".into());
    let worker = std::thread::spawn(|| panic!("this thread\nhas had enough"));
    worker.join().unwrap_err();
    comm.finish(0);
}

#[test]
fn a_panic_ends_one_process_with_one_line() {
    let mut this = Command::new(std::env::current_exe().unwrap());
    this.args(["--exact", "a_thread_that_panics", "--nocapture"]);
    this.env("NED_TEST_PANIC", "1").env_remove("RUST_BACKTRACE");
    let output = this.output().unwrap();
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(101), "{stderr}");
    let said: Vec<&str> = stderr.lines().collect();
    assert_eq!(said.len(), 1, "{stderr}");
    for word in ["[rank 0 ", "step 14", "this thread; has had enough"] {
        assert!(said[0].contains(word), "{word} is not in: {stderr}");
    }
}

#[test]
fn who_reads_only_the_beginning_is_not_told_of_a_panic() {
    let program = env!("CARGO_BIN_EXE_ned-dist");
    for command in ["doctor", "check deck.toml"] {
        let folder = tempdir().unwrap();
        std::fs::write(folder.path().join("deck.toml"), starter("heat")).unwrap();
        // The reader is gone before anything is printed.
        let script = format!("(sleep 0.2; exec '{program}' {command}) | true");
        let mut shell = Command::new("bash");
        let output = shell.args(["-c", &script]).current_dir(folder.path());
        let output = output.output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{command}");
    }
}
