//! The network of a problem: its inputs scaled by the domain, laid on circles or spread into waves
//! where the deck says so, its outputs scaled, and hard boundary values built in.

use super::hard;
use super::names::Names;
use crate::deck::Deck;
use crate::domain::Domain;
use crate::error::Result;
use crate::jet::Layout;
use crate::network::{Activation, Affine, Ansatz, Embedding, Mlp, Network};
use crate::sampling::{Purpose, stream};
use crate::table::Table;

/// What the network depends on.
pub struct Builder<'a> {
    /// The deck.
    pub deck: &'a Deck,
    /// Where the equation holds; none for data alone.
    pub domain: Option<&'a dyn Domain>,
    /// Corners of the domain, or of the data.
    pub bounds: &'a (Vec<f64>, Vec<f64>),
    /// The jets that the terms will ask for.
    pub layouts: Vec<Layout>,
}

/// The coordinates in which the network is periodic.
pub fn periodic_axes(deck: &Deck) -> Vec<usize> {
    let coordinates = deck.coordinates().into_iter().enumerate();
    coordinates
        .filter(|(_, name)| deck.network.periodic.iter().any(|p| p == name))
        .map(|(axis, _)| axis)
        .collect()
}

impl Builder<'_> {
    /// The network, with `output` between its last layer and the unknowns.
    ///
    /// # Errors
    /// If a hard boundary condition cannot be built in.
    pub fn build(self, names: &mut Names, output: Affine) -> Result<Box<dyn Network>> {
        let network = &self.deck.network;
        let activation = Activation::from(network.activation);
        let mlp = Mlp::new(&network.hidden, activation, self.input(), output);
        let lifts = match self.domain {
            Some(domain) => hard::lifts(self.deck, names, domain)?,
            None => Vec::new(),
        };
        if lifts.is_empty() {
            return Ok(Box::new(mlp));
        }
        let ansatz = Ansatz::new(Box::new(mlp), &names.pool, lifts, self.layouts);
        Ok(Box::new(ansatz))
    }

    /// The features of the coordinates. Random frequencies are no parameters: the same seed draws
    /// them again when a run is resumed.
    fn input(&self) -> Embedding {
        let network = &self.deck.network;
        let (lower, upper) = self.bounds;
        let periodic = periodic_axes(self.deck);
        let input = Embedding::of_box(lower, upper, network.input_scale, &periodic);
        let Some(fourier) = network.fourier else {
            return input;
        };
        let mut rng = stream(self.deck.flow.seed, Purpose::Features, 0, 0);
        input.with_fourier(fourier.features, fourier.scale, &mut rng)
    }
}

/// Data say how large the unknowns are: their mean and spread, so that the network works on numbers
/// of about one. Equations do not say; there the map is the identity.
pub fn output_scale(deck: &Deck, names: &Names, table: Option<&Table>, train: &[usize]) -> Affine {
    let mut output = Affine::identity(names.unknowns.len());
    let Some(table) = table.filter(|_| deck.problem.law.is_none()) else {
        return output;
    };
    for &(unknown, column) in &names.direct_targets {
        let (mean, spread) = mean_and_spread(table, column, train);
        output.shift[unknown] = mean;
        output.scale[unknown] = if spread > 0.0 { spread } else { 1.0 };
    }
    output
}

/// Mean and standard deviation of a column over some rows.
pub fn mean_and_spread(table: &Table, column: usize, rows: &[usize]) -> (f64, f64) {
    let column = table.values().column(column);
    let n = rows.len() as f64;
    let mean = rows.iter().map(|&i| column[i]).sum::<f64>() / n;
    let square = |&i: &usize| (column[i] - mean).powi(2);
    (mean, (rows.iter().map(square).sum::<f64>() / n).sqrt())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::problem::{Place, Problem, build};

    /// A system in [0, 1] × [0, 2] with these keys of [network] and what follows them.
    fn problem(network: &str) -> Result<(Deck, Problem)> {
        let text = format!(
            "[domain]\nlower = [0, 0]\nupper = [1, 2]\n[problem]\nunknowns = [\"u\", \"v\"]\n\
             equation = [\"lap(u) = v\", \"lap(v) = 1\"]\n[network]\nhidden = [7, 4]\n{network}"
        );
        let mut deck = Deck::from_toml(&text, "test.toml", &[])?;
        let problem = build(&mut deck, None)?;
        Ok((deck, problem))
    }

    #[test]
    fn the_deck_counts_the_parameters_of_the_network() {
        for network in [
            "",
            "periodic = [\"y\"]",
            "fourier = { features = 5 }",
            "periodic = [\"x\", \"y\"]\nfourier = { features = 3, scale = 2.5 }",
        ] {
            let (deck, problem) = problem(network).unwrap();
            let counted = deck.network.parameters(2, 2);
            assert_eq!(problem.network.parameters() as u128, counted, "{network}");
            assert_eq!(problem.network.inputs(), 2);
        }
    }

    #[test]
    fn a_periodic_coordinate_has_no_ends() {
        let boundary = "[[boundary]]\ncondition = \"u = 0\"";
        let (_, strip) = problem(&format!("periodic = [\"y\"]\n{boundary}")).unwrap();
        match &strip.terms[1].place {
            Place::Boundary(region) => assert_eq!(region.measure(), 4.0, "x = 0 and x = 1"),
            _ => panic!("a term on the boundary is expected"),
        }
        let torus = problem(&format!("periodic = [\"x\", \"y\"]\n{boundary}"));
        let error = torus.err().unwrap().to_string();
        assert!(
            error.contains("boundary[0].on") && error.contains("no boundary"),
            "{error}"
        );
    }
}
