//! The guard of steps on fresh samples: the nonlinearity they meet, never the energy.
//!
//! A few points say nothing of the energy of the whole, but they do say whether the path is straight:
//!
//! ```text
//! q = |r(θ + dt θ') − r(θ) − dt A θ'| / (dt |A θ'|)
//! ```
//!
//! on the samples of the step. q < 1 takes the step, otherwise dt is quartered. Energies that are no
//! squared residuals have no such r; there the energy must not rise.

use super::moved;
use crate::flow::{Flow, Tangent};

/// Relative changes of E below this are rounding.
pub(super) const ROUNDING: f64 = 1e-13;

/// A step that the guard lets pass.
pub(super) struct Passed {
    /// The parameters reached.
    pub(super) theta: Vec<f64>,
    /// The time step.
    pub(super) dt: f64,
}

/// The longest step along `d` that meets little nonlinearity, from `dt` on and in at most `trials`
/// trials; where the residual is not all of the force, the longest along which the energy does not
/// rise. Collective.
pub(super) fn pass(
    tangent: &Tangent,
    theta: &[f64],
    d: &[f64],
    mut dt: f64,
    trials: usize,
) -> Option<Passed> {
    let flow: &Flow = tangent.flow;
    let energy = tangent.here.energy();
    for _ in 0..trials {
        let change: Vec<f64> = d.iter().map(|d| dt * d).collect();
        let theta = moved(theta, 1.0, &change);
        let there = flow.covector(&theta);
        let passes = match flow.has_forces() {
            true => there.energy() <= energy + ROUNDING * energy.abs(),
            false => there.energy().is_finite() && tangent.nonlinearity(&there, &change) < 1.0,
        };
        if passes {
            return Some(Passed { theta, dt });
        }
        dt /= 4.0;
    }
    None
}
