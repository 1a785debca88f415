//! What is wrong with a deck though every key of it is right.

use super::Builder;
use crate::error::{Error, Result};
use crate::expression::Symbol;
use std::collections::BTreeSet;

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
