//! `ned-dist run`: one solve, from the deck to the summary.

use super::input::load;
use super::job::{Job, Outcome, Session, on_ranks, out_folder};
use super::{RunArgs, report};
use crate::comm::Comm;
use crate::error::Result;
use crate::run::{Status, Summary};
use serde_json::json;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

/// Solves, prints, and gives the exit code.
pub fn run(arguments: &RunArgs) -> ExitCode {
    let started = Instant::now();
    on_ranks(arguments.watchdog, |comm| solve(arguments, comm, started))
}

fn solve(arguments: &RunArgs, comm: &dyn Comm, started: Instant) -> Result<u8> {
    let (deck, table) = load(&arguments.deck, comm)?;
    let session = Session::new(arguments, comm, started)?;
    let job = Job::new(deck, table, comm)?;
    // The built-in problem writes only where it is told to.
    let out = out_folder(arguments, "out");
    let mut progress = session.progress(Some(job.deck.stop.steps));
    session.warn_of_placement();
    job.announce(&session);
    let summary = match job.solve(&session, out.clone(), &mut progress)? {
        Outcome::Ended(summary) => summary,
        Outcome::Before { steps, reason } => {
            if session.tells {
                let out = out.unwrap_or_default();
                let message = format!(
                    "{} holds this run, converged after {steps} steps ({reason}).\n\
                     Nothing was done; --force starts over.",
                    out.display()
                );
                let fields = json!({"event": "end", "steps": steps, "reason": reason});
                println!("{}", session.format.result(&message, fields));
            }
            return Ok(0);
        }
    };
    if comm.rank() == 0 {
        conclude(&summary, &session, out.as_deref());
    }
    Ok(match summary.status {
        Status::Failed => 1,
        Status::Converged | Status::Stopped => 0,
    })
}

fn conclude(summary: &Summary, session: &Session, out: Option<&Path>) {
    let mut fields = serde_json::to_value(summary).unwrap_or_default();
    fields["event"] = "end".into();
    // The flow time t; `time` is when the line was printed.
    fields["t"] = fields["time"].take();
    if let Some(fields) = fields.as_object_mut() {
        fields.remove("time");
    }
    if summary.status == Status::Failed {
        let saved = out.map_or(String::new(), |out| {
            format!(
                "\n  the last good state is saved in {}",
                out.join("checkpoint").display()
            )
        });
        let message = format!("{}{saved}", summary.reason);
        tracing::error!(%fields, "{message}");
    } else if session.tells {
        let text = report::text(summary, out) + &report::phases(&summary.phases);
        let message = match session.format.is_json() {
            true => &summary.reason,
            false => text.trim_end_matches('\n'),
        };
        println!("{}", session.format.result(message, fields));
    }
}
