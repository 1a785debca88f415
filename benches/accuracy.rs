//! How accurate, on how many seeds, after how long: the table of problems with known solutions, at
//! the default settings of their decks.
//!
//! `cargo bench --bench accuracy` (under `launch/setup.sh`) runs the program itself on one thread and
//! prints a line per problem: the error's median and worst case over the seeds, how many seeds met the
//! goal, and the median seconds until they did. `... -- 10` takes seeds 0 to 9 instead of 0 to 2,
//! `... -- poisson-5d heat` these problems alone, `... -- threads=2` two threads. Where published
//! numbers are known they stand beside (all of them on GPUs).
//!
//! Some problems are run by the baselines too, under the same time budget.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;
use std::process::Command;

/// A problem of the table.
struct Case {
    /// Its deck in launch/problems.
    deck: &'static str,
    /// What distinguishes it from other cases of the same deck.
    variant: &'static str,
    settings: &'static [&'static str],
    /// Relative L² error to be met, if an exact solution is known; |δE| of other energies.
    goal: f64,
    /// Seconds that a run may take.
    seconds: f64,
    published: &'static str,
    /// Other methods to run beside.
    rivals: &'static [&'static str],
}

const NONE: Case = Case {
    deck: "",
    variant: "",
    settings: &[],
    goal: 1e-9,
    seconds: 10.0,
    published: "",
    rivals: &[],
};

const CASES: [Case; 16] = [
    Case {
        deck: "poisson-2d",
        published: "1.2e-7 in 1000 s",
        seconds: 5.0,
        ..NONE
    },
    Case {
        deck: "poisson-2d",
        variant: "32 units",
        settings: &["network.hidden=[32]"],
        seconds: 5.0,
        ..NONE
    },
    Case {
        deck: "poisson-2d",
        variant: "16 units",
        settings: &["network.hidden=[16]"],
        goal: 1e-6,
        seconds: 5.0,
        ..NONE
    },
    Case {
        deck: "poisson-2d-hard",
        ..NONE
    },
    Case {
        deck: "semilinear-2d",
        ..NONE
    },
    Case {
        deck: "heat",
        seconds: 20.0,
        published: "8.7e-8 in 1000 s",
        ..NONE
    },
    Case {
        deck: "poisson-5d",
        goal: 1e-6,
        seconds: 60.0,
        published: "3.5e-8 in 3000 s",
        ..NONE
    },
    Case {
        deck: "helmholtz",
        seconds: 300.0,
        published: "2.0e-9 in 540 s",
        ..NONE
    },
    Case {
        deck: "deep-ritz",
        goal: 1e-8,
        published: "1e-7",
        ..NONE
    },
    Case {
        deck: "allen-cahn",
        goal: 1e-6,
        seconds: 30.0,
        rivals: &["lbfgs"],
        ..NONE
    },
    Case {
        deck: "burgers",
        goal: 1e-6,
        ..NONE
    },
    Case {
        deck: "burgers",
        variant: "0.01/pi, half",
        settings: &["constants.nu=0.003183098861837907", "domain.lower=[0.0]"],
        goal: 1e-6,
        ..NONE
    },
    Case {
        deck: "oscillation",
        goal: 5e-4,
        rivals: &["adam", "sgd"],
        ..NONE
    },
    Case {
        deck: "franke",
        goal: 1e-5,
        rivals: &["adam", "sgd"],
        ..NONE
    },
    Case {
        deck: "terrain",
        seconds: 20.0,
        rivals: &["adam", "lbfgs"],
        ..NONE
    },
    Case {
        deck: "terrain",
        variant: "4 x 64",
        settings: &["network.hidden=[64, 64, 64, 64]"],
        seconds: 20.0,
        rivals: &["adam", "lbfgs"],
        ..NONE
    },
];

/// What the command line asks for.
struct Wanted {
    seeds: u64,
    threads: String,
    names: Vec<String>,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test` builds and starts benches too, without this argument: minutes are not for it.
    if !arguments.iter().any(|a| a == "--bench") {
        println!("started by `cargo bench --bench accuracy`");
        return;
    }
    let mut wanted = Wanted {
        seeds: 3,
        threads: "1".into(),
        names: Vec::new(),
    };
    for argument in arguments.iter().filter(|a| !a.starts_with("--")) {
        match (argument.parse(), argument.strip_prefix("threads=")) {
            (Ok(seeds), _) => wanted.seeds = seeds,
            (_, Some(threads)) => wanted.threads = threads.into(),
            _ => {
                let known = CASES.iter().any(|case| case.deck == argument);
                assert!(known, "no problem is named {argument}");
                wanted.names.push(argument.clone());
            }
        }
    }
    println!(
        "| problem | method | parameters | median | worst | goal | met | median s | published |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    let chosen =
        |case: &&Case| wanted.names.is_empty() || wanted.names.iter().any(|name| name == case.deck);
    for case in CASES.iter().filter(chosen) {
        for method in ["ned"].iter().chain(case.rivals) {
            let outcomes: Vec<Outcome> = (0..wanted.seeds)
                .map(|seed| case.run(method, seed, &wanted.threads))
                .collect();
            case.print(method, &outcomes);
        }
    }
}

/// What a run left behind.
struct Outcome {
    parameters: u64,
    /// Relative L² error, held-out error of data, or the energy where neither is known.
    error: f64,
    /// Seconds until the goal was met.
    met: Option<f64>,
}

impl Case {
    fn run(&self, method: &str, seed: u64, threads: &str) -> Outcome {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let deck = root.join(format!("launch/problems/{}.toml", self.deck));
        let mut command = Command::new(env!("CARGO_BIN_EXE_ned-dist"));
        command
            .args(["run", "--quiet", "--out"])
            .arg(&out)
            .arg(deck);
        command.args(["--threads", threads, "--seed", &seed.to_string()]);
        let common = [
            format!("flow.method={method}"),
            format!("stop.seconds={}", self.seconds),
            "stop.steps=10000000".into(),
            "output.every=10".into(),
        ];
        let settings = self.settings.iter().map(|s| (*s).to_owned());
        for setting in common.into_iter().chain(settings) {
            command.args(["--set", &setting]);
        }
        let status = command.status().unwrap();
        assert!(status.success(), "{command:?} ended with {status}");
        self.read(&out)
    }

    fn read(&self, out: &Path) -> Outcome {
        let text = std::fs::read_to_string(out.join("summary.json")).unwrap();
        let summary: serde_json::Value = serde_json::from_str(&text).unwrap();
        let known = [
            &summary["error"]["relative_l2"],
            &summary["data"]["test_rmse"],
        ];
        let error = known.into_iter().find_map(serde_json::Value::as_f64);
        Outcome {
            parameters: summary["parameters"].as_u64().unwrap(),
            error: error.unwrap_or_else(|| summary["energy"].as_f64().unwrap()),
            met: self.met(&out.join("history.csv")),
        }
    }

    /// The second of the first record whose error, or |δE|, meets the goal.
    fn met(&self, history: &Path) -> Option<f64> {
        let mut reader = csv::Reader::from_path(history).unwrap();
        let headers = reader.headers().unwrap().clone();
        let column = |name: &str| headers.iter().position(|h| h == name);
        let error = column("relative_l2").or_else(|| column("stationarity"))?;
        let seconds = column("seconds")?;
        let number = |record: &csv::StringRecord, i: usize| record[i].parse::<f64>().ok();
        reader.records().flatten().find_map(|record| {
            let met = number(&record, error)? <= self.goal;
            met.then(|| number(&record, seconds)).flatten()
        })
    }

    fn print(&self, method: &str, outcomes: &[Outcome]) {
        let errors = sorted(outcomes.iter().map(|o| o.error));
        let met = sorted(outcomes.iter().filter_map(|o| o.met));
        // Nothing is known to compare an error on data with.
        let known = self.deck != "terrain";
        let only = |text: String| if known { text } else { "-".into() };
        let number = |v: f64| match self.deck {
            "terrain" => format!("{v:.1}"),
            "allen-cahn" => format!("E {v:.9}"),
            _ => format!("{v:.1e}"),
        };
        println!(
            "| {} | {method} | {} | {} | {} | {} | {} | {} | {} |",
            [self.deck, self.variant].join(" ").trim(),
            outcomes[0].parameters,
            number(errors[errors.len() / 2]),
            number(errors[errors.len() - 1]),
            only(format!("{:.0e}", self.goal)),
            only(format!("{} of {}", met.len(), outcomes.len())),
            met.get(met.len() / 2)
                .map_or("-".into(), |s| format!("{s:.1}")),
            if method == "ned" { self.published } else { "" },
        );
    }
}

fn sorted(numbers: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut numbers: Vec<f64> = numbers.collect();
    numbers.sort_by(f64::total_cmp);
    numbers
}
