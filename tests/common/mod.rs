//! Runs a deck inside a test: on ranks as threads, with a number of rayon threads each.
#![allow(dead_code, clippy::unwrap_used)]

pub mod hosts;
pub mod job;
pub mod mpi;
pub mod processes;
pub mod shapes;
pub mod slurm;

use ned_dist::comm::{Comm, Shares, team_with_threads};
use ned_dist::deck::Deck;
use ned_dist::error::Result;
use ned_dist::flow::ROWS_KEPT_BYTES;
use ned_dist::problem::{Problem, build};
use ned_dist::run::{
    Folder, Identity, Observer, Opened, Plan, Policy, Record, Run, Setting, State, Store, Summary,
};
use ned_dist::table::Table;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// Watches nothing.
pub struct Silent;

impl Observer for Silent {
    fn record(&mut self, _: &Record, _: &Problem) {}
}

/// Keeps every record.
#[derive(Default)]
pub struct Keep(pub Vec<Record>);

impl Observer for Keep {
    fn record(&mut self, record: &Record, _: &Problem) {
        self.0.push(record.clone());
    }
}

/// `("stop.steps", "5")` and the like as overrides.
pub fn set(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|&(k, v)| (k.into(), v.into())).collect()
}

/// So small a network on so few points that the default run hands over and falls back within 600
/// steps, in cells for 20 ranks.
pub const STAGED: [(&str, &str); 7] = [
    ("network.hidden", "[12]"),
    ("sampling.points", "60"),
    ("sampling.boundary_points", "24"),
    ("sampling.cells", "20"),
    ("stop.energy", "0.0"),
    ("stop.steps", "600"),
    ("output.every", "1"),
];

/// The steps at which a run entered a stage, with the stage, after its first one.
pub fn turns(stages: &[usize]) -> Vec<(usize, usize)> {
    let pairs = stages.windows(2).enumerate();
    pairs
        .filter(|(_, pair)| pair[0] != pair[1])
        .map(|(step, pair)| (step + 1, pair[1]))
        .collect()
}

/// Text of a starter deck.
pub fn starter(name: &str) -> &'static str {
    ned_dist::deck::find(name).unwrap().text
}

pub fn problems() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("launch/problems")
}

/// Solves a deck on one rank of a team.
pub fn solve_on(
    comm: &dyn Comm,
    text: &str,
    overrides: &[(String, String)],
    out: Option<&Path>,
    observer: &mut dyn Observer,
) -> Result<Summary> {
    let mut deck = Deck::from_toml(text, "test.toml", overrides)?;
    let file = deck.data.as_ref().map(|d| problems().join(&d.file.text));
    let table = file.map(|f| Table::read(&f)).transpose()?;
    let problem = build(&mut deck, table)?;
    let plan = Plan::of(&mut deck, &problem)?;
    let shares = Shares::balanced(&problem.costs(), comm.size()).unwrap();
    let policy = Policy {
        resume: true,
        force: false,
    };
    let identity = Identity::of(&deck, &problem)?;
    let out = out.map(PathBuf::from);
    let opened = Folder::open(comm, out, policy, identity)?;
    let (folder, state) = match opened {
        Opened::Fresh(folder) => (folder, None),
        Opened::Resumed(folder, state) => (folder, Some(*state)),
        Opened::Finished { .. } => panic!("finished already"),
    };
    let setting = Setting {
        deck: &deck,
        problem: &problem,
        plan: &plan,
        comm,
        shares: &shares,
        threads: 1,
        rows_kept: ROWS_KEPT_BYTES,
    };
    Run::new(setting, folder, observer, state).go()
}

/// Solves a deck on `ranks` ranks of `threads` threads each; rank 0's summary, after asserting that
/// all ranks hold the same parameters.
pub fn solve(
    text: &str,
    overrides: &[(String, String)],
    ranks: usize,
    threads: usize,
    out: Option<&Path>,
) -> Summary {
    let summaries = team_with_threads(ranks, threads, |comm| {
        solve_on(comm, text, overrides, out, &mut Silent).unwrap()
    });
    for summary in &summaries {
        assert_eq!(summary.theta_digest, summaries[0].theta_digest);
    }
    summaries.into_iter().next().unwrap()
}

/// The real program as one rank, without mpirun, where nothing else says how many threads it has.
pub fn program() -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_ned-dist"));
    clean(&mut program);
    program
}

/// `timeout 120 ned-dist ARGUMENTS` in a folder.
pub fn program_in(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new("timeout");
    clean(&mut command);
    let command = command.args(["120", env!("CARGO_BIN_EXE_ned-dist")]);
    let output = command.args(arguments).current_dir(folder).output();
    output.expect("timeout is a part of coreutils")
}

fn clean(command: &mut Command) {
    for name in [
        "RUST_BACKTRACE",
        "RAYON_NUM_THREADS",
        "OMP_NUM_THREADS",
        "SLURM_CPUS_PER_TASK",
    ] {
        command.env_remove(name);
    }
}

/// What a program printed.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The summary that a run left in its folder.
pub fn summary(out: &Path) -> serde_json::Value {
    let text = std::fs::read_to_string(out.join("summary.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The digest of the parameters that a run left in its folder.
pub fn digest(out: &Path) -> String {
    summary(out)["theta_digest"].as_str().unwrap().into()
}

/// The newest whole checkpoint in a run's folder.
pub fn state(out: &Path) -> State {
    let found = Store::new(out.join("checkpoint")).load().unwrap();
    found.unwrap().state
}

/// Every file under a folder with its bytes.
pub fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let bytes = std::fs::read(&path).unwrap();
            found.insert(path, bytes);
        }
    }
    found
}

/// Error messages on stderr: lines that begin with `error: `.
pub fn errors(stderr: &str) -> usize {
    let lines = stderr.lines();
    lines.filter(|line| line.starts_with("error: ")).count()
}

/// Waits until `done`, for a minute and a half at most.
pub fn wait_until(mut done: impl FnMut() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(started.elapsed() < Duration::from_secs(90), "no progress");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Says past the test harness, which hides what a passing test prints, that a promise was not tested.
pub fn skip<T>(why: &str) -> Option<T> {
    let _ = writeln!(std::io::stderr(), "\n#### SKIPPED: {why} ####");
    None
}

/// Goes on with a run from what its folder holds, whatever that may be: how it ended.
pub fn resume(text: &str, overrides: &[(String, String)], out: &Path) -> Result<Summary> {
    let mut ends = team_with_threads(1, 1, |comm| {
        solve_on(comm, text, overrides, Some(out), &mut Silent)
    });
    ends.remove(0)
}
