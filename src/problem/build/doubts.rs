//! What is wrong with a deck though every key of it is right.

use super::Builder;
use crate::deck::{Boundary, BoundaryLaw, Enforce};
use crate::error::{Error, Result};
use crate::expression::{Derivative, Symbol};
use crate::problem::evolution::{Ends, TIME};
use std::collections::BTreeSet;

/// A penalty that leaves little of a condition.
const HEAVY: f64 = 1e3;

impl Builder<'_> {
    /// # Errors
    /// If there is an unknown that nothing depends on.
    pub(super) fn unknowns_are_used(&self) -> Result<()> {
        let names = &self.names;
        let all = names
            .residuals
            .iter()
            .chain(&names.density)
            .chain(&names.targets);
        let used: BTreeSet<usize> = all
            .flat_map(|&id| names.pool.symbols(id))
            .filter_map(|symbol| match symbol {
                Symbol::Jet { unknown, .. } => Some(unknown),
                _ => None,
            })
            .collect();
        let idle = (0..names.unknowns.len()).find(|unknown| !used.contains(unknown));
        idle.map_or(Ok(()), |unknown| {
            let name = &names.unknowns[unknown];
            Err(Error::Input(format!(
                "`problem.unknowns`: `{name}` is in no equation, energy or target; remove it, or write \
                 the equation that it solves"
            )))
        })
    }

    /// Warns of conditions that an energy only nearly satisfies.
    pub(super) fn warn_of_penalties(&self) {
        if self.names.density.is_none() {
            return;
        }
        let penalty = |condition: &Boundary| {
            matches!(condition.law, BoundaryLaw::Condition(_))
                && condition.enforce == Enforce::Weak
                && condition.weight.or(1.0) < HEAVY
        };
        for (index, condition) in self.deck.boundary.iter().enumerate() {
            if penalty(condition) {
                let weight = condition.weight.or(1.0);
                tracing::warn!(
                    "`boundary[{index}]`: a weak condition beside an energy is a penalty, and leaves an error \
                     of the order of 1/weight, weight = {weight}; set enforce = \"hard\", give Nitsche's \
                     `energy` as `ned-dist new poisson-2d-energy` does, or a weight of {HEAVY} or more"
                );
            }
        }
    }

    /// Warns of conditions that equations with derivatives lack, and of such at the ends of time that may not have
    /// been meant; `ends` tells of each which it holds on.
    pub(super) fn warn_of_missing(&self, ends: Option<&(usize, Vec<Ends>)>) {
        let periodic = |name: &String| self.deck.network.periodic.contains(name);
        let names = &self.names;
        if self.deck.data.is_some() || names.residuals.is_empty() || !self.differentiates() {
            return;
        }
        if self.deck.boundary.is_empty() && !names.coordinates.iter().all(periodic) {
            tracing::warn!(
                "there is no [[boundary]]: more than one function satisfies such equations, and the run ends with \
                 any of them; add the conditions of the problem, [[boundary]] with `condition = \"u = 0\"`"
            );
        }
        let Some((axis, ends)) = ends.filter(|(axis, _)| names.coordinates[*axis] == TIME) else {
            return;
        };
        let none = !ends.iter().any(|ends| ends.lower || ends.upper);
        if none && !ends.is_empty() && !periodic(&names.coordinates[*axis]) {
            let start = self.bounds.0[*axis];
            tracing::warn!(
                "no condition holds at the start of `{TIME}` or at its end: add that of the start, [[boundary]] \
                 with `on = \"{TIME} = {start}\"` and a `condition`"
            );
        }
        for (index, (condition, ends)) in self.deck.boundary.iter().zip(ends).enumerate() {
            let slope = condition.law.text().text.contains("dn(");
            if slope && ends.sides && (ends.lower || ends.upper) {
                tracing::warn!(
                    "`boundary[{index}]` holds where `{TIME}` begins or ends too, and there dn(u) is -u_{TIME} or \
                     u_{TIME}; if the sides alone are meant, name them, as in `on = \"x = 0 or x = 1\"`"
                );
            }
        }
    }

    /// Whether an equation has derivatives.
    fn differentiates(&self) -> bool {
        let pool = &self.names.pool;
        let symbols = self.names.residuals.iter().flat_map(|&id| pool.symbols(id));
        let mut symbols = symbols.into_iter();
        symbols.any(|symbol| {
            matches!(symbol, Symbol::Jet { derivative, .. } if derivative != Derivative::Value)
        })
    }

    /// Warns of derivatives that lack what a jump adds to them.
    pub(super) fn warn_of_jumps(&mut self) {
        if self.names.pool.take_lost_jumps() {
            tracing::warn!(
                "the deck differentiates a function that jumps, `if` between numbers, a comparison or \
                 `sign`: what the jump adds to the derivative is lost. Instead of div(k*grad(u)) give the \
                 energy 0.5*k*grad2(u)"
            );
        }
    }
}
