//! `ned-dist new` writes the starters.

use super::{STARTERS, ends, write};
use crate::common::{files, problems, program_in, text};
use std::fs;
use std::path::Path;
use tempfile::tempdir;

#[test]
fn new_lists_the_starters() {
    let folder = tempdir().unwrap();
    let list = ends(0, &program_in(folder.path(), &["new"]));
    let named = |name: &&str| {
        list.lines()
            .any(|l| l.split_whitespace().next() == Some(name))
    };
    assert!(STARTERS.iter().all(named), "{list}");
    assert!(files(folder.path()).is_empty());
}

#[test]
fn new_writes_a_deck_that_check_accepts_and_overwrites_nothing() {
    let folder = tempdir().unwrap();
    for name in STARTERS {
        let deck = format!("{name}.toml");
        ends(0, &program_in(folder.path(), &["new", name]));
        let checked = ends(0, &program_in(folder.path(), &["check", &deck]));
        assert!(checked.contains("The deck is right"), "{checked}");
    }
    let data = |folder: &Path| fs::read(folder.join("terrain.csv")).unwrap();
    assert!(data(folder.path()) == data(&problems()));
    let before = files(folder.path());
    let again = program_in(folder.path(), &["new", "poisson-2d"]);
    assert_eq!(ends(2, &again), "");
    assert!(text(&again.stderr).contains("poisson-2d.toml"));
    assert!(files(folder.path()) == before);
}

#[test]
fn new_writes_all_files_or_none() {
    let folder = tempdir().unwrap();
    write(&folder, "terrain.csv", "mine");
    let output = program_in(folder.path(), &["new", "terrain"]);
    ends(2, &output);
    assert!(text(&output.stderr).contains("terrain.csv"));
    let left = files(folder.path());
    assert_eq!(left[&folder.path().join("terrain.csv")], b"mine");
    let left: Vec<_> = left.keys().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn new_suggests_the_name_that_is_meant() {
    let folder = tempdir().unwrap();
    let output = program_in(folder.path(), &["new", "poison-2d"]);
    ends(2, &output);
    assert!(text(&output.stderr).contains("did you mean `poisson-2d`?"));
    assert!(files(folder.path()).is_empty());
}
