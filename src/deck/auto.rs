//! `"auto"` or a value: what the program chooses unless the deck does.

use super::cursor::Cursor;
use super::error::DeckError;
use super::node::Kind;
use super::read::Read;
use serde::{Serialize, Serializer};

/// A setting that the program chooses unless the deck gives it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Auto<T> {
    /// `"auto"`: chosen by the program.
    #[default]
    Auto,
    /// Given.
    Set(T),
}

impl<T> Auto<T> {
    /// The given value, or the one that `choose` makes.
    pub fn or_else(self, choose: impl FnOnce() -> T) -> T {
        match self {
            Self::Auto => choose(),
            Self::Set(value) => value,
        }
    }

    /// The given value or this one.
    pub fn or(self, value: T) -> T {
        self.or_else(|| value)
    }

    /// The given value, if there is one.
    pub fn as_option(&self) -> Option<&T> {
        match self {
            Self::Auto => None,
            Self::Set(value) => Some(value),
        }
    }

    /// Whether it is left open.
    pub fn is_auto(&self) -> bool {
        matches!(self, Self::Auto)
    }

    /// Chooses `value` where the deck leaves the choice open.
    pub fn fill(&mut self, value: T) {
        if self.is_auto() {
            *self = Self::Set(value);
        }
    }

    /// Whether a given value passes; `auto` always does.
    pub fn all(&self, test: impl FnOnce(&T) -> bool) -> bool {
        self.as_option().is_none_or(test)
    }
}

impl<T: Serialize> Serialize for Auto<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Auto => serializer.serialize_str("auto"),
            Self::Set(value) => value.serialize(serializer),
        }
    }
}

impl<T: Read> Read for Auto<T> {
    fn what() -> String {
        match T::names().as_slice() {
            [] => format!("{}, or \"auto\"", T::what()),
            _ => super::suggest::either(&Self::names()),
        }
    }

    fn names() -> Vec<&'static str> {
        std::iter::once("auto").chain(T::names()).collect()
    }

    fn later() -> &'static [&'static str] {
        T::later()
    }

    fn read(at: &Cursor<'_>) -> Result<Option<Self>, DeckError> {
        match at.kind() {
            Kind::Text(text) if text == "auto" => Ok(Some(Self::Auto)),
            _ => Ok(T::read(at)?.map(Self::Set)),
        }
    }
}
