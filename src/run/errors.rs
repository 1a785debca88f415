//! Errors of parameters against what is known of the solution.

use super::Run;
use crate::comm::{Phase, during};
use crate::problem::{ErrorNorms, Test};

impl Run<'_> {
    /// Errors on every test. The rows trained on are many: they are looked at only at the end.
    pub(super) fn errors(&self, theta: &[f64], at_end: bool) -> Vec<ErrorNorms> {
        let tests = self.set.problem.tests.iter();
        let measured = tests.map(|test| {
            if at_end || !test.is_training() {
                self.measure(test, theta)
            } else {
                ErrorNorms::UNKNOWN
            }
        });
        during(self.set.comm, Phase::Output, || measured.collect())
    }

    fn measure(&self, test: &Test, theta: &[f64]) -> ErrorNorms {
        test.measure(
            self.set.problem.network.as_ref(),
            theta,
            self.set.deck.flow.seed,
            self.set.comm,
        )
    }

    pub(super) fn exact_error(&self, errors: &[ErrorNorms]) -> Option<f64> {
        let tests = self.set.problem.tests.iter().zip(errors);
        let mut exact = tests.filter(|(test, _)| matches!(test, Test::Exact { .. }));
        exact.next().map(|(_, e)| e.relative_l2)
    }
}
