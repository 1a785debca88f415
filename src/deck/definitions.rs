//! `[constants]` and `[functions]`: names for use in expressions, in the order of the deck.

use super::cursor::Cursor;
use super::error::DeckError;
use super::read::Read;
use super::text::Text;
use serde::{Serialize, Serializer};

/// The most constants, and the most functions: each has to be looked at before the others.
const MOST: usize = 1000;

/// A named number.
#[derive(Clone, Debug, PartialEq)]
pub struct Constant {
    /// Its name in expressions.
    pub name: String,
    /// Its value.
    pub value: f64,
}

/// A named expression of the coordinates.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// Its name in expressions.
    pub name: String,
    /// Its expression, or `manufactured`.
    pub text: Text,
}

/// All constants.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Constants(pub Vec<Constant>);

/// All functions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Functions(pub Vec<Function>);

impl Constants {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Functions {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Constants {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|c| (&c.name, c.value)))
    }
}

impl Serialize for Functions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|f| (&f.name, &f.text)))
    }
}

impl Read for Constants {
    fn what() -> String {
        "a table of numbers, begun by [constants]".to_owned()
    }

    fn read(at: &Cursor<'_>) -> Result<Option<Self>, DeckError> {
        few(at)?;
        let constants = at.entries().map(|entries| {
            let constant = |(name, at): (&str, Cursor<'_>)| {
                let (name, value) = (name.to_owned(), at.get()?);
                Ok(Constant { name, value })
            };
            entries.map(constant).collect()
        });
        Ok(constants.transpose()?.map(Self))
    }
}

impl Read for Functions {
    fn what() -> String {
        "a table of expressions, begun by [functions]".to_owned()
    }

    fn read(at: &Cursor<'_>) -> Result<Option<Self>, DeckError> {
        few(at)?;
        let functions = at.entries().map(|entries| {
            let function = |(name, at): (&str, Cursor<'_>)| {
                let (name, text) = (name.to_owned(), at.get()?);
                Ok(Function { name, text })
            };
            entries.map(function).collect()
        });
        Ok(functions.transpose()?.map(Self))
    }
}

/// Refuses a table of too many entries.
fn few(at: &Cursor<'_>) -> Result<(), DeckError> {
    match at.entries().map_or(0, Iterator::count) {
        0..=MOST => Ok(()),
        count => Err(at.error(
            format!("`{}` has {count} entries", at.key()),
            format!("define at most {MOST}"),
        )),
    }
}
