//! `[output]`: how often the history is recorded, and the files of the solution.

use super::cursor::Cursor;
use super::error::DeckError;
use super::read::{Read, names};
use serde::Serialize;

/// The most values on the grid, of all unknowns together: 2 GiB.
pub(super) const VALUES: usize = 1 << 28;

/// What a run writes besides its summary.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Output {
    /// Steps from one line of the history to the next, at least 1.
    pub every: u64,
    /// The formats in which the solution on the grid is written.
    pub fields: Vec<FieldFormat>,
    /// Points of the grid along each coordinate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grid: Option<Vec<usize>>,
}

names! {
    /// The names of file formats.
    FieldFormat {
        /// Comma-separated values.
        Csv = "csv",
        /// NumPy's.
        Npy = "npy",
        /// ParaView's image data.
        Vti = "vti",
    }
    later []
}

impl Default for Output {
    fn default() -> Self {
        Self {
            every: 10,
            fields: Vec::new(),
            grid: None,
        }
    }
}

impl Output {
    /// Points of the grid along each of `dim` coordinates: the deck's, or fewer in more dimensions.
    pub fn grid_in(&self, dim: usize) -> Vec<usize> {
        let each = if dim <= 2 { 101 } else { 41 };
        self.grid.clone().unwrap_or_else(|| vec![each; dim])
    }
}

impl Read for Output {
    fn what() -> String {
        "a table, begun by [output]".to_owned()
    }

    fn read(at: &Cursor<'_>) -> Result<Option<Self>, DeckError> {
        let Some(table) = at.table(&["every", "fields", "grid"], &[])? else {
            return Ok(None);
        };
        let default = Self::default();
        let output = Self {
            every: table.or("every", default.every)?,
            fields: table.or("fields", default.fields)?,
            grid: table.get("grid")?,
        };
        table.check("every", output.every > 0, "1 or more")?;
        let grid = output.grid.as_deref().unwrap_or_default();
        table.check_each("grid", grid, |n| *n > 0, "1 or more")?;
        let fields = &output.fields;
        let once = |i: usize| !fields[..i].contains(&fields[i]);
        let once = fields.len() <= FieldFormat::ALL.len() && (0..fields.len()).all(once);
        table.check("fields", once, "a list that names each format at most once")?;
        Ok(Some(output))
    }
}
