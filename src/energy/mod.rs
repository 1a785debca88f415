//! Energies: densities e(x, jet) with what the flow needs of them at a block of points.
//!
//! Whether the energy is half a squared residual (strong forms, boundary conditions, data) or a
//! density of its own (variational problems), it answers one question: the value of e, its gradient
//! ∂e/∂jet, and the rows B of its own metric, so that G = Σ w (B J)ᵀ (B J) is Gauss–Newton for
//! residuals and Newton with the convex part of the density for variational energies.

mod residual;
mod variational;

pub use residual::Residual;
pub use variational::Variational;

use crate::expression::{Derivative, Symbol, Tape};
use crate::jet::{Jets, Layout};
use crate::sampling::Sample;

/// An energy density, known to the flow only through this trait.
pub trait Energy: Send + Sync {
    /// The components of the jet that the density depends on.
    fn layout(&self) -> &Layout;

    /// Rows of the energy's own metric per point, K.
    fn components(&self) -> usize;

    /// Whether the force is Bᵀ r, so that the accuracy of r is that of the direction.
    fn is_residual(&self) -> bool;

    /// The density and its first order at the points of a sample. The jets may carry more than
    /// [`Energy::layout`]; forces and rows have the layout of the jets.
    fn evaluate(&self, sample: &Sample, jets: &Jets) -> Local;

    /// The metric's rows ∂(B u)/∂jet at the same points, one cotangent for each of the K components.
    fn metric(&self, sample: &Sample, jets: &Jets) -> Vec<Jets>;
}

/// First order of a density at n points: e, and ∂e/∂jet split into Bᵀ r and the rest.
#[derive(Clone, Debug)]
pub struct Local {
    /// e at each point, n.
    pub density: Vec<f64>,
    /// r, K columns of n: the part of ∂e/∂jet that is Bᵀ r. Zero columns where the density has no
    /// residual form.
    pub residual: Vec<Vec<f64>>,
    /// ∂e/∂jet where it is not Bᵀ r.
    pub force: Option<Jets>,
}

/// Feeds a tape with the sample's coordinates, normals, columns and with the jets.
fn run_tape(tape: &Tape, sample: &Sample, jets: &Jets) -> Vec<Vec<f64>> {
    tape.eval(jets.points(), |symbol| match symbol {
        Symbol::Jet {
            unknown,
            derivative,
        } => match jets.layout().stream(derivative) {
            Some(stream) => jets.stream(unknown, stream),
            None => &[],
        },
        other => sample.values(other),
    })
}

/// A component of the jet that a density depends on.
#[derive(Clone, Copy, Debug)]
struct Entry {
    unknown: usize,
    derivative: Derivative,
}

impl Entry {
    /// The components of the jet among `symbols`.
    fn among<'a>(
        symbols: impl IntoIterator<Item = &'a Symbol> + 'a,
    ) -> impl Iterator<Item = Self> + 'a {
        symbols.into_iter().filter_map(|&symbol| match symbol {
            Symbol::Jet {
                unknown,
                derivative,
            } => Some(Self {
                unknown,
                derivative,
            }),
            _ => None,
        })
    }

    /// Its symbol in expressions.
    fn symbol(self) -> Symbol {
        Symbol::Jet {
            unknown: self.unknown,
            derivative: self.derivative,
        }
    }

    /// Its values in a cotangent; nothing if the layout does not carry it.
    fn of(self, cotangent: &mut Jets) -> &mut [f64] {
        match cotangent.layout().stream(self.derivative) {
            Some(stream) => cotangent.stream_mut(self.unknown, stream),
            None => &mut [],
        }
    }
}
