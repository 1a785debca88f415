//! `ned-dist run`: one solve, from the deck to the summary.

use super::input::load;
use super::job::{Job, Outcome, Session, on_ranks, out_folder};
use super::{RunArgs, report};
use crate::comm::Comm;
use crate::error::Result;
use crate::run::{Status, Summary};
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

/// Solves, prints, and gives the exit code.
pub fn run(arguments: &RunArgs) -> ExitCode {
    let started = Instant::now();
    on_ranks(arguments.watchdog, |comm| solve(arguments, comm, started))
}

fn solve(arguments: &RunArgs, comm: &dyn Comm, started: Instant) -> Result<ExitCode> {
    let (deck, table) = load(&arguments.deck, comm)?;
    let session = Session::new(arguments, comm, started)?;
    let job = Job::new(deck, table, comm)?;
    // The built-in problem writes only where it is told to.
    let out = out_folder(arguments, "out");
    let mut progress = session.progress(Some(job.deck.stop.steps));
    session.warn_of_surroundings(&mut progress);
    if session.tells {
        eprint!("{}", job.header(&session));
    }
    let summary = match job.solve(&session, out.clone(), &mut progress)? {
        Outcome::Ended(summary) => summary,
        Outcome::Before { steps, reason } => {
            if session.tells {
                let out = out.unwrap_or_default();
                let out = out.display();
                println!("{out} holds this run, converged after {steps} steps ({reason}).");
                println!("Nothing was done; --force starts over.");
            }
            return Ok(ExitCode::SUCCESS);
        }
    };
    if comm.rank() == 0 {
        conclude(&summary, arguments, out.as_deref());
    }
    Ok(match summary.status {
        Status::Failed => ExitCode::from(1),
        Status::Converged | Status::Stopped => ExitCode::SUCCESS,
    })
}

fn conclude(summary: &Summary, arguments: &RunArgs, out: Option<&Path>) {
    if summary.status == Status::Failed {
        let saved = out.map_or(String::new(), |out| {
            format!(
                "\n  the last good state is saved in {}",
                out.join("checkpoint").display()
            )
        });
        eprintln!("error: {}{saved}", summary.reason);
    } else if !arguments.quiet {
        print!("{}", report::text(summary, out));
        print!("{}", report::phases(&summary.phases));
    }
}
