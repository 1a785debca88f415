//! Strings that are understood elsewhere: they keep their key and line, so that errors can name them.

use super::cursor::Cursor;
use super::error::DeckError;
use super::read::Read;
use serde::{Serialize, Serializer};

/// An expression, a file or a column: text that another module reads.
///
/// Two are equal when their text is, wherever it was written.
#[derive(Clone, Debug)]
pub struct Text {
    /// The full key, such as `boundary[1].condition`.
    pub key: String,
    /// `FILE:LINE`, or `--set KEY=VALUE`.
    pub place: String,
    /// The text itself, never empty.
    pub text: String,
}

impl Text {
    /// The text of a key that no deck holds: a default.
    pub fn new(key: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            place: String::new(),
            text: text.into(),
        }
    }

    /// An error in this text, naming its key and place.
    pub fn error(&self, message: impl std::fmt::Display, cure: impl Into<String>) -> DeckError {
        DeckError {
            key: Some(self.key.clone()),
            place: (!self.place.is_empty()).then(|| self.place.clone()),
            ..DeckError::new(format!("`{}`: {message}", self.key), cure)
        }
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.text.serialize(serializer)
    }
}

impl Read for Text {
    fn what() -> String {
        String::what()
    }

    fn read(at: &Cursor<'_>) -> Result<Option<Self>, DeckError> {
        let Some(text) = String::read(at)? else {
            return Ok(None);
        };
        if text.trim().is_empty() {
            return Err(at.error(
                format!("`{}` is empty", at.key()),
                "write it or remove the key",
            ));
        }
        Ok(Some(Self {
            key: at.key().to_owned(),
            place: at.place(),
            text,
        }))
    }
}

/// The most strings of such a list: a system of equations.
const MOST: usize = 1000;

/// One string or a list of strings, at least one.
pub(super) struct Texts(pub(super) Vec<Text>);

impl Read for Texts {
    fn what() -> String {
        format!("a string or a list of 1 to {MOST} strings")
    }

    fn read(at: &Cursor<'_>) -> Result<Option<Self>, DeckError> {
        let texts = match Text::read(at)? {
            Some(text) => Some(vec![text]),
            None => Vec::read(at)?,
        };
        let few = |texts: &Vec<Text>| (1..=MOST).contains(&texts.len());
        Ok(texts.filter(few).map(Self))
    }
}

/// Writes one text as a string, several as a list.
pub(super) fn one_or_many<S: Serializer>(texts: &[Text], to: S) -> Result<S::Ok, S::Error> {
    match texts {
        [text] => text.serialize(to),
        texts => texts.serialize(to),
    }
}
