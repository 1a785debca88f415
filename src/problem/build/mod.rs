//! From the deck to the problem: names get meaning, expressions become energies, counts are filled in.

mod data;
mod doubts;
mod interior;
mod scales;

use super::evolution::Ends;
use super::names::Names;
use super::stationarity::{self, Stationarity};
use super::{Evolution, Place, Problem, Region, Term, Test, boundary, counts, network};
use crate::deck::Deck;
use crate::domain::Domain;
use crate::energy::{Energy, Residual};
use crate::error::{Error, Result};
use crate::jet::Layout;
use crate::network::{Affine, Network};
use crate::table::Table;
use std::sync::Arc;

/// Points on which errors against the exact solution are measured.
const TEST_POINTS: usize = 4096;

/// Builds the problem and writes the counts that the deck left open back into it.
///
/// # Errors
/// With the key and the place, for whatever in the deck has no meaning.
pub fn build(deck: &mut Deck, table: Option<Table>) -> Result<Problem> {
    build_with(deck, table, &[]).map(|(problem, _)| problem)
}

/// The same with expressions of the unknowns whose values are asked for, which the network then serves.
///
/// # Errors
/// As [`build`], or if an expression has no meaning in the deck.
pub fn build_with(
    deck: &mut Deck,
    table: Option<Table>,
    asked: &[String],
) -> Result<(Problem, Residual)> {
    let names = Names::new(deck, table.as_ref())?;
    let domain = domain(deck)?;
    let bounds = bounds(domain.as_deref(), &names, table.as_ref());
    let mut build = Builder {
        table: table.map(Arc::new),
        deck,
        names,
        domain,
        bounds,
        terms: Vec::new(),
        tests: Vec::new(),
        stationary: Err("the problem is not given by an energy".into()),
        jumps: false,
        evolution: None,
    };
    let split = build.split();
    let output = network::output_scale(
        build.deck,
        &build.names,
        build.table.as_deref(),
        &split.train,
    );
    build.unknowns_are_used()?;
    build.fill_counts(split.train.len());
    build.interior()?;
    build.boundary()?;
    build.warn_of_jumps();
    build.warn_of_penalties();
    build.stationary()?;
    build.data(split)?;
    let asked: Vec<_> =
        (asked.iter().map(|text| build.names.asked(text))).collect::<Result<_>>()?;
    let (dim, unknowns) = (build.dim(), build.names.unknowns.len());
    let asked = Residual::new(&mut build.names.pool, dim, unknowns, &asked);
    Ok((build.finish(output, &asked)?, asked))
}

struct Builder<'d> {
    deck: &'d mut Deck,
    names: Names,
    table: Option<Arc<Table>>,
    domain: Option<Arc<dyn Domain>>,
    bounds: (Vec<f64>, Vec<f64>),
    terms: Vec<Term>,
    tests: Vec<Test>,
    stationary: Stationarity,
    jumps: bool,
    evolution: Option<Evolution>,
}

/// The domain of the deck, if there is one.
fn domain(deck: &Deck) -> Result<Option<Arc<dyn Domain>>> {
    if let Some(file) = deck.outline() {
        let cure = "give its vertices to Deck::set_outline first";
        return Err(file.error("this file has not been read", cure).into());
    }
    let domain = deck.domain.as_ref().map(crate::domain::of_deck);
    domain.transpose().map_err(|what| {
        let cure = "remove vertices that lie very close to others or to edges";
        Error::Input(format!("`domain`: {what}\n  {cure}"))
    })
}

/// Corners of the domain, or of the data where there is no domain.
fn bounds(
    domain: Option<&dyn Domain>,
    names: &Names,
    table: Option<&Table>,
) -> (Vec<f64>, Vec<f64>) {
    if let Some(domain) = domain {
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

    /// Fills in how many points there are and how they are drawn.
    fn fill_counts(&mut self, rows: usize) {
        let (dim, unknowns) = (self.dim(), self.names.unknowns.len());
        let parameters = self.deck.network.parameters(dim, unknowns) as usize;
        counts::fill(self.deck, parameters, rows);
    }

    fn boundary(&mut self) -> Result<()> {
        let Some(domain) = self.domain.clone() else {
            return Ok(());
        };
        let sampler = counts::sampler(self.deck);
        let terms = boundary::terms(self.deck, &mut self.names, domain.as_ref(), &sampler)?;
        self.terms.extend(terms);
        let ends = Ends::by_condition(self.deck, &mut self.names, domain.as_ref())?;
        self.warn_of_missing(ends.as_ref());
        self.evolution = ends.and_then(|(axis, ends)| Evolution::of(axis, &ends));
        Ok(())
    }

    /// The Euler–Lagrange equation of the energy, on the same points as the energy.
    fn stationary(&mut self) -> Result<()> {
        let Some(domain) = self.domain.clone().filter(|_| self.names.density.is_some()) else {
            return Ok(());
        };
        let equations = stationarity::equations(&mut self.names);
        self.jumps = self.names.pool.take_lost_jumps();
        let equations = match equations {
            Ok(_) if self.deck.data.is_some() => {
                self.stationary = Err("data belong to the energy".into());
                return Ok(());
            }
            Ok(_) if self.jumps => {
                self.stationary = Err("a function in the energy jumps".into());
                return Ok(());
            }
            Ok(equations) => equations,
            Err(why) => {
                self.stationary = Err(why);
                return Ok(());
            }
        };
        let sampler = counts::sampler(self.deck);
        let points = self.deck.sampling.points.or(0);
        let cells = self.deck.sampling.cells;
        let (dim, unknowns) = (self.dim(), self.names.unknowns.len());
        let inside = Term {
            name: "Euler-Lagrange equation".into(),
            energy: Arc::new(Residual::new(
                &mut self.names.pool,
                dim,
                unknowns,
                &equations,
            )),
            weight: 1.0,
            place: Place::Interior(Region::new(
                domain.interior(),
                sampler.clone(),
                points,
                cells,
                None,
            )),
        };
        let outside =
            stationarity::boundary(self.deck, &mut self.names, domain.as_ref(), &sampler)?;
        self.stationary = outside.map(|terms| std::iter::once(inside).chain(terms).collect());
        Ok(())
    }

    /// The network that serves the jets that the terms ask for.
    fn network(&mut self, output: Affine, asked: Option<&Layout>) -> Result<Box<dyn Network>> {
        let stationary = self.stationary.iter().flatten();
        let layouts = self.terms.iter().chain(stationary);
        let layouts = layouts.map(|t| t.energy.layout()).chain(asked).cloned();
        network::Builder {
            deck: self.deck,
            domain: self.domain.as_deref(),
            bounds: &self.bounds,
            layouts: layouts.collect(),
        }
        .build(&mut self.names, output)
    }

    /// The network comes last.
    fn finish(mut self, output: Affine, asked: &Residual) -> Result<Problem> {
        let output = self.scale(output)?;
        let network = self.network(output, Some(asked.layout()))?;
        if self.names.pool.is_exhausted() {
            return Err(Error::Input(
                "the expressions of the deck are too large altogether, with all derivatives that \
                 their energy asks for; simplify them"
                    .into(),
            ));
        }
        let residuals = self.terms.iter().all(|t| t.energy.is_residual());
        let zero_residual = self.deck.data.is_none() && residuals;
        let mut problem = Problem {
            coordinates: self.names.coordinates,
            unknowns: self.names.unknowns,
            terms: self.terms,
            network: network.into(),
            zero_residual,
            jumps: self.jumps,
            evolution: self.evolution,
            domain: self.domain,
            bounds: self.bounds,
            tests: self.tests,
            table: self.table,
            stationary: Err(String::new()),
        };
        problem.stationary = self.stationary.map(|terms| Box::new(problem.with(terms)));
        Ok(problem)
    }
}
