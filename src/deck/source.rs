//! Where a value was written: a span of the deck's text or an override, and how to show it.

use super::suggest::shorten;
use std::ops::Range;

/// Characters of a line that a message shows.
const WIDTH: usize = 100;

/// The text of a deck, its name for messages, and the overrides laid over it.
pub(super) struct Source<'a> {
    name: &'a str,
    text: &'a str,
    overrides: &'a [(String, String)],
    /// Byte offset of each line's beginning, found once: every expression keeps its line.
    lines: Vec<usize>,
}

/// Where a key or a value was written.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// Bytes of the deck's text.
    Deck(Range<usize>),
    /// The override of this index.
    Override(usize),
    /// The deck as a whole: the key is missing.
    Whole,
}

impl<'a> Source<'a> {
    pub(super) fn new(name: &'a str, text: &'a str, overrides: &'a [(String, String)]) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, b)| *b == b'\n');
        let lines = std::iter::once(0).chain(ends.map(|(i, _)| i + 1)).collect();
        Self {
            name,
            text,
            overrides,
            lines,
        }
    }

    /// The overrides: dotted keys and their values, as given.
    pub(super) fn overrides(&self) -> &'a [(String, String)] {
        self.overrides
    }

    /// `FILE:LINE`, `--set KEY=VALUE` or the file's name.
    pub(super) fn locate(&self, place: &Place) -> String {
        match place {
            Place::Deck(span) => format!("{}:{}", self.name, self.line(span.start)),
            Place::Override(index) => match self.overrides.get(*index) {
                Some((key, value)) => format!("--set {}={}", shorten(key), shorten(value)),
                None => "--set".to_owned(),
            },
            Place::Whole => self.name.to_owned(),
        }
    }

    /// The line of the place and carets below it; nothing for what is not in the deck.
    pub(super) fn excerpt(&self, place: &Place) -> Option<String> {
        let Place::Deck(span) = place else {
            return None;
        };
        let begin = *self.lines.get(self.line(span.start) - 1)?;
        let line = self.text.get(begin..)?.lines().next()?;
        let before = self.text.get(begin..span.start)?.chars().count();
        let marked = self.text.get(span.clone()).unwrap_or_default();
        let marked = marked.lines().next().unwrap_or_default().chars().count();

        let skip = before.saturating_sub(WIDTH / 2);
        let plain = |c: char| if c.is_control() { ' ' } else { c };
        let shown: String = line.chars().skip(skip).take(WIDTH).map(plain).collect();
        let column = before - skip;
        let room = shown.chars().count().saturating_sub(column);
        let carets = "^".repeat(marked.min(room).max(1));
        Some(format!("{shown}\n{}{carets}", " ".repeat(column)))
    }

    /// The number of the line that holds this byte, from 1.
    fn line(&self, byte: usize) -> usize {
        self.lines.partition_point(|begin| *begin <= byte).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_shows_its_line_and_carets() {
        let source = Source::new("a.toml", "one\nh\u{e9} = 23\n", &[]);
        let place = Place::Deck(10..12);
        assert_eq!(source.locate(&place), "a.toml:2");
        let excerpt = source.excerpt(&place);
        assert_eq!(excerpt.as_deref(), Some("h\u{e9} = 23\n     ^^"));
        let excerpt = source.excerpt(&Place::Deck(4..7));
        assert_eq!(excerpt.as_deref(), Some("h\u{e9} = 23\n^^"));
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let text = format!("{}X{}", "a".repeat(5000), "b".repeat(5000));
        let source = Source::new("a.toml", &text, &[]);
        let excerpt = source.excerpt(&Place::Deck(5000..5001)).unwrap_or_default();
        let lines: Vec<&str> = excerpt.lines().collect();
        assert_eq!(lines[0].len(), WIDTH);
        assert_eq!(lines[0].find('X'), lines[1].find('^'));
    }
}
