//! Matrices for the time of a sweep, in memory that is used over and over.
//!
//! A sweep through a cell needs megabytes for a moment. Fresh memory comes from the system page by
//! page, cleared, at its first touch, which takes longer than all arithmetic of the sweep. So each
//! thread keeps what its last sweeps have given back, up to a limit, and hands it out again.

use faer::{Mat, MatMut, MatRef};
use std::cell::RefCell;
use std::ops::Range;

/// Numbers that a thread keeps at most: 64 MB.
const KEPT: usize = 8 << 20;
/// A buffer serves requests down to this share of its length; smaller ones get their own.
const WASTE: usize = 4;
/// Columns begin at multiples of so many numbers: a line of the cache, a vector of AVX-512.
const ALIGNMENT: usize = 8;

thread_local! {
    /// The latest is the last, and the likeliest to be in the cache still.
    static SPARE: RefCell<Vec<Mat<f64>>> = const { RefCell::new(Vec::new()) };
}

/// A matrix of columns that follow each other; it begins with whatever was in its memory.
pub(super) struct Scratch {
    /// One column, at least as long as is needed. A matrix because it is aligned.
    buffer: Mat<f64>,
    rows: usize,
    columns: usize,
}

impl Scratch {
    /// Room for a matrix, to be written before it is read.
    pub(super) fn new(rows: usize, columns: usize) -> Self {
        let length = rows.next_multiple_of(ALIGNMENT) * columns;
        let mut buffer = take(length).unwrap_or_else(|| Mat::zeros(length, 1));
        if cfg!(debug_assertions) {
            // Whoever reads before writing shall see it.
            buffer.col_as_slice_mut(0).fill(f64::NAN);
        }
        Self {
            buffer,
            rows,
            columns,
        }
    }

    fn stride(&self) -> usize {
        self.rows.next_multiple_of(ALIGNMENT)
    }

    /// Number of columns.
    pub(super) fn ncols(&self) -> usize {
        self.columns
    }

    /// The matrix.
    pub(super) fn as_ref(&self) -> MatRef<'_, f64> {
        let numbers = self.buffer.col_as_slice(0);
        let [rows, columns, stride] = [self.rows, self.columns, self.stride()];
        MatRef::from_column_major_slice_with_stride(numbers, rows, columns, stride)
    }

    /// The matrix, for writing.
    pub(super) fn as_mut(&mut self) -> MatMut<'_, f64> {
        let [rows, columns, stride] = [self.rows, self.columns, self.stride()];
        let numbers = self.buffer.col_as_slice_mut(0);
        MatMut::from_column_major_slice_with_stride_mut(numbers, rows, columns, stride)
    }

    /// Some columns as they stand in memory, with what lies between the end of one and the next.
    pub(super) fn columns_mut(&mut self, columns: Range<usize>) -> &mut [f64] {
        let stride = self.stride();
        let range = columns.start * stride..columns.end * stride;
        &mut self.buffer.col_as_slice_mut(0)[range]
    }

    /// A column.
    #[inline(always)]
    pub(super) fn column(&self, j: usize) -> &[f64] {
        &self.buffer.col_as_slice(0)[j * self.stride()..][..self.rows]
    }

    /// A column, for writing.
    #[inline(always)]
    pub(super) fn column_mut(&mut self, j: usize) -> &mut [f64] {
        let start = j * self.stride();
        &mut self.buffer.col_as_slice_mut(0)[start..][..self.rows]
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let buffer = std::mem::replace(&mut self.buffer, Mat::new());
        // While a thread ends there may be no list any more: then the system has it back.
        let _ = SPARE.try_with(|spare| {
            let mut spare = spare.borrow_mut();
            let kept: usize = spare.iter().map(Mat::nrows).sum();
            if buffer.nrows() > 0 && kept + buffer.nrows() <= KEPT {
                spare.push(buffer);
            }
        });
    }
}

/// The shortest of the spare buffers that is long enough, the latest among equals.
fn take(length: usize) -> Option<Mat<f64>> {
    let fits = length..=length.saturating_mul(WASTE);
    SPARE.with(|spare| {
        let mut spare = spare.borrow_mut();
        let candidates = spare.iter().enumerate().rev();
        let fitting = candidates.filter(|(_, buffer)| fits.contains(&buffer.nrows()));
        let best = fitting.min_by_key(|(_, buffer)| buffer.nrows())?.0;
        Some(spare.remove(best))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_and_columns_are_the_same_numbers() {
        let mut scratch = Scratch::new(5, 3);
        for j in 0..3 {
            let column = scratch.column_mut(j).iter_mut().enumerate();
            column.for_each(|(i, x)| *x = (10 * j + i) as f64);
        }
        scratch.as_mut()[(4, 2)] = -1.0;
        assert_eq!(scratch.as_ref().shape(), (5, 3));
        assert_eq!(scratch.as_ref()[(3, 1)], 13.0);
        assert_eq!(scratch.column(2), [20.0, 21.0, 22.0, 23.0, -1.0]);
    }

    #[test]
    fn what_is_given_back_is_handed_out_again() {
        let mut first = Scratch::new(1000, 3);
        first.column_mut(0)[0] = 7.0;
        let memory = first.column(0).as_ptr();
        drop(first);
        let small = Scratch::new(4, 4);
        let second = Scratch::new(900, 3);
        assert_eq!(second.column(0).as_ptr(), memory);
        assert_ne!(small.column(0).as_ptr(), memory);
    }

    #[test]
    fn a_thread_keeps_no_more_than_its_limit() {
        let many: Vec<Scratch> = (0..40).map(|_| Scratch::new(KEPT / 32, 1)).collect();
        drop(many);
        let kept: usize = SPARE.with(|spare| spare.borrow().iter().map(Mat::nrows).sum());
        assert!(kept <= KEPT);
    }

    #[test]
    fn matrices_without_rows_or_columns_are_matrices() {
        for (rows, columns) in [(0, 0), (0, 3), (3, 0)] {
            assert_eq!(
                Scratch::new(rows, columns).as_ref().shape(),
                (rows, columns)
            );
        }
    }
}
