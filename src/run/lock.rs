//! One run per folder: a file `lock` that names the process, held by a lock of the operating system.
//!
//! The system releases it when the process ends, however it ends, so a killed run leaves no lock
//! behind, only a file that the next one takes over; network file systems do the same for a node
//! that is lost. A file system that knows no locks lets every run pass.

use crate::error::{Error, Result};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A folder that is ours; released when dropped.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    /// Holds the system's lock while it is open.
    _file: File,
}

/// A file system whose files never stay the same is trusted after so many.
const ATTEMPTS: u32 = 100;

impl Lock {
    /// Takes the folder for the process on `host`.
    ///
    /// # Errors
    /// If another run has it, or the file cannot be written.
    pub fn take(folder: &Path, host: &str) -> Result<Self> {
        let path = folder.join("lock");
        let refuse = |e: io::Error| Error::Input(format!("cannot write {}: {e}", path.display()));
        let mut attempts = 0;
        let mut file = loop {
            let mut file = open(&path).map_err(refuse)?;
            if let Err(TryLockError::WouldBlock) = file.try_lock() {
                return Err(held(&path, &mut file));
            }
            attempts += 1;
            if attempts == ATTEMPTS || stands(&path, &file) {
                break file;
            }
        };
        let mut owner = String::new();
        file.read_to_string(&mut owner).map_err(refuse)?;
        if !owner.is_empty() && !owner.starts_with("process ") {
            return Err(Error::Input(format!(
                "{} is no lock of a run: choose another --out, or remove it",
                path.display()
            )));
        }
        file.set_len(0).map_err(refuse)?;
        file.rewind().map_err(refuse)?;
        let name = format!("process {} on {host}\n", std::process::id());
        file.write_all(name.as_bytes()).map_err(refuse)?;
        Ok(Self { path, _file: file })
    }
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    let options = options.create(true).read(true).write(true).truncate(false);
    options.open(path)
}

/// Whether `file` is still what lies at `path`: between opening and locking it, its last owner may
/// have removed it, and then it is no lock.
fn stands(path: &Path, file: &File) -> bool {
    let (Ok(there), Ok(here)) = (fs::metadata(path), file.metadata()) else {
        return false;
    };
    (there.dev(), there.ino()) == (here.dev(), here.ino())
}

fn held(path: &Path, file: &mut File) -> Error {
    let mut owner = String::new();
    let _ = file.read_to_string(&mut owner);
    let owner = match owner.trim() {
        "" => "another process",
        owner => owner,
    };
    let (folder, path) = (path.parent().unwrap_or(path).display(), path.display());
    Error::Input(format!(
        "--out {folder}: {owner} is running here; wait for it or choose another --out (if that \
         process is gone with its node, remove {path})"
    ))
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_owner_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let first = Lock::take(folder.path(), "here").unwrap();
        let refused = Lock::take(folder.path(), "there").unwrap_err().to_string();
        let me = format!("process {} on here", std::process::id());
        assert!(refused.contains(&me), "{refused}");
        drop(first);
        assert!(!folder.path().join("lock").exists());
        // What a killed process has left behind.
        fs::write(
            folder.path().join("lock"),
            "process 1 on here, long ago, a long line\n",
        )
        .unwrap();
        let lock = Lock::take(folder.path(), "here").unwrap();
        assert_eq!(fs::read_to_string(&lock.path).unwrap().trim(), me);
    }
}
