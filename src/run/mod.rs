//! The run: samples, steps, records, checkpoints, limits, in a loop that every rank goes through
//! alike.
//!
//! Rank 0 alone touches files and the clock; what it learns reaches the others by broadcast, so all
//! ranks decide the same. No collective stands behind a condition that differs between ranks.

mod agreement;
mod cause;
mod checkpoint;
mod choice;
mod end;
mod errors;
mod finish;
mod folder;
mod history;
mod horizon;
mod limits;
mod lock;
mod march;
mod memory;
mod notes;
mod opening;
mod overfitting;
mod passage;
mod plan;
mod recording;
mod signals;
mod stage;
mod state;
mod stationary;
mod steady;
mod summary;
mod timing;

pub use agreement::{agree, unanimous};
pub use checkpoint::{Found, Store};
pub use folder::{Folder, Identity, Opened};
pub use history::Record;
pub use horizon::Horizon;
pub use limits::Limits;
pub use memory::{Crowd, Memory};
pub use opening::Policy;
pub use plan::Plan;
pub use signals::Signals;
pub use stage::{Stage, Stated};
pub use state::{Attempts, Drawn, Finished, Minimum, Size, State, Waiting};
pub use summary::{DataErrors, Seconds, Status, Summary, digest};
pub use timing::Span;

use crate::comm::{Comm, Phase, Shares, during};
use crate::deck::Deck;
use crate::error::Result;
use crate::flow::Flow;
use crate::problem::Problem;
use crate::sampling::{Purpose, stream};
use crate::stepper::Stepper;
use choice::MANY_REMEMBERED;
use end::End;
use limits::{Orders, Progress, Watch};
use std::time::Instant;
use steady::Steady;

/// Someone who watches a run; called on rank 0 only.
pub trait Observer {
    /// A recorded step.
    fn record(&mut self, record: &Record, problem: &Problem);
}

/// What does not change during a run.
#[derive(Clone, Copy)]
pub struct Setting<'a> {
    /// The deck, resolved.
    pub deck: &'a Deck,
    /// The problem it states.
    pub problem: &'a Problem,
    /// How it is solved.
    pub plan: &'a Plan,
    /// The ranks.
    pub comm: &'a dyn Comm,
    /// How they share the cells.
    pub shares: &'a Shares,
    /// Threads per rank, for the summary.
    pub threads: usize,
    /// Up to how many bytes of rows this rank keeps between their uses.
    pub rows_kept: usize,
}

/// The share of a random network of several layers that equations start from. Its waves, as large as the solution,
/// lead nonlinear ones to other minima of E; from near zero they find the solution. Of six seeds in the default
/// network that many found a viscous eikonal equation's, after 8 s, by share: 1 two of four, 0.5 four, 0.3 five, 0.1
/// and 0.03 all; van der Pol's oscillation needs more than 0.03. Poisson's equation, heat and waves do as well with
/// any. One layer makes no such waves, and a small share leaves its units alike: with 16 of them Poisson's equation
/// in 2D was solved to 1e-6 within 5 s on 10 of ten seeds with all of it, on 7 with 0.1. Data, which are linear in u,
/// have nothing to gain: Franke's function came to 7e-7 in 8 s with all of it, to 1.6e-6 with 0.1. Nor have networks so
/// large that a kernel advances them, whose inner layers learn by the weights of the last one: Poisson's equation in 5D
/// with 10,065 parameters came to 7e-4 in 12 s with all of it, to 3e-3 with 0.1; four other equations with 4,500 to
/// 10,000 did as well with either, within a factor of two.
const QUIET: f64 = 0.1;

/// The random start: rank 0's, since normal numbers stand on the system's functions, which differ in the
/// last bit between processors. Collective.
fn start(set: &Setting) -> Vec<f64> {
    let mut rng = stream(set.deck.flow.seed, Purpose::Network, 0, 0);
    let network = &set.problem.network;
    let mut theta = network.initial(&mut rng);
    let several = network.widths().len() > 3 && network.parameters() <= MANY_REMEMBERED;
    if several && set.problem.domain.is_some() {
        let last = &mut theta[network.last_layer()];
        last.iter_mut().for_each(|w| *w *= QUIET);
    }
    set.comm.broadcast(&mut theta);
    theta
}

/// A run between its steps.
pub struct Run<'a> {
    set: Setting<'a>,
    folder: Folder<'a>,
    observer: &'a mut dyn Observer,
    started: Instant,
    state: State,
    stepper: Box<dyn Stepper>,
    steady: Steady,
    solve: f64,
    watch: Watch<'a>,
    before: f64,
}

impl<'a> Run<'a> {
    /// Makes ready to go on from `resumed`, or from the random start.
    pub fn new(
        set: Setting<'a>,
        folder: Folder<'a>,
        observer: &'a mut dyn Observer,
        resumed: Option<State>,
    ) -> Self {
        let first = &set.plan.stages[0];
        let resumed = resumed.map(|state| match set.comm.rank() {
            0 => state,
            _ => state.elsewhere(),
        });
        let state = resumed.unwrap_or_else(|| {
            State::start(
                &folder.identity().problem,
                start(&set),
                first.stepper(None).memory(),
            )
        });
        let mut stepper = set.plan.stages[state.stage].stepper(state.before());
        stepper.recall(state.memory.clone());
        Self {
            steady: Steady::new(set.plan.steady, state.steady),
            before: state.seconds,
            watch: Watch::new(folder.notes(), state.step),
            set,
            folder,
            observer,
            started: Instant::now(),
            state,
            stepper,
            solve: 0.0,
        }
    }

    /// Keeps to the limits of the process, beside those of the deck.
    pub fn under(mut self, limits: &'a Limits) -> Self {
        self.watch.under(limits);
        self
    }

    /// Steps until the end, saves, and sums up. Collective.
    ///
    /// # Errors
    /// If the disk refuses or the deck asks for what the solver cannot do. A solve that fails is no
    /// error here: the summary says [`Status::Failed`] and why.
    pub fn go(mut self) -> Result<Summary> {
        let set = self.set;
        if let Some(clock) = set.comm.clock() {
            clock.restart();
        }
        let (seed, metric) = (set.deck.flow.seed, set.plan.metric);
        let flow = Flow::new(set.problem, set.comm, set.shares, metric, seed);
        let mut flow = flow.keeping(set.rows_kept);
        if let Some(finished) = self.state.finished.take() {
            self.draw_deck(&mut flow);
            return self.finish(&flow, End::again(finished));
        }
        loop {
            let stage = &set.plan.stages[self.state.stage];
            let share = self.state.horizon.share();
            let end = match stage.problem_begun(set.problem, share) {
                Stated::Deck(_) => self.march(&mut flow, None, stage)?,
                problem => {
                    let shares = Shares::even(problem.cells(), set.comm.size());
                    let mut own = flow.of_problem(&problem, &shares);
                    let deck = stage.is_stationary().then_some(&mut flow);
                    self.march(&mut own, deck, stage)?
                }
            };
            if !self.goes_on(&mut flow, &end) {
                self.draw_deck(&mut flow);
                let end = self.judged(&flow, end);
                return self.finish(&flow, end);
            }
        }
    }

    fn seconds(&self) -> f64 {
        self.before + self.started.elapsed().as_secs_f64()
    }

    /// What all ranks do before the next step. Collective.
    fn orders(&mut self) -> Orders {
        let progress = Progress {
            stop: &self.set.deck.stop,
            every: self.set.deck.checkpoint.every,
            step: self.state.step,
            seconds: self.seconds(),
        };
        self.watch.orders(self.set.comm, &progress)
    }

    fn save(&mut self) -> Result<()> {
        self.state.memory = self.stepper.memory();
        self.state.steady = self.steady.state();
        self.state.seconds = self.seconds();
        let began = Instant::now();
        during(self.set.comm, Phase::Output, || {
            self.folder.save(&self.state)
        })?;
        self.watch.saved(self.state.step, began);
        Ok(())
    }
}
