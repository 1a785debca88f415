//! What a run prints on its way: words for people, or with `--log json` an object a line for programs.
//!
//! ```text
//! {"time":"2026-01-31T12:00:00.000Z","level":"info","message":"step 120","event":"step","step":120,"energy":1.3e-7}
//! ```
//!
//! A line of a rank other than 0 names it: `[rank 3 host]` in front, or `"rank":3,"host":"..."`.
//!
//! Not by the crate `tracing`: there the fields of an event are fixed in the source, while errors are
//! called what the deck calls them; its subscriber is one for the process, while the bar on a
//! terminal has to step aside for every line; and what people read, a header of some lines and the
//! tables at the end, is not made of events.

use crate::comm::{Comm, Word, set_wording};
use crate::error::Error;
use clap::ValueEnum;
use serde::Serialize;
use serde_json::{Map, Value};
use std::ffi::OsString;
use std::time::SystemTime;

/// For whom is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Words for people
    #[default]
    Text,
    /// A JSON object a line for programs
    Json,
}

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    Info,
    Warning,
    Error,
}

/// How this rank prints.
#[derive(Clone, Debug)]
pub(super) struct Log {
    format: Format,
    /// Number and host of a rank other than 0.
    rank: Option<(usize, String)>,
}

/// A line for programs.
#[derive(Serialize)]
struct Line<'a> {
    time: String,
    level: Level,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rank: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<&'a str>,
    #[serde(flatten)]
    fields: Map<String, Value>,
}

impl Format {
    /// The format that the arguments ask for, also where the rest of them is wrong.
    pub(super) fn asked_for(arguments: impl Iterator<Item = OsString>) -> Self {
        let arguments: Vec<OsString> = arguments.collect();
        let one_word = arguments.iter().any(|argument| argument == "--log=json");
        let two_words = arguments.windows(2).any(|pair| pair == ["--log", "json"]);
        match one_word || two_words {
            true => Self::Json,
            false => Self::Text,
        }
    }
}

impl Log {
    /// Before there are ranks.
    pub(super) fn early(format: Format) -> Self {
        Self { format, rank: None }
    }

    /// From here on a panic and the watchdog print like everything else.
    pub(super) fn voice_ranks(&self) {
        if self.is_json() {
            set_wording(object_of_word);
        }
    }

    /// As this rank of `comm` prints.
    pub(super) fn new(format: Format, comm: &dyn Comm) -> Self {
        let rank = comm.rank();
        Self {
            format,
            rank: (rank > 0).then(|| (rank, comm.hostname())),
        }
    }

    /// Whether programs read it.
    pub(super) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// A message with `fields`, an object of what programs want to know of it; people read the message
    /// alone.
    pub(super) fn line(&self, level: Level, message: &str, fields: Value) -> String {
        match self.format {
            Format::Text => self.words(level, message),
            Format::Json => self.object(level, message, fields),
        }
    }

    fn words(&self, level: Level, message: &str) -> String {
        let who = self.rank.as_ref();
        let who = who.map_or(String::new(), |(rank, host)| {
            format!("[rank {rank} {host}] ")
        });
        let what = match level {
            Level::Info => "",
            Level::Warning => "warning: ",
            Level::Error => "error: ",
        };
        plain(&format!("{who}{what}{message}"))
    }

    fn object(&self, level: Level, message: &str, fields: Value) -> String {
        let fields = match fields {
            Value::Object(fields) => fields.into_iter().filter(|(_, v)| !v.is_null()).collect(),
            _ => Map::new(),
        };
        let line = Line {
            time: humantime::format_rfc3339_millis(SystemTime::now()).to_string(),
            level,
            message,
            rank: self.rank.as_ref().map(|(rank, _)| *rank),
            host: self.rank.as_ref().map(|(_, host)| host.as_str()),
            fields,
        };
        serde_json::to_string(&line).unwrap_or_default()
    }

    /// Prints a line on stderr.
    pub(super) fn tell(&self, level: Level, message: &str, fields: Value) {
        eprintln!("{}", self.line(level, message, fields));
    }

    /// Prints an error where `speak`, and gives its exit code.
    pub(super) fn fail(&self, error: &Error, speak: bool) -> u8 {
        if speak {
            self.tell(Level::Error, &error.to_string(), Value::Null);
        }
        error.exit_code()
    }
}

/// A rank's last words, or its watchdog's, for programs. They name rank 0 too.
fn object_of_word(word: &Word) -> String {
    let log = Log {
        format: Format::Json,
        rank: Some((word.rank, word.host.to_owned())),
    };
    let level = match word.last {
        true => Level::Error,
        false => Level::Warning,
    };
    log.object(level, word.message, Value::Null)
}

/// The text without control characters but line breaks: titles, file names and reasons may come from
/// a deck that is not trusted with the terminal.
pub(super) fn plain(text: &str) -> String {
    let tame = |c: char| if c.is_control() && c != '\n' { ' ' } else { c };
    text.chars().map(tame).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn log(format: Format, rank: usize) -> Log {
        Log {
            format,
            rank: (rank > 0).then(|| (rank, "node7".into())),
        }
    }

    #[test]
    fn wrong_arguments_can_ask_for_objects() {
        let asked = |words: &str| Format::asked_for(words.split(' ').map(OsString::from));
        assert_eq!(asked("ned-dist run --log=json --what"), Format::Json);
        assert_eq!(asked("ned-dist run --seed x --log json"), Format::Json);
        assert_eq!(asked("ned-dist run --log text json"), Format::Text);
        assert_eq!(asked("ned-dist --log"), Format::Text);
    }

    #[test]
    fn the_words_of_a_rank_are_objects_too() {
        let word = Word {
            rank: 0,
            host: "node7",
            last: true,
            message: "panicked in step 14: enough\n   0: main",
        };
        let line = object_of_word(&word);
        assert!(!line.contains('\n'), "{line}");
        let read: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(
            json!([read["level"], read["rank"], read["host"], read["message"]]),
            json!(["error", 0, "node7", word.message])
        );
    }

    #[test]
    fn people_read_words_without_escapes() {
        let line = |rank, level| {
            log(Format::Text, rank).line(level, "all\nwell\u{1b}[2J", json!({"step": 1}))
        };
        assert_eq!(line(0, Level::Info), "all\nwell [2J");
        assert_eq!(line(0, Level::Error), "error: all\nwell [2J");
        assert_eq!(
            line(3, Level::Warning),
            "[rank 3 node7] warning: all\nwell [2J"
        );
    }

    #[test]
    fn programs_read_objects_of_what_is_known() {
        let fields = json!({"step": 120, "energy": 1e-7, "error": f64::NAN});
        let line = log(Format::Json, 3).line(Level::Warning, "a\n\"b\"", fields);
        assert!(!line.contains('\n'), "{line}");
        let mut read: Map<String, Value> = serde_json::from_str(&line).unwrap();
        let time = read.remove("time").unwrap();
        assert!(humantime::parse_rfc3339(time.as_str().unwrap()).is_ok());
        let expected = json!({
            "level": "warning", "message": "a\n\"b\"", "rank": 3, "host": "node7",
            "step": 120, "energy": 1e-7
        });
        assert_eq!(Value::Object(read), expected);
        let line = log(Format::Json, 0).line(Level::Info, "a", Value::Null);
        assert!(!line.contains("rank") && !line.contains("host"), "{line}");
    }
}
