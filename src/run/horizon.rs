//! How much of an evolution is solved so far.
//!
//! Equations of motion hold for many functions that leave their start values within a moment, and go on along
//! another trajectory or rest: minima of E far from the solution, out of which no step leads. So where an
//! evolution stalls far from a solution, the run begins anew, with points of the first tenth of the time alone,
//! and of more of it whenever E is small there; what was found for a beginning is remembered while it grows.
//! If that stands still too, the run goes on from where it had left off.
//!
//! In the default network, one seed, one thread, after 12 s, before and with this: E of Lotka and Volterra's equations
//! over two periods 3e-2 and 1e-20, of a Kepler orbit over two 3e-2 and 4e-22, of u'' + 4u = 0 over ten 8e-2 and 3e-10;
//! after 15 s, of Burgers' front with viscosity 0.01/π 3e-5 and 3e-6, of Allen and Cahn's equation in time 2.6e-7 and
//! 1.4e-7; errors of waves in 2D and time, seeds 0 and 1, 3.9e-4, 2.1e-2 and 3.7e-4, 2.0e-4. Not solved either way:
//! Lorenz' equations, van der Pol's and the Brusselator's oscillations over t of 20, Kuramoto and Sivashinsky's equation.
//! A horizon that moves by 6 % does as well; one that waits for E at a share of its first value, not of that at which
//! the whole has stalled, passes with Lorenz' other solution or never with the oscillation.

use super::end::{End, Kind};
use super::{Run, Waiting, start};
use crate::flow::Flow;
use serde::{Deserialize, Serialize};

/// The share of the time to begin with, and by what it grows.
const FIRST: f64 = 0.1;
const GROWTH: f64 = 1.03;
/// The share of the energy at which the whole has stalled, below which it does.
const SMALL: f64 = 0.1;

/// How much of an evolution is solved.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub enum Horizon {
    /// All at once.
    #[default]
    Whole,
    /// A beginning of it.
    Beginning {
        /// Share of the time.
        share: f64,
        /// The energy below which it grows.
        small: f64,
        /// Where the run goes on if this is in vain.
        aside: Waiting,
    },
    /// All, after it was begun so once.
    Passed,
}

impl Horizon {
    /// The share of the time that is solved.
    pub(super) fn share(&self) -> f64 {
        match self {
            Self::Beginning { share, .. } => *share,
            Self::Whole | Self::Passed => 1.0,
        }
    }

    /// Where the run goes on if a beginning is in vain.
    pub(super) fn aside(&self) -> Option<&Waiting> {
        match self {
            Self::Beginning { aside, .. } => Some(aside),
            Self::Whole | Self::Passed => None,
        }
    }

    /// The same, to be changed.
    pub(super) fn aside_mut(&mut self) -> Option<&mut Waiting> {
        match self {
            Self::Beginning { aside, .. } => Some(aside),
            Self::Whole | Self::Passed => None,
        }
    }
}

impl Run<'_> {
    /// What follows where E falls no more, far from a solution. Collective.
    pub(super) fn go_on_from_afar(&mut self, flow: &mut Flow) {
        match self.stalled(flow) {
            Some(energy) => self.begin_evolution(energy),
            None => self.stepper.persist(),
        }
    }

    /// The energy at which an evolution has stalled as a whole, for the first time and unless the run had been much
    /// further before it was disturbed. Collective.
    fn stalled(&self, flow: &mut Flow) -> Option<f64> {
        self.set.problem.evolution?;
        let Horizon::Whole = self.state.horizon else {
            return None;
        };
        self.draw_deck(flow);
        let energy = flow.covector(&self.state.theta).energy();
        let best = self.state.best.as_ref();
        let further = best.is_some_and(|best| best.energy < SMALL * energy);
        (energy.is_finite() && !further).then_some(energy)
    }

    fn begin_evolution(&mut self, stalled: f64) {
        let stage = &self.set.plan.stages[self.state.stage];
        let stepper = std::mem::replace(&mut self.stepper, stage.stepper(None));
        let aside = Waiting {
            theta: std::mem::replace(&mut self.state.theta, start(&self.set)),
            memory: stepper.memory(),
        };
        self.state.horizon = Horizon::Beginning {
            share: FIRST,
            small: SMALL * stalled,
            aside,
        };
        self.tell("far from a solution E falls no more: now from the start of the evolution");
    }

    /// The end of a stage after a step of this energy, which may be where the horizon moves.
    pub(super) fn moved_horizon(&mut self, energy: f64, end: Option<End>) -> Option<End> {
        let Horizon::Beginning { share, small, .. } = &mut self.state.horizon else {
            return end;
        };
        let ends = end.as_ref().is_some_and(|end| end.kind == Kind::Final);
        if ends || energy.is_nan() || energy >= *small {
            return end;
        }
        *share *= GROWTH;
        tracing::debug!(share, "the first {share:.2} of the evolution from here on");
        if *share >= 1.0 {
            self.state.horizon = Horizon::Passed;
            self.tell("the evolution is solved from its start to its end");
        }
        self.stepper.widen();
        Some(End::widened())
    }

    /// Goes back to all of the evolution where a beginning of it is not solved either; whether it does.
    pub(super) fn leaves_beginning(&mut self) -> bool {
        if self.state.horizon.aside().is_none() {
            return false;
        }
        if let Horizon::Beginning { aside, .. } =
            std::mem::replace(&mut self.state.horizon, Horizon::Passed)
        {
            self.state.theta = aside.theta;
            self.stepper.recall(aside.memory);
            self.stepper.persist();
        }
        self.tell("its beginning does not lead there: on with the whole of it");
        true
    }

    fn tell(&mut self, what: &str) {
        self.state.drawn = None;
        let step = self.state.step;
        tracing::info!(event = "horizon", step, "step {step:>6}  {what}");
    }
}
