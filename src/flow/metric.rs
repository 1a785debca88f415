//! The metric of the flow: the rows B of the tangent space.

use crate::expression::Derivative;
use crate::jet::Layout;
use crate::problem::{Problem, Term};
use std::borrow::Cow;

/// The metric in which the energy descends. L² and H¹ are summed over the domain or the data; what
/// holds on the boundary adds to the force alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// B = 1: the L² gradient flow u_t = −δE/δu.
    L2,
    /// B = (1, ∇) over all coordinates: the Sobolev gradient flow (1 − Δ) u_t = −δE/δu, which is not
    /// stiff for energies of first order (Neuberger 2010, doi:10.1007/978-3-642-04041-2).
    H1,
    /// The energy's own: Gauss–Newton for residuals, Newton for convex densities.
    Energy,
}

impl Metric {
    /// The components of the jet that are the rows B for each unknown, in `dim` coordinates; nothing
    /// where the energy brings its own.
    pub(super) fn derivatives(self, dim: usize) -> Option<Vec<Derivative>> {
        match self {
            Self::L2 => Some(vec![Derivative::Value]),
            Self::H1 => {
                let first = (0..dim).map(Derivative::First);
                Some(std::iter::once(Derivative::Value).chain(first).collect())
            }
            Self::Energy => None,
        }
    }

    /// Rows of B per point of a term: L² and H¹ are summed where the unknowns have their measure.
    pub fn rows(self, problem: &Problem, term: &Term) -> usize {
        match self.derivatives(problem.coordinates.len()) {
            None => term.energy.components(),
            Some(rows) if term.carries_measure() => problem.unknowns.len() * rows.len(),
            Some(_) => 0,
        }
    }

    /// Whether a part of the force of a problem is no Aᵀ v.
    pub fn has_forces(self, problem: &Problem) -> bool {
        self != Self::Energy || !problem.has_residuals()
    }

    /// What the jets must carry for the metric and for an energy of layout `energy`.
    pub fn layout(self, energy: &Layout) -> Cow<'_, Layout> {
        match self {
            Self::H1 => Cow::Owned(energy.with_gradient()),
            Self::L2 | Self::Energy => Cow::Borrowed(energy),
        }
    }
}
