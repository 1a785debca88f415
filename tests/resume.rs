//! A run that is stopped, killed or torn goes on with the same bits, and what a folder holds is
//! never lost: 10 steps are 5, a checkpoint, and 5, for every method, on any number of ranks.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{
    STAGED, digest, errors, files, program, program_in, set, solve, starter, state, summary, text,
    turns,
};
use ned_dist::run::Store;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};
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

/// 10 steps at once, and 5 and 5 on one rank, and 5 on one rank and 5 on three.
fn assert_resumes(deck: &str, changes: &[(&str, &str)]) {
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole");
    go_on(deck, changes, 10, 1, &whole);
    assert_eq!(history(&whole).len(), 10);
    for ranks in [1, 3] {
        let parts = folder.path().join(ranks.to_string());
        go_on(deck, changes, 5, 1, &parts);
        assert_eq!(state(&parts).step, 5);
        assert!(essence(&parts) != essence(&whole));
        go_on(deck, changes, 10, ranks, &parts);
        let what = format!("{deck} {changes:?}, going on with {ranks} ranks");
        assert_same(&parts, &whole, &what);
    }
}

#[test]
fn natural_with_qr() {
    assert_resumes("poisson-2d", &[("flow.stepper", "natural")]);
}

#[test]
fn the_equation_of_stationary_points() {
    assert_resumes("deep-ritz", &[("flow.stepper", "stationary")]);
}

#[test]
fn fresh_subsets_with_memory() {
    assert_resumes("poisson-2d", &[("flow.stepper", "recursive")]);
}

#[test]
fn fresh_subsets_by_their_kernel_with_momentum() {
    let changes = [
        ("flow.solver", "kernel"),
        ("flow.stepper", "stochastic"),
        ("flow.momentum", "0.9"),
    ];
    assert_resumes("poisson-2d", &changes);
}

#[test]
fn points_that_follow_the_residual_where_they_were_drawn() {
    for resample in ["false", "3"] {
        let changes = [
            ("flow.solver", "cholesky"),
            ("flow.stepper", "euler"),
            ("sampling.rule", "adaptive"),
            ("sampling.resample", resample),
        ];
        assert_resumes("poisson-2d", &changes);
    }
}

/// The default run, interrupted inside its first stage, where the second one takes over, inside it,
/// where the run falls back and after that, and where the second stage takes over again.
#[test]
fn the_default_stages() {
    for rule in ["gauss", "adaptive"] {
        let changes = [&STAGED[..], &[("sampling.rule", rule)]].concat();
        let folder = tempfile::tempdir().unwrap();
        let whole = folder.path().join("whole");
        go_on("poisson-2d", &changes, 230, 1, &whole);
        let stages = history(&whole).into_iter().map(|row| row[1].parse());
        let stages: Vec<usize> = stages.map(Result::unwrap).collect();
        let turns = turns(&stages);
        assert!(turns.len() > 2, "{rule}: {turns:?}");
        let [over, back, again] = [turns[0], turns[1], turns[2]];
        assert_eq!([over.1, back.1, again.1], [1, 0, 1]);
        let moments = [
            over.0 / 2,
            over.0,
            over.0 + 3,
            back.0,
            back.0 + 5,
            again.0 + 1,
        ];
        for (moment, ranks) in moments.into_iter().zip([3, 1, 2, 3, 1, 2]) {
            let parts = folder.path().join(format!("{rule}-{moment}"));
            go_on("poisson-2d", &changes, moment as u32, 4 - ranks, &parts);
            assert_eq!(state(&parts).step, moment as u64);
            go_on("poisson-2d", &changes, 230, ranks, &parts);
            let what = format!("{rule} {turns:?}, interrupted at {moment}, then on {ranks} ranks");
            assert_same(&parts, &whole, &what);
        }
    }
}

#[test]
fn euler_with_cholesky() {
    let changes = [("flow.solver", "cholesky"), ("flow.stepper", "euler")];
    assert_resumes("poisson-2d", &changes);
}

#[test]
fn conjugate_gradients() {
    assert_resumes("poisson-2d-energy", &[("flow.solver", "cg")]);
}

#[test]
fn steepest_descent() {
    assert_resumes("poisson-2d", &[("flow.solver", "steepest")]);
}

#[test]
fn stochastic_gradient_descent_on_fresh_points() {
    let changes = [
        ("flow.method", "sgd"),
        ("flow.momentum", "0.9"),
        ("sampling.rule", "random"),
    ];
    assert_resumes("poisson-2d", &changes);
}

#[test]
fn adam_on_fresh_points() {
    let changes = [("flow.method", "adam"), ("sampling.rule", "random")];
    assert_resumes("poisson-2d", &changes);
}

#[test]
fn lbfgs() {
    assert_resumes("poisson-2d", &[("flow.method", "lbfgs")]);
}

#[test]
fn runge_kutta_methods() {
    for stepper in ["rk4", "adaptive"] {
        let changes = [("flow.metric", "h1"), ("flow.stepper", stepper)];
        assert_resumes("poisson-2d-energy", &changes);
    }
}

#[test]
fn the_adaptive_pair_on_fresh_points() {
    let changes = [
        ("flow.solver", "cholesky"),
        ("flow.damping", "1e-3"),
        ("flow.stepper", "adaptive"),
        ("sampling.rule", "random"),
        ("sampling.resample", "true"),
    ];
    assert_resumes("poisson-2d", &changes);
}

#[test]
fn euler_in_the_midst_of_an_epoch() {
    let changes = [
        ("sampling.rule", "random"),
        ("sampling.resample", "3"),
        ("flow.metric", "l2"),
        ("flow.stepper", "euler"),
    ];
    assert_resumes("poisson-2d", &changes);
}

#[test]
fn a_variational_energy() {
    assert_resumes("poisson-2d-energy", &[]);
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

#[test]
fn what_the_history_holds_beyond_the_checkpoint_is_cut_off() {
    let (_folder, whole, parts) = interrupted(&[]);
    append(&parts.join("history.csv"), "5,0,0,junk\n6,half a li");
    go_on("poisson-2d", &[], 10, 1, &parts);
    assert_same(&parts, &whole, "after junk");
}

#[test]
fn it_is_cut_off_even_if_nothing_is_recorded_any_more() {
    let seldom = [("output.every", "4")];
    let (_folder, _, parts) = interrupted(&seldom);
    let before = fs::read_to_string(parts.join("history.csv")).unwrap();
    append(&parts.join("history.csv"), "5,0,0,junk\n");
    go_on("poisson-2d", &seldom, 7, 1, &parts);
    let after = fs::read_to_string(parts.join("history.csv")).unwrap();
    assert_eq!(after, before);
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

#[test]
fn a_torn_checkpoint_falls_back_to_the_one_before_it() {
    let often = [("checkpoint.every", "2")];
    let (_folder, whole, parts) = interrupted(&often);
    tear(&parts.join(NEWEST));
    assert_eq!(state(&parts).step, 4);
    go_on("poisson-2d", &often, 10, 1, &parts);
    assert_same(&parts, &whole, "after a torn checkpoint");
}

#[test]
fn noise_for_a_checkpoint_falls_back_to_the_one_before_it() {
    let often = [("checkpoint.every", "2")];
    let (_folder, whole, parts) = interrupted(&often);
    fs::write(parts.join(NEWEST), noise()).unwrap();
    go_on("poisson-2d", &often, 10, 3, &parts);
    assert_same(&parts, &whole, "after noise");
}

#[test]
fn a_torn_checkpoint_never_takes_the_place_of_a_whole_one() {
    let (_folder, _, parts) = interrupted(&[]);
    go_on("poisson-2d", &[], 6, 1, &parts);
    tear(&parts.join(NEWEST));
    go_on("poisson-2d", &[], 8, 1, &parts);
    // Were the new checkpoint lost as well, the one that the run went on from is still there.
    tear(&parts.join(NEWEST));
    let found = Store::new(parts.join("checkpoint")).load();
    assert!(found.is_ok(), "{}", found.unwrap_err());
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

#[test]
fn when_no_checkpoint_is_whole_nothing_is_touched() {
    let (_folder, whole, parts) = interrupted(&[("checkpoint.every", "2")]);
    for name in [NEWEST, PREVIOUS] {
        tear(&parts.join(name));
    }
    let ten = "--set=stop.steps=10";
    assert_refused(&parts, &[ten], &["state.ned", "torn", "--force", "--out"]);
    fs::remove_file(parts.join(PREVIOUS)).unwrap();
    fs::write(parts.join(NEWEST), noise()).unwrap();
    let words = ["state.ned", "not a checkpoint", "--force", "--out"];
    assert_refused(&parts, &[ten], &words);
    assert_runs(&parts, &[ten, "--force"]);
    assert_same(&parts, &whole, "after --force");
}

#[test]
fn a_run_of_another_deck_is_not_overwritten() {
    let (_folder, whole, parts) = interrupted(&[]);
    let words = ["--out", "--force", "another problem"];
    for other in ["network.hidden=[7]", "flow.seed=1", "boundary.0.weight=2.0"] {
        assert_refused(&parts, &["--set", other], &words);
    }
    assert_refused(&parts, &["--resume=never"], &["--resume", "--force"]);
    assert_runs(&parts, &["--set=stop.steps=10", "--force"]);
    assert_same(&parts, &whole, "after --force");
}

/// Waits until `done` or for a minute.
fn wait_until(mut done: impl FnMut() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(started.elapsed() < Duration::from_secs(60), "no progress");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_killed_run_goes_on_as_if_nothing_had_been() {
    let folder = tempfile::tempdir().unwrap();
    let [whole, killed] = ["whole", "killed"].map(|name| folder.path().join(name));
    let arguments = ["--set=checkpoint.every=1", "--set=stop.steps=300"];
    let mut command = program();
    command.args(["run", "--quiet", "--threads=1", "--out"]);
    command.arg(&killed).args(arguments);
    for (key, value) in SMALL {
        command.arg("--set").arg(format!("{key}={value}"));
    }
    command.stderr(Stdio::null()).stdin(Stdio::null());
    let newest = killed.join(NEWEST);
    let mut in_the_midst = 0;
    for moment in [0, 5, 11, 18, 26, 35] {
        let before = fs::read(&newest).ok();
        let mut child = command.spawn().unwrap();
        wait_until(|| {
            let now = fs::read(&newest).ok();
            (now.is_some() && now != before) || child.try_wait().unwrap().is_some()
        });
        std::thread::sleep(Duration::from_millis(moment));
        child.kill().unwrap();
        in_the_midst += usize::from(child.wait().unwrap().code().is_none());
    }
    assert!(in_the_midst > 1, "the run is over before it can be killed");
    assert_runs(&killed, &arguments);
    assert_runs(&whole, &arguments);
    assert_same(&killed, &whole, "killed");
}

#[test]
fn a_converged_run_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let easy = [
        "--set=flow.stepper=natural",
        "--set=stop.energy=40.0",
        "--set=stop.steps=200",
    ];
    assert_runs(&out, &easy);
    assert_eq!(summary(&out)["status"], "converged");
    assert!(state(&out).step > 2);
    let (before, reached) = (files(&out), digest(&out));
    let output = run(&out, &easy);
    let said = text(&output.stdout) + &text(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(files(&out) == before, "files were changed");
    append(&out.join("history.csv"), "junk\n");
    assert_runs(&out, &[&easy[..], &["--force"]].concat());
    assert_eq!(digest(&out), reached);
    let lines = history(&out).len() as u64;
    assert_eq!(summary(&out)["steps"], lines, "it did not start over");
}

#[test]
fn a_converged_run_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out").display().to_string();
    let small = SMALL.map(|(key, value)| format!("--set={key}={value}"));
    let mut arguments = vec!["run", "--threads=1", "--out", &path];
    arguments.extend(small.iter().map(String::as_str));
    arguments.extend(["--set=stop.energy=1e3", "--set=flow.stepper=natural"]);
    program_in(folder.path(), &arguments);
    let output = program_in(folder.path(), &arguments);
    let stdout = text(&output.stdout);
    assert!(output.status.success());
    assert!(stdout.contains("converged"), "{stdout}");
    assert!(stdout.contains("--force"), "{stdout}");
}

/// A step goes on from where a limit is met; what is reported is where it was met.
#[test]
fn a_run_that_met_its_limit_returns_what_met_it_and_goes_on_under_a_tighter_one() {
    let folder = tempfile::tempdir().unwrap();
    let run = |name: &str, error: &str| {
        let limits = [("stop.error", error), ("output.every", "1")];
        let all = [&STAGED[..], &limits].concat();
        let out = folder.path().join(name);
        solve(starter("poisson-2d"), &set(&all), 1, 1, Some(&out))
    };
    let loose = run("a", "0.5");
    assert_eq!(loose.status, ned_dist::run::Status::Converged);
    let row = history(&folder.path().join("a")).pop().unwrap();
    let reached = loose.error.unwrap().relative_l2;
    assert!(
        reached <= 0.5 && row.contains(&format!("{reached:e}")),
        "{reached:e} {row:?}"
    );
    let (tight, whole) = (run("a", "1e-30"), run("b", "1e-30"));
    assert_eq!((tight.steps, tight.theta_digest), (230, whole.theta_digest));
}

#[test]
fn a_run_that_converged_under_a_looser_limit_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let run = |out: &Path, energy: &str| {
        let limits = set(&[
            ("network.hidden", "[9]"),
            ("stop.steps", "30"),
            ("stop.energy", energy),
            ("flow.solver", "cholesky"),
        ]);
        solve(starter("poisson-2d"), &limits, 1, 1, Some(out))
    };
    let loose = run(&folder.path().join("a"), "40.0");
    assert_eq!(loose.status, ned_dist::run::Status::Converged);
    assert!(loose.steps < 30);
    let tight = run(&folder.path().join("a"), "0.0");
    let whole = run(&folder.path().join("b"), "0.0");
    assert_eq!((tight.steps, tight.theta_digest), (30, whole.theta_digest));
}
