//! The samples of a flow: drawn, adapted to the residual, or drawn elsewhere to see what the
//! training points hide.
//!
//! All three depend on (seed, epoch, cell) and, adapted, on the θ that they are adapted to, never on
//! who draws them: what cells must know of one another travels over the fixed tree.

use super::Flow;
use crate::comm::{Comm, Phase, Shares, during, tree_fold, tree_sum};
use crate::problem::{Problem, Term};
use crate::sampling::{Candidates, Draw, Emphasis, Purpose, Sample};
use rand::RngExt;
use rayon::prelude::*;
use std::borrow::Cow;

/// Candidates are evaluated in blocks of so many points: they are many, and memory is not.
const BLOCK: usize = 1024;

impl Flow<'_> {
    /// Draws this rank's share of the sample set number `epoch`.
    pub fn draw(&mut self, epoch: u64) {
        self.samples = self.drawn(Purpose::Training, epoch);
    }

    /// Draws this rank's share of the sample set number `epoch`, where the problem's points are
    /// adaptive, or of all residuals `everywhere`, chosen by the residual at the parameters `anchor`. Collective.
    ///
    /// The samples are a function of the seed and these three: who wants them again needs the same anchor, not
    /// only the same epoch. Without adaptive points this is [`Flow::draw`].
    pub fn adapt(&mut self, epoch: u64, anchor: &[f64], everywhere: bool) {
        during(self.comm, Phase::Sampling, || {
            self.draw(epoch);
            for (index, term) in self.problem.terms.iter().enumerate() {
                if term.is_adaptive() || (everywhere && term.can_adapt()) {
                    self.adapt_term(index, epoch, anchor);
                }
            }
        });
    }

    /// The samples of this rank's cells, in order.
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// Energies of the terms at θ, as of [`Flow::covector`], on points that belong to no sample set, number
    /// `epoch` of them: about as many of a scrambled Sobol sequence. Where they are far larger than on the
    /// samples, the network has learnt the samples and not the problem. The samples stay. Collective.
    pub fn energies_elsewhere(&self, theta: &[f64], epoch: u64) -> Vec<f64> {
        let problem = self.problem;
        let cells = self.my_cells();
        let first = cells.start;
        let samples = self.elsewhere(epoch);
        let energy = |(cell, sample): (usize, &Sample)| {
            let (term, _, _) = problem.locate(cell);
            let density = term.density(problem.network.as_ref(), theta, sample);
            let terms = density.iter().zip(&sample.weights);
            term.weight * terms.map(|(e, w)| e * w).sum::<f64>()
        };
        let pairs = cells.into_par_iter().zip(samples.as_ref());
        let energies: Vec<f64> = pairs.map(energy).collect();
        tree_sum(self.comm, self.shares, problem.terms.len(), &|cell| {
            let mut of_terms = vec![0.0; problem.terms.len()];
            of_terms[problem.locate(cell).1] = energies[cell - first];
            of_terms
        })
    }

    /// This rank's share of the points that belong to no sample set; set 0, which is looked at step by step,
    /// is drawn once.
    fn elsewhere(&self, epoch: u64) -> Cow<'_, [Sample]> {
        let draw = || self.drawn(Purpose::Validation, epoch);
        match epoch {
            0 => Cow::Borrowed(self.elsewhere.get_or_init(draw)),
            _ => Cow::Owned(draw()),
        }
    }

    /// This rank's cells of a draw.
    fn drawn(&self, purpose: Purpose, epoch: u64) -> Vec<Sample> {
        let problem = self.problem;
        let draw = Draw {
            seed: self.seed,
            purpose,
            epoch,
        };
        let of_cell = |cell| {
            let (term, _, local) = problem.locate(cell);
            term.draw(draw, local, cell)
        };
        self.my_cells().into_par_iter().map(of_cell).collect()
    }

    /// Replaces the samples of a term by adapted ones.
    fn adapt_term(&mut self, term: usize, epoch: u64, anchor: &[f64]) {
        let (problem, cells) = (self.problem, self.my_cells());
        let draw = Draw {
            seed: self.seed,
            purpose: Purpose::Candidate,
            epoch,
        };
        let of_cell = |cell: usize| {
            let (of, index, local) = problem.locate(cell);
            (index == term).then(|| {
                let sample = of.draw(draw, local, cell);
                let sizes = sizes(problem, of, anchor, &sample);
                Candidates::new(sample, sizes)
            })
        };
        let pool = Pool {
            comm: self.comm,
            shares: self.shares,
            first: cells.start,
            cells: cells.into_par_iter().map(of_cell).collect(),
        };
        // As many as there are, which a condition on the points may have left.
        let [points, _] = pool.sum(|index, _| [self.samples[index].len() as f64, 0.0]);
        let emphasis = pool.emphasis(points);
        let edges = pool.edges(&emphasis, points);
        let first_of_term = problem.terms[..term].iter().map(Term::cells).sum();
        let offset = draw.patch(first_of_term).random();
        for (index, candidates) in pool.cells.iter().enumerate() {
            if let Some(candidates) = candidates {
                let cell = pool.first + index;
                let span = edges[cell]..edges[cell + 1];
                self.samples[index] = candidates.choose(&emphasis, span, offset);
            }
        }
    }
}

/// |r| = √(2 e) at the points of a sample.
fn sizes(problem: &Problem, term: &Term, theta: &[f64], sample: &Sample) -> Vec<f64> {
    let mut sizes = Vec::with_capacity(sample.len());
    for start in (0..sample.len()).step_by(BLOCK) {
        let block: Vec<usize> = (start..sample.len().min(start + BLOCK)).collect();
        let density = term.density(problem.network.as_ref(), theta, &sample.picked(&block));
        sizes.extend(density.iter().map(|e| (2.0 * e).sqrt()));
    }
    sizes
}

/// The candidates of all cells of all ranks; this rank holds those of its own.
struct Pool<'a> {
    comm: &'a dyn Comm,
    shares: &'a Shares,
    first: usize,
    /// None for the cells of other terms.
    cells: Vec<Option<Candidates>>,
}

impl Pool<'_> {
    /// The sum over all cells of the term, of which each knows its place among this rank's.
    fn sum(&self, of_cell: impl Fn(usize, &Candidates) -> [f64; 2] + Sync) -> [f64; 2] {
        let (cells, first) = (&self.cells, self.first);
        let sum = tree_sum(self.comm, self.shares, 2, &|cell| {
            let candidates = cells[cell - first].as_ref();
            let of_cell = |candidates| of_cell(cell - first, candidates);
            candidates.map_or([0.0; 2], of_cell).to_vec()
        });
        [sum[0], sum[1]]
    }

    /// The emphasis that makes the expected number of points `points`. Every raise makes more
    /// candidates certain, so it ends.
    fn emphasis(&self, points: f64) -> Emphasis {
        let [sizes, volume] = self.sum(|_, c| c.integrals());
        let mut emphasis = Emphasis::new(sizes / volume, points / volume);
        let mut before = 0.0;
        loop {
            let [certain, rest] = self.sum(|_, c| c.tally(&emphasis));
            if certain <= before {
                return emphasis;
            }
            before = certain;
            emphasis = emphasis.raised(points, certain, rest);
        }
    }

    /// Where the cells begin when the expected numbers of their points are laid out in a row from 0
    /// to `points`, which the last edge is to the bit.
    fn edges(&self, emphasis: &Emphasis, points: f64) -> Vec<f64> {
        let (cells, first) = (&self.cells, self.first);
        let expected = |cell: usize| {
            let candidates = cells[cell - first].as_ref();
            vec![candidates.map_or(0.0, |c| c.expected(emphasis))]
        };
        let join = |left: Vec<f64>, right: Vec<f64>| [left, right].concat();
        let root = tree_fold(self.comm, self.shares, &expected, &join);
        let mut all = root.unwrap_or_else(|| vec![0.0; self.shares.cells()]);
        self.comm.broadcast(&mut all);
        let mut edges = vec![0.0];
        edges.extend(all.iter().scan(0.0, |sum, expected| {
            *sum += expected;
            Some(*sum)
        }));
        let total = edges[all.len()];
        edges
            .iter_mut()
            .for_each(|edge| *edge = points * (*edge / total));
        edges
    }
}
