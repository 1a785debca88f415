//! What a run writes: its summary, its history, its fields.

use super::{LEARNING, SIX, assert_complete, ends, run_small, write};
use crate::common::{files, program_in, summary, text};
use ndarray::{Array1, Array2};
use std::fs;
use std::path::Path;
use tempfile::tempdir;

#[test]
fn the_summary_has_every_key() {
    let folder = tempdir().unwrap();
    run_small(folder.path(), "exact", &[]);
    let found = summary(&folder.path().join("exact"));
    assert_complete(&found, "exact");
    assert_eq!(
        (&found["status"], &found["steps"]),
        (&"stopped".into(), &4.into())
    );
    for key in ["relative_l2", "rms", "max"] {
        assert!(found["error"][key].is_f64(), "error.{key}");
    }
    write(&folder, "learning.toml", LEARNING);
    write(&folder, "six.csv", SIX);
    let run = [
        "run",
        "learning.toml",
        "--quiet",
        "--out=data",
        "--set=stop.steps=3",
    ];
    ends(0, &program_in(folder.path(), &run));
    let found = summary(&folder.path().join("data"));
    assert_complete(&found, "data");
    for key in ["train_rmse", "test_rmse"] {
        assert!(found["data"][key].is_f64(), "data.{key}");
    }
}

#[test]
fn the_history_has_a_line_per_recorded_step() {
    let folder = tempdir().unwrap();
    run_small(folder.path(), "out", &["--set=output.every=3"]);
    let mut reader = csv::Reader::from_path(folder.path().join("out/history.csv")).unwrap();
    let header = reader.headers().unwrap().clone();
    for name in [
        "step",
        "time",
        "seconds",
        "energy",
        "energy_equation",
        "gradient_norm",
        "dt",
        "damping",
        "rank",
        "iterations",
        "relative_l2",
        "rms",
        "max",
    ] {
        assert!(header.iter().any(|column| column == name), "{name}");
    }
    let steps: Vec<String> = reader.records().map(|r| r.unwrap()[0].to_owned()).collect();
    assert_eq!(steps, ["0", "3"]);
}

/// The numbers between two words of a text.
fn numbers(text: &str, after: &str, before: &str) -> Vec<f64> {
    let (_, rest) = text.split_once(after).unwrap();
    let (numbers, _) = rest.split_once(before).unwrap();
    let numbers = numbers.split_whitespace().map(|n| n.parse().unwrap());
    numbers.collect()
}

const GRID: [usize; 2] = [5, 4];

/// Rows x, y, u of the csv file, the last coordinate running fastest.
fn csv_field(fields: &Path) -> Array2<f64> {
    let mut reader = csv::Reader::from_path(fields.join("u.csv")).unwrap();
    assert_eq!(reader.headers().unwrap(), vec!["x", "y", "u"]);
    let rows: Vec<[f64; 3]> = reader.deserialize().map(Result::unwrap).collect();
    Array2::from(rows)
}

/// The numbers of the vti file, the first coordinate running fastest, as u[(i, j)].
fn vti_field(fields: &Path) -> Array2<f64> {
    let text = fs::read_to_string(fields.join("u.vti")).unwrap();
    for extent in ["WholeExtent", "Piece Extent"] {
        assert_eq!(
            numbers(&text, &format!("{extent}=\""), "\""),
            [0., 4., 0., 3., 0., 0.]
        );
    }
    assert_eq!(numbers(&text, "Origin=\"", "\""), [0.0; 3]);
    assert_eq!(numbers(&text, "Spacing=\"", "\"")[..2], [0.25, 1.0 / 3.0]);
    let values = numbers(&text, "Name=\"u\" format=\"ascii\">", "<");
    let values = Array2::from_shape_vec((GRID[1], GRID[0]), values).unwrap();
    values.reversed_axes()
}

#[test]
fn fields_agree_in_every_format() {
    let folder = tempdir().unwrap();
    let formats = "--set=output.fields=[\"csv\",\"npy\",\"vti\"]";
    run_small(folder.path(), "out", &[formats, "--set=output.grid=[5,4]"]);
    let fields = folder.path().join("out/fields");
    let npy: Array2<f64> = ndarray_npy::read_npy(fields.join("u.npy")).unwrap();
    let x: Array1<f64> = ndarray_npy::read_npy(fields.join("x.npy")).unwrap();
    let y: Array1<f64> = ndarray_npy::read_npy(fields.join("y.npy")).unwrap();
    let (csv, vti) = (csv_field(&fields), vti_field(&fields));
    assert_eq!((npy.dim(), x.len(), y.len()), ((5, 4), 5, 4));
    assert_eq!(csv.dim(), (20, 3));
    assert_eq!([x[0], x[4], y[0], y[3]], [0.0, 1.0, 0.0, 1.0]);
    for ((i, j), &u) in npy.indexed_iter() {
        assert_eq!(csv.row(i * GRID[1] + j).to_vec(), [x[i], y[j], u]);
        assert_eq!(vti[(i, j)], u);
    }
    let corners = [npy[(0, 0)], npy[(4, 0)], npy[(0, 3)], npy[(4, 3)]];
    assert!(corners.windows(2).all(|pair| pair[0] != pair[1]));
}

#[test]
fn only_the_fields_that_are_asked_for_are_written() {
    let folder = tempdir().unwrap();
    run_small(folder.path(), "out", &["--set=output.fields=[\"npy\"]"]);
    let fields = folder.path().join("out/fields");
    let names = files(&fields);
    let names: Vec<_> = names
        .keys()
        .map(|p| p.file_name().unwrap().to_owned())
        .collect();
    assert_eq!(names, ["u.npy", "x.npy", "y.npy"]);
    let npy: Array2<f64> = ndarray_npy::read_npy(fields.join("u.npy")).unwrap();
    assert_eq!(npy.dim(), (101, 101));
    run_small(folder.path(), "none", &[]);
    assert!(!folder.path().join("none/fields").exists());
}

/// Conditions that are missing, or at the ends of time unasked, are not passed over in silence.
#[test]
fn doubtful_conditions_are_told() {
    let law = "[domain]\ncoordinates = [\"x\", \"t\"]\nlower = [0, 0]\nupper = [1, 2]\n\
               [problem]\nequation = \"u_t = u_xx\"\n";
    let condition =
        |on: &str, what: &str| format!("[[boundary]]\non = \"{on}\"\ncondition = \"{what}\"\n");
    let sides = condition("x = 0 or x = 1", "dn(u) = 0");
    let start = condition("t = 0", "u = x");
    let everywhere = condition("all", "dn(u) = 0");
    let folder = tempdir().unwrap();
    let warned = |conditions: &str| {
        let deck = folder.path().join("deck.toml");
        fs::write(&deck, law.to_string() + conditions).unwrap();
        let output = program_in(folder.path(), &["check", "deck.toml"]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stderr)
    };
    assert!(!warned(&(sides.clone() + &start)).contains("warning"));
    let speed = condition("t = 0", "dn(u) = x");
    assert!(!warned(&(sides.clone() + &start + &speed)).contains("warning"));
    for (conditions, word) in [
        (String::new(), "there is no [[boundary]]"),
        (sides, "no condition holds at the start of `t`"),
        (everywhere + &start, "`boundary[0]` holds where `t` begins"),
    ] {
        let told = warned(&conditions);
        assert!(told.contains(word), "{word}: {told}");
    }
}
