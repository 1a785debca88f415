//! `[network]`: the functions among which the solution is sought.

use super::auto::Auto;
use super::cursor::Cursor;
use super::each::Each;
use super::error::DeckError;
use super::read::{Read, names};
use serde::Serialize;

/// The most units in a layer.
const WIDEST: usize = 1_000_000;
/// The most hidden layers.
const DEEPEST: usize = 1000;
/// The highest scale of Fourier features: waves along a side of the domain.
const FINEST: f64 = 1e6;

/// The hidden layers where a deck names none. One layer of 64 units is three times quicker, and as accurate or
/// better, where the solution is smooth; three narrow ones come far nearer to shapes that move, bend or
/// end within a few percent of the domain. Relative errors after 15 s, one seed, one thread:
///
/// | | 64 | 20, 20 | 12, 12, 12 | 16, 16, 16 |
/// |---|---|---|---|---|
/// | Ornstein–Uhlenbeck density in time | 2.8e-3 | 6.1e-6 | 8.9e-6 | 2.4e-9 |
/// | breather of the sine-Gordon equation | 1.4e-3 | 8.7e-7 | 6.1e-7 | 4.3e-8 |
/// | Poisson's equation in 4D | 1.5e-5 | 5.1e-9 | 4.5e-8 | 1.4e-9 |
/// | rotating Gaussian | 4.4e-2 | 1.6e-3 | 5.9e-4 | 2.4e-4 |
/// | Schrödinger packet | 2.8e-3 | 1.5e-4 | 1.9e-4 | 1.5e-5 |
/// | Motz's problem | 3.4e-2 | 6.7e-3 | 9.8e-3 | 1.3e-3 |
/// | Fisher's equation | 4.8e-3 | 1.7e-3 | 7.6e-4 | 7.9e-4 |
/// | elasticity in 3D | 1.0e-5 | 1.1e-6 | | 1.6e-6 |
/// | Korteweg–de Vries soliton | 1.7e-6 | 1.1e-4 | 1.4e-6 | 1.2e-6 |
/// | a plate with traction | 6.0e-10 | 3.8e-8 | 5.9e-10 | 5.0e-9 |
/// | biharmonic plate | 3.7e-12 | 4.8e-9 | 1.7e-9 | 1.7e-8 |
const HIDDEN: [usize; 3] = [16, 16, 16];

/// A multilayer perceptron.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Network {
    /// Units of each hidden layer.
    pub hidden: Vec<usize>,
    /// The nonlinearity of the hidden units.
    pub activation: ActivationName,
    /// The domain is mapped to the box [0, `input_scale`]^d before the first layer.
    pub input_scale: f64,
    /// The size of all unknowns or of each, above 0: what comes out of the last layer is multiplied by it.
    pub output_scale: Auto<Each>,
    /// Coordinates in which the network is periodic, with the domain's side as its period.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub periodic: Vec<String>,
    /// Random Fourier features beside the coordinates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fourier: Option<Fourier>,
}

/// Waves of random frequency as inputs of the first layer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Fourier {
    /// How many frequencies; each gives a cosine and a sine.
    pub features: usize,
    /// Their standard deviation: waves along a side of the domain.
    pub scale: f64,
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
    /// Number of features that `inputs` coordinates become: a periodic one counts twice, a Fourier
    /// frequency too.
    pub fn features(&self, inputs: usize) -> usize {
        inputs + self.periodic.len() + 2 * self.fourier.map_or(0, |fourier| fourier.features)
    }

    /// Number of weights and biases between `inputs` coordinates and `outputs` unknowns.
    pub fn parameters(&self, inputs: usize, outputs: usize) -> u128 {
        let mut parameters = 0;
        let mut before = self.features(inputs) as u128;
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
        let known = &[
            "hidden",
            "activation",
            "input_scale",
            "output_scale",
            "periodic",
            "fourier",
        ];
        let Some(table) = at.table(known, &[])? else {
            return Ok(None);
        };
        let network = Self {
            hidden: table.or("hidden", HIDDEN.to_vec())?,
            activation: table.or("activation", ActivationName::Tanh)?,
            input_scale: table.or("input_scale", 1.0)?,
            output_scale: table.or("output_scale", Auto::Auto)?,
            periodic: table.or("periodic", Vec::new())?,
            fourier: table.get("fourier")?,
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

impl Read for Fourier {
    fn what() -> String {
        "a table, as in { features = 64, scale = 3.0 }".to_owned()
    }

    fn read(at: &Cursor<'_>) -> Result<Option<Self>, DeckError> {
        let Some(table) = at.table(&["features", "scale"], &[])? else {
            return Ok(None);
        };
        let fourier = Self {
            features: table.or("features", 64)?,
            scale: table.or("scale", 1.0)?,
        };
        let few = (1..=WIDEST).contains(&fourier.features);
        table.check("features", few, &format!("from 1 to {WIDEST}"))?;
        let right = fourier.scale > 0.0 && fourier.scale <= FINEST;
        table.check(
            "scale",
            right,
            &format!("greater than 0, at most {FINEST:e}"),
        )?;
        Ok(Some(fourier))
    }
}
