//! E = ∫ e(x, jet): variational problems. The metric is the convex part of ∂²e/∂jet².
//!
//! At every point the Hessian of e is split as H = V Λ Vᵀ; B = max(Λ, 0)^½ Vᵀ. For a convex density
//! the flow in this metric is Newton's; where e is not convex (Allen–Cahn) the negative directions
//! are left out, so that the flow still descends. Diagonal Hessians need no eigenvectors.

use super::{Energy, Entry, Local, run_tape};
use crate::expression::{Id, Pool, Tape};
use crate::jet::{Jets, Layout};
use crate::sampling::Sample;
use faer::{Mat, Side};

/// An energy density of its own.
#[derive(Debug)]
pub struct Variational {
    layout: Layout,
    unknowns: usize,
    value: Tape,
    slopes: Tape,
    curvature: Tape,
    /// The component of the jet of every slope.
    slope_at: Vec<Entry>,
    /// The components that enter the Hessian: the K rows of the metric.
    active: Vec<Entry>,
    /// (a, b) of every output of `curvature`, a ≤ b, indices into `active`.
    pairs: Vec<(usize, usize)>,
}

impl Variational {
    /// The energy of the density `density`, of `unknowns` unknowns in `dim` coordinates.
    pub fn new(pool: &mut Pool, dim: usize, unknowns: usize, density: Id) -> Self {
        let symbols = pool.symbols(density);
        let layout = Layout::of(dim, &symbols);
        let jets: Vec<Entry> = Entry::among(&symbols).collect();
        let slope = |jet: &Entry| pool.derivative(density, jet.symbol());
        let slopes: Vec<Id> = jets.iter().map(slope).collect();
        let mut hessian = Vec::new();
        for (a, &slope) in slopes.iter().enumerate() {
            for (b, jet) in jets.iter().enumerate().skip(a) {
                let entry = pool.derivative(slope, jet.symbol());
                if pool.constant(entry) != Some(0.0) {
                    hessian.push((a, b, entry));
                }
            }
        }
        let enters = |a: &usize| hessian.iter().any(|&(i, j, _)| i == *a || j == *a);
        let active: Vec<usize> = (0..jets.len()).filter(enters).collect();
        let place = |a: usize| active.iter().position(|&i| i == a).unwrap_or(0);
        let outputs: Vec<Id> = hessian.iter().map(|h| h.2).collect();
        Self {
            unknowns,
            value: Tape::new(pool, &[density]),
            slopes: Tape::new(pool, &slopes),
            curvature: Tape::new(pool, &outputs),
            pairs: hessian.iter().map(|h| (place(h.0), place(h.1))).collect(),
            active: active.iter().map(|&a| jets[a]).collect(),
            slope_at: jets,
            layout,
        }
    }

    /// Spreads the root of one point's Hessian over the rows; `entries` are its values at the point.
    fn root_of_point(&self, point: usize, entries: &[Vec<f64>], rows: &mut [Jets]) {
        let k = self.active.len();
        let mut hessian = Mat::zeros(k, k);
        for (&(a, b), values) in self.pairs.iter().zip(entries) {
            hessian[(a, b)] = values[point];
            hessian[(b, a)] = values[point];
        }
        // A point without an eigendecomposition (NaN) contributes no row; the energy reports it.
        let Ok(eigen) = hessian.self_adjoint_eigen(Side::Lower) else {
            return;
        };
        for (mode, row) in rows.iter_mut().enumerate() {
            let root = eigen.S()[mode].max(0.0).sqrt();
            for (a, entry) in self.active.iter().enumerate() {
                entry.of(row)[point] = root * eigen.U()[(a, mode)];
            }
        }
    }
}

impl Energy for Variational {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn components(&self) -> usize {
        self.active.len()
    }

    fn is_residual(&self) -> bool {
        false
    }

    fn evaluate(&self, sample: &Sample, jets: &Jets) -> Local {
        let density = run_tape(&self.value, sample, jets).swap_remove(0);
        let mut force = Jets::zeros(jets.layout(), jets.points(), self.unknowns);
        let slopes = run_tape(&self.slopes, sample, jets);
        for (entry, slope) in self.slope_at.iter().zip(&slopes) {
            entry.of(&mut force).copy_from_slice(slope);
        }
        Local {
            density,
            residual: vec![vec![0.0; jets.points()]; self.active.len()],
            force: Some(force),
        }
    }

    fn metric(&self, sample: &Sample, jets: &Jets) -> Vec<Jets> {
        let entries = run_tape(&self.curvature, sample, jets);
        let zero = Jets::zeros(jets.layout(), jets.points(), self.unknowns);
        let mut rows = vec![zero; self.active.len()];
        if self.pairs.iter().all(|&(a, b)| a == b) {
            for (&(a, _), values) in self.pairs.iter().zip(&entries) {
                let row = self.active[a].of(&mut rows[a]);
                row.iter_mut()
                    .zip(values)
                    .for_each(|(r, h)| *r = h.max(0.0).sqrt());
            }
        } else {
            (0..jets.points()).for_each(|point| self.root_of_point(point, &entries, &mut rows));
        }
        rows
    }
}
