//! `[data]`: a table of measurements to learn from.

use super::auto::Auto;
use super::cursor::Cursor;
use super::each::Each;
use super::error::DeckError;
use super::read::Read;
use super::text::{Text, Texts, one_or_many};
use serde::Serialize;

/// Supervised learning, alone or beside an equation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Data {
    /// The file, relative to the deck.
    pub file: Text,
    /// The columns that are coordinates, in the order of the coordinates.
    pub inputs: Vec<Text>,
    /// `unknown = column`, or expressions of both; at least one.
    #[serde(serialize_with = "one_or_many")]
    pub target: Vec<Text>,
    /// The factor of all targets in the energy or of each, above 0.
    pub weight: Auto<Each>,
    /// The share of rows that is held out of training, at least 0 and below 1.
    pub test_fraction: f64,
}

impl Read for Data {
    fn what() -> String {
        "a table, begun by [data]".to_owned()
    }

    fn read(at: &Cursor<'_>) -> Result<Option<Self>, DeckError> {
        let known = &["file", "inputs", "target", "weight", "test_fraction"];
        let Some(table) = at.table(known, &[])? else {
            return Ok(None);
        };
        let data = Self {
            file: table.need("file", "\"terrain.csv\"")?,
            inputs: table.need("inputs", "[\"x\", \"y\"]")?,
            target: table.need::<Texts>("target", "\"u = height\"")?.0,
            weight: table.or("weight", Auto::Auto)?,
            test_fraction: table.or("test_fraction", 0.1)?,
        };
        let columns = (1..=1000).contains(&data.inputs.len());
        table.check("inputs", columns, "a list of 1 to 1000 names of columns")?;
        let share = (0.0..1.0).contains(&data.test_fraction);
        table.check("test_fraction", share, "at least 0 and less than 1")?;
        Ok(Some(data))
    }
}
