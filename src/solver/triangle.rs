//! Rows absorbed into a triangle: R′ of the QR factorisation [R; A] = Q R′, in place.
//!
//! Columns are eliminated a block at a time. The reflector of a column touches its own row of R and the
//! rows A alone, so those of a block are V = [1; V₂], where V₂ takes the place of A's columns, and
//!
//! ```text
//! Qᵀ = 1 − V Tᵀ Vᵀ:   W = Tᵀ (R_b + V₂ᵀ A),   R_b ← R_b − W,   A ← A − V₂ W
//! ```
//!
//! takes the later columns along: 2 n p² operations for n rows, nearly all in matrix products. Rows of A
//! that have only zeros so far are left out, which makes a triangle below another cost 2/3 p³ where
//! factoring both as they stand would cost 10/3 p³ (Demmel, Grigori, Hoemmen & Langou 2012,
//! doi:10.1137/080731992). Q is not kept.
//!
//! Later columns are taken along in chunks of a fixed width, each by one thread, while one thread
//! already eliminates the next block: the same bits for any number of threads.

use super::reflectors::{eliminate, take_along};
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::qr::no_pivoting::factor as qr;
use faer::reborrow::{IntoConst, ReborrowMut};
use faer::{Mat, Par};
use rayon::prelude::*;

/// Columns that are eliminated at a time: twice as many where R and the rows outgrow the cache, so that
/// they travel half as often.
fn block(p: usize) -> usize {
    if p < 1024 { 32 } else { 64 }
}

/// Later columns that a thread takes along at a time.
const CHUNK: usize = 64;

/// R of rows `a`, with min(rows, columns) rows and zeros below the diagonal.
pub(super) fn triangle(mut a: Mat<f64>) -> Mat<f64> {
    let (m, n) = (a.nrows(), a.ncols());
    let size = m.min(n);
    if size == 0 {
        return a;
    }
    let block = qr::recommended_block_size::<f64>(m, n);
    let mut coefficients = Mat::zeros(block, size);
    let scratch = qr::qr_in_place_scratch::<f64>(m, n, block, Par::Seq, Default::default());
    let mut memory = MemBuffer::new(scratch);
    let stack = MemStack::new(&mut memory);
    // Sequential: QR has other bits on several threads. Nodes of the tree run in parallel instead.
    let reflectors = coefficients.as_mut();
    qr::qr_in_place(a.as_mut(), reflectors, Par::Seq, stack, Default::default());
    let mut r = Mat::zeros(size, n);
    for j in 0..n {
        let height = size.min(j + 1);
        r.col_as_slice_mut(j)[..height].copy_from_slice(&a.col_as_slice(j)[..height]);
    }
    r
}

/// Makes R, shape (p, columns ≥ p), the triangle of [R; A]. Of A nothing is left.
pub fn absorb(r: &mut Mat<f64>, mut a: Mat<f64>) {
    let (p, columns) = (r.nrows(), r.ncols());
    let block = block(p);
    let mut room = Mat::zeros(2 * block, columns);
    let mut reflectors = [(); 2].map(|()| Mat::zeros(block, block));
    let [now, next] = &mut reflectors;
    let mut height = 0;
    let mut end = 0;
    // The first block has none before it whose reflectors it waits for.
    if p > 0 {
        end = block.min(p);
        height = reach(&a, 0, 0..end);
        eliminate(
            r.submatrix_mut(0, 0, end, end),
            a.submatrix_mut(0, 0, height, end),
            now.submatrix_mut(0, 0, end, end),
            room.as_mut(),
        );
    }
    let mut start = 0;
    while end < columns {
        let after = (end + block).min(p).max(end);
        let (width, near) = (end - start, after - end);
        let taller = reach(&a, height, end..after);
        let (done, later) = a.as_mut().split_at_col_mut(end);
        let v = done.into_const().submatrix(0, start, height, width);
        let t = now.submatrix(0, 0, width, width);
        let (above, below) = r.as_mut().split_at_row_mut(end);
        let above = above.submatrix_mut(start, end, width, columns - end);
        let (near_r, far_r) = above.split_at_col_mut(near);
        let (mut near_a, far_a) = later.split_at_col_mut(near);
        let (mut near_room, far_room) = room
            .as_mut()
            .subcols_mut(end, columns - end)
            .split_at_col_mut(near);
        let first = || {
            take_along(
                v,
                t,
                near_r,
                near_a.rb_mut().subrows_mut(0, height),
                near_room.rb_mut(),
            );
            eliminate(
                below.submatrix_mut(0, end, near, near),
                near_a.subrows_mut(0, taller),
                next.submatrix_mut(0, 0, near, near),
                near_room,
            );
        };
        let chunks = far_r
            .par_col_chunks_mut(CHUNK)
            .zip(far_a.subrows_mut(0, height).par_col_chunks_mut(CHUNK))
            .zip(far_room.par_col_chunks_mut(CHUNK));
        let rest = || chunks.for_each(|((r, a), room)| take_along(v, t, r, a, room));
        rayon::join(first, rest);
        std::mem::swap(now, next);
        (start, end, height) = (end, after, taller);
        if near == 0 {
            break;
        }
    }
}

/// Rows of A down to the last that is not zero in these columns; at least `least`.
fn reach(a: &Mat<f64>, least: usize, columns: std::ops::Range<usize>) -> usize {
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
