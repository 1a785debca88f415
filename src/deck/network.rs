//! `[network]`: the functions among which the solution is sought.

use super::cursor::Cursor;
use super::error::DeckError;
use super::read::{Read, names};
use serde::Serialize;

/// The most units in a layer.
const WIDEST: usize = 1_000_000;
/// The most hidden layers.
const DEEPEST: usize = 1000;

/// A multilayer perceptron.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Network {
    /// Units of each hidden layer.
    pub hidden: Vec<usize>,
    /// The nonlinearity of the hidden units.
    pub activation: ActivationName,
    /// The domain is mapped to the box [0, `input_scale`]^d before the first layer.
    pub input_scale: f64,
}

names! {
    /// The names of activation functions.
    ActivationName {
        /// tanh z.
        Tanh = "tanh",
        /// sin z.
        Sin = "sin",
        /// z Φ(z).
        Gelu = "gelu",
        /// log(1 + eᶻ).
        Softplus = "softplus",
        /// max(z, 0); for data only.
        Relu = "relu",
    }
    later []
}

impl Network {
    /// Number of weights and biases between `inputs` coordinates and `outputs` unknowns.
    pub fn parameters(&self, inputs: usize, outputs: usize) -> u128 {
        let mut parameters = 0;
        let mut before = inputs as u128;
        for width in self.hidden.iter().copied().chain([outputs]) {
            parameters += (before + 1) * width as u128;
            before = width as u128;
        }
        parameters
    }
}

impl Read for Network {
    fn what() -> String {
        "a table, begun by [network]".to_owned()
    }

    fn read(at: &Cursor<'_>) -> Result<Option<Self>, DeckError> {
        let known = &["hidden", "activation", "input_scale"];
        let Some(table) = at.table(known, &["periodic", "fourier"])? else {
            return Ok(None);
        };
        let network = Self {
            hidden: table.or("hidden", vec![64])?,
            activation: table.or("activation", ActivationName::Tanh)?,
            input_scale: table.or("input_scale", 1.0)?,
        };
        let layers = (1..=DEEPEST).contains(&network.hidden.len());
        table.check(
            "hidden",
            layers,
            &format!("a list of 1 to {DEEPEST} widths"),
        )?;
        let width = |units: &usize| (1..=WIDEST).contains(units);
        let must = format!("a width from 1 to {WIDEST}");
        table.check_each("hidden", &network.hidden, width, &must)?;
        table.check("input_scale", network.input_scale > 0.0, "greater than 0")?;
        Ok(Some(network))
    }
}
