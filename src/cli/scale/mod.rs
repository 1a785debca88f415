//! `ned-dist scale`: a step of a deck on several numbers of ranks, measured by runs of this program
//! under mpirun, compared with the performance model.
//!
//! Work is fixed: every run takes the same number of steps of one stage, with nothing that could stop it
//! before and nothing written in between ([`fixed`]). Runs of all numbers of ranks follow each other in
//! turn, several times over, so that a machine whose speed drifts treats them alike; medians count.
//! Where the problem is the same on all ranks, all must end with the same bits of θ.

mod fixed;
mod launcher;
mod measured;
mod plot;
mod report;
mod script;

use super::input::load;
use super::report::plural;
use super::{ScaleArgs, predictions};
use crate::comm::{Solo, launcher_size};
use crate::deck::Deck;
use crate::error::{Error, Result};
use crate::performance::{Fit, Machine, Mode, Prediction, Timing, Work};
use crate::problem::build;
use crate::run::{Plan, Stage};
use crate::table::Table;
use fixed::Fixed;
use launcher::Launcher;
use measured::{Outcome, Row};
use std::path::{Path, PathBuf};

/// Everything that is known when all runs have ended.
struct Scaling<'a> {
    arguments: &'a ScaleArgs,
    /// The deck's title, and the stage that was measured.
    title: String,
    stage: String,
    launcher: String,
    rows: Vec<Row>,
    fit: Option<Fit>,
    machine: Machine,
    /// Of the numbers of ranks that were measured, then of those of `--predict`.
    predictions: Vec<Prediction>,
}

/// Measures, writes and prints; or prints the script that does it.
///
/// # Errors
/// If the deck is wrong, a run fails, or ranks disagree about the result.
pub fn scale(arguments: &ScaleArgs) -> Result<()> {
    if launcher_size().is_some_and(|size| size > 1) {
        return Err(Error::Input(
            "`scale` starts mpirun by itself: start it alone, without mpirun or srun".into(),
        ));
    }
    let (mut deck, table) = load(&arguments.deck, &Solo)?;
    let original = deck.clone();
    let problem = build(&mut deck, table.clone())?;
    let plan = Plan::of(&mut deck, &problem)?;
    if arguments.print.is_some() {
        print!("{}", script::slurm(arguments));
        return Ok(());
    }
    let fixed = Fixed::of(arguments, &deck, &problem, &plan)?;
    let stage = &plan.stages[0];
    let launcher = Launcher::find(arguments.mpirun.as_deref())?;
    let ranks = counts(&arguments.ranks);
    // Every problem is built before the first run starts: a wrong one ends here.
    let mut works = Vec::new();
    for ranks in counts(&[&ranks[..], &arguments.predict].concat()) {
        works.push((
            ranks,
            work(&fixed, &original, table.as_ref(), stage, ranks)?,
        ));
    }
    let measured = works.iter().filter(|(r, _)| ranks.contains(r));
    for (ranks, work) in measured {
        if work.busiest(*ranks).is_none() {
            let cells = work.cells();
            return Err(Error::Input(format!(
                "--ranks: {ranks} ranks but only {cells} cells of samples to share; raise \
                 `sampling.points` (or `sampling.cells`) by --set"
            )));
        }
    }
    let (machine, from) = predictions::machine(arguments.machine.as_deref())?;
    let out = folder(arguments);
    launcher.warn(&ranks, arguments.threads);
    let outcomes = run_all(arguments, &launcher, &fixed, &ranks, &out)?;
    let rows = Row::of(&ranks, &outcomes, arguments.mode)?;
    let timing = |row: &Row| Timing {
        ranks: row.ranks,
        seconds: row.seconds,
    };
    let timings: Vec<Timing> = rows.iter().map(timing).collect();
    let predicted = works
        .iter()
        .map(|(r, w)| w.predict(&machine, *r, arguments.threads));
    let scaling = Scaling {
        arguments,
        title: deck.title.clone(),
        stage: stage.describe(),
        launcher: launcher.to_string(),
        rows,
        fit: Fit::of(&timings, arguments.mode),
        machine,
        predictions: predicted.flatten().collect(),
    };
    report::write(&scaling, &out)?;
    print!("{}", report::text(&scaling, &plan));
    if !arguments.predict.is_empty() {
        println!("predicted by the constants {from}");
        let asked = works.iter().filter(|(r, _)| arguments.predict.contains(r));
        let asked: Vec<(usize, Work)> = asked.cloned().collect();
        print!(
            "{}",
            predictions::table(&asked, &machine, arguments.threads)
        );
    }
    println!("written to {}", out.display());
    Ok(())
}

/// Numbers of ranks, each once and in order.
fn counts(asked: &[usize]) -> Vec<usize> {
    let mut counts = asked.to_vec();
    counts.sort_unstable();
    counts.dedup();
    counts
}

/// What a step has to do on so many ranks.
fn work(
    fixed: &Fixed,
    original: &Deck,
    table: Option<&Table>,
    stage: &Stage,
    ranks: usize,
) -> Result<Work> {
    let mut deck = original.clone();
    let mut stage = stage.clone();
    stage.batch = fixed.enlarge(&mut deck, ranks);
    let problem = build(&mut deck, table.cloned())?;
    Ok(Work::of(&stage, &problem))
}

/// `--out`, or the deck's name with -scaling.
fn folder(arguments: &ScaleArgs) -> PathBuf {
    let deck = arguments.deck.deck.as_deref().and_then(Path::file_stem);
    let stem = deck.map_or("poisson-2d".into(), |stem| stem.to_string_lossy());
    let default = || PathBuf::from(format!("{stem}-scaling"));
    arguments.out.clone().unwrap_or_else(default)
}

/// All runs in turn; the outcomes of every number of ranks, in their order.
fn run_all(
    arguments: &ScaleArgs,
    launcher: &Launcher,
    fixed: &Fixed,
    ranks: &[usize],
    out: &Path,
) -> Result<Vec<Vec<Outcome>>> {
    let mut outcomes = vec![Vec::new(); ranks.len()];
    for repetition in 1..=arguments.reps {
        for (outcomes, &ranks) in outcomes.iter_mut().zip(ranks) {
            let folder = out.join("runs").join(format!("{ranks}-{repetition}"));
            launcher.run(ranks, &fixed.arguments(ranks, &folder))?;
            let outcome = Outcome::read(&folder, arguments.steps)?;
            tracing::info!(
                "{repetition}/{}: {}, {:.3} ms a step",
                arguments.reps,
                plural(ranks, "rank"),
                1e3 * outcome.seconds
            );
            outcomes.push(outcome);
        }
    }
    Ok(outcomes)
}

/// Speed-up over the least number of ranks `base`, which took `alone`.
fn speed_up(mode: Mode, base: usize, alone: f64, ranks: usize, seconds: f64) -> f64 {
    let growth = match mode {
        Mode::Strong => 1.0,
        Mode::Weak => ranks as f64 / base as f64,
    };
    growth * base as f64 * alone / seconds
}
