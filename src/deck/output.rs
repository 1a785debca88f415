//! `[output]`: how often the history is recorded, and the files of the solution.

use super::cursor::Cursor;
use super::error::DeckError;
use super::read::{Read, names};
use serde::Serialize;

/// The most points of the grid.
const POINTS: usize = 1_000_000_000;

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
        let points = grid.iter().try_fold(1_usize, |all, n| all.checked_mul(*n));
        let few = points.is_some_and(|points| points <= POINTS);
        table.check(
            "grid",
            few,
            &format!("a grid of at most {POINTS} points in all"),
        )?;
        Ok(Some(output))
    }
}
