//! Decks, data and checkpoints are not trusted: whatever their bytes, the library returns a value or
//! an error, asks for no more memory than a machine has, and comes to an end.
//!
//! A generator with a fixed seed spoils good input in thousands of ways; what was once found in this
//! way, or by reading, stands below it as a case of its own. The test threads have small stacks, and the
//! allocator ends the process when the limit is passed, so a deep recursion and a bold allocation
//! fail here as well as a panic.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod checkpoints;
#[path = "../common/mod.rs"]
mod common;
mod decks;
#[path = "../common/mutation.rs"]
mod mutation;
mod sizes;
mod tables;

use cap::Cap;
use common::problems;
use ned_dist::deck::Deck;
use ned_dist::problem::build;
use ned_dist::run::Plan;
use ned_dist::table::Table;
use std::alloc::System;
use std::collections::BTreeSet;

/// No test needs a gigabyte; an allocation beyond it ends the process.
#[global_allocator]
static MEMORY: Cap<System> = Cap::new(System, 2 << 30);

/// What became of many tries: how many were accepted, and the different beginnings of the errors.
#[derive(Default)]
struct Tally {
    accepted: usize,
    messages: BTreeSet<String>,
}

impl Tally {
    fn count<T, E: ToString>(&mut self, result: Result<T, E>) {
        match result {
            Ok(_) => self.accepted += 1,
            Err(error) => {
                let error = error.to_string();
                assert!(!error.is_empty() && error.len() < 20_000, "{error}");
                let letters = error.chars().filter(|c| c.is_ascii_alphabetic());
                self.messages.insert(letters.take(60).collect());
            }
        }
    }

    /// The parsers were really reached: some input passed, and much was refused for many reasons.
    fn assert_varied(&self, reasons: usize) {
        let found = self.messages.len();
        assert!(self.accepted > 0, "nothing was accepted");
        assert!(found >= reasons, "{found} reasons: {:#?}", self.messages);
    }
}

/// What `check` does with a deck beside the files of launch/problems.
fn check(text: &str) -> ned_dist::error::Result<()> {
    let mut deck = Deck::from_toml(text, "hostile.toml", &[])?;
    let data = deck.data.as_ref().map(|d| problems().join(&d.file.text));
    let table = data.map(|file| Table::read(&file)).transpose()?;
    let problem = build(&mut deck, table)?;
    Plan::of(&mut deck, &problem)?;
    problem.costs();
    deck.to_toml()?;
    Ok(())
}

/// The refusal of a deck must say all of these.
fn refused(text: &str, words: &[&str]) {
    let error = check(text).unwrap_err().to_string();
    for word in words {
        assert!(error.contains(word), "no \"{word}\" in: {error}");
    }
}
