//! What holds inside the domain: the equations or the energy, and the exact solution as a test.

use super::{Builder, TEST_POINTS};
use crate::deck::{Auto, RuleName};
use crate::energy::{Residual, Variational};
use crate::error::Result;
use crate::expression::Tape;
use crate::problem::{Place, Region, Term, Test, counts};
use crate::sampling::{Random, Sampler};
use std::sync::Arc;

impl Builder<'_> {
    /// The equation or the energy on the interior, and the exact solution as a test.
    pub(super) fn interior(&mut self) -> Result<()> {
        let Some(domain) = self.domain.clone() else {
            return Ok(());
        };
        let (dim, unknowns) = (self.dim(), self.names.unknowns.len());
        let region = |points: usize, sampler: Arc<dyn Sampler>, cells| {
            Region::new(domain.interior(), sampler, points, cells, None)
        };
        let points = self.deck.sampling.points.or(0);
        let cells = self.deck.sampling.cells;
        let sampler = counts::sampler(self.deck);
        if !self.names.residuals.is_empty() {
            let region = region(points, sampler.clone(), cells);
            let adaptive = self.deck.sampling.rule == Auto::Set(RuleName::Adaptive);
            let place = Place::Interior(if adaptive { region.adaptive() } else { region });
            let equation = self.equation(place);
            self.terms.push(equation);
        }
        if let Some(density) = self.names.density {
            let pool = &mut self.names.pool;
            self.terms.push(Term {
                name: "energy".into(),
                energy: Arc::new(Variational::new(pool, dim, unknowns, density)),
                weight: 1.0,
                place: Place::Interior(region(points, sampler, cells)),
            });
        }
        if !self.names.exact.is_empty() {
            self.tests.push(Test::Exact {
                region: region(TEST_POINTS, Arc::new(Random), Auto::Auto),
                exact: Tape::new(&self.names.pool, &self.names.exact),
            });
        }
        Ok(())
    }

    /// The term of the equations, with the weights that the deck gives them so far.
    pub(super) fn equation(&mut self, place: Place) -> Term {
        let (dim, unknowns) = (self.dim(), self.names.unknowns.len());
        let residuals = self.names.residuals.clone();
        let weights = self.deck.problem.weight.each(residuals.len());
        let (residuals, weight) = self.names.weighed(&residuals, &weights);
        Term {
            name: "equation".into(),
            energy: Arc::new(Residual::new(
                &mut self.names.pool,
                dim,
                unknowns,
                &residuals,
            )),
            weight,
            place,
        }
    }
}
