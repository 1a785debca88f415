//! θ' = −(G + μ)⁻¹ g by preconditioned conjugate gradients, for networks too large for any matrix of
//! p² numbers and samples too many for their kernel.
//!
//! G is known by its products alone ([`Products`]): a forward and a reverse sweep of the network over
//! all cells and one reduction of p numbers an iteration. The preconditioner is a randomised sketch
//! of G ([`Nystrom`]). μ = λ tr(Ĝ)/p is relative, as that of Cholesky, with the trace that the
//! sketch has seen.
//!
//! Iterations measured to a residual of 1e-4, and of 1e-6, where Euler's method with that accuracy had
//! come after ten steps (257 parameters, λ = 1e-8):
//!
//! | columns of the sketch | none | 10 | 25 | 50 |
//! |---|---|---|---|---|
//! | `heat.toml` | 208, 623 | 122, 381 | 36, 127 | 18, 14 |
//! | `poisson-2d.toml` | 60, 194 | 46, 128 | 22, 47 | 5, 8 |
//!
//! A column costs about as much as an iteration, so a few dozen pay best.
//!
//! The iteration ends when the residual is `tolerance` times g, or after `limit` products. Every
//! iterate minimises the model ½ xᵀ(G + μ) x − gᵀx over ever more directions, so what is found until then
//! descends the energy too: a truncated Gauss–Newton step (Steihaug 1983, doi:10.1137/0720042;
//! Martens 2010, "Deep learning via Hessian-free optimization").
//!
//! Vectors of the iteration are on rank 0, which broadcasts the direction to multiply, or the
//! solution.

use super::nystrom::Nystrom;
use super::{Inverse, Note, Solver};
use crate::comm::{Phase, during};
use crate::error::{Error, Result};
use crate::flow::{Products, Tangent};
use crate::vector::{dot, norm};
use std::cell::Cell;

/// See the module's page.
///
/// ```
/// use ned_dist::comm::{Shares, Solo};
/// use ned_dist::deck::Deck;
/// use ned_dist::flow::{Flow, Metric};
/// use ned_dist::problem::build;
/// use ned_dist::sampling::{Purpose, stream};
/// use ned_dist::solver::{Cg, Solver};
///
/// let deck = "[domain]\nlower = [0.0]\nupper = [1.0]\n[problem]\nequation = \"u_x = x\"\n\
///             [sampling]\npoints = 50\n[network]\nhidden = [5]";
/// let problem = build(&mut Deck::from_toml(deck, "line.toml", &[])?, None)?;
/// let shares = Shares::even(problem.cells(), 1);
/// let mut flow = Flow::new(&problem, &Solo, &shares, Metric::Energy, 0);
/// flow.draw(0);
/// let theta = problem.network.initial(&mut stream(0, Purpose::Network, 0, 0));
///
/// // No rows are asked for.
/// let tangent = flow.tangent(&theta, false);
/// let inverse = Cg::new(1e-6, 1e-8).factor(&tangent, 1.0)?;
/// let d = inverse.direction(&tangent, &tangent.here);
/// assert!(inverse.note().iterations < 20);
///
/// // A small step of the flow descends.
/// let ahead: Vec<f64> = theta.iter().zip(&d).map(|(t, d)| t + 0.1 * d).collect();
/// assert!(flow.covector(&ahead).energy() < tangent.here.energy());
/// # Ok::<(), ned_dist::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Cg {
    /// Relative damping λ.
    pub damping: f64,
    /// |g − (G + μ) x| / |g| at which x is good enough.
    pub tolerance: f64,
    /// The most products with G for one x.
    pub limit: usize,
}

/// The damping when the deck leaves it open.
pub const CG_DAMPING: f64 = 1e-8;
/// Residual of the solution over the gradient: what a step that descends is worth.
pub const CG_TOLERANCE: f64 = 1e-4;
/// Iterations after which a direction is taken as it is.
pub const CG_LIMIT: usize = 200;

impl Cg {
    /// Conjugate gradients with the usual limit of iterations.
    pub fn new(damping: f64, tolerance: f64) -> Self {
        Self {
            damping,
            tolerance,
            limit: CG_LIMIT,
        }
    }

    /// Columns of the sketch for p parameters: each costs a product, as an iteration does.
    pub fn sketch(parameters: usize) -> usize {
        (parameters / 8).clamp(8, 50).min(parameters)
    }
}

impl Solver for Cg {
    fn name(&self) -> &'static str {
        "cg"
    }

    fn needs_rows(&self) -> bool {
        false
    }

    fn factor(&self, tangent: &Tangent, lift: f64) -> Result<Box<dyn Inverse>> {
        let (p, products) = (tangent.parameters(), tangent.products());
        let sketch = Nystrom::of(tangent, &products, Self::sketch(p));
        // NaN tells the other ranks that rank 0 has none.
        let mut mean = [sketch.as_ref().map_or(f64::NAN, |s| s.trace() / p as f64)];
        tangent.flow.comm.broadcast(&mut mean);
        if mean[0].is_nan() {
            return Err(Error::Failed(
                "the tangent space is zero or not finite, so no direction can be found in it; \
                 check the problem, or try another metric"
                    .into(),
            ));
        }
        let damping = lift * self.damping;
        Ok(Box::new(Conjugate {
            products,
            sketch,
            setting: *self,
            damping,
            shift: damping * mean[0],
            iterations: Cell::new(0),
        }))
    }
}

/// G + μ by its products and, on rank 0, its preconditioner.
pub(super) struct Conjugate {
    pub(super) products: Products,
    /// None: CG without a preconditioner.
    pub(super) sketch: Option<Nystrom>,
    pub(super) setting: Cg,
    pub(super) damping: f64,
    /// μ.
    pub(super) shift: f64,
    /// Of the last solution.
    pub(super) iterations: Cell<usize>,
}

impl Inverse for Conjugate {
    fn apply(&self, tangent: &Tangent, g: &[f64]) -> Vec<f64> {
        let comm = tangent.flow.comm;
        let mut search = (comm.rank() == 0).then(|| Search::new(self, g));
        loop {
            let mut message = match &search {
                Some(search) => search.message(),
                None => vec![0.0; g.len() + 1],
            };
            comm.broadcast(&mut message);
            let count = message.pop().unwrap_or(f64::NAN);
            if count >= 0.0 {
                self.iterations.set(count as usize);
                return message;
            }
            let product = self.products.gram(tangent, &message);
            if let (Some(search), Some(product)) = (&mut search, product) {
                during(comm, Phase::Solve, || search.advance(&product));
            }
        }
    }

    fn note(&self) -> Note {
        Note {
            damping: self.damping,
            iterations: self.iterations.get(),
            ..Note::default()
        }
    }
}

/// The iteration, on rank 0 (Hestenes & Stiefel 1952, doi:10.6028/jres.049.044).
struct Search<'c> {
    of: &'c Conjugate,
    x: Vec<f64>,
    /// r = g − (G + μ) x.
    residual: Vec<f64>,
    /// The direction of search, conjugate to those before.
    along: Vec<f64>,
    /// rᵀ P⁻¹ r.
    square: f64,
    /// |r| that is small enough.
    goal: f64,
    iterations: usize,
    ended: bool,
}

impl<'c> Search<'c> {
    fn new(of: &'c Conjugate, g: &[f64]) -> Self {
        let size = norm(g);
        let ended = size == 0.0 || !size.is_finite();
        let along = of.precondition(g);
        Self {
            of,
            // What is not finite is handed on: the stepper knows what to say.
            x: if ended {
                g.to_vec()
            } else {
                vec![0.0; g.len()]
            },
            residual: g.to_vec(),
            square: dot(g, &along),
            along,
            goal: of.setting.tolerance * size,
            iterations: 0,
            ended,
        }
    }

    /// The solution and the number of its iterations, or a direction whose product is wanted and −1.
    fn message(&self) -> Vec<f64> {
        let (vector, count) = match self.ended {
            true => (&self.x, self.iterations as f64),
            false => (&self.along, -1.0),
        };
        let mut message = vector.clone();
        message.push(count);
        message
    }

    /// One iteration, with the product G d of the direction d.
    fn advance(&mut self, product: &[f64]) {
        let shift = self.of.shift;
        let curvature = dot(&self.along, product) + shift * dot(&self.along, &self.along);
        if !curvature.is_finite() {
            self.x.fill(f64::NAN);
            self.ended = true;
            return;
        }
        if curvature <= 0.0 || self.square <= 0.0 {
            // Rounding has the last word here: what was found so far, or steepest descent.
            if self.iterations == 0 {
                self.x.clone_from(&self.along);
            }
            self.ended = true;
            return;
        }
        let length = self.square / curvature;
        let pairs = self.along.iter().zip(product);
        let state = self.x.iter_mut().zip(&mut self.residual);
        for ((x, r), (d, product)) in state.zip(pairs) {
            *x += length * d;
            *r -= length * (product + shift * d);
        }
        self.iterations += 1;
        self.ended = norm(&self.residual) <= self.goal || self.iterations >= self.of.setting.limit;
        if !self.ended {
            self.turn();
        }
    }

    /// The next direction: the preconditioned residual, made conjugate to the last one.
    fn turn(&mut self) {
        let z = self.of.precondition(&self.residual);
        let square = dot(&self.residual, &z);
        let carried = square / self.square;
        let pairs = self.along.iter_mut().zip(&z);
        pairs.for_each(|(d, z)| *d = z + carried * *d);
        self.square = square;
    }
}

impl Conjugate {
    fn precondition(&self, r: &[f64]) -> Vec<f64> {
        match &self.sketch {
            Some(sketch) => sketch.precondition(r, self.shift),
            None => r.to_vec(),
        }
    }
}
