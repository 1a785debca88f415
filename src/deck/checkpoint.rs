//! `[checkpoint]`: how often the state is saved, in steps or in time.

use super::cursor::Cursor;
use super::error::DeckError;
use super::node::Kind;
use super::read::Read;
use serde::{Serialize, Serializer};

/// When the state is saved.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Checkpoint {
    /// From one checkpoint to the next.
    pub every: Interval,
}

impl Default for Checkpoint {
    fn default() -> Self {
        Self {
            every: Interval::Steps(100),
        }
    }
}

/// A stretch of the run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Interval {
    /// So many steps, at least 1.
    Steps(u64),
    /// So many seconds, above 0.
    Seconds(f64),
}

/// Seconds of a time with a unit, above 0: `10 min`, `30s`, `2.5 hours`, `1d`.
pub fn seconds(text: &str) -> Option<f64> {
    let text = text.trim();
    let number = text.trim_end_matches(char::is_alphabetic);
    let unit = match &text[number.len()..] {
        "s" | "sec" | "second" | "seconds" => 1.0,
        "m" | "min" | "minute" | "minutes" => 60.0,
        "h" | "hour" | "hours" => 3600.0,
        "d" | "day" | "days" => 86400.0,
        _ => return None,
    };
    let seconds = number.trim().parse::<f64>().ok()? * unit;
    (seconds > 0.0 && seconds.is_finite()).then_some(seconds)
}

impl Serialize for Interval {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Steps(steps) => serializer.serialize_u64(*steps),
            Self::Seconds(seconds) => serializer.collect_str(&format_args!("{seconds:?} s")),
        }
    }
}

impl Read for Interval {
    fn what() -> String {
        "a number of steps from 1, or a time such as \"30 s\", \"10 min\" or \"2 h\"".to_owned()
    }

    fn read(at: &Cursor<'_>) -> Result<Option<Self>, DeckError> {
        Ok(match at.kind() {
            Kind::Text(text) => seconds(text).map(Self::Seconds),
            _ => u64::read(at)?.filter(|steps| *steps > 0).map(Self::Steps),
        })
    }
}

impl Read for Checkpoint {
    fn what() -> String {
        "a table, begun by [checkpoint]".to_owned()
    }

    fn read(at: &Cursor<'_>) -> Result<Option<Self>, DeckError> {
        let Some(table) = at.table(&["every"], &[])? else {
            return Ok(None);
        };
        let every = table.or("every", Self::default().every)?;
        Ok(Some(Self { every }))
    }
}
