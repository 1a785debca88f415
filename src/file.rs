//! Files that are whole or not there: written beside their place, brought to the disk, and moved to it.

use crate::error::{Error, Result};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// Lets `write` make a file at the path that it is given, and moves that to `path` when it is whole. A link is
/// followed; what is no plain file, a terminal or a pipe, is written as it is.
///
/// # Errors
/// If it cannot be written; what was at `path` is then still there.
pub fn whole(path: &Path, write: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let place = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if place.exists() && !place.is_file() {
        return write(path);
    }
    let part = beside(&place);
    let moved = write(&part).and_then(|()| {
        let synced = fs::File::open(&part).and_then(|file| file.sync_all());
        let moved = synced.and_then(|()| fs::rename(&part, &place));
        moved.map_err(|e| failed(path, &e))
    });
    if moved.is_err() {
        let _ = fs::remove_file(&part);
    }
    moved
}

/// The same of a text.
///
/// # Errors
/// As [`whole`].
pub fn write_whole(path: &Path, text: &str) -> Result<()> {
    whole(path, |part| {
        fs::write(part, text).map_err(|e| failed(path, &e))
    })
}

/// The error of a file that cannot be written.
pub fn failed(path: &Path, e: &dyn std::error::Error) -> Error {
    Error::Failed(format!("cannot write {}: {e}", path.display()))
}

fn beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".part");
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_there_stays_until_the_new_file_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        write_whole(&path, "one").unwrap();
        let torn = whole(&path, |part| {
            fs::write(part, "tw").unwrap();
            Err(failed(&path, &std::fmt::Error))
        });
        assert!(torn.is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "one");
        write_whole(&path, "two").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "two");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
