//! `ned-dist new`: starter decks.

use crate::deck::{find, starters};
use crate::error::{Error, Result};
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

/// Writes the starter deck `name` and what it needs into this folder, or lists the names.
///
/// # Errors
/// If there is no such starter, or a file is there already.
pub fn new(name: Option<&str>, first: bool) -> Result<()> {
    if !first {
        return Ok(());
    }
    let Some(name) = name else {
        println!("Starter decks (ned-dist new NAME writes NAME.toml):");
        for starter in starters() {
            println!("  {:<18} {}", starter.name, starter.summary);
        }
        return Ok(());
    };
    let starter = find(name)?;
    let deck = format!("{name}.toml");
    let files = starter.files.iter().map(|(file, _)| *file);
    for file in files.chain([deck.as_str()]) {
        if Path::new(file).exists() {
            return Err(Error::Input(format!(
                "{file} exists; move it away, or work in another folder"
            )));
        }
    }
    write_new(&deck, starter.text.as_bytes())?;
    println!("{deck}: {}", starter.summary);
    for (file, content) in starter.files {
        write_new(file, content)?;
        println!("{file}: its data");
    }
    println!("Solve it: ned-dist run {deck}");
    Ok(())
}

/// Writes a file that must not exist yet.
fn write_new(path: &str, content: &[u8]) -> Result<()> {
    let mut options = OpenOptions::new();
    let opened = options.write(true).create_new(true).open(path);
    let written = opened.and_then(|mut file| file.write_all(content));
    written.map_err(|e| Error::Input(format!("cannot write {path}: {e}")))
}
