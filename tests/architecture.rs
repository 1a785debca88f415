//! The house rules, read off the sources: who may use what.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs;
use std::path::{Path, PathBuf};

/// From the top down: a module uses only modules that come after it.
const LAYERS: [&[&str]; 15] = [
    &["cli"],
    &["performance"],
    &["run"],
    &["output"],
    &["stepper"],
    &["solver"],
    &["flow"],
    &["problem"],
    &["energy"],
    &["network", "sampling"],
    &["domain", "jet"],
    &["table", "deck", "expression", "comm"],
    &["vector", "elementary"],
    &["simd", "file"],
    &["error"],
];

fn sources() -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    walk(&root, &mut found);
    let relative =
        |(path, text): (PathBuf, String)| (path.strip_prefix(&root).unwrap().into(), text);
    found.into_iter().map(relative).collect()
}

/// Lines of code, without comments.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
}

fn assert_only_in(word: &str, places: &[&str]) {
    let mut used = false;
    for (path, text) in sources() {
        let uses = code(&text).any(|line| line.contains(word));
        used |= uses;
        let allowed = places.iter().any(|place| path.starts_with(place));
        assert!(allowed || !uses, "{word} is used in {}", path.display());
    }
    assert!(
        used,
        "{word} is used nowhere: the test has lost its subject"
    );
}

#[test]
fn one_file_knows_mpi_and_one_knows_bincode() {
    assert_only_in("mpi::", &["comm/world.rs"]);
    assert_only_in("bincode::", &["run/checkpoint.rs"]);
}

#[test]
fn only_the_command_line_prints() {
    // A failing rank prints its last line itself: there is no one left to return it to.
    assert_only_in("println!(", &["cli", "comm/failure.rs"]);
    assert_only_in("tracing_subscriber::", &["cli/log/mod.rs"]);
}

#[test]
fn clocks_and_signals_have_their_places() {
    let clocks = [
        "run",
        "cli",
        "comm/clock.rs",
        "comm/timed.rs",
        "performance/measure.rs",
    ];
    assert_only_in("Instant::now(", &clocks);
    assert_only_in("signal_hook::", &["run/signals.rs", "run/cause.rs"]);
}

#[test]
fn the_work_on_points_knows_no_rank_no_thread_and_no_file() {
    let pure = ["network", "energy", "sampling", "domain", "jet.rs"];
    for (path, text) in sources() {
        if !pure.iter().any(|folder| path.starts_with(folder)) {
            continue;
        }
        for word in ["rayon::", "crate::comm", "std::fs", "Instant"] {
            let used = code(&text).any(|line| line.contains(word));
            assert!(!used, "{word} is used in {}", path.display());
        }
    }
}

#[test]
fn imports_run_downward() {
    let level = |module: &str| LAYERS.iter().position(|layer| layer.contains(&module));
    for (path, text) in sources() {
        let first = path
            .components()
            .next()
            .unwrap()
            .as_os_str()
            .to_str()
            .unwrap();
        let own = first.trim_end_matches(".rs");
        if ["lib", "main"].contains(&own) {
            continue;
        }
        let here = level(own).unwrap_or_else(|| panic!("{own} has no layer"));
        for line in code(&text) {
            for used in line.split("crate::").skip(1) {
                assert!(
                    !used.starts_with('{'),
                    "{}: one `use` a module",
                    path.display()
                );
                let end = used.find(|c: char| !c.is_alphanumeric() && c != '_');
                let module = &used[..end.unwrap_or(used.len())];
                let Some(there) = level(module) else { continue };
                // Errors wrap those of the deck and of expressions: the one knot, tied on purpose.
                let knot = own == "error";
                assert!(
                    module == own || there > here || knot,
                    "{} uses {module}, which is not below {own}: {line}",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn every_file_says_what_it_is_for() {
    for (path, text) in sources() {
        assert!(
            text.starts_with("//!"),
            "{} has no opening words",
            path.display()
        );
    }
}
