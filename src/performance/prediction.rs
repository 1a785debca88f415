//! The time of a step by the model, part by part, and what limits it.

use super::{Machine, Work};
use serde::Serialize;

/// Seconds of a step on some ranks, by what takes them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Prediction {
    /// Number of ranks P.
    pub ranks: usize,
    /// Sweeps of the network, on the busiest rank.
    pub sweeps: f64,
    /// Products with the rows, on the busiest rank.
    pub rows: f64,
    /// Compression of the busiest rank's own rows.
    pub assembly: f64,
    /// Joins of what comes up the tree.
    pub joins: f64,
    /// Bytes on their way.
    pub transfer: f64,
    /// Latency of the messages.
    pub latency: f64,
    /// The factorisation that all ranks share.
    pub tiles: f64,
    /// Rank 0 alone: the factorisation.
    pub solve: f64,
    /// The busiest rank's part of the work times P: 1 where the cells can be shared out evenly.
    pub imbalance: f64,
}

impl Work {
    /// Seconds of a step on `ranks` ranks of `threads` threads; none where the problem has too few
    /// cells for so many.
    pub fn predict(&self, machine: &Machine, ranks: usize, threads: usize) -> Option<Prediction> {
        let (share, cells) = self.busiest(ranks)?;
        let (rates, link) = (&machine.rates, &machine.link);
        let all_threads = threads.max(1) as f64;
        let threads = threads.min(cells).max(1) as f64;
        let p = self.parameters;
        let sweeps = self.sweeps(share);
        let sweeps = sweeps.products / rates.layers + sweeps.units / rates.units;
        // Rows travel from no more ranks than there are cells; what all must know reaches all.
        let climbed = levels(ranks.min(self.cells()));
        let times = self.step.factorisations;
        let climb = self.gathering.climb(share, climbed);
        let tiled = self.solve.tiled > 0.0;
        let triangles = match tiled {
            true => rates.products.at(p),
            false => rates.triangles.at(p),
        };
        let join_threads = if tiled { all_threads } else { 1.0 };
        let crowd = self.solve.crowd(ranks as f64 * all_threads);
        let solve = self.solve.absorbed / rates.triangles.at(p)
            + self.solve.product / rates.products.at(p.min(self.solve.size))
            + self.solve.cholesky / rates.cholesky.at(self.solve.size)
            + self.solve.directions / rates.directions.at(self.solve.size);
        let levels = f64::from(levels(ranks));
        let numbers = times * climb.numbers + levels * self.numbers() + self.tile_numbers(ranks);
        let messages = levels * self.messages() + self.tile_messages(ranks);
        Some(Prediction {
            ranks,
            sweeps: share * sweeps / threads,
            rows: share * self.row_products() / rates.rows / threads,
            assembly: times * climb.own / triangles / threads,
            joins: times * climb.joins / triangles / join_threads,
            transfer: 8.0 * numbers / link.bandwidth,
            latency: messages * link.latency,
            tiles: times * self.solve.tiled / rates.cholesky.at(self.solve.size) / crowd,
            solve: times * solve,
            imbalance: share * ranks as f64,
        })
    }
}

/// ⌈log₂ P⌉.
pub fn levels(ranks: usize) -> u32 {
    ranks.max(1).next_power_of_two().ilog2()
}

impl Prediction {
    /// T(P).
    pub fn seconds(&self) -> f64 {
        self.parts().iter().map(|part| part.1).sum()
    }

    /// T(1)/(P T(P)), from the time on one rank.
    pub fn efficiency(&self, alone: f64) -> f64 {
        alone / (self.ranks as f64 * self.seconds())
    }

    /// The parts with their names, for people.
    pub fn parts(&self) -> [(&'static str, f64); 8] {
        [
            ("sweeps", self.sweeps),
            ("rows", self.rows),
            ("assembly", self.assembly),
            ("joins", self.joins),
            ("transfer", self.transfer),
            ("latency", self.latency),
            ("tiles", self.tiles),
            ("solve", self.solve),
        ]
    }

    /// The part that takes longest, and why more ranks would or would not shorten it.
    pub fn limit(&self) -> &'static str {
        let longest = self.parts().into_iter().max_by(|a, b| a.1.total_cmp(&b.1));
        match longest.map_or("sweeps", |part| part.0) {
            "sweeps" | "rows" | "assembly" if self.imbalance > 1.5 => "too few cells to share",
            "sweeps" => "sweeps of the network",
            "rows" => "products with the rows",
            "assembly" => "assembly of the rows",
            "joins" => "joins up the tree",
            "transfer" => "bandwidth",
            "latency" => "latency",
            "tiles" => "factorisation",
            _ => "factorisation on rank 0",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_those_of_the_tree_of_ranks() {
        let found = [1, 2, 3, 4, 5, 8, 1024].map(levels);
        assert_eq!(found, [0, 1, 2, 2, 3, 3, 10]);
    }

    #[test]
    fn the_longest_part_is_the_limit() {
        let mut prediction = Prediction {
            ranks: 4,
            sweeps: 3.0,
            rows: 1.0,
            assembly: 0.5,
            joins: 0.0,
            transfer: 0.25,
            latency: 0.25,
            tiles: 0.0,
            solve: 1.0,
            imbalance: 1.0,
        };
        assert_eq!(prediction.seconds(), 6.0);
        assert_eq!(prediction.efficiency(12.0), 0.5);
        assert_eq!(prediction.limit(), "sweeps of the network");
        prediction.imbalance = 2.0;
        assert_eq!(prediction.limit(), "too few cells to share");
        prediction.solve = 4.0;
        assert_eq!(prediction.limit(), "factorisation on rank 0");
    }
}
