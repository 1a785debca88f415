//! What can go wrong, in two kinds: the input must change (exit code 2), or the run failed (1).

use crate::deck::DeckError;
use crate::expression::ExpressionError;

/// An error with the message for the user; it says where, what, and what to change.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line, the deck, the data or a folder is wrong; nothing was written.
    #[error("{0}")]
    Input(String),
    /// The run could not go on; the last good state is saved.
    #[error("{0}")]
    Failed(String),
}

impl Error {
    /// An input error in an expression of the deck, with its key, its place (file and line, or
    /// nothing) and a caret under the character.
    pub fn expression(key: &str, place: &str, error: &ExpressionError) -> Self {
        let at = if place.is_empty() { "" } else { ": " };
        Self::Input(format!("{place}{at}`{key}`: {error}"))
    }

    /// The process's exit code.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Input(_) => 2,
            Self::Failed(_) => 1,
        }
    }
}

impl From<DeckError> for Error {
    fn from(error: DeckError) -> Self {
        Self::Input(error.to_string())
    }
}

/// The result of everything that can fail on the user's input or in a run.
pub type Result<T> = std::result::Result<T, Error>;

/// The text on one line, of at most `most` characters: what was read is not trusted to be either.
pub fn cut(text: &str, most: usize) -> String {
    let mut chars = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut short: String = chars.by_ref().take(most).collect();
    if chars.next().is_some() {
        short.push_str("...");
    }
    short
}
