//! The command line: one file per command. The only place that prints.

mod budget;
mod check;
mod compare;
mod cores;
mod doctor;
mod eval;
mod input;
mod job;
mod log;
mod new;
mod placement;
mod predictions;
mod progress;
mod refusal;
mod report;
mod run;
mod scale;
mod standing;
mod threads;
mod time_limits;

pub use refusal::refuse;

use crate::comm::{Solo, launcher_rank};
use crate::deck::MethodName;
use crate::performance::Mode;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use log::{Format, LEVELS};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use tracing::level_filters::LevelFilter;

/// Neural Energy Descent: solves PDEs and fits data by the gradient flow of their energy, on one
/// core or many ranks.
///
/// Without a command it solves the built-in default problem (Poisson in two dimensions) and writes
/// nothing.
#[derive(Debug, Parser)]
#[command(name = "ned-dist", version, after_help = EXAMPLES)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

const EXAMPLES: &str = "Examples:
  mpirun -n 4 ned-dist                        the default problem on four ranks
  ned-dist new poisson-2d                     write a starter deck
  ned-dist check poisson-2d.toml              what would be solved, and what it costs
  mpirun -n 4 ned-dist run poisson-2d.toml --out result
  ned-dist compare poisson-2d.toml --methods ned,adam,lbfgs --seconds 20
  ned-dist run poisson-2d.toml --set network.hidden=[32,32] --set stop.seconds=60
  ned-dist eval result points.csv --of u --of grad2(u)
  mpirun -n 4 ned-dist doctor                 is this machine fit for it?
  ned-dist scale poisson-2d.toml --ranks 1,2,4 how much faster are more ranks? (it calls mpirun)

A run that gets SIGUSR1, SIGUSR2, SIGTERM, SIGINT or SIGHUP, or finds a file STOP in its folder, saves and stops; the
same command goes on. A file CHECKPOINT makes it save and go on.

Exit codes: 0 finished, or saved and stopped; 1 the solve failed; 2 the input is wrong.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Solve the problem of a deck
    #[command(alias = "solve")]
    Run(RunArgs),
    /// Solve the problem of a deck by several methods, each under the same budget of time
    Compare(CompareArgs),
    /// Validate a deck; print it with every default filled in, and the memory and work of a step
    Check(CheckArgs),
    /// Test this machine: ranks, MPI, threads, network, disk
    Doctor(DoctorArgs),
    /// Measure a step of a deck on several numbers of ranks; this starts mpirun by itself
    Scale(ScaleArgs),
    /// The solution of a run, or any expression of it, at points of your own
    Eval(eval::EvalArgs),
    /// Write a starter deck; without a name, list them
    New {
        /// Name of a starter deck
        name: Option<String>,
    },
}

/// Which deck, and what is changed in it.
#[derive(Clone, Debug, Default, Args)]
struct DeckArgs {
    /// Input file; without it the built-in default problem
    deck: Option<PathBuf>,
    /// Change a key of the deck, as in network.hidden=[64,64]; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_value)]
    set: Vec<(String, String)>,
    /// Seed of all random numbers; the same as --set flow.seed=S
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
}

/// Arguments of `compare`.
#[derive(Clone, Debug, Default, Args)]
struct CompareArgs {
    #[command(flatten)]
    run: RunArgs,
    /// Methods, as in ned,sgd,adam,lbfgs [default: all that suit the deck's samples]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    methods: Option<Vec<MethodName>>,
    /// Seconds for each method [default: the deck's stop.seconds, or 10]
    #[arg(long, value_name = "S", value_parser = positive)]
    seconds: Option<f64>,
}

/// Arguments of `run`.
#[derive(Clone, Debug, Default, Args)]
struct RunArgs {
    #[command(flatten)]
    deck: DeckArgs,
    /// Folder for results and checkpoints; without it, DECK's name with `-out` (or `-compare`)
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Threads per rank [default: RAYON_NUM_THREADS, OMP_NUM_THREADS, SLURM_CPUS_PER_TASK, or the
    /// cores of this rank]
    #[arg(long, value_name = "T")]
    threads: Option<usize>,
    /// Print no result, and on the way nothing but warnings and errors
    #[arg(long)]
    quiet: bool,
    /// How much to tell on the way, on stderr [default: info, or warn if --quiet]
    #[arg(long, value_name = "LEVEL", value_parser = PossibleValuesParser::new(LEVELS).try_map(|level| level.parse::<LevelFilter>()))]
    log_level: Option<LevelFilter>,
    /// How to print the way of a run: for people, or for programs
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    log: Format,
    /// Start over, whatever the folder holds
    #[arg(long)]
    force: bool,
    /// Save and stop before the process has run for so long, as in 23.5h, 90m, 3600s, HH:MM:SS; the
    /// same command goes on
    #[arg(long, value_name = "TIME", value_parser = time_limits::wall_time)]
    max_time: Option<Duration>,
    /// Say which rank is where when one has done the same for so long, as in 10m; after ten times as
    /// long end the job
    #[arg(long, value_name = "TIME", value_parser = time_limits::wall_time)]
    watchdog: Option<Duration>,
    /// Go on from a checkpoint in the folder if there is one, or refuse to
    #[arg(long, value_enum, default_value_t)]
    resume: Resume,
}

impl RunArgs {
    /// Down to where the log goes.
    fn level(&self) -> LevelFilter {
        let usual = match self.quiet {
            true => LevelFilter::WARN,
            false => LevelFilter::INFO,
        };
        self.log_level.unwrap_or(usual)
    }
}

/// Arguments of `doctor`.
#[derive(Clone, Debug, Default, Args)]
struct DoctorArgs {
    /// Threads per rank, as for `run`
    #[arg(long, value_name = "T")]
    threads: Option<usize>,
    /// Write what was measured as a machine file, TOML or JSON, for `check` and `scale`
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Arguments of `check`.
#[derive(Clone, Debug, Default, Args)]
struct CheckArgs {
    #[command(flatten)]
    deck: DeckArgs,
    /// Tell the memory of a rank, and predict the time of a step, on these numbers of ranks, as in 1,64,1024
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = count)]
    ranks: Vec<usize>,
    /// Threads per rank
    #[arg(long, value_name = "T", default_value = "1", value_parser = count)]
    threads: usize,
    /// Constants of the machine, written by `doctor --out` [default: measured here]
    #[arg(long, value_name = "FILE")]
    machine: Option<PathBuf>,
}

/// Arguments of `scale`.
#[derive(Clone, Debug, Args)]
struct ScaleArgs {
    #[command(flatten)]
    deck: DeckArgs,
    /// Numbers of ranks
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "1,2", value_parser = count)]
    ranks: Vec<usize>,
    /// The same problem on all, or points multiplied by the ranks
    #[arg(long, value_enum, default_value_t)]
    mode: Mode,
    /// Repetitions of every measurement, in turn
    #[arg(long, value_name = "N", default_value = "3", value_parser = count)]
    reps: usize,
    /// Steps of every run
    #[arg(long, value_name = "N", default_value = "20", value_parser = count)]
    steps: usize,
    /// Folder for scaling.csv, scaling.json, scaling.svg and the runs [default: DECK's name with
    /// -scaling]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Threads per rank
    #[arg(long, value_name = "T", default_value = "1", value_parser = count)]
    threads: usize,
    /// The launcher and its flags, as in "mpirun --bind-to none" [default: NED_MPIRUN, the one beside
    /// the MPI that this was built with, mpirun]
    #[arg(long, value_name = "COMMAND")]
    mpirun: Option<String>,
    /// Constants of the machine, written by `doctor --out` [default: measured here]
    #[arg(long, value_name = "FILE")]
    machine: Option<PathBuf>,
    /// Predict these numbers of ranks too
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = count)]
    predict: Vec<usize>,
    /// Print the batch script that measures instead of measuring
    #[arg(long, value_enum, value_name = "SCHEDULER")]
    print: Option<Scheduler>,
}

/// Whose batch scripts `scale --print` knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Scheduler {
    Slurm,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Resume {
    #[default]
    Auto,
    Never,
}

fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => {
            Ok((key.trim().into(), value.trim().into()))
        }
        _ => Err("expected KEY=VALUE, as in network.hidden=[64,64]".into()),
    }
}

fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number > 0.0 && number.is_finite() => Ok(number),
        _ => Err("expected a number greater than 0".into()),
    }
}

fn count(text: &str) -> Result<usize, String> {
    match text.trim().parse::<usize>() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err("expected a whole number from 1".into()),
    }
}

/// Runs a command and returns the process's exit code.
pub fn execute(cli: Cli) -> ExitCode {
    let first = launcher_rank().unwrap_or(0) == 0;
    // Until MPI starts, if it does.
    Solo::guard();
    let default = RunArgs::default();
    let run = match &cli.command {
        Some(Command::Run(run) | Command::Compare(CompareArgs { run, .. })) => run,
        _ => &default,
    };
    log::start(run.log, run.level());
    let result = match cli.command {
        None => return run::run(&default),
        Some(Command::Run(arguments)) => return run::run(&arguments),
        Some(Command::Compare(arguments)) => return compare::compare(&arguments),
        Some(Command::Doctor(arguments)) => return doctor::doctor(&arguments),
        Some(Command::Check(arguments)) => check::check(&arguments, first),
        Some(Command::Scale(arguments)) => scale::scale(&arguments),
        Some(Command::Eval(arguments)) => eval::eval(&arguments),
        Some(Command::New { name }) => new::new(name.as_deref(), first),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => ExitCode::from(log::fail(&error, first)),
    }
}
