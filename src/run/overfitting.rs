//! Equations that hold on the points but not between them.
//!
//! A front, a layer or a singularity that is narrower than the distance of the points slips between them: E falls on
//! the points, and u is wrong elsewhere. So every time an attempt to finish has halved its energy, that energy is
//! compared with the one on other points; where the two have nothing to do with each other, the attempt has failed,
//! what it has found is forgotten, and from then on the points of all residuals follow the residual
//! (`sampling::adaptive`), whatever the rule of the first attempts.

use super::end::{End, Kind};
use super::{Run, Stage};
use crate::flow::Flow;

/// How many times the energy on the points that elsewhere may be.
const ALONE: f64 = 100.0;

/// Sets of other points, and before a stage is believed to have come to its end.
const OTHERS: u64 = 4;
const LAST: u64 = 16;

/// The least share of the first energy elsewhere for which an attempt is given up: less of it passes as it falls.
const SHOWS: f64 = 1e-10;

/// Whether the points alone have been fitted.
pub(super) fn is_alone(energy: f64, elsewhere: f64) -> bool {
    elsewhere > ALONE * energy
}

impl Run<'_> {
    /// The end of a stage after a step, which is another one where an attempt to finish has fitted its points
    /// alone. Collective.
    pub(super) fn trusted(&mut self, flow: &Flow, stage: &Stage, end: Option<End>) -> Option<End> {
        let attempt = self.state.stage > 0 && stage.batch.is_none() && stage.exact;
        match end.as_ref().map(|end| end.kind) {
            _ if !attempt => end,
            Some(Kind::Final) => end,
            Some(_) => self.overfitted(flow, LAST).or(end),
            None => {
                let best = self.stepper.best().and(self.state.best.as_ref())?;
                let halved = best.energy < 0.5 * self.state.attempts.compared;
                halved.then(|| self.overfitted(flow, OTHERS)).flatten()
            }
        }
    }

    /// The end of an attempt whose best parameters mean nothing on so many sets of other points. Collective.
    fn overfitted(&mut self, flow: &Flow, sets: u64) -> Option<End> {
        let state = &mut self.state;
        let best = self.stepper.best().and(state.best.as_ref())?;
        state.attempts.compared = best.energy;
        // New ones every time: what slips between some points does not do so for ever.
        let first = LAST * (state.step + 1);
        let of_set = |set| -> f64 { flow.energies_elsewhere(&best.theta, set).iter().sum() };
        let elsewhere = (first..first + sets).map(of_set).sum::<f64>() / sets as f64;
        let shows = elsewhere > SHOWS * state.initial.unwrap_or(0.0);
        if !(shows && is_alone(best.energy, elsewhere)) {
            return None;
        }
        let reason = format!(
            "E = {:.1e} on the points, {elsewhere:.1e} between them: they follow the residual from here on",
            best.energy
        );
        state.best = None;
        state.attempts.overfitted = true;
        Some(End::overfitted(reason))
    }
}
