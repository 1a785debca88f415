//! Errors of parameters against what is known of the solution.

use super::Run;
use crate::comm::{Phase, during};
use crate::problem::{ErrorNorms, Test};
use std::collections::BTreeMap;

impl Run<'_> {
    /// Errors on every test. The rows trained on are many: they are looked at only at the end.
    pub(super) fn errors(&self, theta: &[f64], at_end: bool) -> Vec<ErrorNorms> {
        let tests = self.set.problem.tests.iter();
        let measured = tests.map(|test| {
            if at_end || !test.is_training() {
                self.measure(test, theta).0
            } else {
                ErrorNorms::UNKNOWN
            }
        });
        during(self.set.comm, Phase::Output, || measured.collect())
    }

    /// Of every unknown by name, where there are several and an exact solution.
    pub(super) fn errors_by_unknown(&self, theta: &[f64]) -> BTreeMap<String, ErrorNorms> {
        let unknowns = &self.set.problem.unknowns;
        let is_exact = |test: &&Test| matches!(test, Test::Exact { .. });
        let exact = self.set.problem.tests.iter().find(is_exact);
        let Some(exact) = exact.filter(|_| unknowns.len() > 1) else {
            return BTreeMap::new();
        };
        let measured = || self.measure(exact, theta).1;
        let each = during(self.set.comm, Phase::Output, measured);
        unknowns.iter().cloned().zip(each).collect()
    }

    fn measure(&self, test: &Test, theta: &[f64]) -> (ErrorNorms, Vec<ErrorNorms>) {
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
