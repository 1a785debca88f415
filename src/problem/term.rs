//! A term of the energy: a density, its weight, and the cells whose samples it is summed over.

use super::region::thin_cells_for;
use super::{Evolution, Region};
use crate::energy::Energy;
use crate::network::Network;
use crate::sampling::{Draw, RandomRows, Sample};
use crate::table::Table;
use faer::Mat;
use std::sync::Arc;

/// weight · Σ_i w_i e(x_i, jet u(x_i)).
pub struct Term {
    /// For people: "equation", "data", or "boundary" with the number of the condition.
    pub name: String,
    /// The density.
    pub energy: Arc<dyn Energy>,
    /// Weight of the term in the total energy.
    pub weight: f64,
    /// Where its samples come from.
    pub place: Place,
}

/// Where samples come from.
pub enum Place {
    /// The interior of the domain.
    Interior(Region),
    /// A part of its boundary.
    Boundary(Region),
    /// Rows of the data.
    Data {
        /// The data, with the columns that are coordinates.
        table: Arc<Table>,
        /// Which columns are coordinates.
        inputs: Vec<usize>,
        /// Which rows are drawn.
        rows: RandomRows,
        /// How many rows are drawn at a time, and in how many cells.
        drawn: usize,
        /// Number of cells.
        cells: usize,
    },
}

impl Term {
    /// Number of cells.
    pub fn cells(&self) -> usize {
        match &self.place {
            Place::Interior(region) | Place::Boundary(region) => region.cells(),
            Place::Data { cells, .. } => *cells,
        }
    }

    /// Number of points that a sample set holds in all cells together.
    pub fn points(&self) -> usize {
        match &self.place {
            Place::Interior(region) | Place::Boundary(region) => region.points(),
            Place::Data { drawn, .. } => *drawn,
        }
    }

    /// Whether the term lives where u itself is measured: the L² metric is summed over these.
    pub fn carries_measure(&self) -> bool {
        !matches!(self.place, Place::Boundary(_))
    }

    /// Relative work of every cell where a row takes as much as so many streams of the jet: points times streams and
    /// rows.
    pub fn costs(&self, row: f64) -> Vec<f64> {
        let each = self.points() as f64 / self.cells().max(1) as f64;
        let streams = self.energy.layout().streams() as f64;
        let rows = self.energy.components() as f64;
        vec![each * (streams + row * rows); self.cells()]
    }

    /// The same term on about `points` random points, in cells of their own.
    pub fn thinned(&self, points: usize) -> Term {
        let place = match &self.place {
            Place::Interior(region) => Place::Interior(region.thinned(points)),
            Place::Boundary(region) => Place::Boundary(region.thinned(points)),
            Place::Data {
                table,
                inputs,
                rows,
                ..
            } => {
                let drawn = points.clamp(1, rows.len());
                let cells = thin_cells_for(drawn);
                Place::Data {
                    table: table.clone(),
                    inputs: inputs.clone(),
                    rows: rows.in_batches(cells, drawn),
                    drawn,
                    cells,
                }
            }
        };
        Term {
            name: self.name.clone(),
            energy: self.energy.clone(),
            weight: self.weight,
            place,
        }
    }

    /// The same term with as many points on the first `share` of an evolution; rows of data as they are.
    pub fn begun(self, evolution: Evolution, share: f64) -> Self {
        let cut = |region: Region| region.between(evolution.axis(), &evolution.beginning(share));
        let place = match self.place {
            Place::Interior(region) => Place::Interior(cut(region)),
            Place::Boundary(region) => Place::Boundary(cut(region)),
            rows => rows,
        };
        Self { place, ..self }
    }

    /// The samples of cell `cell` of this term; `global` is its number among all cells.
    pub fn draw(&self, draw: Draw, cell: usize, global: usize) -> Sample {
        match &self.place {
            Place::Interior(region) | Place::Boundary(region) => region.draw(draw, cell, global),
            Place::Data {
                table,
                inputs,
                rows,
                ..
            } => {
                let (picked, weight) = rows.draw(cell, &mut draw.cell(global));
                sample_rows(table, inputs, &picked, weight)
            }
        }
    }

    /// Whether the points follow the residual.
    pub fn is_adaptive(&self) -> bool {
        matches!(&self.place, Place::Interior(region) if region.is_adaptive())
    }

    /// Whether they can: residuals at points of a domain.
    pub fn can_adapt(&self) -> bool {
        self.energy.is_residual() && !matches!(self.place, Place::Data { .. })
    }

    /// e of the network at the points of a sample, n.
    pub fn density(&self, network: &dyn Network, theta: &[f64], sample: &Sample) -> Vec<f64> {
        let trace = network.trace(theta, sample.x.as_ref(), self.energy.layout());
        self.energy.evaluate(sample, trace.jets()).density
    }
}

/// Rows of a table as a sample.
pub fn sample_rows(table: &Table, inputs: &[usize], rows: &[usize], weight: f64) -> Sample {
    let n = rows.len();
    let values = table.values();
    Sample {
        x: Mat::from_fn(n, inputs.len(), |i, j| values[(rows[i], inputs[j])]),
        weights: vec![weight; n],
        normals: Mat::zeros(n, 0),
        columns: Mat::from_fn(n, values.ncols(), |i, j| values[(rows[i], j)]),
    }
}
