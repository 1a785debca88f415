//! Gathering the rows A of all cells into one small matrix, over the fixed tree.
//!
//! Rows travel up the tree as they are, block by block, until a node holds enough of them to be worth
//! compressing: into R of a QR factorisation. When to compress depends on the number of rows alone, so
//! the result has the same bits for any number of ranks and threads. ([`super::tiled`] goes the same way
//! with the Gram matrix AᵀA, which comes to rest on all ranks.)

use crate::comm::{Phase, Wire, during, tree_fold};
use crate::flow::Tangent;
use faer::Mat;
use std::borrow::Cow;

/// Rows that are still rows, or what they were compressed into.
pub enum Folded<'t> {
    /// Rows of A, in blocks one below the other; those of a cell that keeps them stay where they are.
    Rows(Vec<Cow<'t, Mat<f64>>>),
    /// What a [`Compression`] made of rows.
    Compressed(Mat<f64>),
}

impl Folded<'_> {
    /// Compressed, if there are enough rows.
    fn fewer(self, by: &dyn Compression) -> Self {
        match self {
            Self::Rows(rows) if count(&rows) > by.limit() => Self::Compressed(by.compress(rows)),
            node => node,
        }
    }

    /// The rows of both.
    fn merge(left: Self, right: Self, by: &dyn Compression) -> Self {
        match (left, right) {
            (Self::Rows(mut left), Self::Rows(right)) => {
                left.extend(right);
                Self::Rows(left).fewer(by)
            }
            (Self::Compressed(matrix), Self::Rows(rows))
            | (Self::Rows(rows), Self::Compressed(matrix)) => {
                Self::Compressed(by.absorb(matrix, rows))
            }
            (Self::Compressed(left), Self::Compressed(right)) => {
                Self::Compressed(by.join(left, right))
            }
        }
    }
}

/// A way to compress rows.
pub trait Compression: Sync {
    /// A node with more rows than this is compressed.
    fn limit(&self) -> usize;

    /// Compresses rows, given in blocks one below the other.
    fn compress(&self, blocks: Vec<Cow<'_, Mat<f64>>>) -> Mat<f64>;

    /// What becomes of rows that are too few to be compressed on the way.
    fn finish(&self, blocks: Vec<Cow<'_, Mat<f64>>>) -> Mat<f64> {
        self.compress(blocks)
    }

    /// Takes rows into a compressed matrix.
    fn absorb(&self, compressed: Mat<f64>, blocks: Vec<Cow<'_, Mat<f64>>>) -> Mat<f64>;

    /// Joins two compressed matrices; the left one holds the earlier cells.
    fn join(&self, left: Mat<f64>, right: Mat<f64>) -> Mat<f64>;
}

/// Makes of a cell's rows A and its residual part v the rows that are gathered.
pub type Widen<'w> = dyn for<'t> Fn(Cow<'t, Mat<f64>>, &[f64]) -> Cow<'t, Mat<f64>> + Sync + 'w;

/// The compressed rows of all cells on rank 0, nothing elsewhere. Collective.
pub fn gather(tangent: &Tangent, by: &dyn Compression) -> Option<Mat<f64>> {
    gather_with(tangent, by, &|rows, _| rows)
}

/// The same with rows that `widen` makes of those of a cell.
pub fn gather_with(tangent: &Tangent, by: &dyn Compression, widen: &Widen) -> Option<Mat<f64>> {
    let flow = tangent.flow;
    let rows = tangent.row_source();
    let leaf = |cell: usize| {
        let rows = widen(rows.rows(cell), rows.residual(cell));
        Folded::Rows(vec![rows]).fewer(by)
    };
    let merge = |left, right| Folded::merge(left, right, by);
    during(flow.comm, Phase::Assembly, || {
        let root = tree_fold(flow.comm, flow.shares(), &leaf, &merge)?;
        Some(match root {
            Folded::Rows(rows) => by.finish(rows),
            Folded::Compressed(matrix) => matrix,
        })
    })
}

fn count(blocks: &[Cow<'_, Mat<f64>>]) -> usize {
    blocks.iter().map(|block| block.nrows()).sum()
}

/// The blocks one below the other, as one matrix.
pub fn stack(mut blocks: Vec<Cow<'_, Mat<f64>>>) -> Mat<f64> {
    if blocks.len() == 1 {
        return blocks.remove(0).into_owned();
    }
    let columns = blocks.first().map_or(0, |block| block.ncols());
    let mut whole = Mat::zeros(count(&blocks), columns);
    for j in 0..columns {
        let mut rest = whole.col_as_slice_mut(j);
        for block in &blocks {
            let (here, below) = rest.split_at_mut(block.nrows());
            here.copy_from_slice(block.col_as_slice(j));
            rest = below;
        }
    }
    whole
}

/// Blocks travel as they are: stacked into one they would be summed in another order.
impl Wire for Folded<'_> {
    fn pack(self) -> Vec<f64> {
        let (kind, blocks) = match self {
            Self::Rows(blocks) => (0.0, blocks),
            Self::Compressed(matrix) => (1.0, vec![Cow::Owned(matrix)]),
        };
        let columns = blocks.first().map_or(0, |block| block.ncols());
        let mut data = vec![kind, columns as f64, blocks.len() as f64];
        data.extend(blocks.iter().map(|block| block.nrows() as f64));
        data.reserve(count(&blocks) * columns);
        for block in &blocks {
            (0..columns).for_each(|j| data.extend_from_slice(block.col_as_slice(j)));
        }
        data
    }

    fn unpack(data: Vec<f64>) -> Self {
        let (head, rest) = data.split_at(3);
        let [columns, blocks] = [head[1] as usize, head[2] as usize];
        let (heights, mut rest) = rest.split_at(blocks);
        let mut unpacked = heights.iter().map(|&height| {
            let height = height as usize;
            let (here, below) = rest.split_at(height * columns);
            rest = below;
            Mat::from_fn(height, columns, |i, j| here[j * height + i])
        });
        match head[0] == 1.0 {
            true => Self::Compressed(unpacked.next().unwrap_or_else(|| Mat::zeros(0, columns))),
            false => Self::Rows(unpacked.map(Cow::Owned).collect()),
        }
    }
}
