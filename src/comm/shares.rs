//! Which rank owns which cells: contiguous runs, in order of rank, of about the same cost.
//!
//! Contiguous, because then the subtrees of the reduction ([`tree_fold`](super::tree_fold)) lie
//! whole inside a rank. Who owns what never changes a result, only how long it takes.

use std::ops::Range;

/// The cells of every rank: rank r owns `starts[r]..starts[r + 1]`, rank 0 at least one cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shares {
    starts: Vec<usize>,
}

impl Shares {
    /// Cuts cells of the given costs into one run for each of `ranks` ranks, each cut as near as
    /// can be to its part of the total cost. A cost that is negative or not finite counts as
    /// nothing; if all do, all count the same.
    ///
    /// `None` when there are fewer cells than ranks, or no rank.
    pub fn balanced(costs: &[f64], ranks: usize) -> Option<Shares> {
        let cells = costs.len();
        if ranks == 0 || ranks > cells {
            return None;
        }
        let countable = |cost: f64| if cost.is_finite() { cost.max(0.0) } else { 0.0 };
        let uniform = costs.iter().all(|&cost| countable(cost) == 0.0);
        // before[c] is the cost of the cells before c.
        let mut before = vec![0.0; cells + 1];
        for (cell, &cost) in costs.iter().enumerate() {
            before[cell + 1] = before[cell] + if uniform { 1.0 } else { countable(cost) };
        }
        let mut starts = vec![0];
        for rank in 1..ranks {
            let ideal = before[cells] * (rank as f64 / ranks as f64);
            let above = before.partition_point(|&cost| cost < ideal).min(cells);
            let below = above.saturating_sub(1);
            let nearest = if ideal - before[below] < before[above] - ideal {
                below
            } else {
                above
            };
            // A cell at least for each rank before the cut, and for each after it.
            starts.push(nearest.clamp(starts[rank - 1] + 1, cells - (ranks - rank)));
        }
        starts.push(cells);
        Some(Shares { starts })
    }

    /// Cuts cells of equal cost into runs as even as can be; with more ranks than cells some ranks
    /// own none, but never rank 0, where the tree has its root. For sums beside the main one, which
    /// must work on any number of ranks.
    pub fn even(cells: usize, ranks: usize) -> Shares {
        let edge = |rank: usize| (rank * cells).div_ceil(ranks.max(1));
        Shares {
            starts: (0..=ranks.max(1)).map(edge).collect(),
        }
    }

    /// The number of cells.
    pub fn cells(&self) -> usize {
        self.starts[self.ranks()]
    }

    /// The number of ranks.
    pub fn ranks(&self) -> usize {
        self.starts.len() - 1
    }

    /// The ranks that own cells, in order; rank 0 is the first.
    pub fn owners(&self) -> Vec<usize> {
        let ranks = 0..self.ranks();
        ranks.filter(|&r| !self.range(r).is_empty()).collect()
    }

    /// The cells of `rank`.
    ///
    /// # Panics
    /// When there is no such rank.
    pub fn range(&self, rank: usize) -> Range<usize> {
        self.starts[rank]..self.starts[rank + 1]
    }

    /// The rank that owns `cell`; for a cell past the end, the number of ranks. (Of ranks that start at
    /// the same cell only the last owns any.)
    pub fn owner(&self, cell: usize) -> usize {
        self.starts.partition_point(|&start| start <= cell) - 1
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn every_cell_has_one_owner_and_every_rank_a_cell() {
        let costs: [fn(usize) -> f64; 5] = [
            |_| 1.0,
            |_| 0.0,
            |cell| if cell == 0 { 1e9 } else { 1e-9 },
            |cell| cell as f64,
            |cell| [f64::NAN, -1.0, f64::INFINITY, 2.0][cell % 4],
        ];
        for cost in costs {
            for cells in 1..30 {
                let costs: Vec<f64> = (0..cells).map(cost).collect();
                for ranks in 1..=cells {
                    let shares = Shares::balanced(&costs, ranks).unwrap();
                    assert_eq!((shares.cells(), shares.ranks()), (cells, ranks));
                    assert_eq!(shares.range(0).start, 0);
                    for rank in 0..ranks {
                        assert!(!shares.range(rank).is_empty());
                        assert!(shares.range(rank).all(|cell| shares.owner(cell) == rank));
                    }
                }
                assert_eq!(Shares::balanced(&costs, cells + 1), None);
                assert_eq!(Shares::balanced(&costs, 0), None);
            }
        }
    }

    #[test]
    fn even_shares_give_rank_0_the_first_cell_however_many_ranks() {
        for cells in 1..12 {
            for ranks in 1..65 {
                let shares = Shares::even(cells, ranks);
                assert_eq!((shares.cells(), shares.ranks()), (cells, ranks));
                assert_eq!(shares.owner(0), 0);
                let owned = (0..ranks).flat_map(|rank| shares.range(rank).map(move |c| (c, rank)));
                let owners = (0..cells).map(|cell| (cell, shares.owner(cell)));
                assert!(owned.eq(owners), "{cells} cells on {ranks} ranks");
            }
        }
    }

    #[test]
    fn costs_are_balanced() {
        let shares = Shares::balanced(&[1.0; 16], 4).unwrap();
        assert!((0..4).all(|rank| shares.range(rank).len() == 4));
        let shares = Shares::balanced(&[6.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0], 2).unwrap();
        assert_eq!(shares.range(0), 0..1);
    }
}
