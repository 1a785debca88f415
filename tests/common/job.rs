//! A small run that never converges under a real mpirun, to be struck in its midst.

use super::mpi::mpirun;
use super::{digest, state, summary, text, wait_until};
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use tempfile::TempDir;

/// Steps of a whole run.
pub const STEPS: u64 = 300;
/// For what is stopped from outside: it must not end by itself before.
pub const ENDLESS: &str = "--set=stop.steps=1000000";
/// Steps that take milliseconds, so that little time is few steps.
pub const SLOW: [&str; 2] = ["--set=network.hidden=[32]", "--set=sampling.points=1500"];

/// A run of the default problem, smaller, that never converges, in a folder of its own.
pub struct Job {
    folder: TempDir,
    ranks: usize,
    more: Vec<String>,
}

impl Job {
    pub fn new(ranks: usize) -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            ranks,
            more: Vec::new(),
        }
    }

    pub fn with(mut self, more: &[&str]) -> Self {
        self.more.extend(more.iter().map(|&text| text.to_owned()));
        self
    }

    pub fn out(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    /// `timeout 100 mpirun -n RANKS ned-dist run ...`, with what root and small machines need.
    pub fn command(&self, more: &[&str]) -> Command {
        let mut command = mpirun("100", self.ranks);
        command
            .args([env!("CARGO_BIN_EXE_ned-dist"), "run", "--quiet"])
            .args(["--threads=1", "--set=network.hidden=[6]"])
            .args(["--set=sampling.points=60", "--set=output.every=1"])
            .args(["--set=sampling.boundary_points=24", "--set=stop.energy=0.0"])
            .args(["--set=checkpoint.every=10", "--out"])
            .arg(self.out())
            .arg(format!("--set=stop.steps={STEPS}"))
            .args(&self.more)
            .args(more);
        command
    }

    /// To the end.
    pub fn run(&self, more: &[&str]) -> Output {
        self.command(more).output().unwrap()
    }

    /// To the end of all steps, in one go or the rest of it.
    pub fn finish(&self) -> String {
        let output = self.run(&[]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        assert_eq!(summary(&self.out())["steps"], STEPS);
        assert!(!self.out().join("lock").exists());
        digest(&self.out())
    }

    /// Until a checkpoint has been written that was not there before, or the end.
    pub fn start(&self, more: &[&str]) -> Child {
        let newest = self.out().join("checkpoint/state.ned");
        let before = fs::read(&newest).ok();
        let mut command = self.command(more);
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        wait_until(|| {
            let now = fs::read(&newest).ok();
            (now.is_some() && now != before) || child.try_wait().unwrap().is_some()
        });
        child
    }
}

pub fn send(signal: &str, process: u32) {
    let kill = Command::new("kill")
        .args([signal, &process.to_string()])
        .output();
    kill.unwrap();
}

/// The parameters that an undisturbed run of slow steps reaches.
pub fn undisturbed() -> &'static str {
    static REACHED: OnceLock<String> = OnceLock::new();
    REACHED.get_or_init(|| Job::new(1).with(&SLOW).finish())
}

/// A few steps later the job has the bits of an undisturbed one.
pub fn assert_goes_on(job: &Job) {
    let more = format!("--set=stop.steps={}", state(&job.out()).step + 5);
    let more_of_job: Vec<&str> = job.more.iter().map(String::as_str).collect();
    let whole = Job::new(1).with(&more_of_job);
    for job in [job, &whole] {
        assert!(job.run(&[&more]).status.success());
    }
    assert_eq!(digest(&job.out()), digest(&whole.out()));
}
