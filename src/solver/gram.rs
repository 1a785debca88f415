//! K = A Aᵀ of the rows of all cells, from their factors: the rows are never held.
//!
//! The factors of all cells travel up the tree to rank 0 ([`crate::network::Factors`]), which forms K
//! layer by layer and block by block, either by streams or by a few columns of A at a time, whichever
//! is cheaper for the two blocks. What is chosen, and the order of every sum, depend on the sizes
//! alone, so K has the same bits for any number of ranks and threads.

use super::numbers::{Numbers, append};
use crate::comm::{Phase, Wire, during, tree_fold};
use crate::flow::Tangent;
use crate::network::{Factors, LayerFactors};
use faer::linalg::matmul::matmul;
use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::{Accum, Mat, MatRef, Par};
use rayon::prelude::*;
use std::borrow::Cow;
use std::ops::Range;

/// Rows of a block of K: a product of two blocks is worth a task.
const BLOCK: usize = 128;

/// Columns of A that are formed at a time.
const COLUMNS: usize = 1024;

/// The lower triangle of K on rank 0, nothing elsewhere. Collective.
pub fn gram(tangent: &Tangent) -> Option<Mat<f64>> {
    let (comm, source) = (tangent.flow.comm, tangent.row_source());
    let leaf = |cell: usize| Bundle(vec![source.factors(cell)]);
    let all = during(comm, Phase::Assembly, || {
        tree_fold(comm, tangent.flow.shares(), &leaf, &Bundle::joined)
    });
    during(comm, Phase::Solve, || all.map(|all| Blocks::of(&all.0)))
}

/// Rows of a cell that belong to a block.
struct Part {
    cell: usize,
    rows: Range<usize>,
}

/// The rows of a block: neighbours of the same streams, and where the block starts.
struct Group {
    start: usize,
    rows: usize,
    parts: Vec<Part>,
}

/// The rows of the cells in order, in blocks of at most [`BLOCK`] rows of the same streams.
fn groups(cells: &[Cow<'_, Factors>]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let (mut streams, mut start) = (0, 0);
    for (cell, factors) in cells.iter().enumerate() {
        let mut from = 0;
        while from < factors.rows {
            let open = groups.last().filter(|_| factors.streams() == streams);
            let room = BLOCK - open.map_or(BLOCK, |group| group.rows);
            if room == 0 {
                streams = factors.streams();
                groups.push(Group {
                    start,
                    rows: 0,
                    parts: Vec::new(),
                });
            }
            if let Some(group) = groups.last_mut() {
                let to = factors.rows.min(from + BLOCK - group.rows);
                let rows = from..to;
                group.rows += rows.len();
                start += rows.len();
                from = to;
                group.parts.push(Part { cell, rows });
            }
        }
    }
    groups
}

/// The blocks of the lower triangle of K while they are summed over the layers.
struct Blocks {
    /// Which two groups meet, the later one first.
    pairs: Vec<[usize; 2]>,
    blocks: Vec<Mat<f64>>,
}

impl Blocks {
    /// K of the rows of all cells.
    fn of(cells: &[Cow<'_, Factors>]) -> Mat<f64> {
        let groups = groups(cells);
        let pairs = (0..groups.len()).flat_map(|i| (0..=i).map(move |j| [i, j]));
        let pairs: Vec<[usize; 2]> = pairs.collect();
        let zeros = |&[i, j]: &[usize; 2]| Mat::zeros(groups[i].rows, groups[j].rows);
        let blocks = pairs.iter().map(zeros).collect();
        let mut sums = Self { pairs, blocks };
        let layers = cells.iter().map(|cell| cell.layers.len()).max();
        for layer in 0..layers.unwrap_or(0) {
            let stacked = |group: &Group| {
                let rows = |part: &Part| (&cells[part.cell].layers[layer], part.rows.clone());
                LayerFactors::picked(&group.parts.iter().map(rows).collect::<Vec<_>>())
            };
            let stacked: Vec<LayerFactors> = groups.par_iter().map(stacked).collect();
            sums.add(&stacked);
        }
        sums.assembled(&groups)
    }

    /// Adds what a layer contributes, given by groups.
    fn add(&mut self, layer: &[LayerFactors]) {
        let by_streams = |&[i, j]: &[usize; 2]| layer[i].by_streams(&layer[j]);
        self.each(|pair @ &[i, j], block| {
            if by_streams(pair) {
                layer[i].add_product(&layer[j], block);
            }
        });
        let mut by_columns = vec![false; layer.len()];
        for pair in self.pairs.iter().filter(|pair| !by_streams(pair)) {
            pair.iter().for_each(|&group| by_columns[group] = true);
        }
        if !by_columns.contains(&true) {
            return;
        }
        let [inputs, units] = [&layer[0].inputs, &layer[0].adjoints].map(Mat::ncols);
        let each = (COLUMNS / (inputs + 1)).max(1);
        for first in (0..units).step_by(each) {
            let some = first..units.min(first + each);
            let columns = |(group, layer): (usize, &LayerFactors)| match by_columns[group] {
                true => layer.columns(some.clone()),
                false => Mat::new(),
            };
            let columns: Vec<Mat<f64>> = layer.par_iter().enumerate().map(columns).collect();
            self.each(|pair @ &[i, j], block| {
                if !by_streams(pair) {
                    add_product(columns[i].as_ref(), columns[j].as_ref(), i == j, block);
                }
            });
        }
    }

    /// Work on every block, in parallel.
    fn each(&mut self, work: impl Fn(&[usize; 2], &mut Mat<f64>) + Sync) {
        let blocks = self.pairs.par_iter().zip(&mut self.blocks);
        blocks.for_each(|(pair, block)| work(pair, block));
    }

    fn assembled(self, groups: &[Group]) -> Mat<f64> {
        let n = groups.iter().map(|group| group.rows).sum();
        let mut whole = Mat::zeros(n, n);
        for ([i, j], block) in self.pairs.into_iter().zip(self.blocks) {
            let (rows, columns) = (groups[i].start, groups[j].start);
            let mut place = whole.submatrix_mut(rows, columns, block.nrows(), block.ncols());
            place.copy_from(block);
        }
        whole
    }
}

/// block += A Bᵀ; of a block on the diagonal the lower triangle alone.
fn add_product(a: MatRef<'_, f64>, b: MatRef<'_, f64>, diagonal: bool, block: &mut Mat<f64>) {
    let (full, b) = (BlockStructure::Rectangular, b.transpose());
    if diagonal {
        let lower = BlockStructure::TriangularLower;
        let to = block.as_mut();
        triangular::matmul(to, lower, Accum::Add, a, full, b, full, 1.0, Par::Seq);
    } else {
        matmul(block, Accum::Add, a, b, 1.0, Par::Seq);
    }
}

/// The factors of a run of cells, this rank's own as they are kept.
struct Bundle<'t>(Vec<Cow<'t, Factors>>);

impl Bundle<'_> {
    fn joined(mut self, below: Self) -> Self {
        self.0.extend(below.0);
        self
    }
}

/// For every cell its rows and layers; for every layer its sizes, X and Y.
impl Wire for Bundle<'_> {
    fn pack(self) -> Vec<f64> {
        let mut data = vec![self.0.len() as f64];
        for factors in &self.0 {
            data.extend([factors.rows, factors.layers.len()].map(|n| n as f64));
            for layer in &factors.layers {
                let [inputs, adjoints] = [&layer.inputs, &layer.adjoints];
                let biased = usize::from(layer.biased);
                let sizes = [inputs.nrows(), inputs.ncols(), adjoints.ncols()];
                data.extend([layer.offset, biased, layer.streams].map(|n| n as f64));
                data.extend(sizes.map(|n| n as f64));
                append(&mut data, inputs);
                append(&mut data, adjoints);
            }
        }
        data
    }

    fn unpack(data: Vec<f64>) -> Self {
        let mut rest = Numbers(&data);
        let cells = rest.count();
        let cell = |rest: &mut Numbers<'_>| {
            let (rows, layers) = (rest.count(), rest.count());
            let layers = (0..layers).map(|_| rest.layer()).collect();
            Cow::Owned(Factors { rows, layers })
        };
        Self((0..cells).map(|_| cell(&mut rest)).collect())
    }
}

impl Numbers<'_> {
    fn layer(&mut self) -> LayerFactors {
        let head: Vec<usize> = self.take(6).iter().map(|&n| n as usize).collect();
        let (height, widths) = (head[3], [head[4], head[5]]);
        let [inputs, adjoints] = widths.map(|width| self.matrix(height, width));
        LayerFactors {
            offset: head[0],
            biased: head[1] == 1,
            streams: head[2],
            inputs,
            adjoints,
        }
    }
}
