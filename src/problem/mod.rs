//! The problem: what the deck says, made ready to be sampled and evaluated.
//!
//! A problem is a sum of [`Term`]s (interior, boundary conditions, data), each with its energy and
//! the cells its samples come from; a network that carries the unknowns; and, where known, the
//! exact solution and test data, on which errors are measured.

mod boundary;
mod build;
mod counts;
mod error_norms;
mod evolution;
mod hard;
mod names;
mod network;
mod region;
mod stationarity;
mod term;

pub use build::{build, build_with};
pub use error_norms::{ErrorNorms, Test};
pub use evolution::Evolution;
pub use region::Region;
pub use term::{Place, Term};

use crate::deck::Deck;
use crate::domain::Domain;
use crate::error::Result;
use crate::network::Network;
use crate::table::Table;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// Everything that the flow needs to know.
pub struct Problem {
    /// Names of the coordinates, d.
    pub coordinates: Vec<String>,
    /// Names of the unknowns, m.
    pub unknowns: Vec<String>,
    /// The terms of the energy; their cells follow each other in this order.
    pub terms: Vec<Term>,
    /// The network.
    pub network: Arc<dyn Network>,
    /// Whether an exact solution has energy zero: strong forms without data. Only then may a solver
    /// that stands still at a positive energy conclude that it is stuck.
    pub zero_residual: bool,
    /// Whether a coefficient of the energy jumps, and its minimiser has kinks that a network can only come
    /// near.
    pub jumps: bool,
    /// Along which coordinate it evolves from conditions at one end alone, if so.
    pub evolution: Option<Evolution>,
    /// Where the equation holds; none for data alone.
    pub domain: Option<Arc<dyn Domain>>,
    /// Corners of the box around the domain or the data.
    pub bounds: (Vec<f64>, Vec<f64>),
    /// What errors are measured on.
    pub tests: Vec<Test>,
    /// The data, if there are any.
    pub table: Option<Arc<Table>>,
    /// Where the energy is stationary, as residuals; or why that cannot be said.
    pub stationary: std::result::Result<Box<Problem>, String>,
}

impl Problem {
    /// Number of cells of all terms.
    pub fn cells(&self) -> usize {
        self.terms.iter().map(Term::cells).sum()
    }

    /// The term that a cell belongs to, its index, and the cell's number within the term.
    pub fn locate(&self, cell: usize) -> (&Term, usize, usize) {
        let mut rest = cell;
        let mut index = 0;
        while rest >= self.terms[index].cells() {
            rest -= self.terms[index].cells();
            index += 1;
        }
        (&self.terms[index], index, rest)
    }

    /// Relative work of every cell in sweeps of the network, by which the cells are shared out among ranks.
    pub fn costs(&self) -> Vec<f64> {
        self.costs_where(1.0)
    }

    /// The same where a row of the tangent space takes as much as `row` streams of the jet.
    pub fn costs_where(&self, row: f64) -> Vec<f64> {
        let costs = self.terms.iter().map(|term| term.costs(row));
        costs.flatten().collect()
    }

    /// The same problem on about `points` random points of all terms together, each term in
    /// proportion: what efficient NED draws at each step. It measures no errors.
    pub fn thinned(&self, points: usize) -> Problem {
        let all: usize = self.terms.iter().map(Term::points).sum();
        let share = |t: &Term| (points as f64 * t.points() as f64 / all as f64).round() as usize;
        Problem {
            zero_residual: self.zero_residual,
            ..self.with(self.terms.iter().map(|t| t.thinned(share(t))).collect())
        }
    }

    /// The same problem on the first `share` of its evolution, with as many points. It measures no errors.
    pub fn begun(self, share: f64) -> Problem {
        let Some(evolution) = self.evolution.filter(|_| share < 1.0) else {
            return self;
        };
        let terms = self.terms.into_iter();
        Problem {
            terms: terms.map(|term| term.begun(evolution, share)).collect(),
            ..self
        }
    }

    /// The same network with other terms, all of which can vanish. It measures no errors.
    fn with(&self, terms: Vec<Term>) -> Problem {
        Problem {
            coordinates: self.coordinates.clone(),
            unknowns: self.unknowns.clone(),
            terms,
            network: self.network.clone(),
            zero_residual: true,
            jumps: self.jumps,
            evolution: self.evolution,
            domain: self.domain.clone(),
            bounds: self.bounds.clone(),
            tests: Vec::new(),
            table: self.table.clone(),
            stationary: Err("these are the terms of another problem".into()),
        }
    }

    /// Rows of the energy's metric over all terms.
    pub fn rows(&self) -> usize {
        let terms = self.terms.iter();
        terms.map(|t| t.points() * t.energy.components()).sum()
    }

    /// Whether every term is a sum of squared residuals.
    pub fn has_residuals(&self) -> bool {
        self.terms.iter().all(|t| t.energy.is_residual())
    }

    /// The problem in a line: "2 coordinates, 1 unknown, 257 parameters, 1020 points in 65 cells".
    pub fn describe(&self) -> String {
        let points: usize = self.terms.iter().map(Term::points).sum();
        let count = |n: usize, noun: &str| format!("{n} {noun}{}", if n == 1 { "" } else { "s" });
        [
            count(self.coordinates.len(), "coordinate"),
            count(self.unknowns.len(), "unknown"),
            count(self.network.parameters(), "parameter"),
            format!(
                "{} in {}",
                count(points, "point"),
                count(self.cells(), "cell")
            ),
        ]
        .join(", ")
    }

    /// Digest of all that the parameters depend on: the resolved deck without its title, limits and
    /// output, and the data.
    ///
    /// # Errors
    /// If the deck cannot be written as text.
    pub fn identity(&self, deck: &Deck) -> Result<String> {
        let mut hash = Sha256::new();
        let mut deck = deck.without_limits();
        if let Some(data) = &mut deck.data {
            // The values count, wherever they lie.
            data.file.text.clear();
        }
        hash.update(deck.to_toml()?);
        if let Some(table) = &self.table {
            for name in table.names() {
                hash.update((name.len() as u64).to_le_bytes());
                hash.update(name);
            }
            let values = table.values().iter();
            values.for_each(|v| hash.update(v.to_bits().to_le_bytes()));
        }
        let bytes = hash.finalize();
        Ok(bytes.iter().map(|b| format!("{b:02x}")).collect())
    }
}
