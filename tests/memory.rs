//! The memory that a run is said to need is what it takes, and a run that cannot fit does not start.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{digest, files, program_in, set, starter, summary, text};
use ned_dist::deck::Deck;
use ned_dist::problem::build;
use ned_dist::run::{Crowd, Plan};
use tempfile::tempdir;

/// A deck, and what makes it heavy in the way of one solver and stepper.
struct Case {
    deck: &'static str,
    overrides: &'static [(&'static str, &'static str)],
}

const CASES: [Case; 7] = [
    // The program, and little besides.
    Case {
        deck: "poisson-2d",
        overrides: &[("stop.steps", "2"), ("network.hidden", "[16]")],
    },
    Case {
        deck: "poisson-5d-deep",
        overrides: &[("stop.steps", "2")],
    },
    // Factors of many rows, and their kernel matrix.
    Case {
        deck: "poisson-5d-deep",
        overrides: &[
            ("stop.steps", "1"),
            ("sampling.batch", "1600"),
            ("network.hidden", "[48, 48, 48]"),
        ],
    },
    Case {
        deck: "poisson-2d",
        overrides: &[
            ("stop.steps", "1"),
            ("network.hidden", "[350]"),
            ("flow.solver", "cholesky"),
            ("flow.stepper", "euler"),
        ],
    },
    Case {
        deck: "poisson-2d",
        overrides: &[
            ("stop.steps", "1"),
            ("network.hidden", "[200]"),
            ("flow.solver", "qr"),
            ("flow.stepper", "natural"),
        ],
    },
    Case {
        deck: "poisson-2d",
        overrides: &[("stop.steps", "2"), ("network.hidden", "[800]")],
    },
    // 91,501 parameters, in all pairs that are kept.
    Case {
        deck: "poisson-2d",
        overrides: &[
            ("stop.steps", "60"),
            ("flow.method", "lbfgs"),
            ("network.hidden", "[300, 300]"),
            ("sampling.points", "49"),
            ("sampling.boundary_points", "16"),
        ],
    },
];

impl Case {
    /// In 10⁶ bytes: what it is said to need, and the largest resident set.
    fn both(&self) -> [f64; 2] {
        let mut deck = Deck::from_toml(starter(self.deck), "test.toml", &set(self.overrides));
        let deck = deck.as_mut().unwrap();
        let problem = build(deck, None).unwrap();
        let alone = Crowd {
            ranks: 1,
            threads: 1,
        };
        let plan = Plan::of(deck, &problem).unwrap();
        let said = plan.memory(&problem, alone, None).bytes().0 / 1e6;
        let folder = tempdir().unwrap();
        std::fs::write(folder.path().join("deck.toml"), starter(self.deck)).unwrap();
        let settings: Vec<String> = (self.overrides.iter())
            .map(|(key, value)| format!("--set={key}={value}"))
            .collect();
        let mut arguments = vec!["run", "deck.toml", "--quiet", "--threads=1", "--out=out"];
        arguments.extend(settings.iter().map(String::as_str));
        let output = program_in(folder.path(), &arguments);
        assert!(output.status.success(), "{}", text(&output.stderr));
        let taken = summary(&folder.path().join("out"))["peak_memory_mb"].as_f64();
        [said, taken.unwrap()]
    }
}

#[test]
fn a_run_takes_about_the_memory_that_it_is_said_to_need() {
    for case in CASES {
        let [said, taken] = case.both();
        let (deck, overrides) = (case.deck, case.overrides);
        eprintln!("{deck} {overrides:?}: {said:.0} MB said, {taken:.0} MB taken");
        assert!(
            taken == 0.0 || (said / taken).max(taken / said) < 1.5,
            "{deck} {overrides:?}: {said:.0} MB said, {taken:.0} MB taken"
        );
    }
}

#[test]
fn a_run_that_does_not_fit_is_refused_before_anything_is_written() {
    let folder = tempdir().unwrap();
    std::fs::write(folder.path().join("deck.toml"), starter("poisson-5d-deep")).unwrap();
    let before = files(folder.path());
    for command in [&["check", "deck.toml"][..], &["run", "deck.toml"]] {
        let wanting = [
            command,
            &["--set=run.memory=40 MB", "--set=sampling.batch=2000"],
        ]
        .concat();
        let output = program_in(folder.path(), &wanting);
        assert_eq!(output.status.code(), Some(2));
        let message = text(&output.stderr);
        for word in ["needs about", "40.0 MB", "`run.memory`", "`sampling.batch`"] {
            assert!(message.contains(word), "{word} is not in: {message}");
        }
        assert!(files(folder.path()) == before);
    }
}

/// 14,000 points and 193 parameters: 22 MB of rows where they are kept.
#[test]
fn rows_that_there_is_no_room_for_are_formed_anew_with_the_same_bits() {
    let folder = tempdir().unwrap();
    std::fs::write(folder.path().join("deck.toml"), starter("poisson-2d")).unwrap();
    let run = |name: &str, memory: &str| {
        let (out, memory) = (
            format!("--out={name}"),
            format!("--set=run.memory={memory}"),
        );
        let heavy = [
            "--set=sampling.points=14000",
            "--set=network.hidden=[48]",
            "--set=flow.solver=qr",
            "--set=flow.stepper=natural",
            "--set=stop.steps=3",
        ];
        let arguments = [
            &["run", "deck.toml", "--threads=1", &out, &memory],
            &heavy[..],
        ]
        .concat();
        let output = program_in(folder.path(), &arguments);
        assert!(output.status.success(), "{}", text(&output.stderr));
        let streams = text(&output.stderr).contains("formed anew");
        let summary = summary(&folder.path().join(name));
        let taken = summary["peak_memory_mb"].as_f64().unwrap();
        (streams, taken, digest(&folder.path().join(name)))
    };
    let [kept, anew] = [run("kept", "1 GB"), run("anew", "30 MB")];
    assert!(!kept.0 && anew.0);
    assert!(anew.1 < 30.0 && (kept.1 == 0.0 || kept.1 > anew.1 + 15.0));
    assert_eq!(kept.2, anew.2);
}

#[test]
fn the_memory_that_is_allowed_does_not_change_the_run() {
    let deck = |memory: &str| {
        let overrides = set(&[("run.memory", memory)]);
        Deck::from_toml(starter("poisson-2d"), "test.toml", &overrides).unwrap()
    };
    let [small, large] = ["1 GB", "2 GB"].map(deck);
    assert_ne!(small, large);
    assert_eq!(small.without_limits(), large.without_limits());
}
