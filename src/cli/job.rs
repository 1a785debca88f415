//! A deck made ready and solved in a folder: what `run` does once and `compare` for every method.

use super::budget::Budget;
use super::log::{self, Format};
use super::placement::Placement;
use super::progress::Progress;
use super::report::plural;
use super::threads::{Threads, decide};
use super::time_limits::limits;
use super::{Resume, RunArgs};
use crate::comm::{self, Comm, Shares, Timed, launcher_rank};
use crate::deck::Deck;
use crate::error::{Error, Result};
use crate::problem::{Problem, build};
use crate::run::{
    Crowd, Folder, Identity, Limits, Memory, Opened, Plan, Policy, Run, Setting, State, Summary,
    unanimous,
};
use crate::table::Table;
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Joins the ranks, with a watchdog of some patience if one is wanted, does a command's work, prints its
/// error, and gives the exit code.
pub(super) fn on_ranks(
    watchdog: Option<Duration>,
    work: impl FnOnce(&dyn Comm) -> Result<u8>,
) -> ExitCode {
    let comm = match comm::start() {
        Ok(comm) => Box::new(Timed::new(comm, watchdog)),
        Err(message) => {
            let speak = launcher_rank().unwrap_or(0) == 0;
            return ExitCode::from(log::fail(&Error::Input(message), speak));
        }
    };
    log::join(comm.as_ref());
    let (ranks, threading) = (comm.size(), comm.threading());
    tracing::debug!(ranks, threading, "{}; {threading}", comm.name());
    let code = match work(comm.as_ref()) {
        Ok(code) => code,
        Err(error) => log::fail(&error, comm.rank() == 0),
    };
    comm.finish(code);
    ExitCode::from(code)
}

/// The ranks and threads of this process, and how it was told to behave.
pub(super) struct Session<'a> {
    pub(super) comm: &'a dyn Comm,
    pub(super) threads: Threads,
    /// Whether this rank prints results.
    pub(super) tells: bool,
    pub(super) format: Format,
    policy: Policy,
    limits: Limits,
    placement: Placement,
}

impl<'a> Session<'a> {
    /// Starts the threads that the arguments or the environment ask for, in a process that began at
    /// `started`. Collective.
    ///
    /// # Errors
    /// If they ask for none.
    pub(super) fn new(arguments: &RunArgs, comm: &'a dyn Comm, started: Instant) -> Result<Self> {
        let threads = unanimous(comm, decide(arguments.threads, comm))?;
        let placement = Placement::gather(comm, threads.count);
        let limits = unanimous(comm, limits(arguments, comm, started))?;
        // The main thread is one of the pool: one thread per rank means no hand-over at all.
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads.count)
            .use_current_thread();
        // Only tests that call this twice in a process have a pool already; they keep it.
        let _ = pool.build_global();
        Ok(Self {
            comm,
            threads,
            tells: comm.rank() == 0 && !arguments.quiet,
            format: arguments.log,
            policy: Policy {
                resume: arguments.resume == Resume::Auto,
                force: arguments.force,
            },
            limits,
            placement,
        })
    }

    /// Shows how a run goes, up to `steps` steps if they are known.
    pub(super) fn progress(&self, steps: Option<u64>) -> Progress {
        Progress::new(self.format, steps)
    }

    /// Warns of ranks and threads that are badly placed.
    pub(super) fn warn_of_placement(&self) {
        if self.comm.rank() == 0 {
            let warnings = self.placement.warnings();
            warnings.iter().for_each(|w| tracing::warn!("{w}"));
        }
    }
}

/// A deck, the problem it states, and how it is solved.
pub(super) struct Job {
    pub(super) deck: Deck,
    problem: Problem,
    plan: Plan,
    shares: Shares,
    budget: Option<Budget>,
}

/// What has become of a job.
pub(super) enum Outcome {
    /// It has run to an end.
    Ended(Box<Summary>),
    /// The folder holds its result already.
    Before {
        /// Steps that it took.
        steps: u64,
        /// Why it converged.
        reason: String,
    },
}

impl Job {
    /// Makes a deck ready; nothing is written yet.
    ///
    /// # Errors
    /// If something in the deck has no meaning, or there are more ranks than cells.
    pub(super) fn new(mut deck: Deck, table: Option<Table>, comm: &dyn Comm) -> Result<Self> {
        let problem = build(&mut deck, table)?;
        let plan = Plan::of(&mut deck, &problem)?;
        let shares = share_out(&plan.costs(&problem), comm)?;
        let budget = Budget::of(deck.run.memory, comm);
        Ok(Self {
            deck,
            problem,
            plan,
            shares,
            budget,
        })
    }

    /// Solves in the folder `out`, going on from what it holds. Collective.
    ///
    /// # Errors
    /// If there is too little memory, the folder holds something else, or the disk refuses. A solve that
    /// fails is no error here.
    pub(super) fn solve(
        &self,
        session: &Session,
        out: Option<PathBuf>,
        progress: &mut Progress,
    ) -> Result<Outcome> {
        let comm = session.comm;
        let memory = self.memory(session);
        if let Some(budget) = &self.budget {
            unanimous(comm, budget.holds(&memory))?;
        }
        let identity = Identity::of(&self.deck, &self.problem)?;
        let opened = Folder::open(comm, out, session.policy, identity)?;
        let (folder, state) = match opened {
            Opened::Fresh(folder) => (folder, None),
            Opened::Resumed(folder, state) => (folder, Some(*state)),
            Opened::Finished { steps, reason } => return Ok(Outcome::Before { steps, reason }),
        };
        if let Some(State { step, .. }) = &state {
            tracing::info!(event = "resume", step, "going on from step {step}");
        }
        let setting = Setting {
            deck: &self.deck,
            problem: &self.problem,
            plan: &self.plan,
            comm,
            shares: &self.shares,
            threads: session.threads.count,
            rows_kept: memory.rows_kept(),
        };
        let run = Run::new(setting, folder, progress, state).under(&session.limits);
        let summary = run.go()?;
        progress.done();
        Ok(Outcome::Ended(Box::new(summary)))
    }

    /// What each rank needs.
    fn memory(&self, session: &Session) -> Memory {
        let crowd = Crowd {
            ranks: session.comm.size(),
            threads: session.threads.count,
        };
        let budget = self.budget.as_ref().map(Budget::bytes);
        self.plan.memory(&self.problem, crowd, budget)
    }

    /// Tells what is about to be solved, and where.
    pub(super) fn announce(&self, session: &Session) {
        let (comm, threads) = (session.comm, &session.threads);
        let version = env!("CARGO_PKG_VERSION");
        let (problem, plan) = (self.problem.describe(), self.plan.describe());
        let launcher = comm.name();
        let launcher = launcher.split(',').next().unwrap_or_default();
        let placement = session.placement.lines();
        let memory = self.memory(session);
        let allowed = self.budget.as_ref().map(|b| format!(", {}", b.describe()));
        let header = format!(
            "ned-dist {version}: {}\n  {problem}\n  {plan}\n  {}{}\n  {} x {} ({}), {launcher}\n  {}",
            self.deck.title,
            memory.describe(),
            allowed.unwrap_or_default(),
            plural(comm.size(), "rank"),
            plural(threads.count, "thread"),
            threads.source,
            placement.join("\n  "),
        );
        let fields = json!({
            "event": "start",
            "version": version,
            "title": self.deck.title,
            "problem": problem,
            "plan": plan,
            "memory_bytes": memory.bytes().0,
            "ranks": comm.size(),
            "threads": threads.count,
            "launcher": launcher,
            "placement": placement,
        });
        tracing::info!(%fields, "{header}");
    }

    /// "qr + natural, energy metric, fixed points".
    pub(super) fn method(&self) -> String {
        self.plan.describe()
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

/// `--out`, or the deck's name with `-` and `ending`; none for the built-in problem.
pub(super) fn out_folder(arguments: &RunArgs, ending: &str) -> Option<PathBuf> {
    arguments.out.clone().or_else(|| {
        let stem = arguments.deck.deck.as_ref()?.file_stem()?;
        let stem = stem.to_string_lossy();
        Some(PathBuf::from(format!("{stem}-{ending}")))
    })
}
