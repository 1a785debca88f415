//! Two ranks against one, and two threads against one: the time of a step at 64 hidden units × 2
//! layers and 65,536 points in two dimensions.
//!
//! `cargo bench --bench scaling` (under `launch/setup.sh`) runs the program itself under mpirun, one
//! rank of one thread, then two ranks of one thread, then one rank of two threads, in turn and several
//! times over, so that a machine whose speed drifts treats them alike; the medians are compared. All
//! runs of a case must end with the same bits of θ. `... -- steepest` runs that case alone, `... --
//! sgd 9` repeats it nine times.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;
use std::process::Command;

/// One way to step, with a number of steps that takes some seconds.
struct Case {
    name: &'static str,
    settings: &'static [&'static str],
    steps: u32,
    repeats: usize,
}

const CASES: [Case; 3] = [
    Case {
        name: "cholesky",
        settings: &["flow.solver=cholesky", "flow.stepper=euler", "flow.dt=0.5"],
        steps: 1,
        repeats: 3,
    },
    Case {
        name: "steepest",
        settings: &["flow.solver=steepest", "flow.stepper=euler", "flow.dt=1e-6"],
        steps: 10,
        repeats: 5,
    },
    Case {
        name: "sgd",
        settings: &["flow.method=sgd", "flow.dt=1e-6"],
        steps: 10,
        repeats: 5,
    },
];

/// The problem: the built-in one, larger.
const PROBLEM: [&str; 4] = [
    "network.hidden=[64, 64]",
    "sampling.points=65536",
    "output.every=1000000",
    "stop.steady=0",
];

/// (ranks, threads per rank); the first is what the others are compared with.
const PLACEMENTS: [(u32, u32); 3] = [(1, 1), (2, 1), (1, 2)];

/// Seconds that a single run may take.
const LIMIT: &str = "600";

fn main() {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test` builds and starts benches too, without this argument: minutes are not for it.
    if !arguments.iter().any(|a| a == "--bench") {
        println!("started by `cargo bench --bench scaling`");
        return;
    }
    arguments.retain(|a| !a.starts_with("--"));
    let repeats = arguments.iter().find_map(|a| a.parse::<usize>().ok());
    let chosen = |case: &&Case| {
        let mut names = arguments
            .iter()
            .filter(|a| a.parse::<usize>().is_err())
            .peekable();
        names.peek().is_none() || names.any(|name| name == case.name)
    };
    println!("64 x 2 hidden units, 65,536 points in 2D; median seconds a step, speed-up over one");
    println!("case        ranks  threads    s/step    best s   speed-up   memory MB");
    for case in CASES.iter().filter(chosen) {
        case.run(repeats.unwrap_or(case.repeats));
    }
}

/// What a run of the program says of itself.
struct Outcome {
    seconds: f64,
    memory: f64,
    digest: String,
}

impl Case {
    /// Runs every placement in turn, `repeats` times over, and prints a line for each.
    fn run(&self, repeats: usize) {
        let mut outcomes = PLACEMENTS.map(|_| Vec::new());
        for _ in 0..repeats.max(1) {
            for (outcomes, placement) in outcomes.iter_mut().zip(PLACEMENTS) {
                outcomes.push(self.measure(placement));
            }
        }
        let digest = &outcomes[0][0].digest;
        let same = outcomes.iter().flatten().all(|o| &o.digest == digest);
        assert!(
            same,
            "{}: the runs end with different parameters",
            self.name
        );
        let one = median(&outcomes[0]);
        for (outcomes, placement) in outcomes.iter().zip(PLACEMENTS) {
            self.print(outcomes, placement, one);
        }
    }

    fn print(&self, outcomes: &[Outcome], (ranks, threads): (u32, u32), one: f64) {
        let step = median(outcomes);
        let best = outcomes
            .iter()
            .map(|o| o.seconds)
            .fold(f64::INFINITY, f64::min);
        let memory = outcomes.iter().map(|o| o.memory).fold(0.0, f64::max);
        println!(
            "{:<10}{ranks:>7}{threads:>9}{step:>10.4}{best:>10.4}{:>11.2}{memory:>12.0}",
            self.name,
            one / step
        );
    }

    /// One run of the program in a folder of its own.
    fn measure(&self, (ranks, threads): (u32, u32)) -> Outcome {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        let mpirun = std::env::var("NED_MPIRUN").unwrap_or_else(|_| "mpirun".into());
        let mut command = Command::new("timeout");
        command
            .args([LIMIT, &mpirun, "-n", &ranks.to_string()])
            .args([env!("CARGO_BIN_EXE_ned-dist"), "run", "--quiet", "--out"])
            .arg(&out)
            .args(["--threads", &threads.to_string()])
            .args(["--set", &format!("stop.steps={}", self.steps)]);
        for setting in PROBLEM.iter().chain(self.settings) {
            command.args(["--set", setting]);
        }
        let status = command.status().expect("timeout is a part of coreutils");
        assert!(
            status.success(),
            "{}: {command:?} ended with {status}",
            self.name
        );
        self.read(&out)
    }

    fn read(&self, out: &Path) -> Outcome {
        let text = std::fs::read_to_string(out.join("summary.json")).unwrap();
        let summary: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(summary["steps"], self.steps, "{}: ended early", self.name);
        Outcome {
            seconds: summary["seconds"]["solve"].as_f64().unwrap() / f64::from(self.steps),
            memory: summary["peak_memory_mb"].as_f64().unwrap(),
            digest: summary["theta_digest"].as_str().unwrap().into(),
        }
    }
}

/// Median seconds of a step.
fn median(outcomes: &[Outcome]) -> f64 {
    let mut seconds: Vec<f64> = outcomes.iter().map(|o| o.seconds).collect();
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}
