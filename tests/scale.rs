//! `ned-dist scale` starts the real program under a real mpirun, and says so where it cannot; the
//! predictions of `check --ranks`.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{program_in, text};
use std::fs;
use std::path::Path;
use std::process::Output;
use tempfile::tempdir;

/// The default problem, smaller.
const SMALL: [&str; 3] = [
    "--set=network.hidden=[6]",
    "--set=sampling.points=60",
    "--set=sampling.boundary_points=24",
];

/// A machine with round numbers: nothing is measured for predictions.
const MACHINE: &str = "
[rates]
layers = 1e10
units = 3e9
rows = 1e9
triangles = { peak = 2e10, half = 100.0 }
products = { peak = 4e10, half = 100.0 }
cholesky = { peak = 1e10, half = 100.0 }
directions = { peak = 4e9, half = 100.0 }
[link]
latency = 2e-6
bandwidth = 1e10
";

/// `ned-dist COMMAND` of the smaller default problem, with the machine at hand.
fn program(folder: &Path, command: &str, arguments: &[&str]) -> Output {
    fs::write(folder.join("machine.toml"), MACHINE).unwrap();
    let machine = [command, "--machine", "machine.toml"];
    program_in(folder, &[&machine[..], &SMALL, arguments].concat())
}

/// What is printed on stderr when the program ends with this code.
fn fails(code: i32, output: &Output) -> String {
    let errors = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{errors}");
    errors
}

#[cfg(feature = "mpi")]
mod under_mpirun {
    use super::*;
    use std::process::Command;

    /// `timeout 120 ned-dist scale`, with what root and small machines need.
    fn scale(folder: &Path, arguments: &[&str]) -> Output {
        fs::write(folder.join("machine.toml"), MACHINE).unwrap();
        Command::new("timeout")
            .args(["120", env!("CARGO_BIN_EXE_ned-dist"), "scale"])
            .args(["--machine=machine.toml", "--out=scaling"])
            .args(SMALL)
            .args(arguments)
            .current_dir(folder)
            .env("OMPI_ALLOW_RUN_AS_ROOT", "1")
            .env("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1")
            .output()
            .expect("timeout is a part of coreutils")
    }

    fn read(folder: &Path) -> serde_json::Value {
        let text = fs::read_to_string(folder.join("scaling/scaling.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn two_ranks_are_measured_against_one_and_have_the_same_bits() {
        let folder = tempdir().unwrap();
        let arguments = ["--ranks=2,1", "--reps=2", "--steps=3"];
        let output = scale(folder.path(), &arguments);
        let (shown, errors) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(0), "{shown}{errors}");
        assert!(shown.contains("the same bits"), "{shown}");
        let found = read(folder.path());
        let rows = found["rows"].as_array().unwrap();
        assert_eq!([&rows[0]["ranks"], &rows[1]["ranks"]], [1, 2]);
        assert_eq!(rows[0]["digest"], rows[1]["digest"]);
        assert_eq!(rows[0]["efficiency"], 1.0);
        for row in rows {
            assert_eq!(row["runs"].as_array().unwrap().len(), 2);
            let share = |key: &str| row[key].as_f64().unwrap();
            let sum = share("compute") + share("wait") + share("transfer");
            assert!((sum - 1.0).abs() < 1e-12 && share("transfer") >= 0.0);
            let [least, median, most] = ["least", "seconds", "most"].map(share);
            assert!(0.0 < least && least <= median && median <= most);
        }
        // One stage is measured, the first.
        assert!(found["stage"].as_str().unwrap().contains("recursive"));
        let mut csv = csv::Reader::from_path(folder.path().join("scaling/scaling.csv")).unwrap();
        assert_eq!(csv.records().count(), 2);
        let svg = fs::read_to_string(folder.path().join("scaling/scaling.svg")).unwrap();
        assert!(svg.starts_with("<svg") && svg.ends_with("</svg>\n"));
    }

    #[test]
    fn under_weak_scaling_the_points_grow_with_the_ranks() {
        let folder = tempdir().unwrap();
        let arguments = [
            "--ranks=1,2",
            "--reps=1",
            "--steps=2",
            "--mode=weak",
            "--set=flow.solver=cholesky",
            "--set=flow.stepper=euler",
        ];
        let output = scale(folder.path(), &arguments);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        for (ranks, points) in [(1, "points = 60\n"), (2, "points = 120\n")] {
            let deck = folder
                .path()
                .join(format!("scaling/runs/{ranks}-1/resolved.toml"));
            let deck = fs::read_to_string(deck).unwrap();
            assert!(deck.contains(points), "{ranks}: {deck}");
        }
    }
}

#[test]
fn bad_arguments_give_one_clear_error() {
    let folder = tempdir().unwrap();
    let scale = |arguments: &[&str]| fails(2, &program(folder.path(), "scale", arguments));
    let errors = scale(&["--ranks=1,0"]);
    assert!(
        errors.contains("--ranks") && errors.contains("from 1"),
        "{errors}"
    );
    let errors = scale(&["--mode=sideways"]);
    assert!(
        errors.contains("strong") && errors.contains("weak"),
        "{errors}"
    );
    let errors = scale(&["--mpirun=/no/such/mpirun --flag"]);
    assert!(
        errors.contains("/no/such/mpirun") && errors.contains("--mpirun"),
        "{errors}"
    );
    assert_eq!(errors.lines().count(), 1, "{errors}");
    let errors = scale(&[
        "--ranks=1,2,4096",
        "--mpirun=true",
        "--set=flow.stepper=natural",
    ]);
    assert!(errors.contains("4096 ranks but only"), "{errors}");
    // Nothing was written.
    assert!(!folder.path().join("poisson-2d-scaling").exists());
}

#[test]
fn the_script_for_slurm_asks_for_as_many_tasks_as_ranks() {
    let folder = tempdir().unwrap();
    let output = program(
        folder.path(),
        "scale",
        &["--ranks=1,2,32", "--print=slurm", "--threads=4"],
    );
    let script = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    for line in [
        "#!/bin/bash\n",
        "#SBATCH --ntasks=32\n",
        "#SBATCH --cpus-per-task=4\n",
        "--ranks 1,2,32 --mode strong",
        "--set 'network.hidden=[6]'",
        "--mpirun 'srun",
    ] {
        assert!(script.contains(line), "{line} is not in\n{script}");
    }
}

/// The predicted seconds and efficiencies of the last stage, by ranks.
fn predicted(folder: &Path, ranks: &str) -> Vec<[f64; 3]> {
    let output = program(
        folder,
        "check",
        &["--ranks", ranks, "--set=flow.stepper=natural"],
    );
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let shown = text(&output.stdout);
    let after = shown.split("limited by").nth(1).unwrap();
    let lines = after.lines().skip(1).map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        [1, 2, 4].map(|word| words[word].parse().unwrap())
    });
    lines.collect()
}

#[test]
fn check_predicts_more_ranks_without_them() {
    let folder = tempdir().unwrap();
    let lines = predicted(folder.path(), "1,2,4");
    let ranks: Vec<f64> = lines.iter().map(|line| line[0]).collect();
    assert_eq!(ranks, [1.0, 2.0, 4.0]);
    assert_eq!(lines[0][2], 100.0);
    // Efficiency falls, whatever the time does.
    assert!(
        lines[2][2] < lines[1][2] && lines[1][2] < 100.0,
        "{lines:?}"
    );
    let errors = fails(
        2,
        &program_in(
            folder.path(),
            &["check", "--ranks=2", "--machine=none.toml"],
        ),
    );
    assert!(
        errors.contains("none.toml") && errors.contains("doctor"),
        "{errors}"
    );
}

#[test]
fn what_doctor_measures_is_a_machine() {
    let folder = tempdir().unwrap();
    let doctor = ["doctor", "--threads=1", "--out=measured.json"];
    let output = program_in(folder.path(), &doctor);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let check = ["check", "--ranks=1,2", "--machine=measured.json"];
    let output = program_in(folder.path(), &check);
    let shown = text(&output.stdout);
    assert!(shown.contains("of measured.json"), "{shown}");
}
