//! The reduction over a binary tree of cells that is fixed by the number of cells alone, whoever
//! owns them: the same bits for any number of ranks and threads.
//!
//! Node (l, i) covers the cells [i·2ˡ, (i+1)·2ˡ) ∩ [0, C). Its value is the merge of its two
//! children's; a child without cells is skipped.
//!
//! A rank's run of cells falls into maximal subtrees, one after the other. It folds them all
//! first, depth first in rayon, without a word. The nodes above have cells of several ranks; who
//! merges them is the matter of [`rise`]. A value may come in parts ([`Parted`]), each with a home
//! where its root must be: all at rank 0 ([`tree_fold`]), or one at every rank ([`tree_scatter`],
//! a reduce-scatter). The tree is the same for every part, so homes never change a bit.
//!
//! **Memory**: a thread holds at most one value per level, log₂ C, and the rank its maximal
//! subtrees, at most two per level; on the way up what it sends is no longer held.

mod rise;

use super::{Comm, Shares};
use rayon::prelude::*;

/// A value that can travel.
pub trait Wire: Sized + Send {
    /// The value as numbers.
    fn pack(self) -> Vec<f64>;

    /// The value of such numbers.
    fn unpack(data: Vec<f64>) -> Self;
}

impl Wire for Vec<f64> {
    fn pack(self) -> Vec<f64> {
        self
    }

    fn unpack(data: Vec<f64>) -> Self {
        data
    }
}

/// A value in parts that can part: above the maximal subtrees of its cells a rank holds only some.
pub trait Parted: Wire {
    /// Takes some of the parts out; the others are left.
    fn take(&mut self, parts: &[usize]) -> Self;

    /// The parts of two values of one node.
    fn unite(self, other: Self) -> Self;
}

/// A value that is one part.
struct Whole<T>(Option<T>);

impl<T> Whole<T> {
    fn merged(self, right: Self, merge: impl Fn(T, T) -> T) -> Self {
        match (self.0, right.0) {
            (Some(left), Some(right)) => Self(Some(merge(left, right))),
            (left, right) => Self(left.or(right)),
        }
    }
}

impl<T: Wire> Wire for Whole<T> {
    fn pack(self) -> Vec<f64> {
        self.0.map_or_else(Vec::new, T::pack)
    }

    fn unpack(data: Vec<f64>) -> Self {
        Self(Some(T::unpack(data)))
    }
}

impl<T: Wire> Parted for Whole<T> {
    fn take(&mut self, _parts: &[usize]) -> Self {
        Self(self.0.take())
    }

    fn unite(self, other: Self) -> Self {
        Self(self.0.or(other.0))
    }
}

/// A node of the tree: the `index`-th run of 2^`level` cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Node {
    level: u32,
    index: usize,
}

impl Node {
    fn start(self) -> usize {
        self.index << self.level
    }

    fn children(self) -> (Node, Node) {
        let child = |side| Node {
            level: self.level - 1,
            index: 2 * self.index + side,
        };
        (child(0), child(1))
    }

    fn parent(self) -> Node {
        Node {
            level: self.level + 1,
            index: self.index / 2,
        }
    }

    fn sibling(self) -> Node {
        Node {
            level: self.level,
            index: self.index ^ 1,
        }
    }
}

/// What makes the values: `leaf` of a cell, and `merge` of a left and a right value.
struct Recipe<'a, T> {
    leaf: &'a (dyn Fn(usize) -> T + Sync),
    merge: &'a (dyn Fn(T, T) -> T + Sync),
    cells: usize,
}

/// The value at the root of the tree of all cells, on rank 0; elsewhere `None`. A collective.
///
/// `merge` need be neither associative nor commutative: which values it gets depends on the number
/// of cells alone. Both closures run in rayon, each leaf a task of its own, so a cell should be
/// worth some microseconds.
///
/// # Panics
/// When the shares are not for as many ranks as there are.
pub fn tree_fold<T: Wire>(
    comm: &dyn Comm,
    shares: &Shares,
    leaf: &(dyn Fn(usize) -> T + Sync),
    merge: &(dyn Fn(T, T) -> T + Sync),
) -> Option<T> {
    let whole = |cell: usize| Whole(Some(leaf(cell)));
    let merge = |left: Whole<T>, right: Whole<T>| left.merged(right, merge);
    tree_scatter(comm, shares, &[0], &whole, &merge)?.0
}

/// The parts of the value at the root of the tree of all cells, each on the rank that `homes` names
/// for it; `None` on a rank that is nobody's home. A collective.
///
/// A leaf has all parts, and `merge` gets the same parts of both its values; the rest is as with
/// [`tree_fold`].
///
/// # Panics
/// When a home owns no cell, or as [`tree_fold`].
pub fn tree_scatter<T: Parted>(
    comm: &dyn Comm,
    shares: &Shares,
    homes: &[usize],
    leaf: &(dyn Fn(usize) -> T + Sync),
    merge: &(dyn Fn(T, T) -> T + Sync),
) -> Option<T> {
    assert_eq!(
        shares.ranks(),
        comm.size(),
        "shares for another number of ranks"
    );
    let recipe = Recipe {
        leaf,
        merge,
        cells: shares.cells(),
    };
    let nodes = subtrees(shares, comm.rank());
    let values = nodes.into_par_iter().map(|node| (node, recipe.fold(node)));
    rise::rise(comm, shares, homes, values.collect(), merge)
}

/// The elementwise sum of `length` numbers over all cells, on every rank. A collective.
///
/// # Panics
/// When a leaf is of another length, or as [`tree_fold`].
pub fn tree_sum(
    comm: &dyn Comm,
    shares: &Shares,
    length: usize,
    leaf: &(dyn Fn(usize) -> Vec<f64> + Sync),
) -> Vec<f64> {
    let leaf = |cell: usize| {
        let terms = leaf(cell);
        assert_eq!(terms.len(), length, "a sum of vectors of different lengths");
        terms
    };
    let root = tree_fold(
        comm,
        shares,
        &leaf,
        &|mut left: Vec<f64>, right: Vec<f64>| {
            left.iter_mut()
                .zip(right)
                .for_each(|(sum, term)| *sum += term);
            left
        },
    );
    let mut sum = root.unwrap_or_else(|| vec![0.0; length]);
    comm.broadcast(&mut sum);
    sum
}

impl<T: Send> Recipe<'_, T> {
    /// The value of a node all of whose cells are here; at least one is.
    fn fold(&self, node: Node) -> T {
        if node.level == 0 {
            return (self.leaf)(node.index);
        }
        let (left, right) = node.children();
        if right.start() >= self.cells {
            return self.fold(left);
        }
        let (left, right) = rayon::join(|| self.fold(left), || self.fold(right));
        (self.merge)(left, right)
    }
}

/// The maximal subtrees of a rank's run, from left to right. The last rank also has the cells
/// that are missing to a power of two, but no subtree of these alone.
fn subtrees(shares: &Shares, rank: usize) -> Vec<Node> {
    let (run, cells) = (shares.range(rank), shares.cells());
    let end = if run.end == cells {
        cells.next_power_of_two()
    } else {
        run.end
    };
    let mut nodes = Vec::new();
    let mut start = run.start;
    while start < run.end {
        let level = start.trailing_zeros().min((end - start).ilog2());
        nodes.push(Node {
            level,
            index: start >> level,
        });
        start += 1 << level;
    }
    nodes
}

#[cfg(test)]
mod tests;
