//! Expressions of the input deck: equations, energies, conditions, data targets, exact solutions.
//!
//! A text is parsed ([`Pool::parse`]) with the names of a [`Scope`], and the notation of PDEs in it
//! (`lap(u)`, `div(k*grad(u))`, `dn(u)`) is lowered at once to scalars over [`Symbol`]s: coordinates
//! and jets, the values and derivatives of the unknowns at a point. Nodes live in a [`Pool`] where
//! equal expressions are the same node, so derivatives stay small. A [`Tape`] evaluates the result
//! for many points at a time.
//!
//! ```text
//! text -> token -> parse + notation -> pool (simplify) -> derive, manufactured, euler_lagrange -> tape
//! ```
//!
//! Own code because an equation needs what crates for formulas lack together: derivatives of every
//! function (erf, abs, min, if), maths precedence (-2^2 = -4), error positions, and batches.

mod atom;
mod call;
mod derive;
mod display;
mod equation;
mod error;
mod euler_lagrange;
mod function;
mod manufactured;
mod names;
mod notation;
mod parse;
mod pool;
mod scope;
mod simplify;
mod tape;
mod token;
mod unknown;

pub use derive::DerivativeError;
pub use equation::Equation;
pub use error::ExpressionError;
pub use euler_lagrange::{euler_lagrange, flux};
pub use function::{Function, Operation};
pub use manufactured::{exact_in, jets_of, solve_source, solve_source_energy};
pub use names::reserved;

pub use pool::{Derivative, Id, Pool, Symbol};
pub use scope::Scope;
pub use tape::Tape;

#[cfg(test)]
mod tests;
