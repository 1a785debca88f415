//! Runs a deck inside a test: on ranks as threads, with a number of rayon threads each.
#![allow(dead_code)]

use ned_dist::comm::{Comm, Shares, team_with_threads};
use ned_dist::deck::Deck;
use ned_dist::error::Result;
use ned_dist::problem::{Problem, build};
use ned_dist::run::{Folder, Observer, Opened, Plan, Policy, Record, Run, Setting, Summary};
use ned_dist::table::Table;
use std::path::{Path, PathBuf};

/// Watches nothing.
pub struct Silent;

impl Observer for Silent {
    fn record(&mut self, _: &Record, _: &Problem) {}
    fn warn(&mut self, _: &str) {}
}

/// Keeps every record.
#[derive(Default)]
pub struct Keep(pub Vec<Record>);

impl Observer for Keep {
    fn record(&mut self, record: &Record, _: &Problem) {
        self.0.push(record.clone());
    }
    fn warn(&mut self, _: &str) {}
}

/// `("stop.steps", "5")` and the like as overrides.
pub fn set(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|&(k, v)| (k.into(), v.into())).collect()
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
    let identity = problem.identity(&deck)?;
    let out = out.map(PathBuf::from);
    let resolved = deck.to_toml()?;
    let opened = Folder::open(comm, out, policy, identity, &resolved, &mut |_| {})?;
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
