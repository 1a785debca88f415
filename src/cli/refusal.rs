//! Arguments that are no command.

use super::log::{self, Format};
use crate::comm::launcher_rank;
use clap::error::{ContextKind, ContextValue};
use std::process::ExitCode;
use tracing::level_filters::LevelFilter;

/// Prints why the arguments are no command, be it that they ask for help, and returns the process's
/// exit code. MPI has not started: every rank takes this exit, and one of them prints.
pub fn refuse(mut stop: clap::Error) -> ExitCode {
    if let Some(ContextValue::String(word)) = stop.get(ContextKind::InvalidSubcommand)
        && word.ends_with(".toml")
    {
        let tip = format!("to solve a deck, write ned-dist run {word}").into();
        stop.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip]));
    }
    let code = ExitCode::from(u8::try_from(stop.exit_code()).unwrap_or(2));
    if launcher_rank().unwrap_or(0) > 0 {
        return code;
    }
    match Format::asked_for(std::env::args_os()) {
        Format::Json if stop.use_stderr() => {
            let message = stop.render().to_string();
            let message = message.trim_start_matches("error: ").trim_end();
            log::start(Format::Json, LevelFilter::ERROR);
            tracing::error!("{message}");
        }
        _ => {
            let _ = stop.print();
        }
    }
    code
}
