//! Points where the residual is large, for fronts and layers that uniform points hardly meet.
//!
//! The points shall have the density, relative to uniform points,
//!
//! ```text
//! q(x) = (1 − c) |r(x)| / mean |r| + c,   c = ½,
//! ```
//!
//! that of Wu, Zhu, Tan, Kartha & Lu 2023 (doi:10.1016/j.cma.2022.115671, "RAD" with k = c = 1), and
//! weights w ∝ 1 / q, so that the weighted sums estimate the same integrals. The uniform part bounds
//! the weights by 1/c times the uniform ones, and with them the variance, whatever the residual.
//!
//! They are chosen among uniform [`Candidates`] without repetition: candidate j, which stands for
//! the volume ω_j, is included with probability π_j = min(1, a ω_j q_j), the number a being such that
//! Σ π_j = N; it then weighs ω_j / π_j (Horvitz & Thompson 1952, doi:10.1080/01621459.1952.10483446).
//! Laid out in a row, the π_j are the lengths of intervals of [0, N); the candidates on which one of
//! the marks U, U + 1, … falls are chosen. So there are exactly N, every cell gets its expected number
//! rounded up or down, and sums are unbiased. They are not divided by Σ w: this would make constants
//! exact but energies worse, since r² is large just where weights are small.

use super::Sample;
use std::ops::Range;

/// Candidates for every point: the most by which points can crowd where the residual is large.
pub const CANDIDATES: usize = 32;

/// c: the part of the points that is spread uniformly.
const UNIFORM: f64 = 0.5;

/// Uniform points of one cell with the size of the residual at each.
#[derive(Clone, Debug)]
pub struct Candidates {
    sample: Sample,
    sizes: Vec<f64>,
}

/// How much more densely than uniform points others shall lie, by the size of the residual.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Emphasis {
    mean: f64,
    /// a, points per volume and q.
    scale: f64,
}

impl Emphasis {
    /// For residuals of this mean size, and so many points per volume.
    pub fn new(mean: f64, scale: f64) -> Self {
        Self { mean, scale }
    }

    /// q; uniform where the residual vanishes everywhere or is not a number somewhere.
    pub fn density(&self, size: f64) -> f64 {
        if self.mean > 0.0 && self.mean.is_finite() {
            (1.0 - UNIFORM) * size / self.mean + UNIFORM
        } else {
            1.0
        }
    }

    /// With a so raised that the candidates that are not `certain` make up for those that are, of
    /// which each counts as one point and no more: `rest` is Σ ω q over the others.
    pub fn raised(self, points: f64, certain: f64, rest: f64) -> Self {
        Self {
            scale: self.scale.max((points - certain) / rest),
            ..self
        }
    }
}

impl Candidates {
    /// Uniform points and |r| at each.
    pub fn new(sample: Sample, sizes: Vec<f64>) -> Self {
        Self { sample, sizes }
    }

    /// [Σ ω |r|, Σ ω].
    pub fn integrals(&self) -> [f64; 2] {
        let pairs = self.sizes.iter().zip(&self.sample.weights);
        pairs.fold([0.0; 2], |[sizes, volume], (size, w)| {
            [sizes + size * w, volume + w]
        })
    }

    /// ω q of each.
    fn demands(&self, by: &Emphasis) -> impl Iterator<Item = f64> {
        let pairs = self.sizes.iter().zip(&self.sample.weights);
        pairs.map(|(&size, w)| w * by.density(size))
    }

    /// [the number of those included for certain, Σ ω q over the others].
    pub fn tally(&self, by: &Emphasis) -> [f64; 2] {
        let demands = self.demands(by);
        demands.fold([0.0; 2], |[certain, rest], demand| {
            if by.scale * demand >= 1.0 {
                [certain + 1.0, rest]
            } else {
                [certain, rest + demand]
            }
        })
    }

    /// π of each.
    fn inclusions(&self, by: &Emphasis) -> impl Iterator<Item = f64> {
        self.demands(by).map(|demand| (by.scale * demand).min(1.0))
    }

    /// Σ π: how many points the cell expects.
    pub fn expected(&self, by: &Emphasis) -> f64 {
        self.inclusions(by).sum()
    }

    /// The candidates on which a mark offset, offset + 1, … falls when the cell's are laid out over
    /// `span`, with their weights ω / π.
    pub fn choose(&self, by: &Emphasis, span: Range<f64>, offset: f64) -> Sample {
        let stretch = (span.end - span.start) / self.expected(by);
        let inclusions: Vec<f64> = self.inclusions(by).collect();
        let [first, last] = [span.start, span.end].map(|edge| (edge - offset).ceil() as u64);
        let (mut passed, mut reached) = (0, span.start);
        let mut chosen = Vec::with_capacity((last - first) as usize);
        for mark in first..last {
            while reached <= mark as f64 + offset && passed < inclusions.len() {
                reached += stretch * inclusions[passed];
                passed += 1;
            }
            chosen.push(passed - 1);
        }
        let mut sample = self.sample.picked(&chosen);
        for (w, &j) in sample.weights.iter_mut().zip(&chosen) {
            *w /= inclusions[j];
        }
        sample
    }
}
