//! A run that is stopped, killed or torn goes on with the same bits, and what a folder holds is
//! never lost: 10 steps are 5, a checkpoint, and 5, for every method, on any number of ranks.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../common/mod.rs"]
mod common;
mod folders;
mod limits;
mod methods;
mod torn;

use common::{digest, errors, files, program_in, set, solve, starter, state, text};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use tempfile::TempDir;

/// A small problem that does not converge; every step is recorded.
const SMALL: [(&str, &str); 5] = [
    ("network.hidden", "[6]"),
    ("sampling.points", "60"),
    ("sampling.boundary_points", "24"),
    ("stop.energy", "0.0"),
    ("output.every", "1"),
];

/// Goes on to `steps` steps in `out`.
fn go_on(deck: &str, changes: &[(&str, &str)], steps: u32, ranks: usize, out: &Path) {
    let steps = steps.to_string();
    let all = [&SMALL[..], changes, &[("stop.steps", &steps)]].concat();
    solve(starter(deck), &set(&all), ranks, 1, Some(out));
}

/// The checkpoint without the clock: parameters, memory and all else that a run goes on from.
fn essence(out: &Path) -> Vec<u8> {
    let mut state = state(out);
    state.seconds = 0.0;
    state.history = 0;
    state.to_bytes().unwrap()
}

/// The history without its column `seconds`.
fn history(out: &Path) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_path(out.join("history.csv")).unwrap();
    let clock = (reader.headers().unwrap().iter()).position(|name| name == "seconds");
    let clock = clock.unwrap();
    let rows = reader.records().map(|row| {
        let row = row.unwrap();
        let kept = row
            .iter()
            .enumerate()
            .filter(|(column, _)| *column != clock);
        kept.map(|(_, field)| field.to_owned()).collect()
    });
    rows.collect()
}

fn assert_same(out: &Path, whole: &Path, what: &str) {
    assert_eq!(digest(out), digest(whole), "{what}");
    assert!(essence(out) == essence(whole), "{what}: the states differ");
    assert_eq!(history(out), history(whole), "{what}");
}

/// 5 steps in a folder, and 10 in another one to compare with.
fn interrupted(changes: &[(&str, &str)]) -> (TempDir, PathBuf, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let [whole, parts] = ["whole", "parts"].map(|name| folder.path().join(name));
    go_on("poisson-2d", changes, 10, 1, &whole);
    go_on("poisson-2d", changes, 5, 1, &parts);
    (folder, whole, parts)
}

fn append(path: &Path, more: &str) {
    let text = fs::read_to_string(path).unwrap();
    fs::write(path, text + more).unwrap();
}

const NEWEST: &str = "checkpoint/state.ned";
const PREVIOUS: &str = "checkpoint/previous.ned";

/// Cuts a file in half.
fn tear(path: &Path) {
    let bytes = fs::read(path).unwrap();
    fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
}

/// Bytes that look like nothing.
fn noise() -> Vec<u8> {
    let step = |x: &u32| Some(x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
    let words = std::iter::successors(Some(1_u32), step).take(5000);
    words.map(|x| (x >> 24) as u8).collect()
}

/// `ned-dist run` of the small problem with the real program.
fn run(out: &Path, arguments: &[&str]) -> Output {
    let path = out.display().to_string();
    let small = SMALL.map(|(key, value)| format!("--set={key}={value}"));
    let mut all = vec!["run", "--quiet", "--threads=1", "--out", &path];
    all.extend(small.iter().map(String::as_str));
    all.extend(arguments);
    program_in(out.parent().unwrap(), &all)
}

/// The command is refused with these words, and no file is touched.
fn assert_refused(out: &Path, arguments: &[&str], words: &[&str]) {
    let before = files(out);
    let output = run(out, arguments);
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert_eq!(errors(&stderr), 1, "{stderr}");
    for word in words {
        assert!(stderr.contains(word), "{word} is not in: {stderr}");
    }
    assert!(files(out) == before, "{arguments:?} changed files");
}

fn assert_runs(out: &Path, arguments: &[&str]) {
    let output = run(out, arguments);
    assert!(output.status.success(), "{}", text(&output.stderr));
}
