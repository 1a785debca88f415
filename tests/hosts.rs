//! Several hosts: the real program over TCP between hosts that see each other only through a
//! switch, and what becomes of the job when one of them is lost.
//!
//! The hosts are namespaces of this machine (`common/hosts.rs`); that takes root.
#![allow(clippy::unwrap_used, clippy::expect_used)]
#![cfg(all(feature = "mpi", target_os = "linux"))]

mod common;

use common::hosts::Hosts;
use common::processes::ranks_of;
use common::{digest, mpi, program_in, skip, state, text, wait_until};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// The default deck, shortened.
const DECK: [&str; 3] = [
    "--set=network.hidden=[16]",
    "--set=stop.energy=0.0",
    "--set=checkpoint.every=5",
];

/// A job on several hosts.
struct Job {
    hosts: Hosts,
    folder: TempDir,
    agent: PathBuf,
}

impl Job {
    /// `None`, after a loud word, where a machine cannot be several hosts.
    fn on(count: usize) -> Option<Self> {
        let hosts = match Hosts::start("nd", count) {
            Ok(hosts) => hosts,
            Err(why) => return skip(&format!("several hosts need root and namespaces; {why}")),
        };
        let folder = tempfile::tempdir().unwrap();
        let agent = hosts.write_agent(folder.path());
        Some(Self {
            hosts,
            folder,
            agent,
        })
    }

    fn out(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    /// `timeout LIMIT mpirun` on the first host, with as many ranks on each as its MPI
    /// can stand: what may hang MPICH 4.0 in MPI_Finalize (`comm/world.rs`) does so with more ranks,
    /// on cores as crowded as these, in spite of all care.
    fn command(&self, limit: &str, more: &[&str]) -> Command {
        let mut command = self.hosts.hosts[0].visitor();
        command.args(["timeout", "--kill-after=5", limit, &mpi::launcher()]);
        let count = self.hosts.hosts.len();
        let each = if mpi::is_mpich() { 1 } else { 2 };
        let places = (0..count).map(|host| format!("{}:{each}", Hosts::address(host)));
        let (places, agent) = (places.collect::<Vec<_>>().join(","), &self.agent);
        if mpi::is_mpich() {
            command
                .args(["-launcher", "ssh", "-launcher-exec"])
                .arg(agent);
            command.args(["-iface", "eth0", "-hosts", &places]);
            command.env("UCX_TLS", "tcp,self");
        } else {
            command.args(["--mca", "plm_rsh_agent"]).arg(agent);
            for layer in ["oob", "btl"] {
                command.args(["--mca", &format!("{layer}_tcp_if_include"), "eth0"]);
            }
            command.args(["--mca", "mpi_yield_when_idle", "1", "--host", &places]);
        }
        command.args(["-n", &(each * count).to_string()]);
        command.args([
            env!("CARGO_BIN_EXE_ned-dist"),
            "run",
            "--threads=1",
            "--out",
        ]);
        command.arg(self.out()).args(DECK).args(more);
        mpi::prepare(&mut command);
        command.stdin(Stdio::null());
        command
    }

    /// To the end.
    fn run(&self, more: &[&str]) -> Output {
        self.command("60", more).output().unwrap()
    }
}

/// What one rank without mpirun reaches.
fn alone(folder: &Path, steps: &str) -> String {
    let arguments = ["run", "--quiet", "--threads=1", "--out=alone", steps];
    let output = program_in(folder, &[&arguments[..], &DECK].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    digest(&folder.join("alone"))
}

#[test]
fn hosts_reach_the_same_parameters_as_one_process() {
    let count = if mpi::is_mpich() { 2 } else { 3 };
    let Some(job) = Job::on(count) else { return };
    let steps = "--set=stop.steps=40";
    let output = job.run(&[steps]);
    let said = text(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(said.contains(&format!("on {count} hosts")), "{said}");
    assert_eq!(digest(&job.out()), alone(job.folder.path(), steps));
}

/// A job that is struck in its midst ends in time, with an error that says `word`, leaves no rank
/// behind, and the same command goes on to the same bits.
fn assert_survives(strike: impl FnOnce(&mut Job), word: &str) {
    let Some(mut job) = Job::on(2) else { return };
    let endless = ["--set=stop.steps=1000000", "--quiet", "--watchdog=0.3s"];
    // Open MPI's mpirun waits for the orders it sent to a host that is cut off: a batch system would
    // end it, and here `timeout` does.
    let mut command = job.command("15", &endless);
    let log = job.folder.path().join("log");
    // A file, since what is left on the lost host would hold a pipe open.
    command
        .stderr(File::create(&log).unwrap())
        .stdout(Stdio::null());
    let mut child = command.spawn().unwrap();
    wait_until(|| job.out().join("checkpoint/state.ned").exists());
    strike(&mut job);
    let status = child.wait().unwrap();
    let stderr = fs::read_to_string(&log).unwrap();
    assert!(!status.success(), "{stderr}");
    assert!(stderr.contains(word), "{stderr}");
    wait_until(|| ranks_of(&job.out()).is_empty());
    // The hosts are repaired.
    job.hosts = Hosts::start("nd", 2).unwrap();
    job.agent = job.hosts.write_agent(job.folder.path());
    let steps = format!("--set=stop.steps={}", state(&job.out()).step + 10);
    let output = job.run(&["--quiet", &steps]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(digest(&job.out()), alone(job.folder.path(), &steps));
}

#[test]
fn a_host_that_is_cut_off_ends_the_job() {
    let word = "watchdog: has waited 3 s for other ranks";
    assert_survives(|job| job.hosts.cut_off(1), word);
}

#[test]
fn a_host_that_loses_its_power_ends_the_job() {
    assert_survives(|job| job.hosts.hosts[1].kill(), "");
}
