//! The way of the rows up the tree of cells, as [`crate::solver`] goes it: what every rank compresses
//! by itself, what is joined on the longest way to the root, and how many numbers travel on it.
//!
//! Rows travel as they are until a node holds more than a limit. A node of n rows of c columns is made
//! into a triangle by 2 n c² − ⅔ c³ operations (Golub & Van Loan, Matrix Computations, 2013, §5.2),
//! two triangles into one by ⅔ c³; into a Gram matrix by n c², two of them into one by ½ c². Triangles end
//! on rank 0. Of a Gram matrix every rank gets a part: with each level on the way it holds half as much.

use crate::deck::SolverName;
use crate::solver::{gram_limit, memory_limit, triangle_limit};

/// How rows of a step come to those who factor them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gathering {
    kind: Kind,
    /// Rows of all cells.
    rows: f64,
    /// Columns of the rows that travel.
    columns: f64,
    /// More rows than this are compressed.
    limit: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    /// Nothing is gathered.
    Nothing,
    /// Into a triangle.
    Triangle,
    /// Into a triangle, but what is few at the root stays rows.
    Memory,
    /// Into a Gram matrix, whose tiles all ranks share.
    Gram,
    /// Rows stay rows, or what they are made of.
    Rows,
}

/// What the way up takes, on `levels` levels of ranks.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Climb {
    /// Operations of the busiest rank on its own rows.
    pub own: f64,
    /// Operations after messages came, on the longest way to the root.
    pub joins: f64,
    /// Numbers that travel on the longest way to the root.
    pub numbers: f64,
}

/// What a node of the tree holds.
enum Held {
    Rows(f64),
    Compressed,
}

impl Gathering {
    /// The gathering of a solver for `rows` rows of `parameters`.
    pub fn of(solver: SolverName, rows: usize, parameters: usize) -> Self {
        let (kind, limit) = match solver {
            SolverName::Steepest | SolverName::Cg => (Kind::Nothing, 0),
            SolverName::Cholesky => (Kind::Gram, gram_limit(parameters)),
            SolverName::Kernel => (Kind::Rows, usize::MAX),
            SolverName::Qr => (Kind::Triangle, triangle_limit(parameters, rows)),
        };
        Self {
            kind,
            rows: rows as f64,
            columns: parameters as f64,
            limit: limit as f64,
        }
    }

    /// The gathering of the kernel's rows, as outer products of `columns` numbers each.
    pub fn of_factors(rows: usize, columns: f64) -> Self {
        Self {
            columns,
            ..Self::of(SolverName::Kernel, rows, 0)
        }
    }

    /// The gathering of recursive least squares, which carries the residual as a last column.
    pub fn of_memory(rows: usize, parameters: usize) -> Self {
        Self {
            kind: Kind::Memory,
            rows: rows as f64,
            columns: parameters as f64 + 1.0,
            limit: memory_limit(parameters + 1) as f64,
        }
    }

    /// The way up where the busiest rank holds the part `share` of the rows.
    pub fn climb(&self, share: f64, levels: u32) -> Climb {
        let mut climb = Climb::default();
        if self.kind == Kind::Nothing {
            return climb;
        }
        let mut held = Held::Rows(share * self.rows);
        climb.own += self.compressed(&mut held);
        // The part of a node that a rank holds.
        let mut part = 1.0;
        for _ in 0..levels {
            if self.kind == Kind::Gram {
                part /= 2.0;
            }
            climb.numbers += self.numbers(&held, part);
            held = match held {
                Held::Rows(rows) => Held::Rows((2.0 * rows).min(self.rows)),
                Held::Compressed => {
                    climb.joins += part * self.join();
                    Held::Compressed
                }
            };
            climb.joins += part * self.compressed(&mut held);
        }
        if let (Held::Rows(rows), true) = (held, self.must_end_compressed()) {
            climb.joins += part * self.compress(rows);
        }
        climb
    }

    fn must_end_compressed(&self) -> bool {
        matches!(self.kind, Kind::Triangle | Kind::Gram)
    }

    /// Compresses rows that are more than the limit; the operations.
    fn compressed(&self, held: &mut Held) -> f64 {
        match *held {
            Held::Rows(rows) if rows > self.limit => {
                *held = Held::Compressed;
                self.compress(rows)
            }
            _ => 0.0,
        }
    }

    /// Operations to compress so many rows, all together: joining the triangles of their blocks
    /// takes what the blocks' own saved.
    fn compress(&self, rows: f64) -> f64 {
        let c = self.columns;
        match self.kind {
            Kind::Gram => rows * c * c,
            // min(n, c) reflectors.
            _ if rows < c => 2.0 * rows * rows * c - 2.0 / 3.0 * rows.powi(3),
            _ => 2.0 * rows * c * c - 2.0 / 3.0 * c.powi(3),
        }
    }

    fn join(&self) -> f64 {
        match self.kind {
            Kind::Gram => 0.5 * self.columns.powi(2),
            _ => 2.0 / 3.0 * self.columns.powi(3),
        }
    }

    /// Numbers of a message. Triangles travel as squares, Gram matrices as halves of them; of rows all
    /// columns are needed.
    fn numbers(&self, held: &Held, part: f64) -> f64 {
        match held {
            Held::Rows(rows) => rows * self.columns,
            Held::Compressed if self.kind == Kind::Gram => 0.5 * part * self.columns.powi(2),
            Held::Compressed => self.columns * self.columns,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_rank_factors_all_rows_and_sends_nothing() {
        // 2 m p² − ⅔ p³ of 1,000 rows and 10 parameters, however they are divided.
        let climb = Gathering::of(SolverName::Qr, 1000, 10).climb(1.0, 0);
        assert_eq!(climb.own, 2.0 * 1000.0 * 100.0 - 2.0 / 3.0 * 1000.0);
        assert_eq!([climb.joins, climb.numbers], [0.0; 2]);
        let climb = Gathering::of(SolverName::Cholesky, 1000, 10).climb(1.0, 0);
        assert_eq!(climb.own, 1e5);
    }

    #[test]
    fn triangles_are_joined_level_by_level() {
        // 250 rows on each of four ranks: more than the limit of 4 p = 40.
        let climb = Gathering::of(SolverName::Qr, 1000, 10).climb(0.25, 2);
        assert_eq!(climb.own, 2.0 * 250.0 * 100.0 - 2.0 / 3.0 * 1000.0);
        assert_eq!(climb.joins, 2.0 * (2.0 / 3.0 * 1000.0));
        assert_eq!(climb.numbers, 2.0 * 100.0);
    }

    #[test]
    fn a_gram_matrix_is_halved_at_every_level() {
        // 250 rows on each of four ranks: more than the limit of 64.
        let climb = Gathering::of(SolverName::Cholesky, 1000, 10).climb(0.25, 2);
        assert_eq!(climb.own, 250.0 * 100.0);
        assert_eq!(climb.numbers, 50.0 * (0.5 + 0.25));
        assert_eq!(climb.joins, 50.0 * (0.5 + 0.25));
        // 20 rows on each: they meet first, and are multiplied where there are two, then by four.
        let climb = Gathering::of(SolverName::Cholesky, 80, 10).climb(0.25, 2);
        assert_eq!(climb.own, 0.0);
        assert_eq!(climb.numbers, (20.0 + 40.0) * 10.0);
        assert_eq!(climb.joins, 80.0 * 100.0 / 4.0);
    }

    #[test]
    fn few_rows_travel_as_they_are_and_are_compressed_where_they_meet() {
        // 64 ranks with 100/64 rows each; the limit of p = 20 is passed where 25 rows have met.
        let climb = Gathering::of(SolverName::Qr, 100, 20).climb(1.0 / 64.0, 6);
        assert_eq!(climb.own, 0.0);
        let met: f64 = [1.0, 2.0, 4.0, 8.0].map(|k| k * 100.0 / 64.0).iter().sum();
        assert_eq!(climb.numbers, met * 20.0 + 2.0 * 400.0);
        let triangle = 2.0 * 25.0 * 400.0 - 2.0 / 3.0 * 8000.0;
        assert!((climb.joins - (triangle + 2.0 * (2.0 / 3.0 * 8000.0))).abs() < 1e-9);
    }

    #[test]
    fn a_kernel_needs_every_row_at_the_root() {
        // The half, the quarter and the eighth of the rows arrive on the longest way: 7/8.
        let climb = Gathering::of(SolverName::Kernel, 80, 10).climb(0.125, 3);
        assert_eq!(climb.numbers, 800.0 * 7.0 / 8.0);
        assert_eq!([climb.own, climb.joins], [0.0; 2]);
        let steepest = Gathering::of(SolverName::Steepest, 80, 10).climb(0.125, 3);
        assert_eq!(steepest, Climb::default());
    }

    #[test]
    fn the_memory_takes_few_rows_as_they_are() {
        let climb = Gathering::of_memory(57, 100).climb(0.5, 1);
        assert_eq!([climb.own, climb.joins], [0.0; 2]);
        assert_eq!(climb.numbers, 28.5 * 101.0);
    }
}
