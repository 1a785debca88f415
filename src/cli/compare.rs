//! `ned-dist compare`: one deck by several methods, one after the other, under the same budget of
//! time.
//!
//! Energy, network and seed are the same for all. What the deck says in [flow] holds for the deck's
//! own method; every other one works by its defaults, which include how it draws its samples unless the
//! deck fixes that. `stop.steps` is not looked at unless `--set` gives
//! it: a step of one method is worth a hundred of another.
//!
//! Times are those of recorded steps: `--set output.every=1` tells them apart, at the cost of
//! measuring the error in every step.

use super::input::load;
use super::job::{Job, Outcome, Session, on_ranks, out_folder};
use super::log::{Format, plain};
use super::report::plural;
use super::standing::{ERRORS, Measure, Standing};
use super::{CompareArgs, report};
use crate::comm::Comm;
use crate::deck::{Auto, Deck, MethodName, Resample};
use crate::error::Result;
use crate::file::{failed, whole};
use crate::run::{Status, agree};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

/// Seconds for each method where neither the deck nor the command line says.
const SECONDS: f64 = 10.0;
/// So many steps are no limit.
const MANY: u64 = 1_000_000_000;

/// Solves by every method, prints the table, and gives the exit code.
pub fn compare(arguments: &CompareArgs) -> ExitCode {
    let started = Instant::now();
    on_ranks(arguments.run.watchdog, |comm| {
        solve_all(arguments, comm, started)
    })
}

fn solve_all(arguments: &CompareArgs, comm: &dyn Comm, started: Instant) -> Result<u8> {
    let (deck, table) = load(&arguments.run.deck, comm)?;
    let session = Session::new(&arguments.run, comm, started)?;
    let budget = arguments.seconds.or(deck.stop.seconds).unwrap_or(SECONDS);
    let methods = methods(arguments, &deck);
    // All of them are looked at before the first one starts.
    let mut jobs = Vec::with_capacity(methods.len());
    for &method in &methods {
        let deck = by_method(&deck, method, budget, arguments);
        jobs.push(Job::new(deck, table.clone(), comm)?);
    }
    let out = out_folder(&arguments.run, "compare");
    let out = out.unwrap_or_else(|| PathBuf::from("poisson-2d-compare"));
    session.warn_of_placement();
    let mut all_well = true;
    for job in &jobs {
        all_well &= solve(job, &session, &out)?;
    }
    let shown = match comm.rank() {
        0 => conclude(&methods, &out, session.format),
        _ => Ok(String::new()),
    };
    let shown = agree(comm, shown)?.unwrap_or_default();
    if session.tells && session.format.is_json() {
        print!("{shown}");
    } else if session.tells {
        let [ranks, threads] = [comm.size(), session.threads.count];
        let [ranks, threads] = [plural(ranks, "rank"), plural(threads, "thread")];
        let title = plain(&deck.title);
        println!("{title}: {budget} s each on {ranks} x {threads}");
        print!("{shown}");
        println!("written to {}", out.display());
    }
    Ok(u8::from(!all_well))
}

/// The methods that are asked for, each once; else all that the deck's samples suit.
fn methods(arguments: &CompareArgs, deck: &Deck) -> Vec<MethodName> {
    let fresh = matches!(deck.sampling.resample, Auto::Set(Resample::Every(_)));
    let suits = |method: &MethodName| !(fresh && *method == MethodName::Lbfgs);
    let every = || MethodName::ALL.iter().copied().filter(suits).collect();
    let asked = arguments.methods.clone().unwrap_or_else(every);
    let mut methods = Vec::with_capacity(asked.len());
    for method in asked {
        if !methods.contains(&method) {
            methods.push(method);
        }
    }
    methods
}

/// The deck for one of the methods.
fn by_method(deck: &Deck, method: MethodName, budget: f64, arguments: &CompareArgs) -> Deck {
    let mut deck = deck.clone();
    deck.flow = deck.flow.by(method);
    deck.stop.seconds = Some(budget);
    if !limits_steps(arguments) {
        deck.stop.steps = MANY;
    }
    deck
}

fn limits_steps(arguments: &CompareArgs) -> bool {
    let mut set = arguments.run.deck.set.iter();
    set.any(|(key, _)| key == "stop.steps")
}

/// Solves one of the jobs in its folder; whether it went well.
fn solve(job: &Job, session: &Session, out: &Path) -> Result<bool> {
    let steps = Some(job.deck.stop.steps).filter(|steps| *steps < MANY);
    let mut progress = session.progress(steps);
    let method = job.deck.flow.method;
    let plan = job.method();
    let name = method.name();
    tracing::info!(event = "start", method = name, plan, "{method}: {plan}");
    let folder = out.join(name);
    let outcome = job.solve(session, Some(folder), &mut progress)?;
    let Outcome::Ended(summary) = outcome else {
        return Ok(true);
    };
    let failed = summary.status == Status::Failed;
    if failed && session.comm.rank() == 0 {
        let reason = &summary.reason;
        tracing::warn!(event = "end", method = name, "{method} failed: {reason}");
    }
    Ok(!failed)
}

/// Writes `compare.csv` and gives what is to be printed: tables, or a line for each method.
fn conclude(methods: &[MethodName], out: &Path, format: Format) -> Result<String> {
    let mut standings = Vec::with_capacity(methods.len());
    for method in methods {
        let folder = out.join(method.name());
        standings.push(Standing::read(&folder, method.name())?);
    }
    let followed = standings.iter().find_map(|s| s.measure);
    let followed = followed.unwrap_or(Measure::Energy);
    let reached = standings.iter().flat_map(|s| &s.decades);
    let exponents: BTreeSet<i32> = reached.map(|decade| decade.exponent).collect();
    // The largest error first, as it is reached.
    let exponents: Vec<i32> = exponents.into_iter().rev().collect();
    let path = out.join("compare.csv");
    whole(&path, |part| {
        write(part, &standings, &exponents).map_err(|e| failed(&path, &e))
    })?;
    if format.is_json() {
        let line = |standing: &Standing| {
            let message = format!("{}: {}", standing.method, standing.status);
            format.result(&message, report::fields(standing)) + "\n"
        };
        return Ok(standings.iter().map(line).collect());
    }
    Ok(report::comparison(&standings, followed, &exponents))
}

/// A line per method; fields that were not measured or not reached are empty.
fn write(path: &Path, standings: &[Standing], exponents: &[i32]) -> csv::Result<()> {
    let mut writer = csv::Writer::from_path(path)?;
    let mut header: Vec<String> = ["method", "status", "steps", "seconds", "energy"]
        .map(String::from)
        .into();
    header.extend(ERRORS.map(|error| error.key.to_owned()));
    header.extend(exponents.iter().map(|k| format!("seconds_to_1e{k}")));
    writer.write_record(&header)?;
    for standing in standings {
        let number = |value: f64| match value.is_nan() {
            true => String::new(),
            false => format!("{value:e}"),
        };
        let mut line = vec![
            standing.method.to_owned(),
            standing.status.clone(),
            standing.steps.to_string(),
        ];
        line.extend([standing.seconds, standing.energy].map(number));
        line.extend(ERRORS.map(|error| number((error.of)(standing))));
        let seconds = exponents.iter().map(|&k| standing.seconds_to(k));
        line.extend(seconds.map(|s| s.map_or(String::new(), number)));
        writer.write_record(&line)?;
    }
    writer.flush()?;
    Ok(())
}
