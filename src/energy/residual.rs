//! e = ½ Σ_k r_k²: strong forms, boundary conditions and data. B = ∂r/∂jet, which is Gauss–Newton.

use super::{Energy, Local, jet_entries, run_tape};
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
    /// (component, unknown, stream) of every output of `slopes`.
    entries: Vec<(usize, usize, usize)>,
}

impl Residual {
    /// The energy of the residuals r_k, expressions of `unknowns` unknowns in `dim` coordinates.
    pub fn new(pool: &mut Pool, dim: usize, unknowns: usize, residuals: &[Id]) -> Self {
        let symbols: Vec<_> = residuals.iter().map(|&r| pool.symbols(r)).collect();
        let layout = Layout::of(dim, symbols.iter().flatten());
        let (mut slopes, mut entries) = (Vec::new(), Vec::new());
        for (k, (&residual, symbols)) in residuals.iter().zip(&symbols).enumerate() {
            for (symbol, unknown, stream) in jet_entries(&layout, symbols) {
                slopes.push(pool.derivative(residual, symbol));
                entries.push((k, unknown, stream));
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
        let mut rows =
            vec![Jets::zeros(&self.layout, jets.points(), self.unknowns); self.components];
        for (&(k, unknown, stream), slope) in self.entries.iter().zip(&slopes) {
            rows[k].stream_mut(unknown, stream).copy_from_slice(slope);
        }
        rows
    }
}
