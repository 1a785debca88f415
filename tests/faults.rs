//! What happens to a run on a cluster, done to the real program under a real mpirun: ranks are
//! killed, jobs are preempted, time runs out, disks are full. The same command always goes on, and
//! the parameters have the same bits in the end.
//!
//! `NED_FAULTS=50 launch/test.sh --test faults` kills fifty times instead of a few.
#![allow(clippy::unwrap_used, clippy::expect_used)]
#![cfg(feature = "mpi")]

mod common;

use common::{digest, errors, state, summary, text};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const STEPS: u64 = 300;
/// For what is stopped from outside: it must not end by itself before.
const ENDLESS: &str = "--set=stop.steps=1000000";
/// Steps that take milliseconds, so that little time is few steps.
const SLOW: [&str; 2] = ["--set=network.hidden=[32]", "--set=sampling.points=1500"];

/// A run of the default problem, smaller, that never converges, in a folder of its own.
struct Job {
    folder: TempDir,
    ranks: usize,
    more: Vec<String>,
}

impl Job {
    fn new(ranks: usize) -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            ranks,
            more: Vec::new(),
        }
    }

    fn with(mut self, more: &[&str]) -> Self {
        self.more.extend(more.iter().map(|&text| text.to_owned()));
        self
    }

    fn out(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    /// `timeout 100 mpirun -n RANKS ned-dist run ...`, with what root and small machines need.
    fn command(&self, more: &[&str]) -> Command {
        let mpirun = std::env::var("NED_MPIRUN").unwrap_or_else(|_| "mpirun".into());
        let mut command = Command::new("timeout");
        command
            .args(["100", &mpirun, "-n", &self.ranks.to_string()])
            .args([env!("CARGO_BIN_EXE_ned-dist"), "run", "--quiet"])
            .args(["--threads=1", "--set=network.hidden=[6]"])
            .args(["--set=sampling.points=60", "--set=output.every=1"])
            .args(["--set=sampling.boundary_points=24", "--set=stop.energy=0.0"])
            .args(["--set=checkpoint.every=10", "--out"])
            .arg(self.out())
            .arg(format!("--set=stop.steps={STEPS}"))
            .args(&self.more)
            .args(more)
            .env("OMPI_ALLOW_RUN_AS_ROOT", "1")
            .env("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1")
            .env("OMPI_MCA_rmaps_base_oversubscribe", "1")
            .env("OMPI_MCA_hwloc_base_binding_policy", "none")
            .env("PRTE_MCA_rmaps_default_mapping_policy", ":oversubscribe")
            .env_remove("RUST_BACKTRACE")
            .env_remove("SLURM_JOB_END_TIME");
        command
    }

    /// To the end.
    fn run(&self, more: &[&str]) -> Output {
        self.command(more).output().unwrap()
    }

    /// To the end of all steps, in one go or the rest of it.
    fn finish(&self) -> String {
        let output = self.run(&[]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        assert_eq!(summary(&self.out())["steps"], STEPS);
        assert!(!self.out().join("lock").exists());
        digest(&self.out())
    }

    /// Until a checkpoint has been written that was not there before, or the end.
    fn start(&self, more: &[&str]) -> Child {
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

    /// The processes of this job whose program is `ned-dist`, or is not.
    fn processes(&self, ranks: bool) -> Vec<u32> {
        let out = self.out().display().to_string();
        let mut found = Vec::new();
        for entry in fs::read_dir("/proc").unwrap().flatten() {
            let Ok(pid) = entry.file_name().to_string_lossy().parse::<u32>() else {
                continue;
            };
            let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let line = text(&line);
            let words: Vec<&str> = line.split('\0').collect();
            let program = Path::new(words[0]).file_name().unwrap_or_default();
            let wanted = match ranks {
                true => program == "ned-dist",
                false => program != "ned-dist" && program != "timeout",
            };
            if wanted && words.contains(&out.as_str()) {
                found.push(pid);
            }
        }
        found.sort_unstable();
        found
    }
}

fn wait_until(mut done: impl FnMut() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(started.elapsed() < Duration::from_secs(90), "no progress");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn send(signal: &str, process: u32) {
    let kill = Command::new("kill")
        .args([signal, &process.to_string()])
        .output();
    kill.unwrap();
}

/// The parameters that an undisturbed run of slow steps reaches.
fn undisturbed() -> &'static str {
    static REACHED: OnceLock<String> = OnceLock::new();
    REACHED.get_or_init(|| Job::new(1).with(&SLOW).finish())
}

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

/// A few steps later the job has the bits of an undisturbed one.
fn assert_goes_on(job: &Job) {
    let more = format!("--set=stop.steps={}", state(&job.out()).step + 5);
    let whole = Job::new(1);
    for job in [job, &whole] {
        assert!(job.run(&[&more]).status.success());
    }
    assert_eq!(digest(&job.out()), digest(&whole.out()));
}

#[test]
fn a_job_whose_ranks_are_killed_again_and_again_ends_with_the_same_bits() {
    let job = Job::new(3).with(&SLOW);
    let kills = std::env::var("NED_FAULTS").map_or(4, |text| text.parse().unwrap());
    let mut in_the_midst = 0;
    for kill in 0..kills {
        let mut child = job.start(&[]);
        std::thread::sleep(Duration::from_millis(kill * 37 % 90));
        let ranks = job.processes(true);
        if !ranks.is_empty() {
            send("-KILL", ranks[kill as usize % ranks.len()]);
        }
        in_the_midst += u32::from(!child.wait().unwrap().success());
        if state(&job.out()).step >= STEPS {
            break;
        }
    }
    assert!(in_the_midst > 1, "the run is over before it can be killed");
    assert_eq!(job.finish(), undisturbed());
}

#[test]
fn usr1_sent_to_mpirun_saves_and_stops() {
    let job = Job::new(2);
    let child = job.start(&[ENDLESS]);
    let launchers = job.processes(false);
    send("-USR1", launchers[0]);
    assert_stopped(&job, child, "SIGUSR1");
}

#[test]
fn term_to_any_one_rank_saves_and_stops_all() {
    let job = Job::new(3);
    let child = job.start(&[ENDLESS]);
    send("-TERM", job.processes(true)[1]);
    assert_stopped(&job, child, "SIGTERM");
}

#[test]
fn int_to_the_program_saves_and_stops() {
    let job = Job::new(1);
    let child = job.start(&[ENDLESS]);
    send("-INT", job.processes(true)[0]);
    assert_stopped(&job, child, "SIGINT");
}

#[test]
fn term_to_mpirun_may_kill_ranks_but_loses_nothing() {
    let job = Job::new(2);
    let child = job.start(&[ENDLESS]);
    // Open MPI passes it on a second later, and a second after that it kills.
    send("-TERM", job.processes(false)[0]);
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
    let ends = |end: u64| {
        let mut command = job.command(&[]);
        let output = command.env("SLURM_JOB_END_TIME", end.to_string()).output();
        let output = output.unwrap();
        assert!(output.status.success());
        let reason = summary(&job.out())["reason"].as_str().unwrap().to_owned();
        (reason, text(&output.stderr))
    };
    let (reason, _) = ends(now + 1);
    assert!(
        reason.contains("SLURM_JOB_END_TIME") || reason.contains("stop.steps"),
        "{reason}"
    );
    let (reason, said) = ends(now - 100);
    assert!(reason.contains("stop.steps"), "{reason}");
    assert!(said.contains("over already"), "{said}");
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

#[test]
fn the_watchdog_names_the_rank_that_is_busy() {
    let more = ["--set=sampling.points=100000", "--set=network.hidden=[64]"];
    let job = Job::new(2)
        .with(&more)
        .with(&["--watchdog=0.1s", "--set=flow.method=sgd"]);
    let output = job.run(&["--set=stop.steps=1"]);
    let stderr = text(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    let mut said = stderr.lines().filter(|line| line.contains("watchdog"));
    assert!(
        said.any(|line| line.starts_with("[rank ") && line.contains("network")),
        "{stderr}"
    );
}

#[test]
fn a_second_term_ends_the_program_within_a_step() {
    let job = Job::new(1).with(&["--set=sampling.points=400000", "--set=network.hidden=[64]"]);
    let mut command = job.command(&["--set=flow.method=sgd"]);
    let child = command.stderr(Stdio::piped()).spawn().unwrap();
    wait_until(|| job.out().join("lock").exists());
    let ranks = job.processes(true);
    send("-TERM", ranks[0]);
    std::thread::sleep(Duration::from_millis(1500));
    send("-TERM", ranks[0]);
    assert!(!child.wait_with_output().unwrap().status.success());
    assert!(!job.out().join("summary.json").exists());
}
