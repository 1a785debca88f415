//! The way up from the subtrees of single ranks to the root: who holds which part of which node.
//!
//! At the root a part is held by its home. Going down, a child is held by the holder of its parent
//! if that one owns cells of it, otherwise by its counterpart: as far from the first rank of the
//! child as the holder is from the first rank of the sibling. So for every merge one of the two
//! values is at hand and the other makes one move. With one part, at rank 0, a node is held by the
//! owner of its first cell: the usual reduction. With a part for every one of P ranks, a rank sends
//! half of its parts to its nearest neighbours, then a quarter further off, and so on: a
//! reduce-scatter by recursive halving (Thakur, Rabenseifner & Gropp 2005,
//! doi:10.1177/1094342005051521), log₂ P rounds in which each rank sends (1 − 1/P) of a value.
//!
//! **No deadlock**, even where a send waits for its receiver. All ranks go up level by level. What
//! a rank sends at a level is on offer before it receives anything there, and stays so while it goes
//! on ([`Comm::overlap`]); what it is made of came at the levels below. So by induction on the level
//! every receive is answered. Between two ranks, both order the messages by level and by first cell
//! of the node, so none is mistaken.

use super::{Node, Parted};
use crate::comm::{Comm, Shares};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// The parts at their homes, of the values of this rank's maximal subtrees.
pub(super) fn rise<T: Parted>(
    comm: &dyn Comm,
    shares: &Shares,
    homes: &[usize],
    values: Vec<(Node, T)>,
    merge: &dyn Fn(T, T) -> T,
) -> Option<T> {
    let owners = shares.owners();
    let here = owners.binary_search(&comm.rank()).ok()?;
    let place = |home: &usize| owners.binary_search(home);
    let Ok(homes) = homes.iter().map(place).collect() else {
        panic!("the home of a part owns no cell");
    };
    let way = Way {
        comm,
        shares,
        owners,
        homes,
        here,
        top: shares.cells().next_power_of_two().ilog2(),
        merge,
    };
    way.up(0, values)
}

/// A rank's way up. Ranks that own cells are numbered without gaps.
struct Way<'a, T> {
    comm: &'a dyn Comm,
    shares: &'a Shares,
    owners: Vec<usize>,
    homes: Vec<usize>,
    here: usize,
    /// Level of the root.
    top: u32,
    merge: &'a dyn Fn(T, T) -> T,
}

impl<T: Parted> Way<'_, T> {
    /// From the nodes held at `level`, and those that wait above it, to the root.
    fn up(&self, level: u32, held: Vec<(Node, T)>) -> Option<T> {
        if level == self.top {
            return held.into_iter().next().map(|(_, value)| value);
        }
        let (mut met, above): (Vec<_>, Vec<_>) =
            held.into_iter().partition(|(node, _)| node.level == level);
        if met.is_empty() {
            return self.up(level + 1, above);
        }
        let mut outgoing = Vec::new();
        for (node, value) in &mut met {
            for (to, parts) in self.leaving(*node) {
                outgoing.push((self.owners[to], value.take(&parts).pack()));
            }
        }
        let (mut state, mut root) = (Some([met, above]), None);
        self.comm.overlap(&outgoing, &mut || {
            if let Some([met, mut above]) = state.take() {
                above.extend(self.merged(met));
                above.sort_by_key(|(node, _)| node.start());
                root = self.up(level + 1, above);
            }
        });
        root
    }

    /// The parts of a node that this rank gives away, by who holds them of its parent.
    fn leaving(&self, node: Node) -> BTreeMap<usize, Vec<usize>> {
        let (now, next) = (self.holders(node), self.holders(node.parent()));
        let mut leaving = BTreeMap::<usize, Vec<usize>>::new();
        for (part, (&now, &next)) in now.iter().zip(&next).enumerate() {
            if now == self.here && next != self.here {
                leaving.entry(next).or_default().push(part);
            }
        }
        leaving
    }

    /// The parents of which this rank holds something, from what is left here of their children
    /// and what comes.
    fn merged(&self, children: Vec<(Node, T)>) -> Vec<(Node, T)> {
        let mut nodes: Vec<Node> = children.iter().map(|(node, _)| node.parent()).collect();
        nodes.dedup();
        let mut children = children.into_iter().peekable();
        let mut parents = Vec::new();
        for node in nodes {
            let (left, right) = node.children();
            let mut side = |child| {
                let kept = children.next_if(|(node, _)| *node == child);
                self.arrived(child, kept.map(|(_, value)| value))
            };
            let value = match (side(left), side(right)) {
                (Some(left), Some(right)) => Some((self.merge)(left, right)),
                (left, right) => left.or(right),
            };
            parents.extend(value.map(|value| (node, value)));
        }
        parents
    }

    /// The parts of a child that this rank holds of its parent; `kept` is what it has of them.
    fn arrived(&self, child: Node, kept: Option<T>) -> Option<T> {
        if child.start() >= self.shares.cells() {
            return None;
        }
        let (now, next) = (self.holders(child), self.holders(child.parent()));
        let pairs = now.into_iter().zip(next);
        let from = pairs.filter(|&(_, next)| next == self.here);
        let from: BTreeSet<usize> = from.map(|(now, _)| now).collect();
        let kept = kept.filter(|_| from.contains(&self.here));
        let others = from.into_iter().filter(|&rank| rank != self.here);
        others.fold(kept, |kept, rank| {
            let came = T::unpack(self.comm.recv(self.owners[rank]));
            Some(match kept {
                Some(kept) => kept.unite(came),
                None => came,
            })
        })
    }

    /// Who holds the parts of a node.
    fn holders(&self, node: Node) -> Vec<usize> {
        if node.level == self.top {
            return self.homes.clone();
        }
        let mut holders = self.holders(node.parent());
        let own = self.ranks_of(node);
        for holder in holders.iter_mut().filter(|rank| !own.contains(rank)) {
            let beside = self.ranks_of(node.sibling());
            *holder = own.start + (*holder - beside.start) % own.len();
        }
        holders
    }

    /// The ranks that own cells of a node which has some.
    fn ranks_of(&self, node: Node) -> Range<usize> {
        let place = |cell: usize| {
            let owner = self.shares.owner(cell);
            self.owners.partition_point(|&rank| rank < owner)
        };
        let end = (node.index + 1) << node.level;
        place(node.start())..place(end.min(self.shares.cells()) - 1) + 1
    }
}
