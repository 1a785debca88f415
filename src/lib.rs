//! # ned-dist: Neural Energy Descent on any number of MPI ranks
//!
//! A network u(x; θ) is a point on a manifold of functions. The energy E(u) of a learning problem or
//! of a PDE falls along its gradient flow u_t = −δE/δu; projected on the tangent space of the network
//! this is an ordinary differential equation for the parameters,
//!
//! ```text
//! G(θ) θ' = −g(θ),   g = Σ_i w_i J_iᵀ ∂e/∂jet(x_i),   G = Σ_i w_i (B J_i)ᵀ (B J_i),
//! ```
//!
//! where J_i is the derivative of the jet (u, ∇u, Δu, …) at sample x_i with respect to θ, e the energy
//! density, w_i the quadrature weight and B the metric. Its steady state solves the problem (Hao,
//! Wang, Xu, Yang, "Deep Learning via Neural Energy Descent", arXiv 2302.10424). Everything else is
//! how to sample, how to solve for θ', and how to step.
//!
//! ## One step, and who does it
//!
//! ```text
//! run         freezes the samples of the step
//! stepper     asks for the flow at θ, on those samples
//! flow        for each of this rank's cells, in parallel:
//!   sampling    points and weights      from stream(seed, step, cell)
//!   network     jets at the points, and their pullback to θ
//!   energy      e, ∂e/∂jet, the metric's rows
//! comm        sums over a fixed tree of cells: the same bits whoever owns them
//! solver      θ' from G and g
//! stepper     θ ← θ + dt θ', accepted or refused on the same samples
//! run         records, saves, stops
//! ```
//!
//! ## The layers; each uses only those below it
//!
//! | module | noun |
//! |---|---|
//! | [`cli`] | arguments and what is printed: the only place that prints, what all others tell by `tracing` too |
//! | [`performance`] | what a step costs, the constants of a machine, the time on P ranks |
//! | [`run`] | the time loop, the plan and its stages, limits and signals, history, checkpoints (the only `bincode`), summary |
//! | [`output`] | the solution at points, on a grid as csv, npy, vti, and as parameters |
//! | [`stepper`] | efficient NED on fresh subsets, natural-level rule, Runge–Kutta methods, and the baselines sgd, adam, lbfgs |
//! | [`solver`] | θ' = −G⁺ g: qr, cholesky, kernel, cg, steepest; recursive least squares |
//! | [`flow`] | energy, gradient and tangent rows over all cells of all ranks |
//! | [`problem`] | terms, regions, boundary conditions, data, error norms, from a deck; where its energy is stationary |
//! | [`energy`] | densities: residual, variational |
//! | [`network`] | u(x; θ), its jets and their pullback; embeddings, boundary values built in |
//! | [`sampling`], [`domain`] | points by every rule, weights, streams; patches and their cells |
//! | [`jet`], [`expression`] | derivatives at points; equations as expressions |
//! | [`deck`], [`table`] | the input file; tables of data |
//! | [`elementary`] | exp, log, sin, cos, tanh, erf in loops of vectors, alike on all machines |
//! | [`comm`] | ranks (the only `mpi`), reductions over the tree of cells, the clock of a rank's phases |
//!
//! A family is a folder: its `mod.rs` holds the trait and its contract, every method is one file.
//!
//! ## Invariants
//!
//! - **The same bits** of θ for any number of ranks and threads. Floating-point sums run over a
//!   binary tree that depends on the number of cells alone ([`comm::tree_fold`]); randomness belongs
//!   to the cell ([`sampling::stream`]); factorisations are sequential, or by tiles in a fixed order.
//! - **One sequence of collectives** on every rank. Rank 0 alone reads, writes and lets a clock
//!   decide; what it learns is broadcast, its errors too ([`run::agree`]); what
//!   any rank may refuse for itself is refused by all ([`run::unanimous`]).
//! - **Bad input** ends before anything is written; a failed solve ends with its last good state
//!   saved.

pub mod cli;
pub mod comm;
pub mod deck;
pub mod domain;
pub mod elementary;
pub mod energy;
pub mod error;
pub mod expression;
pub mod file;
pub mod flow;
pub mod jet;
pub mod network;
pub mod output;
pub mod performance;
pub mod problem;
pub mod run;
pub mod sampling;
pub mod simd;
pub mod solver;
pub mod stepper;
pub mod table;
pub mod vector;
