//! What is wrong with an expression, and where: the message, the text and carets under the place.
//!
//! The place is kept as a byte range, which is what the tokens know; carets count characters, which
//! is what a person sees.

use std::fmt;
use std::ops::Range;

/// Characters of a long line that are shown on either side of the place.
const CONTEXT: usize = 60;

/// An expression that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpressionError {
    /// What is wrong and what to write instead.
    pub message: String,
    /// The whole expression.
    pub text: String,
    /// The place in `text`, in bytes.
    pub span: Range<usize>,
}

impl ExpressionError {
    /// An error at `span` of `text`.
    pub fn new(message: impl Into<String>, text: &str, span: Range<usize>) -> Self {
        Self {
            message: message.into(),
            text: text.to_owned(),
            span,
        }
    }

    /// An error about a text as a whole.
    pub fn whole(message: impl Into<String>, text: &str) -> Self {
        Self::new(message, text, 0..text.len())
    }

    /// The line with the place, cut to a bearable length, and the place in it, in characters.
    fn excerpt(&self) -> (String, Range<usize>) {
        let clip = |at: usize| {
            let at = at.min(self.text.len());
            (0..=at).rev().find(|&b| self.text.is_char_boundary(b))
        };
        let start = clip(self.span.start).unwrap_or(0);
        let end = clip(self.span.end).unwrap_or(start).max(start);
        let line_start = self.text[..start].rfind('\n').map_or(0, |b| b + 1);
        let line_end = self.text[start..]
            .find('\n')
            .map_or(self.text.len(), |b| start + b);
        let before = self.text[line_start..start].chars().count();
        let width = self.text[start..end.min(line_end)].chars().count();
        let from = before.saturating_sub(CONTEXT);
        let keep = before - from + width.min(2 * CONTEXT) + CONTEXT;
        let mut rest = self.text[line_start..line_end].chars().skip(from);
        let mut line: String = if from > 0 { "..." } else { "" }.to_owned();
        let shift = line.len();
        line.extend(
            rest.by_ref()
                .take(keep)
                .map(|c| if c.is_control() { ' ' } else { c }),
        );
        if rest.next().is_some() {
            line.push_str("...");
        }
        let place = before - from + shift;
        (line, place..place + width.clamp(1, 2 * CONTEXT))
    }
}

impl fmt::Display for ExpressionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, place) = self.excerpt();
        writeln!(f, "{}", self.message)?;
        writeln!(f, "  {line}")?;
        write!(
            f,
            "  {}{}",
            " ".repeat(place.start),
            "^".repeat(place.len())
        )
    }
}

impl std::error::Error for ExpressionError {}
