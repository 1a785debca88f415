//! Cholesky of tiles, right-looking: a column of tiles is factored and sent to those whose tiles it
//! updates (Dongarra, Faverge, Ltaief & Luszczek 2013, doi:10.1002/cpe.2859, for the kernels).
//!
//! ```text
//! for k:  L_kk L_kkᵀ = A_kk,   L_ik = A_ik L_kk⁻ᵀ,   A_ij −= L_ik L_jkᵀ   for i ≥ j > k
//! ```
//!
//! Every tile is updated by k = 0, 1, 2, … in turn, wherever it is, by kernels on one thread: the same
//! bits for any number of ranks and threads. Column k + 1 is updated, factored and on its way before
//! column k updates the rest (a lookahead of one), so a factored column is waited for by nobody who
//! still has work to do.
//!
//! **No deadlock**: all ranks of the grid go through the columns in the same order, and what is sent
//! for a column is received for that column: first the pivot's factor, then, while all sends are on
//! offer, the tiles. So whoever is furthest behind waits for nobody.

use super::sums::add_product;
use super::{Gram, Grid, Lower, Tiles};
use crate::comm::{Comm, Phase, during};
use crate::solver::damped::{cholesky, mean, raised};
use crate::solver::numbers::{Numbers, append};
use faer::linalg::triangular_solve::solve_lower_triangular_in_place;
use faer::{Mat, Par};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::mem;

impl Gram {
    /// L Lᵀ = G + λ tr(G)/p, with λ raised tenfold from `damping` up to 1 while there is none.
    /// Collective.
    pub(in crate::solver) fn factored(self, comm: &dyn Comm, damping: f64) -> Lower {
        let Self { grid, tiles } = self;
        let mean = mean(&grid.shared(comm, &diagonal(&tiles)));
        let attempt = |damping: f64| {
            let mut tiles = tiles.clone();
            shift(&mut tiles, damping * mean);
            Elimination::of(comm, &grid, tiles).run()
        };
        let found = match grid.ranks.contains(&comm.rank()) {
            true => during(comm, Phase::Solve, || raised(damping, attempt)),
            false => None,
        };
        Lower {
            damping: found.as_ref().map(|found| found.damping),
            tiles: found.map_or_else(Tiles::new, |found| found.result),
            grid,
        }
    }
}

/// Adds to the diagonal.
fn shift(tiles: &mut Tiles, by: f64) {
    for (_, tile) in tiles.iter_mut().filter(|(key, _)| key[0] == key[1]) {
        (0..tile.ncols()).for_each(|i| tile[(i, i)] += by);
    }
}

/// The diagonals of the tiles that have one, by row of tiles.
fn diagonal(tiles: &Tiles) -> BTreeMap<usize, Mat<f64>> {
    let diagonal = tiles.iter().filter(|(key, _)| key[0] == key[1]);
    let entries = |(key, tile): (&[usize; 2], &Mat<f64>)| {
        let entries = Mat::from_fn(tile.ncols(), 1, |i, _| tile[(i, i)]);
        (key[0], entries)
    };
    diagonal.map(entries).collect()
}

/// Tiles (i, k) of a column of L below the diagonal, by i.
type Column = BTreeMap<usize, Mat<f64>>;

/// What is sent in place of tiles where a pivot is not positive. No tile is so small.
const FAILED: [f64; 1] = [f64::NAN];

/// A factorisation under way.
struct Elimination<'a> {
    comm: &'a dyn Comm,
    grid: &'a Grid,
    /// This rank's tiles of A, and those of L that nobody waits for.
    tiles: Tiles,
    done: Tiles,
    /// The last column of L, as far as this rank needs it, and its number.
    column: Column,
    number: usize,
}

impl<'a> Elimination<'a> {
    fn of(comm: &'a dyn Comm, grid: &'a Grid, tiles: Tiles) -> Self {
        Self {
            comm,
            grid,
            tiles,
            done: Tiles::new(),
            column: Column::new(),
            number: 0,
        }
    }

    /// This rank's tiles of L, if there is an L.
    fn run(mut self) -> Option<Tiles> {
        for k in 0..self.grid.cyclic.tiles() {
            self.update(|j| j == k);
            let own = self.factor(k);
            let outgoing = self.outgoing(k, own.as_ref());
            let (mut own, mut whole) = (Some(own), None);
            self.comm.overlap(&outgoing, &mut || {
                self.update(|j| j > k);
                whole = own.take().and_then(|own| self.completed(k, own));
            });
            self.retire();
            (self.column, self.number) = (whole?, k);
        }
        self.retire();
        Some(self.done)
    }

    /// A_ij −= L_ik L_jkᵀ with the last column for this rank's tiles in some columns.
    fn update(&mut self, of: impl Fn(usize) -> bool + Sync) {
        let column = &self.column;
        if column.is_empty() {
            return;
        }
        let tiles = self.tiles.par_iter_mut().filter(|(key, _)| of(key[1]));
        tiles.for_each(|(&[i, j], tile)| {
            let [left, right] = [&column[&i], &column[&j]].map(Mat::as_ref);
            add_product(tile, left, right.transpose(), -1.0, i == j);
        });
    }

    /// This rank's tiles of column k of L, those below the diagonal; `None` where it has some and a
    /// pivot is not positive.
    fn factor(&mut self, k: usize) -> Option<Column> {
        let diagonal = self.tiles.remove(&[k, k]);
        let below = self.rows_of(self.comm.rank(), k);
        if diagonal.is_none() && below.is_empty() {
            return Some(Column::new());
        }
        let mine = diagonal.is_some();
        let pivot = self.pivot(k, diagonal)?;
        let own = below.into_iter();
        let own = own.filter_map(|i| Some((i, self.tiles.remove(&[i, k])?)));
        let mut own: Column = own.collect();
        // L_kk L_ikᵀ = A_ikᵀ.
        own.par_iter_mut().for_each(|(_, tile)| {
            solve_lower_triangular_in_place(pivot.as_ref(), tile.transpose_mut(), Par::Seq);
        });
        if mine {
            self.done.insert([k, k], pivot);
        }
        Some(own)
    }

    /// L_kk, from the tile A_kk where it is `mine`, for all who own tiles below; `None` for all of
    /// them where there is none.
    fn pivot(&self, k: usize, mine: Option<Mat<f64>>) -> Option<Mat<f64>> {
        let Some(tile) = mine else {
            let message = self.comm.recv(self.grid.owner(k, k));
            let size = self.grid.cyclic.span(k).len();
            return Some(Numbers(succeeded(&message)?).matrix(size, size));
        };
        let pivot = cholesky(tile);
        let mut message = Vec::new();
        match &pivot {
            Some(pivot) => append(&mut message, pivot),
            None => message.extend(FAILED),
        }
        for fellow in self.fellows(k) {
            self.comm.send(fellow, &message);
        }
        pivot
    }

    /// What this rank sends of its tiles of column k. The owner of the pivot has a message for
    /// everybody, which tells whether there is more to come.
    fn outgoing(&self, k: usize, own: Option<&Column>) -> Vec<(usize, Vec<f64>)> {
        let me = self.comm.rank();
        let pivot = self.grid.owner(k, k) == me;
        let others = self.grid.ranks.iter().filter(|&&rank| rank != me);
        let message = |&to: &usize| {
            let Some(own) = own else {
                return pivot.then(|| (to, FAILED.to_vec()));
            };
            let wanted = self.sent(k, me, to);
            let mut data = Vec::new();
            wanted.iter().for_each(|i| append(&mut data, &own[i]));
            (pivot || !wanted.is_empty()).then_some((to, data))
        };
        others.filter_map(message).collect()
    }

    /// This rank's tiles of column k together with those that it needs of others.
    fn completed(&self, k: usize, own: Option<Column>) -> Option<Column> {
        let (me, pivot) = (self.comm.rank(), self.grid.owner(k, k));
        let heard = (pivot != me).then(|| self.comm.recv(pivot));
        let mut column = own?;
        if let Some(message) = heard {
            self.unpack(k, pivot, succeeded(&message)?, &mut column);
        }
        for from in self.fellows(k).into_iter().filter(|&rank| rank != me) {
            if !self.sent(k, from, me).is_empty() {
                self.unpack(k, from, &self.comm.recv(from), &mut column);
            }
        }
        Some(column)
    }

    fn unpack(&self, k: usize, from: usize, message: &[f64], column: &mut Column) {
        let (mut rest, cyclic) = (Numbers(message), self.grid.cyclic);
        for i in self.sent(k, from, self.comm.rank()) {
            let tile = rest.matrix(cyclic.span(i).len(), cyclic.span(k).len());
            column.insert(i, tile);
        }
    }

    /// Puts this rank's tiles of the last column aside.
    fn retire(&mut self) {
        let (k, grid, me) = (self.number, self.grid, self.comm.rank());
        let column = mem::take(&mut self.column).into_iter();
        let own = column.filter(|(i, _)| grid.owner(*i, k) == me);
        self.done.extend(own.map(|(i, tile)| ([i, k], tile)));
    }

    /// Rows of the tiles of column k below the diagonal that a rank owns.
    fn rows_of(&self, rank: usize, k: usize) -> Vec<usize> {
        let below = k + 1..self.grid.cyclic.tiles();
        below.filter(|&i| self.grid.owner(i, k) == rank).collect()
    }

    /// Rows of the tiles of column k that one rank sends to another.
    fn sent(&self, k: usize, from: usize, to: usize) -> Vec<usize> {
        let mut rows = self.rows_of(from, k);
        rows.retain(|&i| self.grid.needs(to, i));
        rows
    }

    /// The owners of tiles in column k below the diagonal, without that of the pivot.
    fn fellows(&self, k: usize) -> Vec<usize> {
        self.grid.others(&self.grid.below(k), self.grid.owner(k, k))
    }
}

/// A message, unless it tells that there is nothing.
fn succeeded(message: &[f64]) -> Option<&[f64]> {
    let failed = message.len() == FAILED.len() && message[0].is_nan();
    (!failed).then_some(message)
}
