//! From the deck to the problem: names get meaning, expressions become energies, counts are filled in.

use super::names::Names;
use super::region::cells_for;
use super::{Place, Problem, Region, Term, Test, boundary};
use crate::deck::{Auto, Deck, MethodName, Resample, RuleName, Shape};
use crate::domain::{Cuboid, Domain};
use crate::energy::{Residual, Variational};
use crate::error::{Error, Result};
use crate::expression::Tape;
use crate::network::{Activation, Affine, Mlp, Network};
use crate::sampling::{Gauss, Purpose, Random, RandomRows, Sampler, stream};
use crate::table::Table;
use rand::seq::SliceRandom;
use std::sync::Arc;

/// Points on which errors against the exact solution are measured.
const TEST_POINTS: usize = 4096;

/// Builds the problem and writes the counts that the deck left open back into it.
///
/// # Errors
/// With the key and the place, for whatever in the deck has no meaning.
pub fn build(deck: &mut Deck, table: Option<Table>) -> Result<Problem> {
    let names = Names::new(deck, table.as_ref())?;
    let bounds = bounds(deck, &names, table.as_ref());
    let mut build = Builder {
        table: table.map(Arc::new),
        deck,
        names,
        bounds,
        terms: Vec::new(),
        tests: Vec::new(),
    };
    let split = build.split();
    let network = build.network(&split.train)?;
    build.fill_counts(network.parameters(), split.train.len())?;
    build.interior()?;
    build.boundary()?;
    build.data(split)?;
    Ok(build.finish(network))
}

struct Builder<'d> {
    deck: &'d mut Deck,
    names: Names,
    table: Option<Arc<Table>>,
    bounds: (Vec<f64>, Vec<f64>),
    terms: Vec<Term>,
    tests: Vec<Test>,
}

/// Rows of the data.
struct Split {
    train: Vec<usize>,
    test: Vec<usize>,
}

/// The domain of the deck.
fn domain(deck: &Deck) -> Option<Box<dyn Domain>> {
    let Shape::Box { lower, upper } = &deck.domain.as_ref()?.shape;
    Some(Box::new(Cuboid::new(lower.clone(), upper.clone())))
}

/// Corners of the domain, or of the data where there is no domain.
fn bounds(deck: &Deck, names: &Names, table: Option<&Table>) -> (Vec<f64>, Vec<f64>) {
    if let Some(domain) = domain(deck) {
        return domain.bounds();
    }
    let column = |&j: &usize| {
        table
            .map(|t| t.values().column(j).to_vec())
            .unwrap_or_default()
    };
    let columns: Vec<Vec<f64>> = names.inputs.iter().map(column).collect();
    let extreme = |start: f64, pick: fn(f64, f64) -> f64| {
        columns
            .iter()
            .map(|c| c.iter().copied().fold(start, pick))
            .collect()
    };
    (
        extreme(f64::INFINITY, f64::min),
        extreme(f64::NEG_INFINITY, f64::max),
    )
}

impl Builder<'_> {
    fn dim(&self) -> usize {
        self.names.coordinates.len()
    }

    /// Divides the rows of the data at random into those trained on and those held out.
    fn split(&self) -> Split {
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

    fn network(&self, train: &[usize]) -> Result<Mlp> {
        let network = &self.deck.network;
        let (lower, upper) = &self.bounds;
        let input = Affine::box_to_unit(lower, upper, network.input_scale);
        let output = self.output_scale(train);
        let activation = Activation::from(network.activation);
        Ok(Mlp::new(&network.hidden, activation, input, output))
    }

    /// Data say how large the unknowns are: their mean and spread, so that the network works on
    /// numbers of about one. Equations do not say; there the map is the identity.
    fn output_scale(&self, train: &[usize]) -> Affine {
        let mut output = Affine::identity(self.names.unknowns.len());
        let Some(table) = &self.table else {
            return output;
        };
        if self.deck.problem.law.is_none() {
            for &(unknown, column) in &self.names.direct_targets {
                let column = table.values().column(column);
                let n = train.len() as f64;
                let mean = train.iter().map(|&i| column[i]).sum::<f64>() / n;
                let square = |&i: &usize| (column[i] - mean).powi(2);
                let spread = (train.iter().map(square).sum::<f64>() / n).sqrt();
                output.shift[unknown] = mean;
                output.scale[unknown] = if spread > 0.0 { spread } else { 1.0 };
            }
        }
        output
    }

    /// Fills in how many points there are and how they are drawn.
    fn fill_counts(&mut self, parameters: usize, rows: usize) -> Result<()> {
        let dim = self.dim();
        let sampling = &mut self.deck.sampling;
        let fresh = match sampling.resample {
            Auto::Set(resample) => resample != Resample::Never,
            Auto::Auto => {
                matches!(self.deck.flow.method, MethodName::Sgd | MethodName::Adam)
                    && sampling.rule != Auto::Set(RuleName::Gauss)
            }
        };
        if let (true, Auto::Set(RuleName::Gauss)) = (fresh, sampling.rule) {
            return Err(Error::Input(
                "`sampling.resample`: Gauss points are the same at every draw; set \
                 `sampling.rule = \"random\"`, or `resample = false`"
                    .into(),
            ));
        }
        let rule = if dim <= 2 && !fresh {
            RuleName::Gauss
        } else {
            RuleName::Random
        };
        let resample = if fresh {
            Resample::Every(1)
        } else {
            Resample::Never
        };
        sampling.rule = Auto::Set(sampling.rule.or(rule));
        sampling.resample = Auto::Set(sampling.resample.or(resample));
        let points = if self.deck.domain.is_some() {
            (6 * parameters).clamp(1024, 1 << 20)
        } else {
            rows
        };
        let points = sampling.points.or(points);
        sampling.points = Auto::Set(points);
        let boundary = sampling.boundary_points.or((points / 8).max(16 * dim));
        sampling.boundary_points = Auto::Set(boundary);
        Ok(())
    }

    fn sampler(&self) -> Arc<dyn Sampler> {
        match self.deck.sampling.rule {
            Auto::Set(RuleName::Gauss) => Arc::new(Gauss),
            _ => Arc::new(Random),
        }
    }

    /// The equation or the energy on the interior, and the exact solution as a test.
    fn interior(&mut self) -> Result<()> {
        let Some(domain) = domain(self.deck) else {
            return Ok(());
        };
        let (dim, unknowns) = (self.dim(), self.names.unknowns.len());
        let region = |points: usize, sampler: Arc<dyn Sampler>, cells| {
            Region::new(domain.interior(), sampler, points, cells, None)
        };
        let points = self.deck.sampling.points.or(0);
        let cells = self.deck.sampling.cells;
        let pool = &mut self.names.pool;
        if !self.names.residuals.is_empty() {
            self.terms.push(Term {
                name: "equation".into(),
                energy: Box::new(Residual::new(pool, dim, unknowns, &self.names.residuals)),
                weight: 1.0,
                place: Place::Interior(region(points, self.sampler(), cells)),
            });
        }
        if let Some(density) = self.names.density {
            let pool = &mut self.names.pool;
            self.terms.push(Term {
                name: "energy".into(),
                energy: Box::new(Variational::new(pool, dim, unknowns, density)),
                weight: 1.0,
                place: Place::Interior(region(points, self.sampler(), cells)),
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

    fn boundary(&mut self) -> Result<()> {
        let Some(domain) = domain(self.deck) else {
            return Ok(());
        };
        let sampler = self.sampler();
        let terms = boundary::terms(self.deck, &mut self.names, domain.as_ref(), &sampler)?;
        self.terms.extend(terms);
        Ok(())
    }

    fn data(&mut self, split: Split) -> Result<()> {
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
                    energy: Box::new(energy()),
                });
            }
        }
        self.terms.push(Term {
            name: "data".into(),
            energy: Box::new(energy()),
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

    fn finish(self, network: Mlp) -> Problem {
        let residuals = self.terms.iter().all(|t| t.energy.is_residual());
        let zero_residual = self.deck.data.is_none() && residuals;
        Problem {
            coordinates: self.names.coordinates,
            unknowns: self.names.unknowns,
            terms: self.terms,
            network: Box::new(network),
            zero_residual,
            bounds: self.bounds,
            tests: self.tests,
            table: self.table,
        }
    }
}
