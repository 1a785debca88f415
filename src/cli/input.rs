//! The deck and its data, read on rank 0 and known to all ranks.

use super::DeckArgs;
use crate::comm::Comm;
use crate::deck::{Deck, Text, find};
use crate::error::{Error, Result};
use crate::run::agree;
use crate::table::Table;
use std::path::{Path, PathBuf};

/// A deck's text and where its files are.
struct Source {
    text: String,
    name: String,
    folder: PathBuf,
}

fn read(path: Option<&Path>) -> Result<Source> {
    let Some(path) = path else {
        return Ok(Source {
            text: find("poisson-2d")?.text.into(),
            name: "poisson-2d (built in)".into(),
            folder: PathBuf::from("."),
        });
    };
    let name = path.display().to_string();
    Ok(Source {
        text: Deck::text_of(path)?,
        name,
        folder: path.parent().unwrap_or(Path::new(".")).into(),
    })
}

/// The deck and its data, read on rank 0. Collective.
///
/// # Errors
/// If the deck or its data are wrong, the same on all ranks.
pub(super) fn load(arguments: &DeckArgs, comm: &dyn Comm) -> Result<(Deck, Option<Table>)> {
    let mut overrides = arguments.set.clone();
    if let Some(seed) = arguments.seed {
        overrides.push(("flow.seed".into(), seed.to_string()));
    }
    let source = if comm.rank() == 0 {
        read(arguments.deck.as_deref())
    } else {
        Ok(Source {
            text: String::new(),
            name: String::new(),
            folder: PathBuf::new(),
        })
    };
    let source = agree(comm, source)?;
    let [mut text, mut name, folder] = match source {
        Some(s) => [s.text, s.name, s.folder.display().to_string()],
        None => Default::default(),
    };
    for part in [&mut text, &mut name] {
        let mut bytes = std::mem::take(part).into_bytes();
        comm.broadcast_bytes(&mut bytes);
        *part = String::from_utf8_lossy(&bytes).into_owned();
    }
    let mut deck = Deck::from_toml(&text, &name, &overrides)?;
    let folder = PathBuf::from(folder);
    share_outline(&mut deck, &folder, comm)?;
    let table = match &mut deck.data {
        Some(data) => {
            let path = folder.join(&data.file.text);
            let table = share_table(&data.file, &path, comm)?;
            // The resolved deck lies in another folder: it names the file from the root.
            let path = std::path::absolute(&path).unwrap_or(path);
            data.file.text = path.display().to_string();
            Some(table)
        }
        None => None,
    };
    Ok((deck, table))
}

/// Reads the outline of the domain where it is in a file of its own. Collective.
fn share_outline(deck: &mut Deck, folder: &Path, comm: &dyn Comm) -> Result<()> {
    let Some(file) = deck.outline().cloned() else {
        return Ok(());
    };
    let table = share_table(&file, &folder.join(&file.text), comm)?;
    let values = table.values();
    if values.ncols() != 2 {
        let message = format!("{} has {} columns", file.text, values.ncols());
        return Err(file.error(message, "give it two, x and y").into());
    }
    let points = values.rows().into_iter().map(|row| [row[0], row[1]]);
    Ok(deck.set_outline(points.collect())?)
}

/// The table that the deck calls `file`, read on rank 0, on all ranks. Collective.
fn share_table(file: &Text, path: &Path, comm: &dyn Comm) -> Result<Table> {
    let read = match comm.rank() {
        0 if !path.exists() => {
            let message = format!("there is no file {}", path.display());
            let cure = "names of files count from the folder of the deck; correct it, or write the whole path";
            Err(file.error(message, cure).into())
        }
        0 => Table::read_for(&file.key, path).map(Some),
        _ => Ok(None),
    };
    let table = agree(comm, read)?.flatten();
    let mut names = table
        .as_ref()
        .map_or(Vec::new(), |t| t.names().join("\n").into_bytes());
    comm.broadcast_bytes(&mut names);
    let names: Vec<String> = String::from_utf8_lossy(&names)
        .split('\n')
        .map(Into::into)
        .collect();
    let mut rows = [table.as_ref().map_or(0.0, |t| t.rows() as f64)];
    comm.broadcast(&mut rows);
    let rows = rows[0] as usize;
    let mut values: Vec<f64> = match table {
        Some(table) => table.values().iter().copied().collect(),
        None => vec![0.0; rows * names.len()],
    };
    comm.broadcast(&mut values);
    let values = ndarray::Array2::from_shape_vec((rows, names.len()), values)
        .map_err(|e| Error::Failed(e.to_string()))?;
    Table::new(names, values, &path.display().to_string())
}
