//! `[output]`: how often the history is recorded, and the files of the solution.

use super::cursor::Cursor;
use super::error::DeckError;
use super::read::{Read, names};
use serde::Serialize;

/// The most values on the grid, of all unknowns together: 2 GiB.
const VALUES: usize = 1 << 28;

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

    /// Whether the files can hold `unknowns` on this grid; `grid` and `fields` are where the keys are.
    pub(super) fn suits(
        &self,
        dim: usize,
        unknowns: usize,
        grid: Cursor<'_>,
        fields: Cursor<'_>,
    ) -> Result<(), DeckError> {
        let mut counts = self.grid_in(dim).into_iter();
        let values = counts.try_fold(unknowns, |all, n| all.checked_mul(n));
        if values.is_none_or(|all| all > VALUES) {
            if self.grid.is_some() {
                let must = format!("a grid of at most {VALUES} values of all unknowns together");
                return Err(grid.refuse(&must));
            }
            if !self.fields.is_empty() {
                let message = format!("`output.fields` in {dim} coordinates need a grid");
                let cure = format!("give `grid`, a list of {dim} counts, or remove `fields`");
                return Err(fields.error(message, cure));
            }
        }
        let vti = self.fields.iter().position(|&f| f == FieldFormat::Vti);
        match vti {
            Some(place) if dim > 3 => Err(fields.item(place).error(
                format!("`output.fields`: a vti file has up to 3 coordinates, and there are {dim}"),
                "choose \"npy\" or \"csv\"",
            )),
            _ => Ok(()),
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
        let fields = &output.fields;
        let once = |i: usize| !fields[..i].contains(&fields[i]);
        let once = fields.len() <= FieldFormat::ALL.len() && (0..fields.len()).all(once);
        table.check("fields", once, "a list that names each format at most once")?;
        Ok(Some(output))
    }
}
