//! e = ½ Σ_k r_k²: strong forms, boundary conditions and data. B = ∂r/∂jet, which is Gauss–Newton.

use super::{Energy, Entry, Local, run_tape};
use crate::expression::{Id, Pool, Tape};
use crate::jet::{Jets, Layout};
use crate::sampling::Sample;

/// Half the sum of squares of residual expressions.
#[derive(Debug)]
pub struct Residual {
    layout: Layout,
    unknowns: usize,
    components: usize,
    values: Tape,
    slopes: Tape,
    /// The component k of r and the component of the jet of every output of `slopes`.
    entries: Vec<(usize, Entry)>,
}

impl Residual {
    /// The energy of the residuals r_k, expressions of `unknowns` unknowns in `dim` coordinates.
    pub fn new(pool: &mut Pool, dim: usize, unknowns: usize, residuals: &[Id]) -> Self {
        let symbols: Vec<_> = residuals.iter().map(|&r| pool.symbols(r)).collect();
        let layout = Layout::of(dim, symbols.iter().flatten());
        let (mut slopes, mut entries) = (Vec::new(), Vec::new());
        for (k, (&residual, symbols)) in residuals.iter().zip(&symbols).enumerate() {
            for entry in Entry::among(symbols) {
                slopes.push(pool.derivative(residual, entry.symbol()));
                entries.push((k, entry));
            }
        }
        Self {
            values: Tape::new(pool, residuals),
            slopes: Tape::new(pool, &slopes),
            layout,
            unknowns,
            components: residuals.len(),
            entries,
        }
    }
}

impl Energy for Residual {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn components(&self) -> usize {
        self.components
    }

    fn is_residual(&self) -> bool {
        true
    }

    fn evaluate(&self, sample: &Sample, jets: &Jets) -> Local {
        let residual = run_tape(&self.values, sample, jets);
        let mut density = vec![0.0; jets.points()];
        for r in &residual {
            density
                .iter_mut()
                .zip(r)
                .for_each(|(e, r)| *e += 0.5 * r * r);
        }
        Local {
            density,
            residual,
            force: None,
        }
    }

    fn metric(&self, sample: &Sample, jets: &Jets) -> Vec<Jets> {
        let slopes = run_tape(&self.slopes, sample, jets);
        let zero = Jets::zeros(jets.layout(), jets.points(), self.unknowns);
        let mut rows = vec![zero; self.components];
        for (&(k, entry), slope) in self.entries.iter().zip(&slopes) {
            entry.of(&mut rows[k]).copy_from_slice(slope);
        }
        rows
    }
}
