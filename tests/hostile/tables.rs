//! Tables of data in all their formats.

use super::Tally;
use crate::mutation::Mutation;
use ndarray::{Array1, Array2, s};
use ndarray_npy::{NpzWriter, WriteNpyExt};
use ned_dist::table::Table;
use std::fs;
use std::io::Cursor;
use std::path::Path;

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
    let error = read(folder.path(), "twice.csv", b"x,h,x\n0,1,2\n").unwrap_err();
    let words = "two columns are named `x`";
    assert!(error.to_string().contains(words), "{error}");
}
