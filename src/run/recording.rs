//! Recorded steps: a line of the history, a line before the user's eyes.

use super::{End, Record, Run};
use crate::comm::{Phase, during};
use crate::error::Result;
use crate::flow::Flow;
use crate::problem::ErrorNorms;
use crate::stepper::Report;

impl Run<'_> {
    /// Records a step; the errors of `shown`. Energies are those of the deck: a stage that has others
    /// gives the deck's flow. Collective.
    pub(super) fn record(
        &mut self,
        mut report: Report,
        mut best_energy: f64,
        shown: &[f64],
        deck: Option<&Flow>,
    ) -> Result<Vec<ErrorNorms>> {
        let stationarity = deck.map(|_| (2.0 * best_energy).sqrt());
        if let Some(deck) = deck {
            report.energies = deck.covector(shown).energies;
            best_energy = report.energy();
        }
        let errors = self.errors(shown, false);
        let record = Record {
            step: self.state.step,
            stage: self.state.stage,
            time: self.state.time,
            seconds: self.seconds(),
            best_energy,
            stationarity,
            report,
            errors,
        };
        let (length, problem) = (self.state.history, self.set.problem);
        self.state.history = during(self.set.comm, Phase::Output, || {
            self.folder.record(&record, length, problem)
        })?;
        if self.set.comm.rank() == 0 {
            self.observer.record(&record, problem);
        }
        Ok(record.errors)
    }

    /// The end of the run, if the error against the exact solution is small enough.
    pub(super) fn error_met(&self, errors: &[ErrorNorms], shown: &[f64]) -> Option<End> {
        let limit = self.set.deck.stop.error?;
        let error = self.exact_error(errors)?;
        let reason = || format!("the error {error:.2e} is below `stop.error`");
        (error <= limit).then(|| End::met(reason(), shown))
    }
}
