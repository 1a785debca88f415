//! What is wrong with a deck: the key, the place, and what to change, as one message.

use std::fmt;

/// An error in the deck or in an override, complete enough to be shown as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeckError {
    /// The full key, such as `boundary[1].condition`.
    pub key: Option<String>,
    /// `FILE:LINE`, or `--set KEY=VALUE` for an override.
    pub place: Option<String>,
    /// The line of the deck and carets under the part that is meant.
    pub excerpt: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What to change; may be empty when the message says it.
    pub cure: String,
}

impl DeckError {
    /// An error of no particular place.
    pub fn new(message: impl Into<String>, cure: impl Into<String>) -> Self {
        Self {
            key: None,
            place: None,
            excerpt: None,
            message: message.into(),
            cure: cure.into(),
        }
    }
}

impl fmt::Display for DeckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        write!(f, "{}", self.message)?;
        for line in self.excerpt.iter().flat_map(|e| e.lines()) {
            write!(f, "\n    {line}")?;
        }
        if !self.cure.is_empty() {
            write!(f, "\n  {}", self.cure)?;
        }
        Ok(())
    }
}

impl std::error::Error for DeckError {}
