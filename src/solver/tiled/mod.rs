//! G as tiles that the ranks share out: its sum, its Cholesky factor, and solutions with it.
//!
//! The lower triangle of G is cut into square tiles of a size that nothing but [`TILE`] decides. Tile
//! (i, j) belongs to place (i mod r, j mod c) of a grid of r × c ranks ("block-cyclic": Dongarra, van de
//! Geijn & Walker 1994, doi:10.1006/jpdc.1994.1099). Every tile is summed over the tree of cells
//! ([`sums`]), updated by the tiles to its left one after the other ([`factor`]), and used ([`solve`])
//! in an order that knows no ranks. So who owns a tile is a matter of time and memory alone: p²/P
//! numbers and p³/3P operations a rank.
//!
//! ScaLAPACK and ELPA factor such tiles too, but their block size and grid decide the order of sums, so
//! the bits of θ would change with the number of ranks. They would also bring Fortran, BLACS and a
//! BLAS to every machine, for an algorithm that needs a page on top of faer's kernels.

mod factor;
mod solve;
mod sums;

use crate::comm::Shares;
use faer::Mat;
use std::collections::BTreeMap;
use std::ops::Range;

pub(super) use sums::gram;

/// Rows and columns of a tile: enough for products near the machine's peak, few enough for many ranks.
pub const TILE: usize = 128;

/// Tiles by row and column, row ≥ column; of those on the diagonal the lower triangle counts.
type Tiles = BTreeMap<[usize; 2], Mat<f64>>;

/// Which part of the tiles of a matrix belongs to which place of the grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cyclic {
    /// Rows of the matrix, p.
    order: usize,
    /// Rows and columns of the grid, r and c.
    grid: [usize; 2],
}

impl Cyclic {
    /// Tiles in a row of tiles.
    fn tiles(self) -> usize {
        self.order.div_ceil(TILE)
    }

    /// The rows of the matrix in row `i` of tiles.
    fn span(self, i: usize) -> Range<usize> {
        i * TILE..self.order.min((i + 1) * TILE)
    }

    fn places(self) -> usize {
        self.grid[0] * self.grid[1]
    }

    /// The place that tile (i, j) belongs to.
    fn place(self, i: usize, j: usize) -> usize {
        i % self.grid[0] + self.grid[0] * (j % self.grid[1])
    }

    /// The tiles at any of some places.
    fn tiles_at(self, places: &[usize]) -> Vec<[usize; 2]> {
        let mut here = vec![false; self.places()];
        places.iter().for_each(|&place| here[place] = true);
        let all = (0..self.tiles()).flat_map(|i| (0..=i).map(move |j| [i, j]));
        all.filter(|&[i, j]| here[self.place(i, j)]).collect()
    }
}

/// The grid of so many ranks: as square as can be, not taller than wide, without more than an eighth
/// of the ranks left over.
fn shape(ranks: usize) -> [usize; 2] {
    let heights = (1..=ranks.isqrt()).rev();
    let mut grids = heights.map(|rows| [rows, ranks / rows]);
    let enough = |&[rows, columns]: &[usize; 2]| 8 * rows * columns >= 7 * ranks;
    grids.find(enough).unwrap_or([1, 1])
}

/// The grid of at most so many ranks in which every place has a tile.
fn full_shape(ranks: usize, tiles: usize) -> [usize; 2] {
    let mut grids = (1..=ranks).rev().map(shape);
    let full = |&[rows, columns]: &[usize; 2]| rows + columns <= tiles + 1;
    grids.find(full).unwrap_or([1, 1])
}

/// The ranks that share the tiles of a matrix.
#[derive(Clone, Debug)]
pub(super) struct Grid {
    cyclic: Cyclic,
    /// The rank at every place.
    ranks: Vec<usize>,
}

impl Grid {
    /// A grid for a matrix of p rows, of ranks that own cells. Rank 0 is always one.
    pub(super) fn of(order: usize, shares: &Shares) -> Self {
        let mut ranks = shares.owners();
        let grid = full_shape(ranks.len(), order.div_ceil(TILE));
        let cyclic = Cyclic { order, grid };
        ranks.truncate(cyclic.places());
        Self { cyclic, ranks }
    }

    fn owner(&self, i: usize, j: usize) -> usize {
        self.ranks[self.cyclic.place(i, j)]
    }

    /// Whether a rank may have tiles in row or column `i`: whether it needs tile (i, k) of L to
    /// update them.
    fn needs(&self, rank: usize, i: usize) -> bool {
        let [r, c] = self.cyclic.grid;
        let place = self.ranks.binary_search(&rank);
        place.is_ok_and(|place| place % r == i % r || place / r == i % c)
    }

    /// The tiles in column k below the diagonal.
    fn below(&self, k: usize) -> Vec<[usize; 2]> {
        (k + 1..self.cyclic.tiles()).map(|i| [i, k]).collect()
    }

    /// The owners of some tiles but one rank, each once.
    fn others(&self, tiles: &[[usize; 2]], but: usize) -> Vec<usize> {
        let owners = tiles.iter().map(|&[i, j]| self.owner(i, j));
        let mut owners: Vec<usize> = owners.filter(|&rank| rank != but).collect();
        owners.sort_unstable();
        owners.dedup();
        owners
    }
}

/// A G of which this rank has some tiles.
pub(super) struct Gram {
    grid: Grid,
    tiles: Tiles,
}

/// An L of which this rank has some tiles.
pub(super) struct Lower {
    grid: Grid,
    tiles: Tiles,
    /// λ, where G + λ tr(G)/p = L Lᵀ; nothing where there is none, and on ranks of no place.
    pub(super) damping: Option<f64>,
}

#[cfg(test)]
mod tests;
