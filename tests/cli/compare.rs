//! `ned-dist compare` solves by several methods side by side.

use super::{LEARNING, SIX, SMALL, assert_complete, ends, run_small, write};
use crate::common::{digest, errors, files, program_in, summary, text};
use std::fs;
use std::path::Path;
use tempfile::tempdir;

/// The cells of a csv file, its header first.
fn cells(path: &Path) -> Vec<Vec<String>> {
    let text = fs::read_to_string(path).unwrap();
    let line = |line: &str| line.split(',').map(Into::into).collect();
    text.lines().map(line).collect()
}

#[test]
fn compare_solves_by_every_method_in_a_folder_of_its_own() {
    let folder = tempdir().unwrap();
    let compare = [
        &[
            "compare",
            "--out=both",
            "--methods=ned,adam,ned",
            "--seconds=60",
        ],
        &SMALL[..],
        &["--set=stop.steps=3"],
    ];
    let stdout = ends(0, &program_in(folder.path(), &compare.concat()));
    for word in ["ned", "adam", "relative L2", "60 s each", "both"] {
        assert!(stdout.contains(word), "{word} is not in: {stdout}");
    }
    let both = folder.path().join("both");
    let table = cells(&both.join("compare.csv"));
    assert_eq!(table.len(), 3, "{table:?}");
    for (line, method) in table[1..].iter().zip(["ned", "adam"]) {
        assert_eq!(line.len(), table[0].len());
        assert_eq!(line[..3], [method, "stopped", "3"]);
        let out = both.join(method);
        let found = summary(&out);
        assert_complete(&found, method);
        assert_eq!(line[4].parse::<f64>().unwrap(), found["energy"]);
        assert_eq!(
            line[5].parse::<f64>().unwrap(),
            found["error"]["relative_l2"]
        );
        assert_eq!(cells(&out.join("history.csv")).len(), 4);
        let resolved = fs::read_to_string(out.join("resolved.toml")).unwrap();
        assert!(resolved.contains(&format!("method = \"{method}\"")));
    }
    // The deck's own method runs as it would alone.
    let alone = run_small(folder.path(), "alone", &["--set=stop.steps=3"]);
    assert_eq!(digest(&both.join("ned")), alone);
}

#[test]
fn compare_reports_errors_on_data() {
    let folder = tempdir().unwrap();
    write(&folder, "learning.toml", LEARNING);
    write(&folder, "six.csv", SIX);
    let compare = ["compare", "learning.toml", "--set=stop.steps=2"];
    let stdout = ends(0, &program_in(folder.path(), &compare));
    let out = folder.path().join("learning-compare");
    let table = cells(&out.join("compare.csv"));
    let methods: Vec<&str> = table[1..].iter().map(|line| line[0].as_str()).collect();
    assert_eq!(methods, ["ned", "sgd", "adam", "lbfgs"]);
    for line in &table[1..] {
        let found = summary(&out.join(&line[0]));
        assert_eq!(line[6].parse::<f64>().unwrap(), found["data"]["train_rmse"]);
        assert_eq!(line[7].parse::<f64>().unwrap(), found["data"]["test_rmse"]);
    }
    assert!(stdout.contains("test RMSE"), "{stdout}");
}

#[test]
fn compare_looks_at_everything_before_it_writes() {
    let folder = tempdir().unwrap();
    for (wrong, word) in [
        (&["--methods=ned,lbfg"][..], "did you mean `lbfgs`?"),
        (&["--methods="], "not a method"),
        (&["--seconds=0"], "--seconds"),
        (
            &[
                "--methods=ned,lbfgs",
                "--set=sampling.rule=random",
                "--set=sampling.resample=true",
            ],
            "sampling.resample = false",
        ),
    ] {
        let output = program_in(folder.path(), &[&["compare", "--out=out"], wrong].concat());
        assert_eq!(ends(2, &output), "");
        let stderr = text(&output.stderr);
        assert_eq!(errors(&stderr), 1, "{stderr}");
        assert!(stderr.contains(word), "{word} is not in: {stderr}");
        assert!(files(folder.path()).is_empty());
    }
}

#[test]
fn compare_goes_on_when_a_method_fails() {
    let folder = tempdir().unwrap();
    let law = "--set=problem.equation=log(u - 100) = 0";
    let methods = "--methods=ned,adam";
    let compare = [&["compare", "--out=out", methods, law], &SMALL[..]].concat();
    let output = program_in(folder.path(), &compare);
    ends(1, &output);
    let stderr = text(&output.stderr);
    assert!(stderr.contains("ned failed") && stderr.contains("adam failed"));
    let table = cells(&folder.path().join("out/compare.csv"));
    assert_eq!([&table[1][1], &table[2][1]], ["failed", "failed"]);
}
