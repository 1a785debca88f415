//! Matrices and counts as numbers of a message.

use faer::{Mat, MatRef};

/// Puts a matrix at the end of a message, column by column.
pub(super) fn append(data: &mut Vec<f64>, matrix: &Mat<f64>) {
    (0..matrix.ncols()).for_each(|j| data.extend(matrix.col_as_slice(j)));
}

/// What is left of a message.
pub(super) struct Numbers<'d>(pub(super) &'d [f64]);

impl<'d> Numbers<'d> {
    pub(super) fn take(&mut self, count: usize) -> &'d [f64] {
        let (here, rest) = self.0.split_at(count);
        self.0 = rest;
        here
    }

    pub(super) fn count(&mut self) -> usize {
        self.take(1)[0] as usize
    }

    pub(super) fn matrix(&mut self, rows: usize, columns: usize) -> Mat<f64> {
        MatRef::from_column_major_slice(self.take(rows * columns), rows, columns).to_owned()
    }
}
