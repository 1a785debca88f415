//! Householder reflectors in blocks, which make a panel of columns triangular.
//!
//! The reflector 1 − τ v vᵀ of a column x has v = 1 in the row of its diagonal entry α and, below it,
//! x / (α − β), where β = −sign(α) |x| takes the place of α and what is below vanishes; τ = (β − α)/β. All of
//! a block together are 1 − V T Vᵀ with an upper triangular T (Schreiber & Van Loan 1989,
//! doi:10.1137/0910005). V is kept with its ones and zeros, so that nothing but plain products applies it.
//! Panels are halved until they are narrow, so that most of their elimination is products too.

use crate::simd::vectorised;
use crate::vector::{dot, dots};
use faer::linalg::matmul::matmul;
use faer::reborrow::{IntoConst, Reborrow, ReborrowMut};
use faer::{Accum, Mat, MatMut, MatRef, Par};

/// Columns that are eliminated one by one; wider panels are halved.
const NARROW: usize = 8;

/// The reflectors of a panel, 1 − V T Vᵀ. The first rows of V, as many as columns, may belong to another
/// matrix than those below.
#[derive(Clone, Copy)]
pub(super) struct Block<'a> {
    /// The first rows of V; none where they are the identity.
    pub(super) first: Option<MatRef<'a, f64>>,
    pub(super) below: MatRef<'a, f64>,
    pub(super) t: MatRef<'a, f64>,
}

impl Block<'_> {
    /// Applies Qᵀ to columns of both matrices. `room` is for as many columns, twice as high as the panel is
    /// wide.
    pub(super) fn take_along(
        self,
        mut first: MatMut<'_, f64>,
        mut below: MatMut<'_, f64>,
        room: MatMut<'_, f64>,
    ) {
        let (width, columns) = (self.t.nrows(), first.ncols());
        let (mut sum, rest) = room.subcols_mut(0, columns).split_at_row_mut(width);
        let mut w = rest.subrows_mut(0, width);
        match self.first {
            None => sum.copy_from(first.rb()),
            Some(v) => set(sum.rb_mut(), v.transpose(), first.rb()),
        }
        add(sum.rb_mut(), 1.0, self.below.transpose(), below.rb());
        set(w.rb_mut(), self.t.transpose(), sum.rb());
        match self.first {
            None => first -= w.rb(),
            Some(v) => add(first, -1.0, v, w.rb()),
        }
        add(below.rb_mut(), -1.0, self.below, w.rb());
    }
}

/// Makes the columns of `v` triangular: R goes to `r`, V takes their place, and T that of the upper triangle
/// of `t`, which is zero below. `room` is as wide and twice as high as `v` is wide.
pub(super) fn eliminate(
    mut v: MatMut<'_, f64>,
    mut r: MatMut<'_, f64>,
    mut t: MatMut<'_, f64>,
    mut room: MatMut<'_, f64>,
) {
    let width = v.ncols();
    if width <= NARROW {
        return one_by_one(v, r, t);
    }
    let half = (width / 2).next_multiple_of(NARROW);
    let rest = width - half;
    let (mut left, mut right) = v.rb_mut().split_at_col_mut(half);
    let (t_left, t_right) = t.rb_mut().split_at_col_mut(half);
    let mut t_left = t_left.subrows_mut(0, half);
    let (mut across, mut t_rest) = t_right.split_at_row_mut(half);
    eliminate(
        left.rb_mut(),
        r.rb_mut().submatrix_mut(0, 0, half, half),
        t_left.rb_mut(),
        room.rb_mut(),
    );
    let (left_first, left_below) = left.into_const().split_at_row(half);
    let block = Block {
        first: Some(left_first),
        below: left_below,
        t: t_left.into_const(),
    };
    let (mut done, mut below) = right.rb_mut().split_at_row_mut(half);
    block.take_along(done.rb_mut(), below.rb_mut(), room.rb_mut());
    let (mut r_done, r_rest) = r.subcols_mut(half, rest).split_at_row_mut(half);
    r_done.copy_from(done.rb());
    done.fill(0.0);
    eliminate(below.rb_mut(), r_rest, t_rest.rb_mut(), room.rb_mut());
    // T of both halves: −T₁ (V₁ᵀ V₂) T₂ stands beside T₁.
    let mut product = room.submatrix_mut(0, 0, half, rest);
    set(across.rb_mut(), left_below.transpose(), below.rb());
    set(product.rb_mut(), across.rb(), t_rest.rb());
    matmul(
        across,
        Accum::Replace,
        block.t,
        product.rb(),
        -1.0,
        Par::Seq,
    );
}

fn one_by_one(v: MatMut<'_, f64>, r: MatMut<'_, f64>, t: MatMut<'_, f64>) {
    vectorised(
        #[inline(always)]
        || {
            let columns = v.col_iter_mut().filter_map(|c| c.try_as_col_major_mut());
            let mut columns: Vec<&mut [f64]> = columns.map(|c| c.as_slice_mut()).collect();
            each(&mut columns, r, t);
        },
    );
}

/// One column after the other, each against all others at once.
#[inline(always)]
fn each(columns: &mut [&mut [f64]], mut r: MatMut<'_, f64>, mut t: MatMut<'_, f64>) {
    for j in 0..columns.len() {
        let alpha = std::mem::replace(&mut columns[j][j], 0.0);
        // Those before for T, those after for R; that with itself for β.
        let mut along = [0.0; NARROW];
        let along = &mut along[..columns.len()];
        dots(columns[j], columns, along);
        let square = along[j];
        // Nothing to eliminate: Q = 1, by τ = 0.
        let (beta, tau, scale) = match square == 0.0 {
            true => (alpha, 0.0, 0.0),
            false => {
                let beta = -(alpha * alpha + square).sqrt().copysign(alpha);
                (beta, (beta - alpha) / beta, 1.0 / (alpha - beta))
            }
        };
        r[(j, j)] = beta;
        let (before, after) = columns.split_at_mut(j);
        let Some((v, after)) = after.split_first_mut() else {
            return;
        };
        v.iter_mut().for_each(|v| *v *= scale);
        for (k, y) in (j + 1..).zip(after) {
            let share = tau * (y[j] + scale * along[k]);
            y.iter_mut().zip(&**v).for_each(|(y, v)| *y -= share * v);
            r[(j, k)] = std::mem::replace(&mut y[j], 0.0) - share;
        }
        v[j] = 1.0;
        for (along, before) in along.iter_mut().zip(before) {
            *along = before[j] + scale * *along;
        }
        for i in 0..j {
            t[(i, j)] = -tau * (i..j).map(|k| t[(i, k)] * along[k]).sum::<f64>();
        }
        t[(j, j)] = tau;
    }
}

fn set(to: MatMut<'_, f64>, a: MatRef<'_, f64>, b: MatRef<'_, f64>) {
    matmul(to, Accum::Replace, a, b, 1.0, Par::Seq);
}

fn add(to: MatMut<'_, f64>, by: f64, a: MatRef<'_, f64>, b: MatRef<'_, f64>) {
    matmul(to, Accum::Add, a, b, by, Par::Seq);
}

/// Q of a whole factorisation, block after block: (1 − V₁ T₁ V₁ᵀ)(1 − V₂ T₂ V₂ᵀ)⋯
#[derive(Default)]
pub(super) struct Orthogonal {
    blocks: Vec<Kept>,
}

struct Kept {
    /// The first row that it touches.
    start: usize,
    v: Mat<f64>,
    t: Mat<f64>,
}

impl Orthogonal {
    /// Appends the reflectors of rows `start` and below.
    pub(super) fn push(&mut self, start: usize, v: MatRef<'_, f64>, t: MatRef<'_, f64>) {
        let [v, t] = [v, t].map(|part| part.to_owned());
        self.blocks.push(Kept { start, v, t });
    }

    /// x ← Qᵀ x.
    #[inline(always)]
    pub(super) fn apply_transposed(&self, x: &mut [f64]) {
        for block in &self.blocks {
            let along = block.along(x);
            let times = |j: usize| dot(&block.t.col_as_slice(j)[..=j], &along[..=j]);
            block.subtract((0..along.len()).map(times), x);
        }
    }

    /// x ← Q x.
    #[inline(always)]
    pub(super) fn apply(&self, x: &mut [f64]) {
        for block in self.blocks.iter().rev() {
            let along = block.along(x);
            let times = |i: usize| {
                (along.iter().enumerate().skip(i))
                    .map(|(j, a)| block.t[(i, j)] * a)
                    .sum()
            };
            block.subtract((0..along.len()).map(times), x);
        }
    }
}

impl Kept {
    /// Vᵀ x.
    #[inline(always)]
    fn along(&self, x: &[f64]) -> Vec<f64> {
        let column = |j: usize| dot(self.v.col_as_slice(j), &x[self.start..]);
        (0..self.v.ncols()).map(column).collect()
    }

    /// x ← x − V w.
    #[inline(always)]
    fn subtract(&self, w: impl Iterator<Item = f64>, x: &mut [f64]) {
        for (j, w) in w.enumerate() {
            let column = self.v.col_as_slice(j);
            let pairs = x[self.start..].iter_mut().zip(column);
            pairs.for_each(|(x, v)| *x -= w * v);
        }
    }
}
