//! The tiles of G = AᵀA, summed over the tree of cells and left where they belong.
//!
//! Rows travel as they are until a node of the tree holds enough of them to be worth a product, like
//! on the way to one matrix ([`super::super::gather`]). But on the way up a rank holds the columns of
//! its own tiles only, and forms their products only: the products of rows that met are divided too.

use super::{Cyclic, Gram, Grid, TILE, Tiles};
use crate::comm::{Parted, Phase, Wire, during, tree_scatter};
use crate::flow::Tangent;
use crate::solver::cholesky::gram_limit;
use crate::solver::gather::stack;
use crate::solver::numbers::{Numbers, append};
use faer::linalg::matmul::matmul;
use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::{Accum, Mat, MatRef, Par};
use rayon::prelude::*;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// This rank's tiles of G. Collective.
pub(in crate::solver) fn gram(tangent: &Tangent) -> Gram {
    let (flow, source) = (tangent.flow, tangent.row_source());
    let grid = Grid::of(tangent.parameters(), flow.shares());
    let limit = gram_limit(tangent.parameters());
    let leaf = |cell: usize| Node::of(&source.rows(cell), grid.cyclic).folded(limit);
    let merge = |left: Node, right: Node| left.joined(right).folded(limit);
    let root = during(flow.comm, Phase::Assembly, || {
        let root = tree_scatter(flow.comm, flow.shares(), &grid.ranks, &leaf, &merge);
        root.map(Node::tiles)
    });
    let tiles = root.unwrap_or_default();
    Gram { grid, tiles }
}

/// What a rank holds of a node of the tree: what the tiles at some places need.
struct Node {
    cyclic: Cyclic,
    places: Vec<usize>,
    held: Held,
}

enum Held {
    /// Rows, in blocks one below the other, each cut into columns of tiles.
    Rows {
        count: usize,
        columns: BTreeMap<usize, Vec<Mat<f64>>>,
    },
    /// What became of rows.
    Tiles(Tiles),
}

impl Node {
    /// The rows of a cell.
    fn of(rows: &Mat<f64>, cyclic: Cyclic) -> Self {
        let cut = |j: usize| {
            let span = cyclic.span(j);
            let part = rows.subcols(span.start, span.len()).to_owned();
            (j, vec![part])
        };
        Self {
            cyclic,
            places: (0..cyclic.places()).collect(),
            held: Held::Rows {
                count: rows.nrows(),
                columns: (0..cyclic.tiles()).map(cut).collect(),
            },
        }
    }

    /// Both nodes' rows, or tiles.
    fn joined(mut self, right: Self) -> Self {
        self.held = match (self.held, right.held) {
            (
                Held::Rows { count, mut columns },
                Held::Rows {
                    count: more,
                    columns: below,
                },
            ) => {
                let pairs = columns.values_mut().zip(below.into_values());
                pairs.for_each(|(column, below)| column.extend(below));
                let count = count + more;
                Held::Rows { count, columns }
            }
            (Held::Tiles(mut tiles), Held::Rows { columns, .. })
            | (Held::Rows { columns, .. }, Held::Tiles(mut tiles)) => {
                add_products(&mut tiles, columns);
                Held::Tiles(tiles)
            }
            (Held::Tiles(mut tiles), Held::Tiles(right)) => {
                let pairs: Vec<_> = tiles.values_mut().zip(right.into_values()).collect();
                pairs.into_par_iter().for_each(|(sum, term)| *sum += &term);
                Held::Tiles(tiles)
            }
        };
        self
    }

    /// As tiles, if these are more than `limit` rows.
    fn folded(self, limit: usize) -> Self {
        match self.held {
            Held::Rows { count, .. } if count > limit => Self {
                cyclic: self.cyclic,
                places: self.places.clone(),
                held: Held::Tiles(self.tiles()),
            },
            _ => self,
        }
    }

    /// The tiles at this node's places.
    fn tiles(self) -> Tiles {
        let columns = match self.held {
            Held::Tiles(tiles) => return tiles,
            Held::Rows { columns, .. } => columns,
        };
        let zeros = |[i, j]: [usize; 2]| {
            let [rows, columns] = [i, j].map(|k| self.cyclic.span(k).len());
            ([i, j], Mat::zeros(rows, columns))
        };
        let tiles = self.cyclic.tiles_at(&self.places).into_iter();
        let mut tiles = tiles.map(zeros).collect();
        add_products(&mut tiles, columns);
        tiles
    }

    /// The columns that the tiles at this node's places are products of.
    fn columns(&self) -> BTreeSet<usize> {
        let tiles = self.cyclic.tiles_at(&self.places);
        tiles.into_iter().flatten().collect()
    }
}

/// Adds to every tile (i, j) the product A_iᵀ A_j of two columns of tiles.
fn add_products(tiles: &mut Tiles, columns: BTreeMap<usize, Vec<Mat<f64>>>) {
    // One long product: each of the blocks by itself would carry a tile to and fro.
    let columns = columns.into_par_iter();
    let columns: BTreeMap<usize, Mat<f64>> = columns
        .map(|(j, rows)| (j, stack(rows.into_iter().map(Cow::Owned).collect())))
        .collect();
    tiles.par_iter_mut().for_each(|(&[i, j], tile)| {
        let [left, right] = [&columns[&i], &columns[&j]].map(Mat::as_ref);
        add_product(tile, left.transpose(), right, 1.0, i == j);
    });
}

/// tile += factor · left · right; of a tile on the diagonal the lower triangle alone.
pub(super) fn add_product(
    tile: &mut Mat<f64>,
    left: MatRef<'_, f64>,
    right: MatRef<'_, f64>,
    factor: f64,
    diagonal: bool,
) {
    if diagonal {
        let [lower, full] = [BlockStructure::TriangularLower, BlockStructure::Rectangular];
        let to = tile.as_mut();
        triangular::matmul(
            to,
            lower,
            Accum::Add,
            left,
            full,
            right,
            full,
            factor,
            Par::Seq,
        );
    } else {
        matmul(tile, Accum::Add, left, right, factor, Par::Seq);
    }
}

impl Parted for Node {
    fn take(&mut self, parts: &[usize]) -> Self {
        self.places.retain(|place| !parts.contains(place));
        let mut taken = Self {
            cyclic: self.cyclic,
            places: parts.to_vec(),
            held: Held::Tiles(Tiles::new()),
        };
        let [gone, left] = [taken.columns(), self.columns()];
        taken.held = match &mut self.held {
            Held::Tiles(tiles) => {
                let gone = self.cyclic.tiles_at(parts).into_iter();
                Held::Tiles(gone.filter_map(|key| tiles.remove_entry(&key)).collect())
            }
            Held::Rows { count, columns } => {
                let pick = |j: usize| match left.contains(&j) {
                    true => Some((j, columns.get(&j)?.clone())),
                    false => columns.remove_entry(&j),
                };
                let gone = gone.into_iter().filter_map(pick).collect();
                columns.retain(|j, _| left.contains(j));
                Held::Rows {
                    count: *count,
                    columns: gone,
                }
            }
        };
        taken
    }

    fn unite(mut self, other: Self) -> Self {
        self.places.extend(other.places);
        match (&mut self.held, other.held) {
            (Held::Tiles(tiles), Held::Tiles(more)) => tiles.extend(more),
            (Held::Rows { columns, .. }, Held::Rows { columns: more, .. }) => columns.extend(more),
            // Parts of one node are of one kind: it is decided by its number of rows.
            _ => unreachable!("rows and tiles of one node"),
        }
        self
    }
}

/// Sizes, places, and for rows their blocks column by column: blocks travel as they are, stacked into
/// one they would be summed in another order.
impl Wire for Node {
    fn pack(self) -> Vec<f64> {
        let Cyclic { order, grid } = self.cyclic;
        let mut data = vec![order as f64, grid[0] as f64, grid[1] as f64];
        data.push(self.places.len() as f64);
        data.extend(self.places.iter().map(|&place| place as f64));
        match self.held {
            Held::Tiles(tiles) => {
                data.push(0.0);
                data.reserve(tiles.len() * TILE * TILE);
                tiles.values().for_each(|tile| append(&mut data, tile));
            }
            Held::Rows { columns, .. } => {
                let blocks = columns.values().next().map_or(&[][..], Vec::as_slice);
                data.push(blocks.len() as f64);
                data.extend(blocks.iter().map(|block| block.nrows() as f64));
                let blocks = columns.values().flatten();
                blocks.for_each(|block| append(&mut data, block));
            }
        }
        data
    }

    fn unpack(data: Vec<f64>) -> Self {
        let mut rest = Numbers(&data);
        let (order, grid) = (rest.count(), [rest.count(), rest.count()]);
        let cyclic = Cyclic { order, grid };
        let places = (0..rest.count()).map(|_| rest.count()).collect();
        let held = Held::Tiles(Tiles::new());
        let mut node = Self {
            cyclic,
            places,
            held,
        };
        let blocks = rest.count();
        let heights: Vec<usize> = (0..blocks).map(|_| rest.count()).collect();
        let width = |j: usize| cyclic.span(j).len();
        node.held = if blocks == 0 {
            let tiles = cyclic.tiles_at(&node.places).into_iter();
            let tile = |[i, j]: [usize; 2]| ([i, j], rest.matrix(width(i), width(j)));
            Held::Tiles(tiles.map(tile).collect())
        } else {
            let mut block = |height: &usize, j: usize| rest.matrix(*height, width(j));
            let mut column = |j| (j, heights.iter().map(|height| block(height, j)).collect());
            let columns = node.columns().into_iter().map(&mut column).collect();
            Held::Rows {
                count: heights.iter().sum(),
                columns,
            }
        };
        node
    }
}
