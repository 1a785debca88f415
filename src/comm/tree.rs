//! The reduction over a binary tree of cells that is fixed by the number of cells alone, whoever
//! owns them: the same bits for any number of ranks and threads.
//!
//! Node (l, i) covers the cells [i·2ˡ, (i+1)·2ˡ) ∩ [0, C). Its value is the merge of its two
//! children's; a child without cells is skipped. A node belongs to the owner of its first cell.
//!
//! A rank's run of cells falls into maximal subtrees, one after the other. It folds them all
//! first, depth first in rayon, without a word. Let m be the one whose first cell is the most
//! aligned (divisible by the highest power of two). The subtrees left of m are right children
//! whose siblings belong to other ranks: they go out as they are. From the last subtree of the
//! run the rank then climbs to m: at a left child it receives the right sibling, if that has
//! cells, at a right child it merges what it holds itself; above m, which is a right child too,
//! the sibling is another rank's, and m goes out as the last thing this rank does. On rank 0, m
//! starts at cell 0 and the climb ends at the root.
//!
//! **No deadlock**, even where a send waits for its receiver. Induction on the level l of the
//! node sent: the subtrees left of m are on offer from the beginning, whatever their rank does
//! meanwhile ([`Comm::overlap`]); m at level l goes out after receives of levels below l, which
//! complete. Between two ranks, both order the messages by first cell, so none is mistaken.
//!
//! **Memory**: a thread holds at most one value per level, log₂ C, and the rank its maximal
//! subtrees, at most two per level.

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

    fn is_left(self) -> bool {
        self.index.is_multiple_of(2)
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
    let mut values: Vec<(Node, T)> = nodes
        .into_par_iter()
        .map(|node| (node, recipe.fold(node)))
        .collect();
    let held = values.split_off(most_aligned(&values));
    let left_sibling_owner = |node: Node| shares.owner(node.sibling().start());
    let outgoing: Vec<(usize, Vec<f64>)> = values
        .into_iter()
        .map(|(node, value)| (left_sibling_owner(node), value.pack()))
        .collect();

    let (mut held, mut root) = (Some(held), None);
    comm.overlap(&outgoing, &mut || {
        let Some((top, value)) = held
            .take()
            .and_then(|held| climb(comm, shares, &recipe, held))
        else {
            return;
        };
        if comm.rank() == 0 {
            root = Some(value);
        } else {
            comm.send(left_sibling_owner(top), &value.pack());
        }
    });
    root
}

/// The elementwise sum over all cells, on every rank. A collective.
///
/// # Panics
/// When two leaves differ in length, or as [`tree_fold`].
pub fn tree_sum(
    comm: &dyn Comm,
    shares: &Shares,
    leaf: &(dyn Fn(usize) -> Vec<f64> + Sync),
) -> Vec<f64> {
    let root = tree_fold(
        comm,
        shares,
        leaf,
        &|mut left: Vec<f64>, right: Vec<f64>| {
            assert_eq!(
                left.len(),
                right.len(),
                "a sum of vectors of different lengths"
            );
            left.iter_mut()
                .zip(right)
                .for_each(|(sum, term)| *sum += term);
            left
        },
    );
    let mut sum = root.unwrap_or_default();
    let mut length = [sum.len() as f64];
    comm.broadcast(&mut length);
    sum.resize(length[0] as usize, 0.0);
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

/// The position of the subtree whose first cell is divisible by the highest power of two. There
/// is only one: between two of the same power lies one of a higher.
fn most_aligned<T>(values: &[(Node, T)]) -> usize {
    let alignment = |position: &usize| values[*position].0.start().trailing_zeros();
    (0..values.len()).max_by_key(alignment).unwrap_or(0)
}

/// From the last of the subtrees `held` to the top: the node that starts where the first of them
/// does and whose parent, if any, belongs to another rank.
fn climb<T: Wire>(
    comm: &dyn Comm,
    shares: &Shares,
    recipe: &Recipe<T>,
    mut held: Vec<(Node, T)>,
) -> Option<(Node, T)> {
    let (mut node, mut value) = held.pop()?;
    while node.start() > 0 || (1 << node.level) < recipe.cells {
        let sibling = node.sibling();
        if !node.is_left() {
            // Held by this rank, unless this is the top.
            let Some((_, left)) = held.pop() else { break };
            value = (recipe.merge)(left, value);
        } else if sibling.start() < recipe.cells {
            let right = T::unpack(comm.recv(shares.owner(sibling.start())));
            value = (recipe.merge)(value, right);
        }
        node = node.parent();
    }
    Some((node, value))
}

#[cfg(test)]
mod tests;
