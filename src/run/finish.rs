//! The end of a run: the result, its errors, the summary.

use super::end::Kind;
use super::overfitting::is_alone;
use super::summary::peak_memory_mb;
use super::{DataErrors, End, Finished, Run, Seconds, Status, Summary, digest, timing};
use crate::error::Result;
use crate::flow::Flow;
use crate::problem::Test;
use crate::stepper::FAR;

/// Share of the first energy below which the equations are solved, and a relative error that cannot be then.
const SOLVED: f64 = 1e-12;
const WRONG: f64 = 1e-2;

impl Run<'_> {
    /// The result: the parameters that met a limit; else those of least energy where they are kept;
    /// else the last.
    fn result(&self, flow: &Flow, end: &End) -> (Vec<f64>, f64) {
        if let Some(theta) = &end.met {
            return (theta.clone(), flow.covector(theta).energy());
        }
        if self.set.plan.stages[self.state.stage].is_stationary() {
            let theta = self.stationary_point(flow);
            let energy = flow.covector(&theta).energy();
            return (theta, energy);
        }
        let last = flow.covector(&self.state.theta).energy();
        let best = self.state.best.as_ref().map(|best| &best.theta);
        let aside = self.state.horizon.aside().map(|aside| &aside.theta);
        if let Some(kept) = best.or(aside) {
            // Known from another sample set, maybe: both are compared on this one.
            let energy = flow.covector(kept).energy();
            if last.is_nan() || last >= energy {
                return (kept.clone(), energy);
            }
        }
        (self.state.theta.clone(), last)
    }

    /// Says so where the equations are solved, but not by the exact solution of the deck.
    fn doubt(&self, energy: f64, error: f64) {
        let initial = self.state.initial.unwrap_or(0.0);
        let solved = self.set.problem.zero_residual && energy < SOLVED * initial;
        if solved && error > WRONG {
            tracing::warn!(
                "the equations hold, E = {energy:.1e}, but u is not `exact`, relative error {error:.1e}: either \
                 `exact` does not satisfy them and their conditions, or other functions do so too (if all \
                 conditions are of dn(u), u plus any constant)"
            );
        }
    }

    /// Whether equations that hold on the points do not hold elsewhere, by far: then nothing is solved.
    fn holds_on_points_alone(&self, energy: f64, elsewhere: f64) -> bool {
        let initial = self.state.initial.unwrap_or(f64::INFINITY);
        let alone = elsewhere > FAR * initial && is_alone(energy, elsewhere);
        self.set.problem.zero_residual && alone
    }

    /// Saves, measures and sums up.
    pub(super) fn finish(mut self, flow: &Flow, mut end: End) -> Result<Summary> {
        let (theta, energy) = self.result(flow, &end);
        // Data say more of themselves by the rows that are held out.
        let elsewhere = self.set.problem.domain.is_some();
        let elsewhere: Option<f64> =
            elsewhere.then(|| flow.energies_elsewhere(&theta, 1).iter().sum());
        let alone = elsewhere.filter(|&elsewhere| self.holds_on_points_alone(energy, elsewhere));
        if let Some(elsewhere) = alone.filter(|_| end.status == Status::Converged) {
            let reason = format!(
                "stalled: the equations hold on the points, E = {energy:.1e}, but not between them, E = \
                 {elsewhere:.1e}: raise `sampling.points` or `sampling.boundary_points`"
            );
            end = End {
                kind: Kind::Done,
                ..End::of(Status::Stopped, reason)
            };
        }
        self.state.finished = (end.status == Status::Converged).then(|| Finished {
            reason: end.reason.clone(),
            limits: self.folder.identity().limits.clone(),
            met: end.met.clone(),
        });
        // A run that is stopped from outside has saved at once: it may be killed any moment.
        if end.status != Status::Stopped || end.kind != Kind::Final {
            self.save()?;
        }
        let errors = self.errors(&theta, true);
        let stationarity = self.stationarity(&theta);
        let rmse = |wanted: &str| {
            let mut tests = self.set.problem.tests.iter().zip(&errors);
            tests.find_map(|(test, errors)| match test {
                Test::Rows { name, .. } if *name == wanted => Some(errors.rms),
                _ => None,
            })
        };
        let mut memory = [peak_memory_mb()];
        self.set.comm.max(&mut memory);
        let mut tests = self.set.problem.tests.iter().zip(&errors);
        let exact = tests.find(|(test, _)| matches!(test, Test::Exact { .. }));
        let exact = exact.map(|(_, errors)| *errors);
        if let Some(errors) = exact.filter(|_| end.status != Status::Failed) {
            let largest = elsewhere.map_or(energy, |elsewhere| elsewhere.max(energy));
            self.doubt(largest, errors.relative_l2);
        }
        let summary = Summary {
            status: end.status,
            reason: end.reason,
            steps: self.state.step,
            time: self.state.time,
            energy,
            energy_elsewhere: elsewhere,
            stationarity,
            error: exact,
            error_by_unknown: self.errors_by_unknown(&theta),
            data: rmse("train").map(|train_rmse| DataErrors {
                train_rmse,
                test_rmse: rmse("test"),
            }),
            parameters: theta.len(),
            theta_digest: digest(&theta),
            ranks: self.set.comm.size(),
            threads: self.set.threads,
            seconds: Seconds {
                total: self.seconds(),
                solve: self.solve,
            },
            phases: timing::spans(self.set.comm),
            peak_memory_mb: memory[0],
            method: self.set.plan.describe(),
            version: env!("CARGO_PKG_VERSION"),
        };
        self.folder.write_theta(&theta)?;
        self.folder.close(&summary)?;
        // Last: what a run has found is not lost where they cannot be written.
        if summary.status != Status::Failed {
            self.folder.write_fields(&self.set, &theta)?;
        }
        Ok(summary)
    }
}
