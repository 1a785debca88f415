//! How much memory a rank needs, told before the first step.
//!
//! Counted is what grows with the problem: numbers that live at the same time on rank 0, which gathers
//! and factors what the others send, or its part of that. In bytes, with p parameters, n rows on all
//! ranks, S streams of the jet, widths h of the layers:
//!
//! | what | numbers |
//! |---|---|
//! | a sweep of the network, a thread | points of a cell · (S (2 Σh + h_max) + 3 Σh) |
//! | rows, kept up to 256 MB a rank if there is room | n p / ranks; on rank 0 those of a node of the tree besides, twice |
//! | factors of the rows | n S Σ (h_in + h_out), and half of it again while they arrive from other ranks |
//! | kernel matrix and its factor | 2 n² |
//! | sketch of conjugate gradients | 3 p s |
//! | Gram matrix and its factor | p² / ranks, or ½ p² for every level of a rank's own tree that holds one |
//! | triangle and its directions | 4 p² |
//! | triangle of all steps and its copy for checkpoints | 3 p² |
//! | pairs of L-BFGS and their copies for checkpoints | 300 p |
//!
//! `tests/memory.rs` compares with what the system has measured. Blocks are formed and given back all
//! the time, so nothing here is exact; what matters is to know a run that cannot fit from one that can.

use super::Plan;
use super::stage::Stage;
use crate::deck::{Bytes, MethodName, SolverName, StepperName};
use crate::error::{Error, Result};
use crate::flow::ROWS_KEPT_BYTES;
use crate::problem::{Problem, Term};
use crate::solver::{Cg, gram_limit, memory_limit, triangle_limit};
use crate::stepper::{Lbfgs, metric_share};

/// The program itself before it holds anything, and MPI, which one process alone does without.
const PROGRAM: f64 = 11e6;
const MPI: f64 = 11e6;

/// Copies of the parameters: the state, its checkpoint, the steps and trials of a stepper.
const COPIES: f64 = 16.0;

/// How many work on a problem.
#[derive(Clone, Copy, Debug)]
pub struct Crowd {
    /// Ranks.
    pub ranks: usize,
    /// Threads of each.
    pub threads: usize,
}

/// Something that takes memory.
#[derive(Clone, Copy, Debug)]
struct Part {
    what: &'static str,
    bytes: f64,
}

/// What a rank needs at the most demanding stage of a run.
#[derive(Clone, Debug)]
pub struct Memory {
    parts: Vec<Part>,
    /// Bytes of rows that a rank keeps.
    kept: usize,
    /// What helps where it is too much.
    cure: &'static str,
}

impl Memory {
    /// All of it.
    pub fn bytes(&self) -> Bytes {
        Bytes(self.parts.iter().map(|part| part.bytes).sum())
    }

    /// Up to how many bytes of rows a rank keeps between their uses.
    pub fn rows_kept(&self) -> usize {
        self.kept
    }

    /// What takes most.
    fn largest(&self) -> Part {
        let mut parts = self.parts.clone();
        parts.sort_by(|a, b| b.bytes.total_cmp(&a.bytes));
        parts[0]
    }

    /// "about 1.23 GB a rank, most of it for the factors of the rows (1.01 GB)".
    pub fn describe(&self) -> String {
        let largest = self.largest();
        let anew = match self.kept {
            0 => ", rows formed anew for every use",
            _ => "",
        };
        format!(
            "about {} a rank, most of it for {} ({}){anew}",
            self.bytes(),
            largest.what,
            Bytes(largest.bytes)
        )
    }

    /// Whether it is within a budget.
    ///
    /// # Errors
    /// If not; the message names both numbers, where the budget comes from, and cures.
    pub fn within(&self, budget: Bytes, source: &str) -> Result<()> {
        if self.bytes() <= budget {
            return Ok(());
        }
        Err(Error::Input(format!(
            "this run needs {}; {source} {budget}\n  {}, or set `run.memory`, if there is more",
            self.describe(),
            self.cure
        )))
    }
}

impl Plan {
    /// What a rank needs when so many share the problem. Where `budget` is too small to keep rows between
    /// their uses, they are formed anew: the same bits, in more time.
    pub fn memory(&self, problem: &Problem, crowd: Crowd, budget: Option<Bytes>) -> Memory {
        let keeping = self.memory_keeping(ROWS_KEPT_BYTES, problem, crowd);
        if budget.is_none_or(|budget| keeping.bytes() <= budget) {
            return keeping;
        }
        let streaming = self.memory_keeping(0, problem, crowd);
        match streaming.bytes() < keeping.bytes() {
            true => streaming,
            false => keeping,
        }
    }

    fn memory_keeping(&self, kept: usize, problem: &Problem, crowd: Crowd) -> Memory {
        let stages = self.stages.iter();
        let of_stage = |stage: &Stage| of_stage(stage, &stage.problem(problem), crowd, kept);
        let mut stages: Vec<Memory> = stages.map(of_stage).collect();
        stages.sort_by(|a, b| b.bytes().0.total_cmp(&a.bytes().0));
        stages.swap_remove(0)
    }
}

/// What a stage needs on the samples of `problem`.
fn of_stage(stage: &Stage, problem: &Problem, crowd: Crowd, kept: usize) -> Memory {
    let size = Size::of(stage, problem, crowd);
    let rows = |limit| size.rows(limit, kept);
    let p = size.parameters;
    let (mut parts, cure) = match stage.solver {
        SolverName::Qr if stage.stepper == StepperName::Recursive => (
            vec![
                rows(memory_limit(p as usize + 1) as f64),
                part("the triangle of all steps", 3.0 * p * p),
            ],
            "use solver = \"kernel\" with stepper = \"stochastic\", or a smaller network",
        ),
        SolverName::Qr => (
            vec![
                rows(triangle_limit(p as usize, size.count as usize) as f64),
                part("the triangle and its directions", 4.0 * p * p),
            ],
            "use solver = \"kernel\" with stepper = \"stochastic\", a smaller network, or more ranks",
        ),
        SolverName::Cholesky => (
            vec![
                rows(gram_limit(p as usize) as f64),
                part("the Gram matrix and its factor", size.tiles()),
            ],
            "use solver = \"kernel\" with stepper = \"stochastic\", a smaller network, or more ranks",
        ),
        SolverName::Kernel => (
            vec![
                part("the factors of the rows", size.factors),
                part("the kernel matrix", 2.0 * size.count * size.count),
            ],
            "use fewer points a step (`sampling.batch`; `sampling.points` where all are used)",
        ),
        SolverName::Cg => (
            // The sketch, what G makes of it, and its basis.
            vec![part("the sketch", 3.0 * p * Cg::sketch(p as usize) as f64)],
            "use a smaller network",
        ),
        SolverName::Steepest => {
            // Products with the rows of a cell, but in the methods that take gradients alone.
            let products = [MethodName::Ned, MethodName::Sgd].contains(&stage.method);
            let cells = if products { size.cell } else { 0.0 };
            let mut parts = vec![part("rows of the tangent space", cells * p)];
            if stage.method == MethodName::Lbfgs {
                // The method's, the state's that is saved, and the bytes of the file.
                let pairs = (3 * 2 * Lbfgs::PAIRS) as f64;
                parts.push(part(
                    "the pairs that lbfgs learns curvature from",
                    pairs * p,
                ));
            }
            (parts, "use fewer points, or a smaller network")
        }
    };
    parts.extend([
        part("vectors of the parameters", COPIES * p),
        part("sweeps of the network", size.sweep),
        part("samples", size.samples),
        Part {
            what: "the program",
            bytes: PROGRAM + if crowd.ranks > 1 { MPI } else { 0.0 },
        },
    ]);
    Memory { parts, kept, cure }
}

fn part(what: &'static str, numbers: f64) -> Part {
    Part {
        what,
        bytes: 8.0 * numbers,
    }
}

/// Numbers that the parts are counted from.
struct Size {
    /// p.
    parameters: f64,
    /// n, on all ranks.
    count: f64,
    /// The part of it that one rank owns.
    share: f64,
    /// The part of all that is shared out that one rank owns.
    fraction: f64,
    /// The rows of the cells that the threads work on.
    cell: f64,
    factors: f64,
    sweep: f64,
    samples: f64,
}

impl Size {
    fn of(stage: &Stage, problem: &Problem, crowd: Crowd) -> Self {
        let widths = problem.network.widths();
        let units: f64 = widths.iter().map(|&h| h as f64).sum();
        let widest = widths.iter().map(|&h| h as f64).fold(0.0, f64::max);
        let pairs: f64 = widths.windows(2).map(|w| (w[0] + w[1]) as f64).sum();
        let metric = stage.metric;
        let streams = |term: &Term| metric.layout(term.energy.layout()).streams() as f64;
        let rows = |term: &Term| metric.rows(problem, term);
        let points = |term: &Term| term.points() as f64;
        let sum = |of: &dyn Fn(&Term) -> f64| problem.terms.iter().map(of).sum::<f64>();
        let fraction = 1.0 / crowd.ranks.min(problem.cells()) as f64;
        let cell = |term: &Term| (points(term) / term.cells() as f64).ceil();
        let sweep = |term: &Term| {
            let of_point = streams(term) * (2.0 * units + widest) + 3.0 * units;
            cell(term) * of_point
        };
        let most = |of: &dyn Fn(&Term) -> f64| {
            let terms = problem.terms.iter().map(of);
            crowd.threads as f64 * terms.fold(0.0, f64::max)
        };
        let received = if crowd.ranks > 1 { 1.5 } else { 1.0 };
        let count = sum(&|term| points(term) * rows(term) as f64);
        let p = problem.network.parameters();
        let share = match stage.stepper {
            StepperName::Recursive => metric_share(metric.has_forces(problem), count as usize, p),
            _ => 1.0,
        };
        let count = share * count;
        Self {
            parameters: p as f64,
            count,
            share: fraction * count,
            fraction,
            factors: received
                * sum(&|term| points(term) * rows(term) as f64 * streams(term) * pairs),
            cell: most(&|term| cell(term) * rows(term) as f64),
            sweep: most(&sweep),
            samples: fraction
                * sum(&|term| points(term) * (3 * problem.coordinates.len() + 2) as f64),
        }
    }

    /// The tiles of G that are this rank's, and those of its factor; or, while they are summed, whole
    /// triangles on the way up the tree of its own cells, one for every level with enough rows.
    fn tiles(&self) -> f64 {
        let square = self.parameters * self.parameters;
        let nodes = self.share / gram_limit(self.parameters as usize) as f64;
        let sums = if nodes > 1.0 {
            1.0 + nodes.log2().ceil()
        } else {
            0.0
        };
        square * self.fraction.max(0.5 * sums)
    }

    /// The rows that are kept, if they are no more than `most` bytes, and those of a node of the tree that is compressed beyond `limit`
    /// rows: they are copied where they are gathered, and again where they are compressed.
    fn rows(&self, limit: f64, most: usize) -> Part {
        let kept = self.share * self.parameters;
        let kept = if 8.0 * kept > most as f64 { 0.0 } else { kept };
        let gathered = 2.0 * self.count.min(1.5 * limit) * self.parameters;
        part("rows of the tangent space", kept + gathered)
    }
}
