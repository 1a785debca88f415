//! `ned-dist run`: one solve, from the deck to the summary.

use super::progress::Progress;
use super::threads::{Threads, decide};
use super::{DeckArgs, Resume, RunArgs, fail, report};
use crate::comm::{self, Comm, Shares, launcher_rank};
use crate::deck::{Deck, find};
use crate::error::{Error, Result};
use crate::problem::build;
use crate::run::{
    Folder, Identity, Observer, Opened, Plan, Policy, Run, Setting, Status, Summary, agree,
};
use crate::table::Table;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Solves, prints, and gives the exit code.
pub fn run(arguments: &RunArgs) -> ExitCode {
    let comm = match comm::start() {
        Ok(comm) => comm,
        Err(message) => {
            let speak = launcher_rank().unwrap_or(0) == 0;
            return fail(&Error::Input(message), speak);
        }
    };
    let speak = comm.rank() == 0;
    let code = match solve(arguments, comm.as_ref()) {
        Ok(code) => code,
        Err(error) => fail(&error, speak),
    };
    comm.finish();
    code
}

/// A deck's text and where its files are.
struct Source {
    text: String,
    name: String,
    folder: PathBuf,
}

fn read(path: Option<&Path>) -> Result<Source> {
    let Some(path) = path else {
        return Ok(Source {
            text: find("poisson-2d")?.text.into(),
            name: "poisson-2d (built in)".into(),
            folder: PathBuf::from("."),
        });
    };
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|e| {
        let cure = "name a deck; `ned-dist new` lists decks to start from";
        Error::Input(format!("cannot read the deck {name}: {e}\n  {cure}"))
    })?;
    Ok(Source {
        text,
        name,
        folder: path.parent().unwrap_or(Path::new(".")).into(),
    })
}

/// The deck and its data, read on rank 0. Collective.
///
/// # Errors
/// If the deck or its data are wrong, the same on all ranks.
pub(super) fn load(arguments: &DeckArgs, comm: &dyn Comm) -> Result<(Deck, Option<Table>)> {
    let mut overrides = arguments.set.clone();
    if let Some(seed) = arguments.seed {
        overrides.push(("flow.seed".into(), seed.to_string()));
    }
    let source = if comm.rank() == 0 {
        read(arguments.deck.as_deref())
    } else {
        Ok(Source {
            text: String::new(),
            name: String::new(),
            folder: PathBuf::new(),
        })
    };
    let source = agree(comm, source)?;
    let [mut text, mut name, folder] = match source {
        Some(s) => [s.text, s.name, s.folder.display().to_string()],
        None => Default::default(),
    };
    for part in [&mut text, &mut name] {
        let mut bytes = std::mem::take(part).into_bytes();
        comm.broadcast_bytes(&mut bytes);
        *part = String::from_utf8_lossy(&bytes).into_owned();
    }
    let mut deck = Deck::from_toml(&text, &name, &overrides)?;
    let table = match &mut deck.data {
        Some(data) => {
            let path = PathBuf::from(folder).join(&data.file.text);
            let table = share_table(&path, comm)?;
            // The resolved deck lies in another folder: it names the file from the root.
            let path = std::path::absolute(&path).unwrap_or(path);
            data.file.text = path.display().to_string();
            Some(table)
        }
        None => None,
    };
    Ok((deck, table))
}

/// A table read on rank 0, on all ranks. Collective.
fn share_table(path: &Path, comm: &dyn Comm) -> Result<Table> {
    let read = if comm.rank() == 0 {
        Table::read(path).map(Some)
    } else {
        Ok(None)
    };
    let table = agree(comm, read)?.flatten();
    let mut names = table
        .as_ref()
        .map_or(Vec::new(), |t| t.names().join("\n").into_bytes());
    comm.broadcast_bytes(&mut names);
    let names: Vec<String> = String::from_utf8_lossy(&names)
        .split('\n')
        .map(Into::into)
        .collect();
    let mut rows = [table.as_ref().map_or(0.0, |t| t.rows() as f64)];
    comm.broadcast(&mut rows);
    let rows = rows[0] as usize;
    let mut values: Vec<f64> = match table {
        Some(table) => table.values().iter().copied().collect(),
        None => vec![0.0; rows * names.len()],
    };
    comm.broadcast(&mut values);
    let values = ndarray::Array2::from_shape_vec((rows, names.len()), values)
        .map_err(|e| Error::Failed(e.to_string()))?;
    Table::new(names, values, &path.display().to_string())
}

fn solve(arguments: &RunArgs, comm: &dyn Comm) -> Result<ExitCode> {
    let (mut deck, table) = load(&arguments.deck, comm)?;
    let threads = decide(arguments.threads, comm)?;
    // The main thread is one of the pool: one thread per rank means no hand-over at all.
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads.count)
        .use_current_thread();
    // Only tests that call this twice in a process have a pool already; they keep it.
    let _ = pool.build_global();
    let problem = build(&mut deck, table)?;
    let plan = Plan::of(&mut deck, &problem)?;
    let shares = share_out(&problem.costs(), comm)?;
    let out = out_folder(arguments);
    let speak = comm.rank() == 0;
    let mut progress = Progress::new(deck.stop.steps, arguments.quiet || !speak);
    if speak {
        threads.warning.iter().for_each(|w| progress.warn(w));
        if !arguments.quiet {
            eprint!(
                "{}",
                header(&deck, &problem.describe(), &plan, comm, &threads)
            );
        }
    }
    let policy = Policy {
        resume: arguments.resume == Resume::Auto,
        force: arguments.force,
    };
    let identity = Identity::of(&deck, &problem)?;
    let mut warn = |message: &str| progress.warn(message);
    let opened = Folder::open(comm, out.clone(), policy, identity, &mut warn)?;
    let (folder, state) = match opened {
        Opened::Fresh(folder) => (folder, None),
        Opened::Resumed(folder, state) => (folder, Some(*state)),
        Opened::Finished { steps, reason } => {
            if speak && !arguments.quiet {
                let out = out.unwrap_or_default();
                let out = out.display();
                println!("{out} holds this run, converged after {steps} steps ({reason}).");
                println!("Nothing was done; --force starts over.");
            }
            return Ok(ExitCode::SUCCESS);
        }
    };
    if let Some(state) = state.as_ref().filter(|_| speak && !arguments.quiet) {
        eprintln!("going on from step {}", state.step);
    }
    let setting = Setting {
        deck: &deck,
        problem: &problem,
        plan: &plan,
        comm,
        shares: &shares,
        threads: threads.count,
    };
    let summary = Run::new(setting, folder, &mut progress, state).go()?;
    progress.done();
    if speak {
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
    }
}

/// The cells of every rank.
///
/// # Errors
/// If there are more ranks than cells.
fn share_out(costs: &[f64], comm: &dyn Comm) -> Result<Shares> {
    Shares::balanced(costs, comm.size()).ok_or_else(|| {
        let (ranks, cells) = (comm.size(), costs.len());
        Error::Input(format!(
            "{ranks} ranks but only {cells} cells of samples to share: start at most {cells} ranks, \
             or raise `sampling.points` (or `sampling.cells`)"
        ))
    })
}

/// `--out`, or the deck's name with `-out`; the built-in problem writes only where it is told to.
fn out_folder(arguments: &RunArgs) -> Option<PathBuf> {
    arguments.out.clone().or_else(|| {
        let stem = arguments
            .deck
            .deck
            .as_ref()?
            .file_stem()?
            .to_string_lossy()
            .into_owned();
        Some(PathBuf::from(format!("{stem}-out")))
    })
}

fn header(deck: &Deck, problem: &str, plan: &Plan, comm: &dyn Comm, threads: &Threads) -> String {
    format!(
        "ned-dist {}: {}\n  {problem}\n  {}\n  {} x {} ({}), {}\n",
        env!("CARGO_PKG_VERSION"),
        deck.title,
        plan.describe(),
        report::plural(comm.size(), "rank"),
        report::plural(threads.count, "thread"),
        threads.source,
        comm.name().split(',').next().unwrap_or_default(),
    )
}
