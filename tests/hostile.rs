//! Decks, data and checkpoints are not trusted: whatever their bytes, the library returns a value or
//! an error, asks for no more memory than a machine has, and comes to an end.
//!
//! A generator with a fixed seed spoils good input in thousands of ways; what was once found in this
//! way, or by reading, stands below it as a case of its own. The test threads have small stacks, and the
//! allocator ends the process when the limit is passed, so a deep recursion and a bold allocation
//! fail here as well as a panic.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;
#[path = "common/mutation.rs"]
mod mutation;

use cap::Cap;
use common::{problems, set, solve};
use mutation::Mutation;
use ndarray::{Array1, Array2, s};
use ndarray_npy::{NpzWriter, WriteNpyExt};
use ned_dist::deck::{Deck, starters};
use ned_dist::expression::{Pool, Scope, Tape};
use ned_dist::problem::build;
use ned_dist::run::{Identity, Plan, State, Store, Waiting};
use ned_dist::stepper::Best;
use ned_dist::table::Table;
use sha2::{Digest, Sha256};
use std::alloc::System;
use std::collections::BTreeSet;
use std::fs;
use std::io::Cursor;
use std::path::Path;

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

#[test]
fn spoilt_decks_are_refused_or_understood() {
    let mut tally = Tally::default();
    for (seed, starter) in (0..).zip(starters()) {
        let mut mutation = Mutation::new(seed);
        check(starter.text).unwrap();
        for _ in 0..120 {
            tally.count(check(&mutation.text(starter.text)));
        }
    }
    tally.assert_varied(100);
}

#[test]
fn spoilt_expressions_are_refused_or_understood() {
    let scope = Scope::new(&["x", "y", "t"], &["u", "v"]).unwrap();
    let good = [
        "-lap(u) + u*u_x = 2*pi^2*sin(pi*x)*exp(-y/3)",
        "div((1 + x^2)*grad(u)) + dot([x, y], grad(v)) - if(x < y, u_t, v_xy) = 0",
        "sum(x_i^2*u_x_i over i) + norm([x, y])^3 - min(abs(u), 2, erf(v)) = sqrt(r2)",
        "grad2(u)/2 - (x - (y - (x - y - t))) = tanh(u)^-2 - not (x == 1 and y > 2)",
    ];
    let mut tally = Tally::default();
    for (seed, good) in (0..).zip(good) {
        let mut mutation = Mutation::new(seed);
        for _ in 0..1500 {
            let mut pool = Pool::new();
            let parsed = pool.parse_equation(&mutation.text(good), &scope);
            if let Ok(equation) = parsed {
                let residual = equation.residual(&mut pool);
                let shown = pool.display(residual, &scope);
                assert!(!shown.is_empty());
                for symbol in pool.symbols(residual) {
                    pool.derivative(residual, symbol);
                }
                Tape::new(&pool, &[residual]);
            }
            tally.count(parsed);
        }
    }
    tally.assert_varied(40);
}

/// A table as a csv, an npy and an npz file.
fn tables() -> [(&'static str, Vec<u8>); 3] {
    let values = Array2::from_shape_fn((5, 3), |(i, j)| i as f64 - 0.5 * j as f64);
    let mut npy = Vec::new();
    values.write_npy(&mut npy).unwrap();
    let mut npz = Cursor::new(Vec::new());
    let mut writer = NpzWriter::new_compressed(&mut npz);
    for (j, name) in ["x", "y", "h"].iter().enumerate() {
        writer.add_array(*name, &values.slice(s![.., j])).unwrap();
    }
    writer.finish().unwrap();
    let csv = "x, y,h\n# heights\n0.5,1e3,-2\n1,\"2\",3\n";
    [
        ("a.csv", csv.into()),
        ("a.npy", npy),
        ("a.npz", npz.into_inner()),
    ]
}

/// The table in a file of these bytes.
fn read(folder: &Path, name: &str, bytes: &[u8]) -> ned_dist::error::Result<Table> {
    let path = folder.join(name);
    // Some file systems flush a file that is written over, which takes milliseconds.
    let _ = fs::remove_file(&path);
    fs::write(&path, bytes).unwrap();
    Table::read(&path)
}

#[test]
fn spoilt_tables_are_refused_or_understood() {
    let folder = tempfile::tempdir().unwrap();
    for (seed, (name, good)) in (0..).zip(tables()) {
        let mut tally = Tally::default();
        let mut mutation = Mutation::new(seed);
        assert_eq!(read(folder.path(), name, &good).unwrap().names().len(), 3);
        for _ in 0..1000 {
            let bytes = mutation.bytes(&good);
            tally.count(read(folder.path(), name, &bytes));
        }
        tally.assert_varied(8);
    }
}

/// An npy file with this header and this many bytes of data.
fn npy(version: u8, length: u32, header: &str, data: usize) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY".to_vec();
    bytes.extend([version, 0]);
    let width = if version == 1 { 2 } else { 4 };
    bytes.extend(&length.to_le_bytes()[..width]);
    bytes.extend(header.as_bytes());
    bytes.extend(vec![0; data]);
    bytes
}

#[test]
fn headers_that_claim_too_much_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let of = |descr: &str, order: &str, shape: &str, data: usize| {
        let header =
            format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}\n");
        npy(1, header.len() as u32, &header, data)
    };
    let right = [("<f8", "False"), ("<f8", "True"), (">f8", "False")];
    for (descr, order) in right {
        assert!(read(folder.path(), "a.npy", &of(descr, order, "(2, 3)", 48)).is_ok());
    }
    let deep = format!("{}\n", "(".repeat(9000));
    for (bytes, word) in [
        (
            of("<f8", "False", "(1152921504606846976, 1)", 8),
            "claims 1152921504606846976 items",
        ),
        (
            of("<f8", "False", "(4294967296, 4294967296)", 8),
            "claims 4294967296 items",
        ),
        (
            of("<f8", "False", "(16777216, 16777216)", 8),
            "claims 281474976710656 items",
        ),
        (
            of("<f8", "False", "(0, 1152921504606846976)", 0),
            "claims 1152921504606846976 items",
        ),
        (of("<f8", "False", "(0, 2)", 0), "no rows"),
        (of("<f8", "False", "(-1, 2)", 16), "shape"),
        (
            of("<f8", "False", "(1000000, 2)", 16),
            "promises 16000000 bytes of data where there are 16",
        ),
        (
            of("<f8", "False", "(1, 2)", 24),
            "promises 16 bytes of data where there are 24",
        ),
        (
            of("<f8", "False", "(2,)", 16),
            "expected float64, shape (rows, columns)",
        ),
        (of("<f4", "False", "(2, 2)", 32), "expected float64"),
        (of("|O", "False", "(2, 2)", 32), "expected float64"),
        (of("\u{e9}", "False", "(2, 2)", 32), "ascii"),
        (npy(2, u32::MAX, "{", 0), "header of 4294967295 bytes"),
        (npy(1, 9001, &deep, 0), "not that of an array of numbers"),
        (npy(1, 60, "{}", 0), "ends within its header"),
    ] {
        let error = read(folder.path(), "a.npy", &bytes)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains(word) && error.contains("`data.file`"),
            "{error}"
        );
    }
}

#[test]
fn archives_that_unpack_to_too_much_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let [.., (name, good)] = tables();
    // The size that the central directory and the local header state of the first array.
    let size = (128 + 5 * 8_u32).to_le_bytes();
    let mut bomb = good.clone();
    for at in 0..good.len() - 4 {
        if good[at..at + 4] == size {
            bomb[at..at + 4].copy_from_slice(&0xfff0_0000_u32.to_le_bytes());
        }
    }
    assert_ne!(bomb, good);
    let error = read(folder.path(), name, &bomb).unwrap_err().to_string();
    assert!(error.contains("cannot come out of an archive"), "{error}");

    let mut zeros = Cursor::new(Vec::new());
    let mut writer = NpzWriter::new_compressed(&mut zeros);
    writer
        .add_array("x", &Array1::<f64>::zeros(1 << 20))
        .unwrap();
    writer.add_array("y", &Array1::<f64>::zeros(3)).unwrap();
    writer.finish().unwrap();
    let error = read(folder.path(), name, &zeros.into_inner()).unwrap_err();
    assert!(error.to_string().contains("differ in length"), "{error}");
}

#[test]
fn only_plain_files_of_bounded_tables_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let endless = folder.path().join("endless.csv");
    std::os::unix::fs::symlink("/dev/zero", &endless).unwrap();
    let error = Table::read(&endless).unwrap_err().to_string();
    assert!(error.contains("not a file"), "{error}");
    assert!(Table::read(folder.path()).is_err());
    let wide = "a,".repeat(20_000) + "a\n";
    let error = read(folder.path(), "wide.csv", wide.as_bytes()).unwrap_err();
    assert!(error.to_string().contains("leave at most 10000"), "{error}");
    let escape = "x,h\n0,\u{1b}[2J\u{1b}]0;owned\u{7}\n";
    let error = read(folder.path(), "escape.csv", escape.as_bytes()).unwrap_err();
    assert!(!error.to_string().contains('\u{1b}'), "{error}");
    let lines = "\"x\ny\",h\n0,1\n";
    let error = read(folder.path(), "lines.csv", lines.as_bytes()).unwrap_err();
    assert!(error.to_string().contains("control character"), "{error}");
}

/// A deck in the unit box with an equation and what follows it.
fn deck(dim: usize, equation: &str, rest: &str) -> String {
    let [lower, upper] = [0, 1].map(|end| vec![end; dim]);
    format!(
        "[domain]\nlower = {lower:?}\nupper = {upper:?}\n[problem]\nequation = {equation:?}\n{rest}"
    )
}

#[test]
fn counts_that_no_memory_holds_are_refused() {
    let plate = |rest: &str| deck(2, "lap(u) = 1", rest);
    for (rest, words) in [
        (
            "[sampling]\npoints = 1e18",
            &["sampling.points", "whole number"][..],
        ),
        (
            "[sampling]\npoints = 1_000_000_000_000_000_000",
            &["sampling.points", "2^32"],
        ),
        (
            "[sampling]\ncells = 1_000_000_000",
            &["sampling.cells", "2^24"],
        ),
        (
            "[network]\nhidden = [1000000, 1000000]",
            &["network.hidden", "smaller widths"],
        ),
        (
            "[output]\ngrid = [4294967296, 4294967296]",
            &["output.grid", "at most 268435456"],
        ),
        (
            "[output]\nfields = [\"csv\", \"csv\"]",
            &["output.fields", "at most once"],
        ),
    ] {
        refused(&plate(rest), words);
    }
    let waves = "[network]\nfourier = { features = 1_000_000 }";
    refused(
        &deck(1000, "u = 1", waves),
        &["network.fourier", "at most 134217"],
    );
    let field = "[output]\nfields = [\"npy\"]";
    refused(&deck(12, "u = 1", field), &["output.fields", "give `grid`"]);
    let gauss = "[sampling]\nrule = \"gauss\"\npoints = 1_000_000";
    refused(
        &deck(1, "u = 1", gauss),
        &["sampling.points", "16384", "sobol"],
    );
    let wide = deck(400, "u = 1", "").replace('1', "1e300");
    refused(&wide, &["domain.upper", "scale the coordinates"]);
    let many = "[[boundary]]\ncondition = \"u = 0\"\n";
    refused(&plate(&many.repeat(1001)), &["`boundary`", "at most 1000"]);
    refused(
        &deck(1000, "u = 1", &many.repeat(11)),
        &["`boundary`", "at most 10"],
    );
    let functions: String = (0..1001).map(|i| format!("f{i} = \"x\"\n")).collect();
    refused(
        &plate(&format!("[functions]\n{functions}")),
        &["functions", "at most 1000"],
    );
    let stages = format!("[flow]\nstepper = [{}]", "\"euler\",".repeat(101));
    refused(
        &plate(&stages),
        &["flow.stepper", "at most 100, one for each stage"],
    );
    // Many points by a rule that finds them quickly, and fields on a default grid, are right.
    check(&plate("[sampling]\npoints = 4_000_000_000")).unwrap();
    check(&deck(1, "u = 1", "[sampling]\npoints = 1_000_000")).unwrap();
}

#[test]
fn expressions_that_grow_are_refused_before_memory_ends() {
    // Differences of differences: as deep as the text is long.
    let chain = "-x-t".repeat(12_000);
    for text in [format!("x - (u{chain}) = 0"), format!("-(u{chain}) = 0")] {
        check(&deck(2, &text.replace('t', "y"), "")).unwrap();
    }
    // Vectors that double: 2^k gradients.
    let doubles = (1..64).map(|k| format!("f{k} = \"f{0} + f{0}\"\n", k - 1));
    let doubles: String = doubles.collect();
    let doubles = format!("[functions]\nf0 = \"grad(x) + grad(y)\"\n{doubles}");
    refused(
        &deck(2, "u = 1", &doubles),
        &["functions.f", "1000 gradients"],
    );
    // A name that could be split into two coordinates in very many ways.
    let name = format!("u_{} = 1", "x".repeat(50_000));
    refused(
        &deck(2, &name, ""),
        &["problem.equation", "longer than 200"],
    );
    let constant = format!("[constants]\nn_{} = 1", "x".repeat(50_000));
    refused(
        &deck(2, "u = 1", &constant),
        &["constants", "longer than 64"],
    );
    // Notation that a thousand coordinates multiply.
    let sums = "sum(sum(lap(u*x_i*x_j) over j) over i) = 1";
    refused(&deck(1000, sums, ""), &["problem.equation", "too large"]);
    let nested = format!("{}u{} = 1", "(".repeat(40_000), ")".repeat(40_000));
    refused(&deck(2, &nested, ""), &["problem.equation", "nested"]);
    let huge = format!("{} = 1", ["u^1024"; 900].join("^1024^"));
    refused(&deck(2, &huge, ""), &["problem.equation", "nested"]);
}

/// A checkpoint file of a state that nobody would have saved, with a right checksum.
fn sealed(payload: &[u8], version: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u64).to_le_bytes();
    let checksum = Sha256::digest(payload);
    [b"NED-DIST", version, &length, &checksum, payload].concat()
}

const RUNS: [(&str, &str); 5] = [
    ("flow.method", "ned"),
    ("flow.method", "lbfgs"),
    ("flow.method", "adam"),
    ("flow.method", "sgd"),
    ("flow.stepper", "natural"),
];

/// A small run of so many steps.
fn steps(count: &'static str, run: (&'static str, &'static str)) -> Vec<(String, String)> {
    let mut pairs = common::STAGED.to_vec();
    pairs.retain(|pair| pair.0 != "stop.steps");
    pairs.extend([run, ("stop.steps", count)]);
    set(&pairs)
}

#[test]
fn spoilt_checkpoints_are_refused_or_resumed() {
    let text = common::starter("poisson-2d");
    for (seed, run) in (0..).zip(RUNS) {
        let folder = tempfile::tempdir().unwrap();
        solve(text, &steps("3", run), 1, 1, Some(folder.path()));
        let mut deck = Deck::from_toml(text, "test.toml", &steps("3", run)).unwrap();
        let problem = build(&mut deck, None).unwrap();
        Plan::of(&mut deck, &problem).unwrap();
        let identity = Identity::of(&deck, &problem).unwrap();
        let good = fs::read(folder.path().join("checkpoint/state.ned")).unwrap();
        let (version, payload) = (&good[8..12], &good[52..]);
        assert_eq!(sealed(payload, version), good);

        let mut tally = Tally::default();
        let mut mutation = Mutation::new(seed);
        let mut resumed = 0;
        for _ in 0..400 {
            let spoilt = mutation.bytes(&good);
            assert!(spoilt == good || State::from_bytes(&spoilt).is_err());
            let bytes = sealed(&mutation.bytes(payload), version);
            let state = State::from_bytes(&bytes);
            let fits = state.map_err(|e| e.to_string()).and_then(|state| {
                let same = state.problem == identity.problem;
                state.check(identity.size).map(|()| same)
            });
            if fits == Ok(true) && resumed < 40 {
                resumed += 1;
                fs::write(folder.path().join("checkpoint/state.ned"), &bytes).unwrap();
                // Whether it can go on or not, it ends.
                let _ = common::resume(text, &steps("5", run), folder.path());
            }
            tally.count(fits);
        }
        tally.assert_varied(4);
        assert!(resumed > 0);
    }
}

#[test]
fn a_state_that_no_run_leads_to_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let text = common::starter("poisson-2d");
    let overrides = steps("3", ("flow.method", "ned"));
    solve(text, &overrides, 1, 1, Some(folder.path()));
    let store = Store::new(folder.path().join("checkpoint"));
    let good = store.load().unwrap().unwrap().state;
    type Spoil = fn(&mut State);
    let spoils: [Spoil; 10] = [
        |s| s.stage = 7,
        |s| s.step = u64::MAX,
        |s| s.seconds = f64::NAN,
        |s| s.seconds = -1.0,
        |s| s.steady.1 = u32::MAX,
        |s| s.attempts.made = u32::MAX,
        |s| s.theta.clear(),
        |s| s.theta.push(0.0),
        |s| {
            let (theta, memory) = (s.theta.clone(), s.memory.clone());
            s.waiting.push(Waiting { theta, memory });
        },
        |s| {
            let (energy, theta) = (0.0, Vec::new());
            s.best = Some(Best { energy, theta });
        },
    ];
    for (index, spoil) in spoils.into_iter().enumerate() {
        let mut bad = good.clone();
        spoil(&mut bad);
        store.clear().unwrap();
        store.save(&bad).unwrap();
        let error = common::resume(text, &overrides, folder.path()).unwrap_err();
        let says = error.to_string();
        assert!(says.contains("no checkpoint is whole"), "{index}: {says}");
    }
    // The one before it is taken where it is right.
    store.clear().unwrap();
    store.save(&good).unwrap();
    store.save(&State { stage: 7, ..good }).unwrap();
    assert!(common::resume(text, &overrides, folder.path()).is_ok());
}
