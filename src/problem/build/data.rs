//! Rows of data: which are trained on, and the term and the tests that they make.

use super::Builder;
use crate::energy::Residual;
use crate::error::{Error, Result};
use crate::problem::region::cells_for;
use crate::problem::{Place, Term, Test};
use crate::sampling::{Purpose, RandomRows, stream};
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

    /// The term of the rows trained on, and the tests of these and of those held out.
    pub(super) fn data(&mut self, split: Split) -> Result<()> {
        let (Some(data), Some(table)) = (&self.deck.data, &self.table) else {
            return Ok(());
        };
        let residuals = self.names.targets.clone();
        let (dim, unknowns) = (self.dim(), self.names.unknowns.len());
        let mut energy = || Residual::new(&mut self.names.pool, dim, unknowns, &residuals);
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
        let weight = data.weight;
        let inputs = self.names.inputs.clone();
        for (name, rows) in [("train", &split.train), ("test", &split.test)] {
            if !rows.is_empty() {
                self.tests.push(Test::Rows {
                    name,
                    table: table.clone(),
                    inputs: inputs.clone(),
                    rows: rows.clone(),
                    energy: Arc::new(energy()),
                });
            }
        }
        self.terms.push(Term {
            name: "data".into(),
            energy: Arc::new(energy()),
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
