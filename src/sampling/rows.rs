//! Rows of a data table as samples: all of a cell's rows, or a fresh random subset of them.

use super::run_of;
use rand::seq::index;
use rand_xoshiro::Xoshiro256PlusPlus;
use std::sync::Arc;

/// Shares the training rows among cells; row numbers refer to the table.
#[derive(Clone, Debug)]
pub struct RandomRows {
    rows: Arc<[usize]>,
    cells: usize,
    batch: usize,
}

impl RandomRows {
    /// `rows` divided into `cells`, of which `batch` are drawn at a time in all.
    pub fn new(rows: Vec<usize>, cells: usize, batch: usize) -> Self {
        Self {
            rows: rows.into(),
            cells,
            batch,
        }
    }

    /// The same rows in other cells and batches.
    pub fn in_batches(&self, cells: usize, batch: usize) -> Self {
        Self {
            rows: self.rows.clone(),
            cells,
            batch,
        }
    }

    /// Number of rows to draw from.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table rows that cell `cell` draws, in ascending order, and their common weight: the
    /// weights of all cells add up to 1, so a sum over the samples estimates a mean over the data.
    pub fn draw(&self, cell: usize, rng: &mut Xoshiro256PlusPlus) -> (Vec<usize>, f64) {
        let run = run_of(cell, self.cells, self.rows.len());
        let take = run_of(cell, self.cells, self.batch).len().min(run.len());
        let share = run.len() as f64 / self.rows.len() as f64;
        let mut picked: Vec<usize> = if take == run.len() {
            run.collect()
        } else {
            let drawn = index::sample(rng, run.len(), take);
            drawn.into_iter().map(|i| run.start + i).collect()
        };
        picked.sort_unstable();
        let weight = share / take.max(1) as f64;
        (picked.into_iter().map(|i| self.rows[i]).collect(), weight)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampling::{Purpose, stream};

    #[test]
    fn every_row_is_drawn_once_and_the_weights_add_up_to_one() {
        for batch in [100, 37] {
            let rows = RandomRows::new((0..100).rev().collect(), 7, batch);
            let mut seen = vec![0; 100];
            let mut total = 0.0;
            for cell in 0..7 {
                let mut rng = stream(1, Purpose::Training, 0, cell as u64);
                let (picked, weight) = rows.draw(cell, &mut rng);
                total += weight * picked.len() as f64;
                picked.iter().for_each(|&r| seen[r] += 1);
            }
            assert_eq!(seen.iter().sum::<usize>(), batch);
            assert!(seen.iter().all(|&k| k <= 1));
            assert!((total - 1.0).abs() < 1e-12);
        }
    }
}
