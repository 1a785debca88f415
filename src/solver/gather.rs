//! Gathering the rows A of all cells into one small matrix, over the fixed tree.
//!
//! Rows travel up the tree as they are until a node holds enough of them to be worth compressing:
//! into R of a QR factorisation, or into the Gram matrix AᵀA. When to compress depends on the number
//! of rows alone, so the result has the same bits for any number of ranks and threads.

use crate::comm::{Wire, tree_fold};
use crate::flow::Tangent;
use faer::Mat;

/// Rows that are still rows, or what they were compressed into.
pub enum Folded {
    /// Rows of A.
    Rows(Mat<f64>),
    /// What a [`Compression`] made of rows.
    Compressed(Mat<f64>),
}

/// A way to compress rows.
pub trait Compression: Sync {
    /// A node with more rows than this is compressed.
    fn limit(&self) -> usize;

    /// Compresses rows.
    fn compress(&self, rows: Mat<f64>) -> Mat<f64>;

    /// Joins two compressed matrices; the left one holds the earlier cells.
    fn join(&self, left: Mat<f64>, right: Mat<f64>) -> Mat<f64>;
}

/// The compressed rows of all cells on rank 0, nothing elsewhere. Collective.
pub fn gather(tangent: &Tangent, by: &dyn Compression) -> Option<Mat<f64>> {
    let flow = tangent.flow;
    let rows = tangent.row_source();
    let fold = |node: Folded| match node {
        Folded::Rows(rows) if rows.nrows() > by.limit() => Folded::Compressed(by.compress(rows)),
        node => node,
    };
    let leaf = |cell: usize| fold(Folded::Rows(rows.rows(cell).into_owned()));
    let merge = |left: Folded, right: Folded| match (left, right) {
        (Folded::Rows(left), Folded::Rows(right)) => fold(Folded::Rows(stack(&left, &right))),
        (left, right) => Folded::Compressed(by.join(finish(left, by), finish(right, by))),
    };
    let root = tree_fold(flow.comm, flow.shares(), &leaf, &merge)?;
    Some(finish(root, by))
}

fn finish(node: Folded, by: &dyn Compression) -> Mat<f64> {
    match node {
        Folded::Rows(rows) => by.compress(rows),
        Folded::Compressed(matrix) => matrix,
    }
}

/// One matrix on top of the other.
pub fn stack(top: &Mat<f64>, bottom: &Mat<f64>) -> Mat<f64> {
    let mut both = Mat::zeros(top.nrows() + bottom.nrows(), top.ncols());
    for j in 0..both.ncols() {
        let (above, below) = both.col_as_slice_mut(j).split_at_mut(top.nrows());
        above.copy_from_slice(top.col_as_slice(j));
        below.copy_from_slice(bottom.col_as_slice(j));
    }
    both
}

impl Wire for Folded {
    fn pack(self) -> Vec<f64> {
        let (kind, matrix) = match self {
            Self::Rows(m) => (0.0, m),
            Self::Compressed(m) => (1.0, m),
        };
        let mut data = Vec::with_capacity(3 + matrix.nrows() * matrix.ncols());
        data.extend([kind, matrix.nrows() as f64, matrix.ncols() as f64]);
        (0..matrix.ncols()).for_each(|j| data.extend_from_slice(matrix.col_as_slice(j)));
        data
    }

    fn unpack(data: Vec<f64>) -> Self {
        let [rows, columns] = [data[1] as usize, data[2] as usize];
        let matrix = Mat::from_fn(rows, columns, |i, j| data[3 + j * rows + i]);
        if data[0] == 0.0 {
            Self::Rows(matrix)
        } else {
            Self::Compressed(matrix)
        }
    }
}
