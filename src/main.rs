//! The program: arguments -> command -> exit code.

use clap::Parser;
use ned_dist::cli::{Cli, execute, refuse};
use std::process::ExitCode;

fn main() -> ExitCode {
    match Cli::try_parse() {
        Ok(cli) => execute(cli),
        Err(stop) => refuse(stop),
    }
}
