//! `[[boundary]]`: what holds where on the boundary, and how it is enforced.

use super::cursor::Cursor;
use super::error::DeckError;
use super::read::{Read, names};
use super::text::Text;
use serde::Serialize;

/// One boundary condition.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Boundary {
    /// Where: `all`, a face `x = 0`, or any condition on the coordinates.
    pub on: Text,
    /// What holds there: `u = g`, `dn(u) = h` ...
    pub condition: Text,
    /// How it is made to hold.
    pub enforce: Enforce,
    /// The factor of its penalty term in the energy, above 0.
    pub weight: f64,
}

names! {
    /// How a boundary condition is made to hold.
    Enforce {
        /// By a penalty term in the energy.
        Weak = "weak",
    }
    later ["hard"]
}

impl Read for Boundary {
    fn what() -> String {
        "a table, begun by [[boundary]]".to_owned()
    }

    fn many() -> String {
        "tables that each begin with [[boundary]], in double brackets".to_owned()
    }

    fn read(at: &Cursor<'_>) -> Result<Option<Self>, DeckError> {
        let Some(table) = at.table(&["on", "condition", "enforce", "weight"], &[])? else {
            return Ok(None);
        };
        let everywhere = Text::new(format!("{}.on", at.key()), "all");
        let boundary = Self {
            on: table.or("on", everywhere)?,
            condition: table.need("condition", "\"u = 0\"")?,
            enforce: table.or("enforce", Enforce::Weak)?,
            weight: table.or("weight", 1.0)?,
        };
        table.check("weight", boundary.weight > 0.0, "greater than 0")?;
        Ok(Some(boundary))
    }
}
