//! A block of Householder reflectors that eliminates rows below a triangle, column by column.
//!
//! The reflector 1 − τ v vᵀ of a column has v = (1, v₂): one at the column's diagonal entry α of R, and v₂
//! in place of the column x of A, which it makes zero. All of a block together are 1 − V T Vᵀ with
//! V = [1; V₂] and an upper triangular T (Schreiber & Van Loan 1989, doi:10.1137/0910005). Blocks are
//! halved until they are narrow, so that most of the elimination is matrix products too.

use crate::simd::vectorised;
use crate::vector::dot;
use faer::linalg::matmul::matmul;
use faer::reborrow::{IntoConst, Reborrow, ReborrowMut};
use faer::{Accum, MatMut, MatRef, Par};

/// Columns that are eliminated one by one; wider blocks are halved.
const NARROW: usize = 8;

/// Applies a block's Qᵀ to columns of its rows of R and of A.
pub(super) fn take_along(
    v: MatRef<'_, f64>,
    t: MatRef<'_, f64>,
    mut r: MatMut<'_, f64>,
    mut a: MatMut<'_, f64>,
    room: MatMut<'_, f64>,
) {
    let (width, columns) = (t.nrows(), r.ncols());
    let (sum, rest) = room.subcols_mut(0, columns).split_at_row_mut(width);
    let (mut sum, mut w) = (sum, rest.subrows_mut(0, width));
    sum.copy_from(r.rb());
    matmul(
        sum.rb_mut(),
        Accum::Add,
        v.transpose(),
        a.rb(),
        1.0,
        Par::Seq,
    );
    matmul(
        w.rb_mut(),
        Accum::Replace,
        t.transpose(),
        sum.rb(),
        1.0,
        Par::Seq,
    );
    r -= w.rb();
    matmul(a.rb_mut(), Accum::Add, v, w.rb(), -1.0, Par::Seq);
}

/// Eliminates the columns `v` of A with the triangle `r` above them: R′ replaces R, V₂ the columns, and
/// T the upper triangle of `t`, which is zero below. `room` is for as many columns, twice as high.
pub(super) fn eliminate(
    mut r: MatMut<'_, f64>,
    mut v: MatMut<'_, f64>,
    mut t: MatMut<'_, f64>,
    mut room: MatMut<'_, f64>,
) {
    let width = r.ncols();
    if width <= NARROW {
        return vectorised(
            #[inline(always)]
            || eliminate_one_by_one(r, v, t),
        );
    }
    let half = width / 2;
    let (left, mut right) = v.rb_mut().split_at_col_mut(half);
    let (mut top, bottom) = r.rb_mut().split_at_row_mut(half);
    let mut left = left;
    eliminate(
        top.rb_mut().subcols_mut(0, half),
        left.rb_mut(),
        t.rb_mut().submatrix_mut(0, 0, half, half),
        room.rb_mut(),
    );
    let (left_t, right_t) = t.rb_mut().split_at_col_mut(half);
    let (mut across, mut right_t) = right_t.split_at_row_mut(half);
    let left_t = left_t.into_const().subrows(0, half);
    take_along(
        left.rb(),
        left_t,
        top.subcols_mut(half, width - half),
        right.rb_mut(),
        room.rb_mut(),
    );
    eliminate(
        bottom.subcols_mut(half, width - half),
        right.rb_mut(),
        right_t.rb_mut(),
        room.rb_mut(),
    );
    // T of both halves: −T₁ (V₁ᵀ V₂) T₂ stands beside T₁.
    let mut product = room.submatrix_mut(0, 0, half, width - half);
    matmul(
        across.rb_mut(),
        Accum::Replace,
        left.transpose(),
        right.rb(),
        1.0,
        Par::Seq,
    );
    matmul(
        product.rb_mut(),
        Accum::Replace,
        across.rb(),
        right_t.rb(),
        1.0,
        Par::Seq,
    );
    matmul(across, Accum::Replace, left_t, product.rb(), -1.0, Par::Seq);
}

/// The same column by column: v = x / (α − β), τ = (β − α) / β, where β = −sign(α) |(α, x)| takes the place
/// of the diagonal entry α, and x, the column of A, vanishes.
#[inline(always)]
fn eliminate_one_by_one(mut r: MatMut<'_, f64>, mut v: MatMut<'_, f64>, mut t: MatMut<'_, f64>) {
    for j in 0..r.ncols() {
        let (before, after) = v.rb_mut().split_at_col_mut(j);
        let (here, mut after) = after.split_at_col_mut(1);
        let x = column(here, 0);
        let (alpha, square) = (r[(j, j)], dot(x, x));
        if square == 0.0 {
            // Nothing to eliminate: Q = 1.
            x.fill(0.0);
            (0..=j).for_each(|i| t[(i, j)] = 0.0);
            continue;
        }
        let beta = -(alpha * alpha + square).sqrt().copysign(alpha);
        let tau = (beta - alpha) / beta;
        let scale = 1.0 / (alpha - beta);
        x.iter_mut().for_each(|x| *x *= scale);
        r[(j, j)] = beta;
        for k in 0..after.ncols() {
            let y = column(after.rb_mut(), k);
            let share = tau * (r[(j, j + 1 + k)] + dot(x, y));
            r[(j, j + 1 + k)] -= share;
            y.iter_mut().zip(&*x).for_each(|(y, x)| *y -= share * x);
        }
        let mut along = [0.0; NARROW];
        let before = before.into_const();
        (0..j).for_each(|i| along[i] = dot(shared_column(before, i), x));
        for i in 0..j {
            t[(i, j)] = -tau * (i..j).map(|k| t[(i, k)] * along[k]).sum::<f64>();
        }
        t[(j, j)] = tau;
    }
}

/// A column of a matrix whose columns are contiguous, as all of these are.
#[inline(always)]
fn column<'a>(matrix: MatMut<'a, f64>, j: usize) -> &'a mut [f64] {
    let column = matrix.col_mut(j).try_as_col_major_mut();
    column.map_or(&mut [], |column| column.as_slice_mut())
}

#[inline(always)]
fn shared_column(matrix: MatRef<'_, f64>, j: usize) -> &[f64] {
    let column = matrix.col(j).try_as_col_major();
    column.map_or(&[], |column| column.as_slice())
}
