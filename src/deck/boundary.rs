//! `[[boundary]]`: what holds where on the boundary, and how it is enforced.

use super::auto::Auto;
use super::cursor::{Cursor, Table};
use super::error::DeckError;
use super::read::{Read, names};
use super::text::Text;
use serde::Serialize;

/// One boundary condition.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Boundary {
    /// Where: `all`, a face `x = 0`, or any condition on the coordinates.
    pub on: Text,
    /// What holds there.
    #[serde(flatten)]
    pub law: BoundaryLaw,
    /// How it is made to hold.
    pub enforce: Enforce,
    /// The factor of its penalty term in the energy, above 0: 1 where the units of the problem are usual.
    pub weight: Auto<f64>,
}

/// What a part of the boundary adds to the energy.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum BoundaryLaw {
    /// A condition, `u = g`, `dn(u) = h` ..: half the integral of the residual's square.
    Condition(Text),
    /// The integral of this density, for variational problems: `-h*u` for a flux h, or Nitsche's
    /// `-dn(u)*(u - g) + 2000*(u - g)^2`, which is consistent where a penalty alone is not.
    Energy(Text),
}

impl BoundaryLaw {
    /// The expression, whichever it is.
    pub fn text(&self) -> &Text {
        match self {
            Self::Condition(text) | Self::Energy(text) => text,
        }
    }
}

names! {
    /// How a boundary condition is made to hold.
    Enforce {
        /// By a penalty term in the energy.
        Weak = "weak",
        /// Exactly, built into the network; for conditions of the form u = g.
        Hard = "hard",
    }
    later []
}

impl Read for Boundary {
    fn what() -> String {
        "a table, begun by [[boundary]]".to_owned()
    }

    fn many() -> String {
        "tables that each begin with [[boundary]], in double brackets".to_owned()
    }

    fn read(at: &Cursor<'_>) -> Result<Option<Self>, DeckError> {
        let Some(table) = at.table(&["on", "condition", "energy", "enforce", "weight"], &[])?
        else {
            return Ok(None);
        };
        let everywhere = Text::new(format!("{}.on", at.key()), "all");
        let law = match table.get("energy")? {
            None => BoundaryLaw::Condition(table.need("condition", "\"u = 0\"")?),
            Some(_) if table.get::<Text>("condition")?.is_some() => {
                return Err(table.at("energy").error(
                    format!("`{0}.energy` and `{0}.condition` are both given", at.key()),
                    "keep one, or write two [[boundary]] entries",
                ));
            }
            Some(density) => BoundaryLaw::Energy(density),
        };
        let boundary = Self {
            on: table.or("on", everywhere)?,
            law,
            enforce: table.or("enforce", Enforce::Weak)?,
            weight: table.or("weight", Auto::Auto)?,
        };
        table.check(
            "weight",
            boundary.weight.all(|w| *w > 0.0),
            "greater than 0",
        )?;
        boundary.can_be_hard(&table)?;
        Ok(Some(boundary))
    }
}

impl Boundary {
    /// Only a condition can be built into the network, and then nothing is left to weigh.
    fn can_be_hard(&self, table: &Table<'_>) -> Result<(), DeckError> {
        if self.enforce == Enforce::Weak {
            return Ok(());
        }
        if let BoundaryLaw::Energy(density) = &self.law {
            let message = format!("`{}` cannot be built into the network", density.key);
            return Err(table.at("energy").error(
                message,
                "set enforce = \"weak\", or give a condition of the form u = g",
            ));
        }
        let must = "left out where enforce = \"hard\": nothing is left to weigh";
        table.check("weight", self.weight.all(|w| *w == 1.0), must)
    }
}
