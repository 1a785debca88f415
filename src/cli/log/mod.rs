//! The log: what any module tells through `tracing` goes to stderr, in words for people or with `--log json`
//! as an object a line for programs.
//!
//! ```text
//! {"time":"2026-01-31T12:00:00.000Z","level":"info","message":"step 120","event":"step","step":120,"energy":1.3e-7}
//! ```
//!
//! Ranks other than 0 do what rank 0 does, so of them warnings and errors alone are of interest; these say who
//! they are of: `[rank 3 host]` in front, or `"rank":3,"host":"..."`.
//!
//! A layer of our own, since those of tracing-subscriber put time and module before the words, take no
//! fields that only a deck names, and know of no bar on a terminal that has to step aside.

mod line;

pub(super) use line::plain;

use crate::comm::{Comm, Word, context, set_wording};
use crate::error::Error;
use clap::ValueEnum;
use indicatif::MultiProgress;
use line::Line;
use serde_json::Value;
use std::ffi::OsString;
use std::sync::{LazyLock, OnceLock};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

/// For whom is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Words for people
    #[default]
    Text,
    /// A JSON object a line for programs
    Json,
}

/// What `--log-level` can be. Nothing is told below `debug`.
pub(super) const LEVELS: [&str; 4] = ["error", "warn", "info", "debug"];

/// A rank other than 0, and its host.
type Other = (usize, String);

/// This rank, if it is not rank 0, from when MPI has started.
static OTHER: OnceLock<Other> = OnceLock::new();

/// The bars on the terminal. Every line makes them step aside.
pub(super) static BARS: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

/// From here on this process tells what it has to, down to `level`.
pub(super) fn start(format: Format, level: LevelFilter) {
    if format.is_json() {
        set_wording(last_words);
    }
    let log = tracing_subscriber::registry().with(Log { format, level });
    // The first one of a process stays.
    let _ = tracing::subscriber::set_global_default(log);
}

/// From here on it tells as this rank of `comm`.
pub(super) fn join(comm: &dyn Comm) {
    if comm.rank() > 0 {
        let _ = OTHER.set((comm.rank(), comm.hostname()));
        tracing::callsite::rebuild_interest_cache();
    }
}

/// Tells an error where `speak`, and gives its exit code.
pub(super) fn fail(error: &Error, speak: bool) -> u8 {
    if speak {
        tracing::error!("{error}");
    }
    error.exit_code()
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

    /// Whether programs read it.
    pub(super) fn is_json(self) -> bool {
        self == Self::Json
    }

    /// A result, for stdout: a message, and for programs an object of what they want to know of it.
    pub(super) fn result(self, message: &str, fields: Value) -> String {
        let line = Line::new(Level::INFO, message);
        self.shown(&line.with("fields", fields))
    }

    fn shown(self, line: &Line) -> String {
        match self {
            Self::Text => line.words(),
            Self::Json => line.object(),
        }
    }
}

/// Writes a line for every event.
struct Log {
    format: Format,
    level: LevelFilter,
}

impl Log {
    /// Down to where this rank tells.
    fn level(&self, other: Option<&Other>) -> LevelFilter {
        other.map_or(self.level, |_| self.level.min(LevelFilter::WARN))
    }

    fn line(&self, event: &Event, other: Option<&Other>) -> String {
        let level = *event.metadata().level();
        let mut line = Line::new(level, "");
        if let Some((rank, host)) = other {
            line = line.with("rank", *rank).with("host", host.as_str());
        }
        if level > Level::INFO {
            line = line.with("during", context());
        }
        event.record(&mut line);
        self.format.shown(&line)
    }
}

impl<S: Subscriber> Layer<S> for Log {
    fn enabled(&self, metadata: &Metadata, _: Context<S>) -> bool {
        *metadata.level() <= self.level(OTHER.get())
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.level(OTHER.get()))
    }

    fn on_event(&self, event: &Event, _: Context<S>) {
        let line = self.line(event, OTHER.get());
        BARS.suspend(|| eprintln!("{line}"));
    }
}

/// A rank's last words for programs. They name rank 0 too.
fn last_words(word: &Word) -> String {
    let line = Line::new(Level::ERROR, word.message);
    let line = line.with("rank", word.rank).with("host", word.host);
    line.object()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;
    use std::sync::{Arc, Mutex};

    /// A log that is kept, of a rank other than 0 or of rank 0.
    struct Kept {
        log: Log,
        other: Option<Other>,
        lines: Arc<Mutex<Vec<String>>>,
    }

    impl<S: Subscriber> Layer<S> for Kept {
        fn enabled(&self, metadata: &Metadata, _: Context<S>) -> bool {
            *metadata.level() <= self.log.level(self.other.as_ref())
        }

        fn on_event(&self, event: &Event, _: Context<S>) {
            let line = self.log.line(event, self.other.as_ref());
            self.lines.lock().unwrap().push(line);
        }
    }

    /// What a rank tells of some events.
    fn told(format: Format, level: LevelFilter, rank: usize, events: fn()) -> Vec<String> {
        let lines = Arc::default();
        let kept = Kept {
            log: Log { format, level },
            other: (rank > 0).then(|| (rank, "node7".into())),
            lines: Arc::clone(&lines),
        };
        let subscriber = tracing_subscriber::registry().with(kept);
        tracing::subscriber::with_default(subscriber, events);
        let lines = lines.lock().unwrap();
        lines.clone()
    }

    fn events() {
        tracing::debug!(cutoff = 1e-7, "cutoff 1e-7");
        tracing::info!(step = 1, "all\nwell\u{1b}[2J");
        tracing::warn!("{} is {}", "this", "odd");
        tracing::error!(rank = 0, host = "node1", "gone");
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
    fn people_read_words_without_escapes() {
        let words = |level, rank| told(Format::Text, level, rank, events);
        let here = [
            "all\nwell [2J",
            "warning: this is odd",
            "[rank 0 node1] error: gone",
        ];
        assert_eq!(words(LevelFilter::INFO, 0), here);
        assert_eq!(words(LevelFilter::ERROR, 0), here[2..]);
        let there = ["[rank 3 node7] warning: this is odd", here[2]];
        assert_eq!(words(LevelFilter::DEBUG, 3), there);
        assert_eq!(words(LevelFilter::ERROR, 3), there[1..]);
        assert_eq!(words(LevelFilter::DEBUG, 0)[0], "debug: cutoff 1e-7");
    }

    #[test]
    fn programs_read_objects_of_what_is_known() {
        let events = || {
            let fields = json!({"step": 120, "energy": 1e-7, "error": f64::NAN, "on": ["a", "b"]});
            tracing::warn!(%fields, drift = f64::NAN, size = 2.5, ok = true, name = "14", "a\n\"b\"");
        };
        let read = |rank| {
            let lines = told(Format::Json, LevelFilter::INFO, rank, events);
            assert!(lines.len() == 1 && !lines[0].contains('\n'), "{lines:?}");
            let mut line: Value = serde_json::from_str(&lines[0]).unwrap();
            let time = line.as_object_mut().unwrap().remove("time").unwrap();
            assert!(humantime::parse_rfc3339(time.as_str().unwrap()).is_ok());
            line
        };
        let mut expected = json!({
            "level": "warning", "message": "a\n\"b\"", "step": 120, "energy": 1e-7,
            "on": ["a", "b"], "size": 2.5, "ok": true, "name": "14"
        });
        assert_eq!(read(0), expected);
        expected["rank"] = 3.into();
        expected["host"] = "node7".into();
        assert_eq!(read(3), expected);
    }

    #[test]
    fn the_last_words_of_a_rank_are_objects_too() {
        let word = Word {
            rank: 0,
            host: "node7",
            message: "panicked in step 14: enough\n   0: main",
        };
        let line = last_words(&word);
        assert!(!line.contains('\n'), "{line}");
        let read: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(
            json!([read["level"], read["rank"], read["host"], read["message"]]),
            json!(["error", 0, "node7", word.message])
        );
    }
}
