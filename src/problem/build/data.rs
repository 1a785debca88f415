//! Rows of data: which are trained on, and the term and the tests that they make.

use super::Builder;
use super::scales::unusual;
use crate::energy::Residual;
use crate::error::{Error, Result};
use crate::problem::network::mean_and_spread;
use crate::problem::region::cells_for;
use crate::problem::{Place, Term, Test};
use crate::sampling::{Purpose, RandomRows, stream};
use crate::table::Table;
use rand::seq::SliceRandom;
use std::sync::Arc;

/// Rows of the data.
pub(super) struct Split {
    pub(super) train: Vec<usize>,
    pub(super) test: Vec<usize>,
}

impl Builder<'_> {
    /// Divides the rows of the data at random into those trained on and those held out.
    pub(super) fn split(&self) -> Split {
        let (Some(table), Some(data)) = (&self.table, &self.deck.data) else {
            return Split {
                train: Vec::new(),
                test: Vec::new(),
            };
        };
        let mut rows: Vec<usize> = (0..table.rows()).collect();
        let mut rng = stream(self.deck.flow.seed, Purpose::Split, 0, 0);
        rows.shuffle(&mut rng);
        let held_out = (table.rows() as f64 * data.test_fraction) as usize;
        let mut train = rows.split_off(held_out);
        // Neighbours in the file are often neighbours in space: cells stay compact.
        train.sort_unstable();
        rows.sort_unstable();
        Split { train, test: rows }
    }

    /// The weight of each of several targets that are columns: what makes those of other units count as much as the
    /// largest, in powers of ten, and 1 where that is usual.
    fn target_weights(&self, table: &Table, train: &[usize]) -> Vec<f64> {
        let (count, direct) = (self.names.targets.len(), &self.names.direct_targets);
        if direct.len() < count {
            return vec![1.0];
        }
        let spread = |&(_, column): &(usize, usize)| mean_and_spread(table, column, train).1;
        let spreads: Vec<f64> = direct.iter().map(spread).collect();
        let largest = spreads.iter().copied().fold(0.0, f64::max);
        let weight = |spread: &f64| match (largest / spread).powi(2) {
            share if share.is_normal() => unusual(libm::log10(share).round() as i32),
            _ => 1.0,
        };
        spreads.iter().map(weight).collect()
    }

    /// The term of the rows trained on, and the tests of these and of those held out.
    pub(super) fn data(&mut self, split: Split) -> Result<()> {
        let (Some(table), true) = (self.table.clone(), self.deck.data.is_some()) else {
            return Ok(());
        };
        let chosen = self.target_weights(&table, &split.train);
        let Some(data) = &mut self.deck.data else {
            return Ok(());
        };
        data.weight.fill_each(&chosen);
        let weights = data.weight.each(self.names.targets.len());
        let (dim, unknowns) = (self.dim(), self.names.unknowns.len());
        let targets = self.names.targets.clone();
        let (residuals, weight) = self.names.weighed(&targets, &weights);
        let pool = &mut self.names.pool;
        let mut energy = |residuals| Arc::new(Residual::new(pool, dim, unknowns, residuals));
        if split.train.is_empty() {
            return Err(Error::Input(
                "`data.test_fraction` leaves no row to train on; lower it or give more rows".into(),
            ));
        }
        let wanted = match self.deck.domain {
            // Beside an equation, points are the equation's; all rows are used.
            Some(_) => split.train.len(),
            None => self.deck.sampling.points.or(split.train.len()),
        };
        let drawn = wanted.min(split.train.len());
        let cells = cells_for(drawn, self.deck.sampling.cells);
        let inputs = self.names.inputs.clone();
        for (name, rows) in [("train", &split.train), ("test", &split.test)] {
            if !rows.is_empty() {
                self.tests.push(Test::Rows {
                    name,
                    table: table.clone(),
                    inputs: inputs.clone(),
                    rows: rows.clone(),
                    energy: energy(&targets),
                });
            }
        }
        self.terms.push(Term {
            name: "data".into(),
            energy: energy(&residuals),
            weight,
            place: Place::Data {
                table: table.clone(),
                inputs,
                rows: RandomRows::new(split.train, cells, drawn),
                drawn,
                cells,
            },
        });
        Ok(())
    }
}
