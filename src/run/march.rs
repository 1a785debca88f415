//! The steps of one stage.

use super::end::Kind;
use super::{Drawn, End, Run, Stage, Status};
use crate::comm::{Phase, during};
use crate::error::{Error, Result};
use crate::flow::Flow;
use crate::stepper::{Best, Report};
use std::time::Instant;

impl Run<'_> {
    /// Steps until the end of a stage; its energies are measured by `deck` where it has others.
    pub(super) fn march(
        &mut self,
        flow: &mut Flow,
        mut deck: Option<&mut Flow>,
        stage: &Stage,
    ) -> Result<End> {
        let (set, solver) = (self.set, stage.solver());
        let mut ready = false;
        if let Some(deck) = &mut deck {
            // Always the same points, so that their energies compare.
            during(set.comm, Phase::Sampling, || deck.draw(0));
        }
        loop {
            let orders = self.orders();
            if orders.save || orders.stop.is_some() {
                self.save()?;
            }
            if let Some(cause) = orders.stop {
                let reason = cause.reason(&set.deck.stop);
                return Ok(End::of(Status::Stopped, reason));
            }
            self.watch.begin();
            let epoch = self.epoch(stage);
            if self.state.drawn.as_ref().is_none_or(|d| d.epoch != epoch) {
                self.state.drawn = Some(Drawn {
                    epoch,
                    anchor: self.state.theta.clone(),
                    everywhere: self.state.attempts.overfitted,
                });
                ready = false;
            }
            if !std::mem::replace(&mut ready, true) {
                self.draw(flow);
                if let (None, Some(best)) = (stage.batch, &mut self.state.best) {
                    best.energy = flow.covector(&best.theta).energy();
                }
            }
            crate::comm::set_context(format!("step {}", self.state.step));
            let clock = Instant::now();
            let before = self.state.theta.clone();
            let mut theta = before.clone();
            let stepped = self
                .stepper
                .step(flow, solver.as_ref(), &mut theta, self.state.step);
            self.solve += clock.elapsed().as_secs_f64();
            let report = match stepped {
                Ok(report) => report,
                Err(error @ Error::Input(_)) => return Err(error),
                Err(Error::Failed(reason)) => {
                    // The last good parameters, which a stepper may have gone back to.
                    self.state.theta = theta;
                    return Ok(End::of(Status::Failed, reason));
                }
            };
            if self.state.initial.is_none() {
                self.state.initial = Some(flow.scale_of_energy(report.energy()));
            }
            let energy = report.energy();
            let end = self.accept(before, theta, report, deck.as_deref())?;
            let end = self.moved_horizon(energy, end);
            if let Some(end) = self.trusted(flow, stage, end) {
                return Ok(end);
            }
        }
    }

    /// Takes the step over into the state, records it, and tells why the stage has ended, if so.
    fn accept(
        &mut self,
        before: Vec<f64>,
        theta: Vec<f64>,
        report: Report,
        deck: Option<&Flow>,
    ) -> Result<Option<End>> {
        let energy = report.energy();
        self.remember_best();
        let best = self.stepper.best().and(self.state.best.as_ref());
        let best_energy = best.map_or(energy, |b| b.energy);
        let shown = best.map_or(before, |b| b.theta.clone());
        let mut end = report.finished.as_ref().map(End::of_stepper);
        // The energy of a few random points is no measure of the whole, nor is that of another problem.
        let whole = self.set.plan.stages[self.state.stage].batch.is_none() && deck.is_none();
        if end.is_none() && whole {
            let met = |reason| End::met(reason, &shown);
            end = self.tolerance(best_energy).map(met);
        }
        if end.is_none() && whole {
            let as_asked = self.set.deck.stop.steady.as_option().is_some();
            let steady = self.steady.look(energy, report.dt);
            end = steady.map(|reason| End::steady(reason, as_asked));
        }
        let ends = end.as_ref().is_some_and(|end| end.kind != Kind::Far);
        if self.state.step.is_multiple_of(self.set.deck.output.every) || ends {
            let errors = self.record(report.clone(), best_energy, &shown, deck)?;
            end = self.error_met(&errors, &shown).or(end);
        }
        self.state.step += 1;
        self.state.time += report.dt;
        self.state.theta = theta;
        Ok(end)
    }

    /// Keeps the best parameters of all visits to the last stage.
    fn remember_best(&mut self) {
        let kept = self.state.best.as_ref();
        let better = |b: &&Best| kept.is_none_or(|kept| b.energy < kept.energy);
        if let Some(best) = self.stepper.best().filter(better) {
            self.state.best = Some(best.clone());
        }
    }

    /// Why an energy is small enough, if it is.
    fn tolerance(&self, energy: f64) -> Option<String> {
        if energy == 0.0 && self.set.problem.has_residuals() {
            return Some("E is zero".into());
        }
        let limit = self.set.deck.stop.energy.as_option();
        limit.filter(|limit| energy <= **limit)?;
        Some(format!("E = {energy:.2e} is below `stop.energy`"))
    }
}
