//! A panic on any thread of any rank: one line that says who, where and why, then the end of all
//! ranks.
//!
//! By default a panic unwinds, MPI is finalised on the way, and finalising waits for ranks that
//! wait for this one: the job hangs. So the hook ends the job before anything unwinds.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::convert::Infallible;
use std::io::Write;
use std::panic::{self, PanicHookInfo};
use std::sync::{Mutex, OnceLock, PoisonError};

/// The exit code of a run that a panic ended: that of any Rust program.
pub const PANICKED: i32 = 101;

/// What the program is doing, for the line that a panic prints.
static CONTEXT: Mutex<String> = Mutex::new(String::new());

/// A rank's last words. They are written past the log, which the failing thread may hold.
#[derive(Clone, Copy, Debug)]
pub struct Word<'a> {
    /// Who says it.
    pub rank: usize,
    /// The host of that rank.
    pub host: &'a str,
    /// What it says; a line, or one with a backtrace below.
    pub message: &'a str,
}

/// Makes of a word what is written, without the line break.
pub type Wording = fn(&Word) -> String;

static WORDING: OnceLock<Wording> = OnceLock::new();

/// From here on words are written so, and not as `[rank 3 host] message`. The first call counts.
pub fn set_wording(wording: Wording) {
    let _ = WORDING.set(wording);
}

/// Says what the program is doing, such as "step 14": a panic prints it. Empty for nothing.
pub fn set_context(doing: String) {
    *CONTEXT.lock().unwrap_or_else(PoisonError::into_inner) = doing;
}

/// What the program is doing, if it has said so. Never waits: a failing thread may hold the lock.
pub fn context() -> Option<String> {
    let context = CONTEXT.try_lock().ok()?;
    (!context.is_empty()).then(|| context.clone())
}

/// What `println!` panics with where stdout is a pipe that has been closed.
const CLOSED: &str = "failed printing to stdout: Broken pipe";

/// From here on, the first panic of this process prints one line (and a backtrace where
/// RUST_BACKTRACE asks for it) and calls `end`. Nothing unwinds, so nothing catches it either.
pub fn install(rank: usize, host: &str, end: impl Fn() -> Infallible + Send + Sync + 'static) {
    let host = host.to_string();
    let one_at_a_time = Mutex::new(());
    panic::set_hook(Box::new(move |info| {
        // A second thread that panics waits here until the first has ended the process.
        let _turn = one_at_a_time.lock().unwrap_or_else(PoisonError::into_inner);
        let message = describe(info);
        // Whoever read the output has closed it, as `head` does: not worth a word.
        if !message.contains(CLOSED) {
            report(&Word {
                rank,
                host: &host,
                message: &message,
            });
        }
        end();
    }));
}

/// Writes a word to stderr in one piece. Unlike `eprintln!` it does not panic if that fails.
pub fn report(word: &Word) {
    let line = match WORDING.get() {
        Some(wording) => wording(word),
        None => format!("[rank {} {}] {}", word.rank, word.host, word.message),
    };
    let _ = std::io::stderr().write_all(format!("{line}\n").as_bytes());
}

/// The cause, what was being done, and the place, in one line.
fn describe(info: &PanicHookInfo) -> String {
    let payload = info.payload();
    let cause = payload.downcast_ref::<&str>().copied();
    let cause = cause.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let cause = cause
        .unwrap_or("unknown cause")
        .lines()
        .map(str::trim)
        .collect::<Vec<_>>()
        .join("; ");
    let doing = context().map_or(String::new(), |context| format!(" in {context}"));
    let place = info
        .location()
        .map_or(String::new(), |place| format!(" at {place}"));
    let backtrace = Backtrace::capture();
    match backtrace.status() {
        BacktraceStatus::Captured => format!("panicked{doing}: {cause}{place}\n{backtrace}"),
        _ => format!("panicked{doing}: {cause}{place}"),
    }
}
