//! Checkpoints: all that a run needs to go on with the same bits, in one file.
//!
//! A file is written beside its place, flushed to the disk and renamed, and the one before it is
//! kept; so at any moment at least one whole checkpoint exists. Each carries a magic word, a version
//! and a checksum; sizes are checked before anything is allocated.

use super::State;
use crate::deck::Bytes;
use crate::error::{Error, Result};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// The folder of checkpoints of a run.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
}

/// A state that was found, and what had to be passed over to find it.
#[derive(Debug)]
pub struct Found {
    /// The state.
    pub state: State,
    /// Why the newest file could not be used.
    pub warning: Option<String>,
}

const MAGIC: &[u8; 8] = b"NED-DIST";
const VERSION: u32 = 10;
const HEADER: usize = 8 + 4 + 8 + 32;
/// Larger files are not checkpoints of this program; also the limit of what is allocated.
const LARGEST: usize = 16 << 30;
const NEWEST: &str = "state.ned";
const PREVIOUS: &str = "previous.ned";
const TORN: &str = "torn.ned";

impl Store {
    /// The checkpoints in `folder`.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Writes a checkpoint and keeps the one before it.
    ///
    /// # Errors
    /// If the disk refuses; the earlier checkpoints are then still whole.
    pub fn save(&self, state: &State) -> Result<()> {
        let temporary = self.folder.join("state.tmp");
        let fail = |what: &str, e: std::io::Error| {
            // A full disk needs the room.
            let _ = fs::remove_file(&temporary);
            let folder = self.folder.display();
            let kept = match self.exists() {
                true => "; the one before it is whole: the same command goes on from there",
                false => "",
            };
            Error::Failed(format!("cannot {what} a checkpoint in {folder}: {e}{kept}"))
        };
        fs::create_dir_all(&self.folder).map_err(|e| fail("store", e))?;
        let mut file = File::create(&temporary).map_err(|e| fail("create", e))?;
        file.write_all(&encode(state)?)
            .map_err(|e| fail("write", e))?;
        file.sync_all().map_err(|e| fail("flush", e))?;
        let newest = self.folder.join(NEWEST);
        if newest.exists() {
            fs::rename(&newest, self.folder.join(PREVIOUS)).map_err(|e| fail("keep", e))?;
        }
        fs::rename(&temporary, &newest).map_err(|e| fail("place", e))?;
        File::open(&self.folder)
            .and_then(|f| f.sync_all())
            .map_err(|e| fail("flush", e))
    }

    /// Removes all checkpoints, for a run that starts over.
    ///
    /// # Errors
    /// If one cannot be removed.
    pub fn clear(&self) -> Result<()> {
        for name in [NEWEST, PREVIOUS, TORN] {
            let path = self.folder.join(name);
            if path.exists() {
                fs::remove_file(&path)
                    .map_err(|e| Error::Input(format!("cannot remove {}: {e}", path.display())))?;
            }
        }
        Ok(())
    }

    /// Moves a newest file that is not whole out of the way, so that the next save does not put it in
    /// the place of the whole one before it.
    ///
    /// # Errors
    /// If it cannot be renamed.
    pub fn set_aside(&self) -> Result<()> {
        let newest = self.folder.join(NEWEST);
        let moved = fs::rename(&newest, self.folder.join(TORN));
        moved.map_err(|e| Error::Input(format!("cannot rename {}: {e}", newest.display())))
    }

    /// Whether any checkpoint is there.
    pub fn exists(&self) -> bool {
        [NEWEST, PREVIOUS]
            .iter()
            .any(|name| self.folder.join(name).exists())
    }

    /// The newest whole checkpoint; none if there is no file at all.
    ///
    /// # Errors
    /// If files are there but none is whole.
    pub fn load(&self) -> Result<Option<Found>> {
        self.load_if(&|_| Ok(()))
    }

    /// The newest whole checkpoint whose state `suits`; none if there is no file at all.
    ///
    /// # Errors
    /// If files are there but none is whole and suits.
    pub fn load_if(
        &self,
        suits: &dyn Fn(&State) -> std::result::Result<(), String>,
    ) -> Result<Option<Found>> {
        let mut complaints = Vec::new();
        for name in [NEWEST, PREVIOUS] {
            let path = self.folder.join(name);
            if !path.exists() {
                continue;
            }
            let suitable = read(&path).and_then(|state| suits(&state).map(|()| state));
            match suitable {
                Ok(state) => {
                    let warning = complaints.pop();
                    return Ok(Some(Found { state, warning }));
                }
                Err(what) => complaints.push(format!("{}: {what}", path.display())),
            }
        }
        if complaints.is_empty() {
            return Ok(None);
        }
        Err(Error::Input(format!(
            "no checkpoint is whole: {}; start over with --force or choose another --out",
            complaints.join("; ")
        )))
    }
}

fn encode(state: &State) -> Result<Vec<u8>> {
    let failed = |what: String| Error::Failed(format!("cannot encode a checkpoint: {what}"));
    let mut bytes = vec![0; HEADER];
    bincode::serde::encode_into_std_write(state, &mut bytes, bincode::config::standard())
        .map_err(|e| failed(e.to_string()))?;
    if bytes.len() > LARGEST {
        let length = Bytes(bytes.len() as f64);
        return Err(failed(format!(
            "it has {length}, and more than {} is not read again; use a smaller network, or a method that \
             remembers less",
            Bytes(LARGEST as f64)
        )));
    }
    let (header, payload) = bytes.split_at_mut(HEADER);
    let length = (payload.len() as u64).to_le_bytes();
    let checksum = Sha256::digest(payload);
    let fields: [&[u8]; 4] = [MAGIC, &VERSION.to_le_bytes(), &length, &checksum];
    header.copy_from_slice(&fields.concat());
    Ok(bytes)
}

fn read(path: &Path) -> std::result::Result<State, String> {
    let about = fs::metadata(path).map_err(|e| e.to_string())?;
    if !about.is_file() {
        return Err("not a file".into());
    }
    let file = File::open(path).map_err(|e| e.to_string())?;
    // The file may grow between the look and the reading.
    let mut bytes = Vec::new();
    let limited = file.take(LARGEST as u64 + 1).read_to_end(&mut bytes);
    limited.map_err(|e| e.to_string())?;
    decode(&bytes)
}

/// A state from the bytes of a file.
pub(super) fn decode(bytes: &[u8]) -> std::result::Result<State, String> {
    if bytes.len() > LARGEST {
        return Err("too large for a checkpoint".into());
    }
    if bytes.len() < HEADER {
        return Err("torn: shorter than its header".into());
    }
    let (magic, rest) = bytes.split_at(8);
    let (version, rest) = rest.split_at(4);
    let (length, rest) = rest.split_at(8);
    let (checksum, payload) = rest.split_at(32);
    if magic != MAGIC {
        return Err("not a checkpoint of ned-dist".into());
    }
    if version != VERSION.to_le_bytes() {
        return Err(format!(
            "of another version of ned-dist (this one reads {VERSION})"
        ));
    }
    if length != (payload.len() as u64).to_le_bytes() {
        return Err("torn: its length is not what its header says".into());
    }
    if checksum != Sha256::digest(payload).as_slice() {
        return Err("corrupt: its checksum does not match".into());
    }
    let config = bincode::config::standard().with_limit::<LARGEST>();
    let (state, used): (State, usize) =
        bincode::serde::decode_from_slice(payload, config).map_err(|e| format!("corrupt: {e}"))?;
    if used != payload.len() {
        return Err("corrupt: bytes are left over".into());
    }
    Ok(state)
}

impl State {
    /// The bytes of a checkpoint file, to be sent to other ranks.
    ///
    /// # Errors
    /// If the state cannot be encoded.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        encode(self)
    }

    /// The state in the bytes of a checkpoint file.
    ///
    /// # Errors
    /// If they are no whole checkpoint.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        decode(bytes).map_err(Error::Failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::{Attempts, Horizon};
    use crate::stepper::Memory;

    fn state(step: u64) -> State {
        State {
            problem: "p".into(),
            step,
            stage: 0,
            time: 0.5,
            seconds: 1.0,
            theta: vec![1.0, f64::MIN_POSITIVE, -0.0],
            memory: Memory::None,
            waiting: Vec::new(),
            best: None,
            attempts: Attempts::default(),
            drawn: None,
            horizon: Horizon::default(),
            initial: Some(2.0),
            minimum: None,
            resumed: false,
            steady: (1.0, 2),
            history: 10,
            finished: None,
        }
    }

    #[test]
    fn every_single_flipped_byte_and_every_cut_is_noticed() {
        let whole = encode(&state(3)).unwrap();
        assert_eq!(decode(&whole).unwrap().step, 3);
        for i in 0..whole.len() {
            let mut bad = whole.clone();
            bad[i] ^= 0x40;
            assert!(decode(&bad).is_err(), "byte {i}");
            assert!(decode(&whole[..i]).is_err(), "cut {i}");
        }
    }

    #[test]
    fn a_torn_file_falls_back_to_the_previous_one() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path().join("checkpoint"));
        assert!(store.load().unwrap().is_none());
        store.save(&state(1)).unwrap();
        store.save(&state(2)).unwrap();
        let newest = folder.path().join("checkpoint").join(NEWEST);
        let bytes = fs::read(&newest).unwrap();
        fs::write(&newest, &bytes[..bytes.len() / 2]).unwrap();
        let found = store.load().unwrap().unwrap();
        assert_eq!(found.state.step, 1);
        assert!(found.warning.unwrap().contains("torn"));
        fs::write(folder.path().join("checkpoint").join(PREVIOUS), b"junk").unwrap();
        assert!(store.load().is_err());
    }
}
