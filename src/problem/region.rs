//! A region: patches of a domain, how many points each holds, and the cells they are divided into.

use crate::deck::Auto;
use crate::domain::Patch;
use crate::expression::Tape;
use crate::sampling::{CANDIDATES, Draw, Piece, Purpose, Random, Sample, Sampler, Sobol};
use faer::Mat;
use std::ops::Range;
use std::sync::Arc;

/// Patches with their share of the points, and optionally a condition that points must satisfy.
pub struct Region {
    pieces: Vec<Piece>,
    sampler: Arc<dyn Sampler>,
    validation: Arc<Sobol>,
    condition: Option<Arc<Tape>>,
    normals: bool,
    adaptive: bool,
}

/// How many cells a term's points are divided into: small enough that a few hundred points feed a
/// few dozen ranks, large enough (256 points) that matrix products dominate when there are many.
pub fn cells_for(points: usize, wanted: Auto<usize>) -> usize {
    let cells = match wanted {
        Auto::Set(cells) => cells,
        Auto::Auto => cells_of(16, points),
    };
    cells.clamp(1, points.max(1))
}

/// The same for the fresh points of a step. Its rows all end in one triangle, which takes longer than
/// forming them: few ranks have something to do, and cells may be larger.
pub fn thin_cells_for(points: usize) -> usize {
    cells_of(64, points).max(1)
}

/// Cells of about `each` points while there are up to 64 of them, of at most 256 points beyond.
fn cells_of(each: usize, points: usize) -> usize {
    points.div_ceil(each).min((points / 256).max(64))
}

/// Shares of the points for faces of these measures: in proportion to them, but for none less than half of its
/// even share, since measures of faces do not compare where one coordinate is in metres and one in seconds.
pub fn shares(measures: &[f64]) -> Vec<f64> {
    let total: f64 = measures.iter().sum();
    let least = 0.5 / measures.len() as f64;
    let raised = |measure: &f64| (measure / total).max(least);
    let sum: f64 = measures.iter().map(raised).sum();
    measures
        .iter()
        .map(|measure| raised(measure) / sum)
        .collect()
}

impl Region {
    /// Divides about `points` points among the patches in proportion to their measure, among faces by `shares`.
    pub fn new(
        patches: Vec<Patch>,
        sampler: Arc<dyn Sampler>,
        points: usize,
        cells: Auto<usize>,
        condition: Option<Tape>,
    ) -> Self {
        let measures: Vec<f64> = patches.iter().map(Patch::measure).collect();
        let normals = patches.iter().all(Patch::has_normals);
        let axes = patches.iter().map(|patch| patch.free_axes().len()).max();
        let total: f64 = measures.iter().sum();
        let shares = match normals {
            true => shares(&measures),
            false => measures.iter().map(|measure| measure / total).collect(),
        };
        let piece = |(patch, share): (Patch, f64)| {
            let wanted = (points as f64 * share).round() as usize;
            let count = sampler.count(&patch, wanted.max(1));
            let cells = match cells {
                Auto::Auto => cells_for(count, Auto::Auto),
                Auto::Set(n) => cells_for(count, Auto::Set((n as f64 * share).ceil() as usize)),
            };
            Piece {
                patch,
                count,
                cells,
            }
        };
        let pieces = patches.into_iter().zip(shares).map(piece);
        Self {
            pieces: pieces.collect(),
            sampler,
            validation: Arc::new(Sobol::new(axes.unwrap_or(0))),
            condition: condition.map(Arc::new),
            normals,
            adaptive: false,
        }
    }

    /// The same patches with about `points` random points, at least one in each.
    pub fn thinned(&self, points: usize) -> Self {
        let share = points as f64 / self.points() as f64;
        let pieces = self.pieces.iter().map(|piece| {
            let wanted = (piece.count as f64 * share).round() as usize;
            let count = Random.count(&piece.patch, wanted.max(1));
            Piece {
                patch: piece.patch.clone(),
                count,
                cells: thin_cells_for(count),
            }
        });
        Self {
            pieces: pieces.collect(),
            sampler: Arc::new(Random),
            validation: self.validation.clone(),
            condition: self.condition.clone(),
            normals: self.normals,
            adaptive: self.adaptive,
        }
    }

    /// As many points between two shares of the extent along a coordinate, as [`Patch::between`].
    pub fn between(mut self, axis: usize, shares: &Range<f64>) -> Self {
        for piece in &mut self.pieces {
            piece.patch = piece.patch.clone().between(axis, shares);
        }
        self
    }

    /// The same region with points that follow the residual.
    pub fn adaptive(self) -> Self {
        Self {
            adaptive: true,
            ..self
        }
    }

    /// Whether its points follow the residual.
    pub fn is_adaptive(&self) -> bool {
        self.adaptive
    }

    /// Number of cells.
    pub fn cells(&self) -> usize {
        self.pieces.iter().map(|p| p.cells).sum()
    }

    /// Number of points before the condition is applied.
    pub fn points(&self) -> usize {
        self.pieces.iter().map(|p| p.count).sum()
    }

    /// Length, area or volume of the patches, whatever the condition.
    pub fn measure(&self) -> f64 {
        self.pieces.iter().map(|p| p.patch.measure()).sum()
    }

    /// The samples of cell `cell`, which has the number `global` among the cells of all terms: by the
    /// region's rule, but candidates for adaptive points are random and validation points a scrambled Sobol
    /// sequence: no layer of the integrand slips between its points, as between those of a grid.
    pub fn draw(&self, draw: Draw, cell: usize, global: usize) -> Sample {
        let mut local = cell;
        let mut pieces = self.pieces.iter();
        let mut piece = pieces.next();
        while let Some(p) = piece.filter(|p| local >= p.cells) {
            local -= p.cells;
            piece = pieces.next();
        }
        let Some(piece) = piece else {
            return empty(0);
        };
        let mut piece = piece.clone();
        let rule = self.sampler.as_ref();
        let (sampler, count): (&dyn Sampler, usize) = match draw.purpose {
            Purpose::Candidate => (&Random, CANDIDATES * piece.count),
            Purpose::Validation => (
                self.validation.as_ref(),
                self.validation.count(&piece.patch, piece.count),
            ),
            _ => (rule, piece.count),
        };
        piece.count = count;
        let mut chance = draw.chance(global, global - local);
        let (x, weights) = sampler.draw(&piece, local, &mut chance);
        let normals = piece.patch.normals(&x).filter(|_| self.normals);
        let sample = Sample {
            normals: normals.unwrap_or_else(|| Mat::zeros(x.nrows(), 0)),
            columns: Mat::zeros(x.nrows(), 0),
            x,
            weights,
        };
        match &self.condition {
            None => sample,
            Some(tape) => {
                let holds = tape.eval(sample.len(), |symbol| sample.values(symbol));
                let keep: Vec<bool> = holds[0].iter().map(|&v| v != 0.0).collect();
                sample.filtered(&keep)
            }
        }
    }
}

fn empty(dim: usize) -> Sample {
    Sample {
        x: Mat::zeros(0, dim),
        weights: Vec::new(),
        normals: Mat::zeros(0, 0),
        columns: Mat::zeros(0, 0),
    }
}
