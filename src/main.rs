//! The program: arguments -> command -> exit code.

use clap::Parser;
use ned_dist::cli::{Cli, execute};
use ned_dist::comm::launcher_rank;
use std::process::ExitCode;

fn main() -> ExitCode {
    match Cli::try_parse() {
        Ok(cli) => execute(cli),
        Err(stop) => {
            // Before MPI starts, every rank takes this exit, and one of them prints.
            if launcher_rank().unwrap_or(0) == 0 {
                let _ = stop.print();
            }
            ExitCode::from(u8::try_from(stop.exit_code()).unwrap_or(2))
        }
    }
}
