//! A line of the log: an event of `tracing` in words, of which people read the message, or as an object,
//! of which programs read the fields.
//!
//! The names of an event's fields are fixed in the source. What only a deck or a summary names goes
//! into one field `fields`, a JSON object, which is spread out: `info!(%fields, "step 120")`.

use serde::Serialize;
use serde_json::{Map, Value};
use std::fmt::Debug;
use std::time::SystemTime;
use tracing::Level;
use tracing::field::{Field, Visit};

/// A line before it is printed.
pub(super) struct Line {
    level: Level,
    message: String,
    fields: Map<String, Value>,
}

impl Line {
    pub(super) fn new(level: Level, message: &str) -> Self {
        Self {
            level,
            message: message.into(),
            fields: Map::new(),
        }
    }

    /// With a field, unless nothing is known of it.
    pub(super) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.put(name, value.into());
        self
    }

    fn put(&mut self, name: &str, value: Value) {
        match (name, value) {
            ("fields", Value::Object(many)) => many.into_iter().for_each(|(n, v)| self.put(&n, v)),
            (_, Value::Null) => {}
            (name, value) => {
                self.fields.insert(name.into(), value);
            }
        }
    }

    /// For people.
    pub(super) fn words(&self) -> String {
        let text = |name| self.fields.get(name).and_then(Value::as_str);
        let who = match (self.fields.get("rank"), text("host")) {
            (Some(rank), Some(host)) => format!("[rank {rank} {host}] "),
            _ => String::new(),
        };
        let what = match self.level {
            Level::INFO => String::new(),
            level => format!("{}: ", name(level)),
        };
        let during = text("during").map_or(String::new(), |during| format!("{during}: "));
        plain(&format!("{who}{what}{during}{}", self.message))
    }

    /// For programs.
    pub(super) fn object(&self) -> String {
        #[derive(Serialize)]
        struct Object<'a> {
            time: String,
            level: &'a str,
            message: &'a str,
            #[serde(flatten)]
            fields: &'a Map<String, Value>,
        }
        let object = Object {
            time: humantime::format_rfc3339_millis(SystemTime::now()).to_string(),
            level: name(self.level),
            message: &self.message,
            fields: &self.fields,
        };
        serde_json::to_string(&object).unwrap_or_default()
    }
}

impl Visit for Line {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field.name(), value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field.name(), value.into());
    }

    /// Of the rest, what reads as JSON is that: numbers, yes or no, `fields`.
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let text = format!("{value:?}");
        match field.name() {
            "message" => self.message = text,
            name => self.put(name, serde_json::from_str(&text).unwrap_or(text.into())),
        }
    }
}

/// What a level is called.
fn name(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warning",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    }
}

/// The text without control characters but line breaks: titles, file names and reasons may come from
/// a deck that is not trusted with the terminal.
pub(in crate::cli) fn plain(text: &str) -> String {
    let tame = |c: char| if c.is_control() && c != '\n' { ' ' } else { c };
    text.chars().map(tame).collect()
}
