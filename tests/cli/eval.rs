//! `eval`: values of a solution at points, and of expressions of it.

use super::{LEARNING, SIX, ends, run_small, write};
use crate::common::{program, program_in, summary, text};
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::Stdio;
use tempfile::tempdir;

const DECK: &str = r#"
[constants]
k = 3.0
[domain]
lower = [0]
upper = [1]
[functions]
f = "manufactured"
[problem]
equation = "k*u_xx + u = f"
exact = "exp(x)"
[[boundary]]
condition = "u = exp(x)"
[network]
hidden = [10]
[stop]
error = 1e-7
seconds = 20
"#;

/// The rows that `eval` prints, without the header, which must be this.
fn values(folder: &Path, arguments: &[&str], header: &str) -> Vec<Vec<f64>> {
    let output = program_in(folder, &[&["eval"], arguments].concat());
    let printed = ends(0, &output);
    let mut lines = printed.lines();
    assert_eq!(lines.next(), Some(header));
    let numbers = |line: &str| line.split(',').map(|v| v.parse().unwrap()).collect();
    lines.map(numbers).collect()
}

#[test]
fn expressions_have_the_values_of_the_exact_solution() {
    let folder = tempdir().unwrap();
    write(&folder, "deck.toml", DECK);
    write(
        &folder,
        "points.csv",
        "name,x\n7,0.25\n8,1\n9,0.7\n10,1.5\n",
    );
    let run = ["run", "deck.toml", "--quiet", "--out=out", "--threads=1"];
    ends(0, &program_in(folder.path(), &run));
    let of = ["--of=u", "--of=u_xx - exp(x)", "--of=max(k*u_x, f)"];
    let arguments = [&["out", "points.csv"], &of[..]].concat();
    let header = "x,u,u_xx - exp(x),\"max(k*u_x, f)\"".replace('"', "");
    let output = program_in(folder.path(), &[&["eval"], &arguments[..]].concat());
    assert!(
        text(&output.stderr).contains("1 of 4 points"),
        "{}",
        text(&output.stderr)
    );
    let printed = ends(0, &output).replace('"', "");
    let mut lines = printed.lines();
    assert_eq!(lines.next(), Some(&*header));
    for (line, x) in lines.zip([0.25_f64, 1.0, 0.7, 1.5]) {
        let found: Vec<f64> = line.split(',').map(|v| v.parse().unwrap()).collect();
        let exact = [x, x.exp(), 0.0, 4.0 * x.exp()];
        for (found, exact) in found.iter().zip(exact) {
            match x > 1.0 && exact != x {
                true => assert!(found.is_nan(), "{line}"),
                false => assert!((found - exact).abs() < 1e-4, "{line}: {exact}"),
            }
        }
    }
    // The unknowns by default, into a file.
    let rows = values(folder.path(), &["out", "points.csv"], "x,u");
    let arguments = ["eval", "out", "points.csv", "--out=u.csv"];
    ends(0, &program_in(folder.path(), &arguments));
    let written = fs::read_to_string(folder.path().join("u.csv")).unwrap();
    assert!(written.contains(&format!("{:?}", rows[0][1])), "{written}");
}

#[test]
fn a_function_that_was_learnt_is_evaluated_wherever_it_is_asked_for() {
    let folder = tempdir().unwrap();
    write(&folder, "learning.toml", LEARNING);
    write(&folder, "six.csv", SIX);
    write(&folder, "points.csv", "x\n-3\n2.5\n");
    let run = [
        "run",
        "learning.toml",
        "--quiet",
        "--out=out",
        "--set=stop.steps=3",
    ];
    ends(0, &program_in(folder.path(), &run));
    let rows = values(folder.path(), &["out", "points.csv", "--of=u+x"], "x,u+x");
    assert!(rows.iter().flatten().all(|v| v.is_finite()), "{rows:?}");
}

#[test]
fn what_cannot_be_evaluated_is_refused() {
    let folder = tempdir().unwrap();
    run_small(folder.path(), "out", &[]);
    write(&folder, "points.csv", "x,y\n0.5,0.5\n");
    write(&folder, "short.csv", "x\n0.5\n");
    let path = folder.path();
    let refused = |arguments: &[&str], words: &[&str]| {
        let output = program_in(path, &[&["eval"], arguments].concat());
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        for word in words {
            assert!(said.contains(word), "{word}: {said}");
        }
    };
    refused(&["nowhere", "points.csv"], &["nowhere", "theta.npy"]);
    refused(&["out", "short.csv"], &["short.csv", "`y`", "x"]);
    refused(&["out", "points.csv", "--of=v"], &["--of", "v"]);
    refused(&["out", "points.csv", "--of=dn(u)"], &["--of", "dn"]);
    refused(&["out", "points.csv", "--of=u = 1"], &["--of", "="]);
    fs::copy(path.join("points.csv"), path.join("out/theta.npy")).unwrap();
    refused(&["out", "points.csv"], &["theta.npy"]);
}

/// As `| head` does.
#[test]
fn who_reads_no_further_has_what_was_wanted() {
    let folder = tempdir().unwrap();
    run_small(folder.path(), "out", &[]);
    let points = (0..50_000).map(|i| format!("{},0.5\n", f64::from(i) / 5e4));
    write(
        &folder,
        "points.csv",
        &format!("x,y\n{}", points.collect::<String>()),
    );
    let mut command = program();
    command
        .args(["eval", "out", "points.csv"])
        .current_dir(folder.path());
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0; 5];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    assert_eq!(&first, b"x,y,u");
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
}

/// Errors of a summary are those of the values that `eval` gives.
#[test]
fn errors_are_told_of_each_unknown_and_of_each_value_of_the_data() {
    let folder = tempdir().unwrap();
    let path = folder.path();
    let system = "[domain]\nlower = [0]\nupper = [1]\n[problem]\nunknowns = [\"u\", \"v\"]\n\
        equation = [\"u_xx + v = 0\", \"v_x = u\"]\nexact = [\"1 + x\", \"300*cos(x)\"]\n\
        [network]\nhidden = [4]\n[stop]\nsteps = 3\n";
    write(&folder, "system.toml", system);
    let points: Vec<f64> = (0..=2000).map(|i| f64::from(i) / 2000.0).collect();
    let lines = points.iter().map(|x| format!("{x}\n"));
    write(
        &folder,
        "points.csv",
        &format!("x\n{}", lines.collect::<String>()),
    );
    let run = ["run", "system.toml", "--quiet", "--out=system"];
    ends(0, &program_in(path, &run));
    let found = summary(&path.join("system"));
    let rows = values(path, &["system", "points.csv"], "x,u,v");
    let exact = |x: f64| [1.0 + x, 300.0 * x.cos()];
    for (k, name) in ["u", "v"].iter().enumerate() {
        let errors = rows
            .iter()
            .map(|row| (row[1 + k] - exact(row[0])[k]).powi(2));
        let sizes = rows.iter().map(|row| exact(row[0])[k].powi(2));
        let wanted = (errors.sum::<f64>() / sizes.sum::<f64>()).sqrt();
        let told = found["error_by_unknown"][name]["relative_l2"]
            .as_f64()
            .unwrap();
        assert!(
            (told / wanted - 1.0).abs() < 0.05,
            "{name}: {told} for {wanted}"
        );
    }
    let data = "[data]\nfile = \"six.csv\"\ninputs = [\"x\"]\ntarget = [\"u = h\", \"v = 2*h\"]\n\
        [problem]\nunknowns = [\"u\", \"v\"]\n[network]\nhidden = [3]\n[stop]\nsteps = 2\n";
    write(&folder, "data.toml", data);
    write(&folder, "six.csv", SIX);
    ends(
        0,
        &program_in(path, &["run", "data.toml", "--quiet", "--out=data"]),
    );
    let rows = values(path, &["data", "six.csv"], "x,u,v");
    let heights = [1.0, 2.0, 4.0, 3.0, 2.0, 0.5];
    let squares = rows.iter().zip(heights);
    let squares = squares.map(|(row, h)| (row[1] - h).powi(2) + (row[2] - 2.0 * h).powi(2));
    let wanted = (squares.sum::<f64>() / 12.0).sqrt();
    let told = summary(&path.join("data"))["data"]["train_rmse"]
        .as_f64()
        .unwrap();
    assert!((told / wanted - 1.0).abs() < 1e-9, "{told} for {wanted}");
}
