//! Boundary values built into the network: u = g + ℓ N(·; θ) with fixed functions g and ℓ.
//!
//! Where ℓ vanishes u is g, to the last bit and for every θ: no term of the energy has to enforce it
//! (Lagaris, Likas & Fotiadis 1998, doi:10.1109/72.712178; Sukumar & Srivastava 2022,
//! doi:10.1016/j.cma.2021.114333). The product rule carries the jets forward,
//!
//! ```text
//! u_i  = g_i  + ℓ_i N + ℓ N_i
//! Δu   = Δg   + Δℓ N + 2 Σ_i ℓ_i N_i + ℓ ΔN
//! u_ij = g_ij + ℓ_ij N + ℓ_i N_j + ℓ_j N_i + ℓ N_ij
//! ```
//!
//! and its transpose takes the cotangents of u back to those of N, linear in them, point by point: so
//! gradients and rows of the network inside serve unchanged. Every unknown has its own g and ℓ.
//!
//! g and ℓ are expressions. Their derivatives are formed once for every layout that the energies ask
//! for, and evaluated with it; another layout is compiled when it is met.

use super::{Factors, Network, Sweeps, Trace};
use crate::expression::{Id, Pool, Symbol, Tape, jets_of};
use crate::jet::{Jets, Layout};
use faer::{Mat, MatRef};
use rand_xoshiro::Xoshiro256PlusPlus;
use std::borrow::Cow;

/// What is built into one unknown, as expressions of the coordinates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lift {
    /// g: what the unknown is where ℓ vanishes.
    pub value: Id,
    /// ℓ: zero on the hard part of the boundary, about 1 in size inside.
    pub factor: Id,
}

impl Lift {
    /// u = N: nothing is built in.
    pub fn none(pool: &mut Pool) -> Self {
        Self {
            value: pool.number(0.0),
            factor: pool.number(1.0),
        }
    }
}

/// A network with boundary values built in.
pub struct Ansatz {
    inner: Box<dyn Network>,
    lifts: Vec<Lift>,
    pool: Pool,
    /// The jets of g and ℓ of every unknown, for each layout that was announced.
    tapes: Vec<(Layout, Tape)>,
}

impl Ansatz {
    /// Builds `lifts`, one per unknown, into a network that will be asked for `layouts`.
    pub fn new(
        inner: Box<dyn Network>,
        pool: &Pool,
        lifts: Vec<Lift>,
        layouts: impl IntoIterator<Item = Layout>,
    ) -> Self {
        debug_assert_eq!(lifts.len(), inner.outputs());
        let mut pool = pool.clone();
        let mut tapes: Vec<(Layout, Tape)> = Vec::new();
        let value = Layout::value(inner.inputs());
        for layout in layouts.into_iter().chain([value]) {
            if tapes.iter().all(|(known, _)| *known != layout) {
                let tape = compile(&mut pool, &lifts, &layout);
                tapes.push((layout, tape));
            }
        }
        Self {
            inner,
            lifts,
            pool,
            tapes,
        }
    }

    fn tape(&self, layout: &Layout) -> Cow<'_, Tape> {
        match self.tapes.iter().find(|(known, _)| known == layout) {
            Some((_, tape)) => Cow::Borrowed(tape),
            None => Cow::Owned(compile(&mut self.pool.clone(), &self.lifts, layout)),
        }
    }

    /// The jets of g and of ℓ at the points `x`.
    fn lifted(&self, x: MatRef<'_, f64>, layout: &Layout) -> [Jets; 2] {
        let columns: Vec<Vec<f64>> = x.col_iter().map(|c| c.iter().copied().collect()).collect();
        let values = self.tape(layout).eval(x.nrows(), |symbol| match symbol {
            Symbol::Coordinate(i) => &columns[i],
            _ => &[],
        });
        let (streams, unknowns) = (layout.streams(), self.lifts.len());
        [0, 1].map(|which| {
            let mut jets = Jets::zeros(layout, x.nrows(), unknowns);
            for unknown in 0..unknowns {
                for stream in 0..streams {
                    let value = &values[(2 * unknown + which) * streams + stream];
                    jets.stream_mut(unknown, stream).copy_from_slice(value);
                }
            }
            jets
        })
    }
}

/// A tape of the streams of g, then of ℓ, unknown by unknown.
fn compile(pool: &mut Pool, lifts: &[Lift], layout: &Layout) -> Tape {
    let mut outputs = Vec::with_capacity(2 * lifts.len() * layout.streams());
    for lift in lifts {
        for function in [lift.value, lift.factor] {
            for derivative in layout.derivatives() {
                let jet = Symbol::Jet {
                    unknown: 0,
                    derivative,
                };
                outputs.push(jets_of(pool, &[function], jet));
            }
        }
    }
    Tape::new(pool, &outputs)
}

impl Network for Ansatz {
    fn parameters(&self) -> usize {
        self.inner.parameters()
    }

    fn inputs(&self) -> usize {
        self.inner.inputs()
    }

    fn outputs(&self) -> usize {
        self.inner.outputs()
    }

    fn widths(&self) -> Vec<usize> {
        self.inner.widths()
    }

    fn initial(&self, rng: &mut Xoshiro256PlusPlus) -> Vec<f64> {
        self.inner.initial(rng)
    }

    /// Those of the network inside: the product rule is a few more for each point.
    fn operations(&self, layout: &Layout) -> Sweeps {
        self.inner.operations(layout)
    }

    fn trace<'a>(
        &'a self,
        theta: &'a [f64],
        x: MatRef<'_, f64>,
        layout: &Layout,
    ) -> Box<dyn Trace + 'a> {
        let [mut jets, factor] = self.lifted(x, layout);
        let inner = self.inner.trace(theta, x, layout);
        add_product(&factor, inner.jets(), &mut jets);
        Box::new(AnsatzTrace {
            inner,
            factor,
            jets,
        })
    }
}

/// The sweep of the network inside, with the jets of ℓ and of u.
struct AnsatzTrace<'a> {
    inner: Box<dyn Trace + 'a>,
    factor: Jets,
    jets: Jets,
}

impl Trace for AnsatzTrace<'_> {
    fn jets(&self) -> &Jets {
        &self.jets
    }

    fn gradient(&self, cotangent: &Jets) -> Vec<f64> {
        self.inner.gradient(&transposed(&self.factor, cotangent))
    }

    fn rows(&self, cotangent: &Jets, rows: &mut Mat<f64>, start: usize) {
        let cotangent = transposed(&self.factor, cotangent);
        self.inner.rows(&cotangent, rows, start);
    }

    fn factors(&self, cotangent: &Jets) -> Option<Factors> {
        self.inner.factors(&transposed(&self.factor, cotangent))
    }

    fn push(&self, x: &[f64]) -> Jets {
        let inner = self.inner.push(x);
        let mut jets = Jets::zeros(inner.layout(), inner.points(), inner.unknowns());
        add_product(&self.factor, &inner, &mut jets);
        jets
    }

    fn into_jets(self: Box<Self>) -> Jets {
        self.jets
    }
}

/// Every term of the product rule for ℓ N: (stream of the product, of ℓ, of N, how often it occurs).
fn product_rule(layout: &Layout, mut term: impl FnMut([usize; 3], f64)) {
    for stream in 0..layout.streams() {
        term([stream, 0, stream], 1.0);
        if stream > 0 {
            term([stream, stream, 0], 1.0);
        }
    }
    if let Some(stream) = layout.laplacian() {
        for i in (0..layout.dim()).map(|i| layout.first(i)) {
            term([stream, i, i], 2.0);
        }
    }
    for (stream, i, j) in layout.second() {
        let [i, j] = [i, j].map(|i| layout.first(i));
        term([stream, i, j], 1.0);
        term([stream, j, i], 1.0);
    }
}

/// sum += ℓ N, as jets.
fn add_product(factor: &Jets, inner: &Jets, sum: &mut Jets) {
    for unknown in 0..inner.unknowns() {
        product_rule(inner.layout(), |[to, of_factor, of_inner], times| {
            let l = factor.stream(unknown, of_factor);
            let v = inner.stream(unknown, of_inner);
            let target = sum.stream_mut(unknown, to).iter_mut();
            target
                .zip(l.iter().zip(v))
                .for_each(|(t, (l, v))| *t += times * l * v);
        });
    }
}

/// The cotangents of N from those of u: the transpose of [`add_product`] at fixed ℓ.
fn transposed(factor: &Jets, cotangent: &Jets) -> Jets {
    let layout = cotangent.layout();
    let mut inner = Jets::zeros(layout, cotangent.points(), cotangent.unknowns());
    for unknown in 0..cotangent.unknowns() {
        product_rule(layout, |[from, of_factor, of_inner], times| {
            let l = factor.stream(unknown, of_factor);
            let c = cotangent.stream(unknown, from);
            let target = inner.stream_mut(unknown, of_inner).iter_mut();
            target
                .zip(l.iter().zip(c))
                .for_each(|(t, (l, c))| *t += times * l * c);
        });
    }
    inner
}
