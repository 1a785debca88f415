//! The work on one cell: network, energy and metric at its samples. It knows no rank.

use super::Metric;
use crate::energy::Local;
use crate::expression::Derivative;
use crate::jet::Jets;
use crate::network::Trace;
use crate::problem::{Problem, Term};
use crate::sampling::Sample;
use faer::Mat;
use std::ops::Range;

/// The force of one cell: what is pulled back to θ.
#[derive(Clone, Debug, Default)]
pub struct CellForce {
    /// √w r, the K rows one after the other, K · n.
    pub(super) residual: Vec<f64>,
    /// w ∂e/∂jet where it is not Bᵀ r.
    pub(super) force: Option<Jets>,
}

/// What a rayon closure may hold of a flow: everything but the communicator.
pub(super) struct Worker<'f> {
    pub(super) problem: &'f Problem,
    pub(super) metric: Metric,
    pub(super) samples: &'f [Sample],
    /// The cells that `samples` belong to.
    pub(super) cells: Range<usize>,
}

impl Worker<'_> {
    /// √w of every point of the sample in this term.
    fn roots(term: &Term, sample: &Sample) -> Vec<f64> {
        let root = |w: &f64| (term.weight * w).sqrt();
        sample.weights.iter().map(root).collect()
    }

    /// The network's sweep through a cell's samples.
    pub(super) fn trace<'t>(
        &'t self,
        theta: &'t [f64],
        cell: usize,
    ) -> (&'t Term, &'t Sample, Box<dyn Trace + 't>) {
        let sample = &self.samples[cell - self.cells.start];
        let (term, _, _) = self.problem.locate(cell);
        let layout = self.metric.layout(term.energy.layout());
        let network = &self.problem.network;
        let trace = network.trace(theta, sample.x.as_ref(), &layout);
        (term, sample, trace)
    }

    /// The energies that the cell adds to every term, and its force.
    pub(super) fn evaluate(&self, theta: &[f64], cell: usize) -> (Vec<f64>, CellForce) {
        let (term, sample, trace) = self.trace(theta, cell);
        self.evaluate_jets(cell, term, sample, trace.jets())
    }

    /// The same with the rows, from one sweep of the network.
    pub(super) fn linearise(
        &self,
        theta: &[f64],
        cell: usize,
    ) -> ((Vec<f64>, CellForce), Mat<f64>) {
        let (term, sample, trace) = self.trace(theta, cell);
        let evaluated = self.evaluate_jets(cell, term, sample, trace.jets());
        (evaluated, self.rows_of(theta, term, sample, trace.as_ref()))
    }

    pub(super) fn evaluate_jets(
        &self,
        cell: usize,
        term: &Term,
        sample: &Sample,
        jets: &Jets,
    ) -> (Vec<f64>, CellForce) {
        let local = term.energy.evaluate(sample, jets);
        let mut energies = vec![0.0; self.problem.terms.len()];
        let density = local.density.iter().zip(&sample.weights);
        let (_, index, _) = self.problem.locate(cell);
        energies[index] = term.weight * density.map(|(e, w)| e * w).sum::<f64>();
        (energies, self.force(term, sample, jets, local))
    }

    fn force(&self, term: &Term, sample: &Sample, jets: &Jets, local: Local) -> CellForce {
        let weigh = |force: &mut Jets| {
            for unknown in 0..force.unknowns() {
                for stream in 0..force.layout().streams() {
                    let values = force.stream_mut(unknown, stream).iter_mut();
                    (values.zip(&sample.weights)).for_each(|(f, w)| *f *= term.weight * w);
                }
            }
        };
        let mut force = local.force;
        match self.metric {
            Metric::Energy => {
                let roots = Self::roots(term, sample);
                let weighted = local.residual.iter().flat_map(|r| r.iter().zip(&roots));
                force.iter_mut().for_each(weigh);
                CellForce {
                    residual: weighted.map(|(r, w)| r * w).collect(),
                    force,
                }
            }
            Metric::L2 | Metric::H1 => {
                // In these metrics no part of the force is B times a residual: all of it is pulled.
                let mut total = force
                    .unwrap_or_else(|| Jets::zeros(jets.layout(), jets.points(), jets.unknowns()));
                if local.residual.iter().flatten().any(|&r| r != 0.0) {
                    let rows = term.energy.metric(sample, jets);
                    accumulate(&mut total, &rows, &local.residual.concat());
                }
                weigh(&mut total);
                CellForce {
                    residual: vec![0.0; self.components(term) * sample.len()],
                    force: Some(total),
                }
            }
        }
    }

    /// Rows of the metric per point of a term.
    pub(super) fn components(&self, term: &Term) -> usize {
        self.metric.rows(self.problem, term)
    }

    /// The metric's rows as cotangents, times √w.
    pub(super) fn cotangents(&self, term: &Term, sample: &Sample, jets: &Jets) -> Vec<Jets> {
        let mut rows = match self.metric.derivatives(jets.layout().dim()) {
            None => term.energy.metric(sample, jets),
            Some(derivatives) if term.carries_measure() => (0..jets.unknowns())
                .flat_map(|unknown| derivatives.iter().map(move |&d| identity(jets, unknown, d)))
                .collect(),
            Some(_) => Vec::new(),
        };
        let roots = Self::roots(term, sample);
        for row in &mut rows {
            for unknown in 0..row.unknowns() {
                for stream in 0..row.layout().streams() {
                    let values = row.stream_mut(unknown, stream).iter_mut();
                    values.zip(&roots).for_each(|(v, w)| *v *= w);
                }
            }
        }
        rows
    }

    /// A = √w B J of one cell, shape (K · n, p).
    pub(super) fn rows(&self, theta: &[f64], cell: usize) -> Mat<f64> {
        let (term, sample, trace) = self.trace(theta, cell);
        self.rows_of(theta, term, sample, trace.as_ref())
    }

    fn rows_of(&self, theta: &[f64], term: &Term, sample: &Sample, trace: &dyn Trace) -> Mat<f64> {
        if sample.is_empty() {
            // A condition, or points that follow the residual, may leave a cell without any.
            return Mat::zeros(0, theta.len());
        }
        let cotangents = self.cotangents(term, sample, trace.jets());
        let mut rows = Mat::zeros(cotangents.len() * sample.len(), theta.len());
        for (k, cotangent) in cotangents.iter().enumerate() {
            trace.rows(cotangent, &mut rows, k * sample.len());
        }
        rows
    }

    /// Jᵀ f of one cell by one reverse sweep; with `residual` also Aᵀ v.
    pub(super) fn gradient(
        &self,
        theta: &[f64],
        cell: usize,
        at: &CellForce,
        residual: bool,
    ) -> Vec<f64> {
        let (term, sample, trace) = self.trace(theta, cell);
        trace.gradient(&self.cotangent(term, sample, trace.jets(), at, residual))
    }

    /// The energies that the cell adds to every term, and its gradient, from one sweep forward and one
    /// back.
    pub(super) fn descend(&self, theta: &[f64], cell: usize) -> [Vec<f64>; 2] {
        let (term, sample, trace) = self.trace(theta, cell);
        let jets = trace.jets();
        let (energies, force) = self.evaluate_jets(cell, term, sample, jets);
        let gradient = trace.gradient(&self.cotangent(term, sample, jets, &force, true));
        [energies, gradient]
    }

    /// What is pulled back to θ: f, and with `residual` also √w Bᵀ v.
    fn cotangent(
        &self,
        term: &Term,
        sample: &Sample,
        jets: &Jets,
        at: &CellForce,
        residual: bool,
    ) -> Jets {
        let mut total = match &at.force {
            Some(force) => force.clone(),
            None => Jets::zeros(jets.layout(), jets.points(), jets.unknowns()),
        };
        if residual {
            let rows = self.cotangents(term, sample, jets);
            accumulate(&mut total, &rows, &at.residual);
        }
        total
    }
}

/// The cotangent that picks one component of the jet.
fn identity(jets: &Jets, unknown: usize, derivative: Derivative) -> Jets {
    let mut row = Jets::zeros(jets.layout(), jets.points(), jets.unknowns());
    if let Some(stream) = jets.layout().stream(derivative) {
        row.stream_mut(unknown, stream).fill(1.0);
    }
    row
}

/// total += Σ_k row_k · v_k, pointwise; `v` holds the K columns one after the other.
pub(super) fn accumulate(total: &mut Jets, rows: &[Jets], v: &[f64]) {
    let n = total.points();
    for (row, v) in rows.iter().zip(v.chunks(n.max(1))) {
        for unknown in 0..total.unknowns() {
            for stream in 0..total.layout().streams() {
                let target = total.stream_mut(unknown, stream);
                for (t, (b, v)) in target
                    .iter_mut()
                    .zip(row.stream(unknown, stream).iter().zip(v))
                {
                    *t += b * v;
                }
            }
        }
    }
}
