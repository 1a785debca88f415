//! Notes that a user leaves in the folder of a run: a file `STOP` means save and stop, a file
//! `CHECKPOINT` means save and go on. The run takes them away when it has done so.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The notes in a folder; rank 0 looks.
#[derive(Debug)]
pub struct Notes {
    folder: PathBuf,
    looked: Option<Instant>,
}

/// A file system that is far away is not asked more often than this.
const PAUSE: Duration = Duration::from_millis(200);

/// What the notes say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wishes {
    /// Save and stop.
    pub stop: bool,
    /// Save and go on.
    pub checkpoint: bool,
}

impl Notes {
    /// In `folder`.
    pub fn new(folder: &Path) -> Self {
        Self {
            folder: folder.into(),
            looked: None,
        }
    }

    /// What lies there, unless somebody has just looked.
    pub fn look(&mut self) -> Wishes {
        if self.looked.is_some_and(|looked| looked.elapsed() < PAUSE) {
            return Wishes::default();
        }
        self.looked = Some(Instant::now());
        Wishes {
            stop: self.folder.join("STOP").exists(),
            checkpoint: self.folder.join("CHECKPOINT").exists(),
        }
    }

    /// Takes away the notes that have been followed. One that cannot be removed is followed again.
    pub fn take(&self, followed: Wishes) {
        for (name, done) in [("STOP", followed.stop), ("CHECKPOINT", followed.checkpoint)] {
            if done {
                let _ = fs::remove_file(self.folder.join(name));
            }
        }
    }
}
