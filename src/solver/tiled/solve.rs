//! L y = b and Lᵀ x = y by tiles.
//!
//! ```text
//! L_kk y_k = b_k − Σ_{j < k} L_kj y_j     for k = 0, 1, 2, …
//! L_kkᵀ x_k = y_k − Σ_{i > k} L_ikᵀ x_i   for k = …, 2, 1, 0
//! ```
//!
//! The owner of a tile forms its product; the owner of the diagonal tile subtracts the products one
//! after the other, and tells what it solves for to those who multiply by it. That is 2 p²/P operations
//! a rank, in messages of a few hundred numbers. All ranks go through k in the same order, so whoever
//! is waited for is on its way there.

use super::{Grid, Lower, Tiles};
use crate::comm::{Comm, Phase, during};
use crate::solver::numbers::{Numbers, append};
use faer::linalg::matmul::matmul;
use faer::linalg::triangular_solve::{
    solve_lower_triangular_in_place, solve_upper_triangular_in_place,
};
use faer::{Accum, Mat, MatRef, Par};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Parts of a vector, by row of tiles.
type Parts = BTreeMap<usize, Mat<f64>>;

impl Lower {
    /// (L Lᵀ)⁻¹ b on all ranks. Collective.
    pub(in crate::solver) fn solve(&self, comm: &dyn Comm, b: &[f64]) -> Vec<f64> {
        let substitution = Substitution { lower: self, comm };
        let parts = during(comm, Phase::Solve, || {
            substitution.backward(substitution.forward(b))
        });
        self.grid.shared(comm, &parts)
    }

    /// The products of this rank's tiles among `keys`.
    fn products<'t>(
        &'t self,
        keys: &[[usize; 2]],
        of: impl Fn([usize; 2]) -> (MatRef<'t, f64>, MatRef<'t, f64>) + Sync,
    ) -> Tiles {
        let own = keys.par_iter().filter(|&key| self.tiles.contains_key(key));
        let product = |&key: &[usize; 2]| {
            let (tile, part) = of(key);
            let mut product = Mat::zeros(tile.nrows(), 1);
            matmul(&mut product, Accum::Replace, tile, part, 1.0, Par::Seq);
            (key, product)
        };
        own.map(product).collect::<Vec<_>>().into_iter().collect()
    }
}

struct Substitution<'a> {
    lower: &'a Lower,
    comm: &'a dyn Comm,
}

impl Substitution<'_> {
    /// The parts of y that belong to this rank's diagonal tiles.
    fn forward(&self, b: &[f64]) -> Parts {
        let (lower, grid) = (self.lower, &self.lower.grid);
        let (mut y, mut known) = (Parts::new(), Parts::new());
        for k in 0..grid.tiles_here(self.comm) {
            let (row, column) = (grid.left_of(k), grid.below(k));
            let products = lower.products(&row, |[_, j]| {
                (lower.tiles[&[k, j]].as_ref(), known[&j].as_ref())
            });
            let span = grid.cyclic.span(k);
            let start = || Mat::from_fn(span.len(), 1, |i, _| b[span.start + i]);
            let part = self.subtracted(k, start, &row, products).map(|mut part| {
                let diagonal = lower.tiles[&[k, k]].as_ref();
                solve_lower_triangular_in_place(diagonal, part.as_mut(), Par::Seq);
                y.insert(k, part.clone());
                part
            });
            known.extend(self.told(k, part, &column).map(|part| (k, part)));
        }
        y
    }

    /// The parts of x that belong to this rank's diagonal tiles.
    fn backward(&self, mut y: Parts) -> Parts {
        let (lower, grid) = (self.lower, &self.lower.grid);
        let (mut x, mut products) = (Parts::new(), Tiles::new());
        for k in (0..grid.tiles_here(self.comm)).rev() {
            let (row, column) = (grid.left_of(k), grid.below(k));
            let own = column.iter().filter_map(|key| products.remove_entry(key));
            let own = own.collect();
            let start = || y.remove(&k).unwrap_or_else(Mat::new);
            let part = self.subtracted(k, start, &column, own).map(|mut part| {
                let diagonal = lower.tiles[&[k, k]].transpose();
                solve_upper_triangular_in_place(diagonal, part.as_mut(), Par::Seq);
                x.insert(k, part.clone());
                part
            });
            if let Some(part) = self.told(k, part, &row) {
                products.extend(
                    lower.products(&row, |key| (lower.tiles[&key].transpose(), part.as_ref())),
                );
            }
        }
        x
    }

    /// `start` less the products of the tiles `keys`, in this order, on the owner of diagonal tile k;
    /// the others send theirs to it.
    fn subtracted(
        &self,
        k: usize,
        start: impl FnOnce() -> Mat<f64>,
        keys: &[[usize; 2]],
        mut products: Tiles,
    ) -> Option<Mat<f64>> {
        let (grid, me, owner) = (
            &self.lower.grid,
            self.comm.rank(),
            self.lower.grid.owner(k, k),
        );
        if me != owner {
            if !products.is_empty() {
                let mut data = Vec::new();
                products
                    .values()
                    .for_each(|product| append(&mut data, product));
                self.comm.send(owner, &data);
            }
            return None;
        }
        let mut rest = start();
        for from in grid.others(keys, me) {
            let message = self.comm.recv(from);
            let mut numbers = Numbers(&message);
            for &[i, j] in keys.iter().filter(|&&[i, j]| grid.owner(i, j) == from) {
                products.insert([i, j], numbers.matrix(rest.nrows(), 1));
            }
        }
        keys.iter().for_each(|key| rest -= &products[key]);
        Some(rest)
    }

    /// What the owner of diagonal tile k solved for, with the owners of the tiles `users`.
    fn told(&self, k: usize, part: Option<Mat<f64>>, users: &[[usize; 2]]) -> Option<Mat<f64>> {
        let (grid, me, owner) = (
            &self.lower.grid,
            self.comm.rank(),
            self.lower.grid.owner(k, k),
        );
        let others = grid.others(users, owner);
        if let Some(part) = part {
            let message = part.col_as_slice(0);
            others.iter().for_each(|&to| self.comm.send(to, message));
            return Some(part);
        }
        others.contains(&me).then(|| {
            let message = self.comm.recv(owner);
            Numbers(&message).matrix(message.len(), 1)
        })
    }
}

impl Grid {
    /// The tiles in row k left of the diagonal.
    fn left_of(&self, k: usize) -> Vec<[usize; 2]> {
        (0..k).map(|j| [k, j]).collect()
    }

    /// The rows of tiles that this rank goes through: none where it has no place.
    fn tiles_here(&self, comm: &dyn Comm) -> usize {
        match self.ranks.contains(&comm.rank()) {
            true => self.cyclic.tiles(),
            false => 0,
        }
    }

    /// A vector on all ranks whose parts belong to the owners of the diagonal tiles. Collective.
    pub(super) fn shared(&self, comm: &dyn Comm, parts: &Parts) -> Vec<f64> {
        let diagonal: Vec<[usize; 2]> = (0..self.cyclic.tiles()).map(|k| [k, k]).collect();
        let others = self.others(&diagonal, 0);
        let mut whole = vec![0.0; self.cyclic.order];
        let mut put = |k: usize, numbers: &[f64]| {
            whole[self.cyclic.span(k)].copy_from_slice(numbers);
        };
        if comm.rank() == 0 {
            parts
                .iter()
                .for_each(|(&k, part)| put(k, part.col_as_slice(0)));
            for from in others {
                let message = comm.recv(from);
                let mut rest = Numbers(&message);
                let theirs = diagonal.iter().filter(|&&[k, _]| self.owner(k, k) == from);
                theirs.for_each(|&[k, _]| put(k, rest.take(self.cyclic.span(k).len())));
            }
        } else if others.contains(&comm.rank()) {
            let mut data = Vec::new();
            parts.values().for_each(|part| append(&mut data, part));
            comm.send(0, &data);
        }
        comm.broadcast(&mut whole);
        whole
    }
}
