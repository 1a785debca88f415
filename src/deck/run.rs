//! `[run]`: what a run may use of the machine; nothing here changes its result.

use super::auto::Auto;
use super::cursor::Cursor;
use super::error::DeckError;
use super::read::Read;
use serde::{Serialize, Serializer};
use std::fmt;

/// What a run may use.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Run {
    /// Memory of each rank; `auto` is its share of what its host has free.
    pub memory: Auto<Bytes>,
}

/// An amount of memory, above 0.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Bytes(pub f64);

/// Units and what they are worth.
const UNITS: [(&str, f64); 8] = [
    ("B", 1.0),
    ("kB", 1e3),
    ("MB", 1e6),
    ("GB", 1e9),
    ("TB", 1e12),
    ("MiB", 1_048_576.0),
    ("GiB", 1_073_741_824.0),
    ("TiB", 1_099_511_627_776.0),
];

impl Bytes {
    /// `"2 GB"`, `"500 MiB"`.
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let number = text.trim_end_matches(char::is_alphabetic);
        let unit = &text[number.len()..];
        let (_, worth) = UNITS.iter().find(|(name, _)| *name == unit)?;
        let bytes = number.trim().parse::<f64>().ok()? * worth;
        (bytes > 0.0 && bytes.is_finite()).then_some(Self(bytes))
    }
}

impl fmt::Display for Bytes {
    /// Three digits, for people: "2.34 GB".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimal = UNITS[..5].iter().rev();
        let (unit, worth) = decimal
            .clone()
            .find(|(_, worth)| self.0 >= *worth)
            .unwrap_or(&UNITS[0]);
        let value = self.0 / worth;
        let digits = match value {
            v if v >= 99.95 => 0,
            v if v >= 9.995 => 1,
            _ => 2,
        };
        write!(f, "{value:.digits$} {unit}")
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:?} B", self.0))
    }
}

impl Read for Bytes {
    fn what() -> String {
        "an amount of memory such as \"500 MB\" or \"2 GB\"".to_owned()
    }

    fn read(at: &Cursor<'_>) -> Result<Option<Self>, DeckError> {
        Ok(String::read(at)?.as_deref().and_then(Self::parse))
    }
}

impl Read for Run {
    fn what() -> String {
        "a table, begun by [run]".to_owned()
    }

    fn read(at: &Cursor<'_>) -> Result<Option<Self>, DeckError> {
        let Some(table) = at.table(&["memory"], &[])? else {
            return Ok(None);
        };
        let memory = table.or("memory", Auto::Auto)?;
        Ok(Some(Self { memory }))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn amounts_are_read_and_shown() {
        for (text, bytes, shown) in [
            ("2 GB", 2e9, "2.00 GB"),
            ("1.5GiB", 1.5 * 1_073_741_824.0, "1.61 GB"),
            ("123456 kB", 123_456e3, "123 MB"),
            ("10 B", 10.0, "10.0 B"),
        ] {
            let read = Bytes::parse(text).unwrap();
            assert_eq!(read, Bytes(bytes), "{text}");
            assert_eq!(read.to_string(), shown);
        }
        for wrong in ["", "2", "GB", "2 gb", "-2 GB", "0 MB", "2 GB GB", "inf GB"] {
            assert_eq!(Bytes::parse(wrong), None, "{wrong}");
        }
    }
}
