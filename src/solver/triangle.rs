//! QR factorisations R′ of rows A, alone or below a triangle: A = Q R′ or [R; A] = Q R′.
//!
//! Columns are eliminated a panel at a time ([`super::reflectors`]); the reflectors V of a panel then take the
//! later columns along,
//!
//! ```text
//! Qᵀ = 1 − V Tᵀ Vᵀ:   W = Tᵀ Vᵀ A,   A ← A − V W,
//! ```
//!
//! 2 n p² operations for n rows (2⁄3 p³ less for rows alone), nearly all in matrix products. Below a triangle
//! V touches its own rows of R and the rows A alone. Rows of A that have only zeros so far are left out,
//! which makes a triangle below another cost 2/3 p³ where factoring both as they stand would cost 10/3 p³
//! (Demmel, Grigori, Hoemmen & Langou 2012, doi:10.1137/080731992). Q is kept where it is asked for.
//!
//! Later columns are taken along in chunks of a fixed width, each by one thread, while one thread
//! already eliminates the next panel: the same bits for any number of threads.

use super::reflectors::{Block, Orthogonal, eliminate};
use faer::reborrow::{Reborrow, ReborrowMut};
use faer::{Mat, MatMut, MatRef};
use rayon::prelude::*;
use std::ops::Range;

/// Columns that are eliminated at a time: twice as many where R and the rows outgrow the cache, so that
/// they travel half as often.
fn panel(p: usize) -> usize {
    if p < 1024 { 24 } else { 48 }
}

/// Later columns that a thread takes along at a time.
const CHUNK: usize = 128;

/// R of rows `a`, with min(rows, columns) rows and zeros below the diagonal.
pub(super) fn triangle(a: Mat<f64>) -> Mat<f64> {
    let mut r = Mat::zeros(a.nrows().min(a.ncols()), a.ncols());
    factor(&mut r, a, Rows::Alone, None);
    r
}

/// The same with Q.
pub(super) fn factored(a: Mat<f64>) -> (Orthogonal, Mat<f64>) {
    let mut r = Mat::zeros(a.nrows().min(a.ncols()), a.ncols());
    let mut q = Orthogonal::default();
    factor(&mut r, a, Rows::Alone, Some(&mut q));
    (q, r)
}

/// Makes R, shape (p, columns ≥ p), the triangle of [R; A].
pub fn absorb(r: &mut Mat<f64>, a: Mat<f64>) {
    factor(r, a, Rows::BelowTriangle, None);
}

/// Where the rows of A are.
#[derive(Clone, Copy, PartialEq)]
enum Rows {
    /// Alone: those that are done move to R.
    Alone,
    /// Below R, whose rows are touched one by one.
    BelowTriangle,
}

impl Rows {
    /// Those that columns `of` are eliminated from, if those before reach down to `reached`.
    fn touched(self, a: &Mat<f64>, reached: usize, of: Range<usize>) -> Range<usize> {
        match self {
            Self::Alone => of.end..a.nrows(),
            Self::BelowTriangle => 0..reach(a, reached, of),
        }
    }

    /// Rows `of` of R in these columns, as they are before their own elimination.
    fn enter(self, mut r: MatMut<'_, f64>, a: MatRef<'_, f64>, of: Range<usize>) {
        if self == Self::Alone {
            r.copy_from(a.subrows(of.start, of.len()));
        }
    }
}

/// The reflectors of one panel.
struct Panel {
    v: Mat<f64>,
    t: Mat<f64>,
}

impl Panel {
    /// Eliminates these rows of R and of A.
    fn eliminate(&mut self, mut r: MatMut<'_, f64>, a: MatRef<'_, f64>, room: MatMut<'_, f64>) {
        let width = r.ncols();
        let mut v = self.v.submatrix_mut(0, 0, width + a.nrows(), width);
        let (mut first, mut below) = v.rb_mut().split_at_row_mut(width);
        first.copy_from(r.rb());
        r.fill(0.0);
        below.copy_from(a);
        let t = self.t.submatrix_mut(0, 0, width, width);
        eliminate(v, r.rb_mut(), t, room);
    }
}

fn factor(r: &mut Mat<f64>, mut a: Mat<f64>, rows: Rows, mut q: Option<&mut Orthogonal>) {
    let (p, columns) = (r.nrows(), r.ncols());
    let width = panel(p);
    let mut room = Mat::zeros(2 * width, columns);
    let mut panels = [(); 2].map(|()| Panel {
        v: Mat::zeros(width + a.nrows(), width),
        t: Mat::zeros(width, width),
    });
    let [now, next] = &mut panels;
    // The first panel has none before it whose reflectors it waits for.
    let mut here = 0..width.min(p);
    let mut touched = rows.touched(&a, 0, here.clone());
    if p > 0 {
        let mut r = r.submatrix_mut(0, 0, here.end, here.end);
        let a = a.as_ref().subcols(0, here.end);
        rows.enter(r.rb_mut(), a, here.clone());
        now.eliminate(r, a.subrows(touched.start, touched.len()), room.as_mut());
    }
    while !here.is_empty() {
        let after = here.end..(here.end + width).min(p);
        let later = rows.touched(&a, touched.end, after.clone());
        let v = now
            .v
            .submatrix(0, 0, here.len() + touched.len(), here.len());
        let (first, below) = v.split_at_row(here.len());
        let t = now.t.submatrix(0, 0, here.len(), here.len());
        let block = Block {
            first: (rows == Rows::Alone).then_some(first),
            below,
            t,
        };
        let take_along = |mut r: MatMut<'_, f64>, a: MatMut<'_, f64>, room: MatMut<'_, f64>| {
            rows.enter(r.rb_mut(), a.rb(), here.clone());
            let a = a.subrows_mut(touched.start, touched.len());
            block.take_along(r, a, room);
        };
        let [beyond, near] = [columns - here.end, after.len()];
        let (above, under) = r.as_mut().split_at_row_mut(here.end);
        let above = above.submatrix_mut(here.start, here.end, here.len(), beyond);
        let (near_r, far_r) = above.split_at_col_mut(near);
        let a_beyond = a.as_mut().subcols_mut(here.end, beyond);
        let (mut near_a, far_a) = a_beyond.split_at_col_mut(near);
        let room_beyond = room.as_mut().subcols_mut(here.end, beyond);
        let (mut near_room, far_room) = room_beyond.split_at_col_mut(near);
        let first = || {
            if near > 0 {
                take_along(near_r, near_a.rb_mut(), near_room.rb_mut());
                let mut r = under.submatrix_mut(0, after.start, near, near);
                rows.enter(r.rb_mut(), near_a.rb(), after.clone());
                let a = near_a.rb().subrows(later.start, later.len());
                next.eliminate(r, a, near_room);
            }
        };
        let chunks = (far_r.par_col_chunks_mut(CHUNK))
            .zip(far_a.par_col_chunks_mut(CHUNK))
            .zip(far_room.par_col_chunks_mut(CHUNK));
        let rest = || chunks.for_each(|((r, a), room)| take_along(r, a, room));
        rayon::join(first, rest);
        if let Some(q) = q.as_deref_mut() {
            q.push(here.start, v, t);
        }
        std::mem::swap(now, next);
        (here, touched) = (after, later);
    }
}

/// Rows of A down to the last that is not zero in these columns; at least `least`.
fn reach(a: &Mat<f64>, least: usize, columns: Range<usize>) -> usize {
    let last = |j: usize| a.col_as_slice(j).iter().rposition(|&x| x != 0.0);
    columns
        .filter_map(last)
        .fold(least, |reach, i| reach.max(i + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(rows: usize, columns: usize) -> Mat<f64> {
        let entry = |i: usize, j: usize| ((1 + i) as f64 * (1.3 + j as f64).powf(1.5)).sin();
        Mat::from_fn(rows, columns, entry)
    }

    fn upper(p: usize, columns: usize) -> Mat<f64> {
        let full = entries(p, columns);
        Mat::from_fn(p, columns, |i, j| if i <= j { full[(i, j)] } else { 0.0 })
    }

    /// |R′ᵀR′ − RᵀR − AᵀA| relative to the last two, and R′.
    fn defect(r: &Mat<f64>, a: &Mat<f64>) -> f64 {
        let mut absorbed = r.clone();
        absorb(&mut absorbed, a.clone());
        for j in 0..r.ncols() {
            for i in j + 1..r.nrows() {
                assert_eq!(absorbed[(i, j)], 0.0, "below the diagonal");
            }
        }
        // All that is asked of the last column, if R has one more, are its first p entries.
        let p = r.nrows();
        let gram = r.transpose().subrows(0, p) * r + a.transpose().subrows(0, p) * a;
        let of_absorbed = absorbed.transpose().subrows(0, p) * &absorbed;
        (&of_absorbed - &gram).norm_l2() / gram.norm_l2()
    }

    #[test]
    fn gram_matrices_add_up() {
        for p in [1, 7, 32, 33, 75] {
            for more in [0, 1] {
                let r = upper(p, p + more);
                for n in [0, 1, 5, 40, 200] {
                    let defect = defect(&r, &entries(n, p + more));
                    assert!(
                        defect < 1e-14,
                        "{n} rows into {p} of {more} more: {defect:e}"
                    );
                }
                for n in [1, p, p + more] {
                    let defect = defect(&r, &upper(n, p + more));
                    assert!(defect < 1e-14, "a triangle of {n} into {p}: {defect:e}");
                }
                let nothing = Mat::zeros(p, p + more);
                assert!(super::tests::defect(&nothing, &entries(90, p + more)) < 1e-14);
            }
        }
    }

    #[test]
    fn rows_are_the_product_of_both_factors() {
        for (n, p) in [
            (1, 1),
            (7, 7),
            (9, 3),
            (200, 75),
            (75, 75),
            (30, 75),
            (0, 4),
            (4, 0),
        ] {
            let mut a = entries(n, p);
            if p > 5 {
                // Columns without a direction of their own, and of nothing.
                let twice = a.col(0).to_owned() * 2.0;
                a.col_mut(4).copy_from(&twice);
                a.col_mut(5).fill(0.0);
            }
            let (q, r) = factored(a.clone());
            assert_eq!(r, triangle(a.clone()));
            assert_eq!((r.nrows(), r.ncols()), (n.min(p), p));
            for j in 0..p {
                for i in j + 1..r.nrows() {
                    assert_eq!(r[(i, j)], 0.0, "below the diagonal");
                }
                let mut column = r.col_as_slice(j).to_vec();
                column.resize(n, 0.0);
                q.apply(&mut column);
                for (i, &x) in column.iter().enumerate() {
                    assert!((x - a[(i, j)]).abs() < 1e-13, "{n} x {p}: ({i}, {j})");
                }
                q.apply_transposed(&mut column);
                for (i, &x) in column.iter().enumerate() {
                    let wanted = if i < r.nrows() { r[(i, j)] } else { 0.0 };
                    assert!((x - wanted).abs() < 1e-13, "{n} x {p}: ({i}, {j})");
                }
            }
        }
    }

    #[test]
    fn the_same_bits_on_any_number_of_threads() {
        let (r, a) = (upper(300, 301), entries(70, 301));
        let absorbed = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            pool.build().unwrap().install(|| {
                let mut r = r.clone();
                absorb(&mut r, a.clone());
                r
            })
        };
        let one = absorbed(1);
        for threads in [2, 4] {
            assert_eq!(one, absorbed(threads), "{threads} threads");
        }
    }

    #[test]
    fn what_is_not_a_number_is_not_lost() {
        let mut a = entries(3, 40);
        a[(1, 20)] = f64::NAN;
        let mut r = upper(40, 40);
        absorb(&mut r, a);
        assert!(r[(39, 39)].is_nan());
    }
}
