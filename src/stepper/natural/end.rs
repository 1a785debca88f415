//! When the rule stands still, why it ends, and how it starts over.

use super::{COARSE, Natural};
use crate::flow::Flow;
use crate::stepper::{FAR, Finish, kick};

const PATIENCE: u32 = 40;
/// Mean λ below which a valley is too narrow at this cutoff.
const CRAWL: f64 = 0.15;
/// Relative energies: done for good, and done where there is no way further down. What is left there is not
/// rounding, which is below 1e-29, but what the network can say in directions that A resolves.
const DONE: f64 = 1e-24;
const NEARLY_DONE: f64 = 1e-20;
/// Levels of the cutoff in a row that may pass in vain far from a solution before the stage before this one goes
/// on.
const BARREN: u32 = 3;
/// Steps in a row that no length could make, after which the rule is stuck.
const FAILURES: u32 = 3;
/// Kicks without progress after which the rule gives up.
const LAST_KICK: u32 = 20;

impl Natural {
    /// Why the rule ends, if it does; or starts over from a disturbed best.
    pub(super) fn end(
        &mut self,
        flow: &Flow,
        theta: &mut Vec<f64>,
        stuck: bool,
        step: u64,
    ) -> Option<Finish> {
        let state = &self.state;
        let initial = state.initial.unwrap_or(0.0);
        let best = state.progress.best.as_ref()?;
        let below = |share: f64| best.energy < share * initial;
        if self.setting.exact && below(DONE) {
            return Some(Finish::Done(format!("E below {DONE:.0e} of its start")));
        }
        if !stuck {
            return None;
        }
        if !self.setting.exact {
            return Some(Finish::Settled("steady: the energy falls no more".into()));
        }
        if below(NEARLY_DONE) {
            return Some(Finish::Done(format!(
                "E below {NEARLY_DONE:.0e} of its start, no way further down"
            )));
        }
        if self.setting.before.is_some() {
            return Some(Finish::Stuck("no way down on these points".into()));
        }
        if state.kicks >= LAST_KICK {
            let reason = format!("no smaller energy after {LAST_KICK} restarts");
            return Some(Finish::Stuck(reason));
        }
        self.kick(flow, theta, step);
        None
    }

    fn kick(&mut self, flow: &Flow, theta: &mut Vec<f64>, step: u64) {
        let state = &mut self.state;
        if let Some(best) = &state.progress.best {
            theta.clone_from(&best.theta);
            kick(flow, theta, state.size, step);
        }
        state.cutoff = COARSE.max(self.setting.cutoff);
        state.forget_path();
        state.pace = 1.0;
        state.progress.restart();
        state.failures = 0;
        state.barren = 0;
        state.kicks += 1;
        tracing::debug!(kicks = state.kicks, "stuck: the best is disturbed");
    }

    /// Whether the flow stands still with all singular values in use. A hard cutoff can make it
    /// cycle before that: full steps, and the energy stands; a finer cutoff breaks the cycle.
    pub(super) fn stands(&mut self, seen: f64, total: f64) -> bool {
        let patience = match self.setting.exact {
            true => PATIENCE,
            false => PATIENCE / 4,
        };
        let crawls = self.state.pace < CRAWL;
        let waited = crawls || self.state.progress.since > patience;
        let at_end = self.state.cutoff <= self.setting.cutoff;
        if waited && !at_end {
            self.next_level();
            self.state.progress.since = 0;
        }
        let barren = self.setting.before.is_some_and(|before| {
            let best = self.state.progress.best.as_ref();
            let far = best.is_some_and(|best| best.energy > FAR * before.initial);
            self.setting.exact && far && self.state.barren >= BARREN
        });
        let blind = self.setting.exact && seen < 1e-2 * total;
        // On fresh points the energies of two steps say nothing of each other.
        let ended = barren || (at_end && (waited || blind));
        self.setting.fixed && (self.state.failures >= FAILURES || ended)
    }

    /// After a step that no length could make: from a shorter one on, or, where it was short, at a finer
    /// cutoff.
    pub(super) fn fail(&mut self) {
        let short = self.state.last.is_none();
        self.state.walked(0.0);
        self.state.forget_path();
        self.state.failures += 1;
        tracing::debug!("no step length passes");
        if short && self.state.cutoff > self.setting.cutoff {
            self.next_level();
        } else if short {
            self.state.failures = FAILURES;
        }
    }
}
