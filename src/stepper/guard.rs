//! The guard of steps on fresh samples: the nonlinearity they meet, never the energy.
//!
//! A few points say nothing of the energy of the whole, but they do say whether the path is straight:
//!
//! ```text
//! q = |r(θ + dt θ') − r(θ) − dt A θ'| / (dt |A θ'|)
//! ```
//!
//! on the samples of the step. q < 1 takes the step, otherwise dt is quartered.

use super::moved;
use crate::flow::{Flow, Tangent};

/// A step that the guard lets pass.
pub(super) struct Passed {
    /// The parameters reached.
    pub(super) theta: Vec<f64>,
    /// The time step.
    pub(super) dt: f64,
}

/// The longest step along `d` that meets little nonlinearity, from `dt` on and in at most `trials`
/// trials; where the residual is not all of the force, the longest of finite energy. Collective.
pub(super) fn pass(
    tangent: &Tangent,
    theta: &[f64],
    d: &[f64],
    mut dt: f64,
    trials: usize,
) -> Option<Passed> {
    let flow: &Flow = tangent.flow;
    for _ in 0..trials {
        let change: Vec<f64> = d.iter().map(|d| dt * d).collect();
        let theta = moved(theta, 1.0, &change);
        let there = flow.covector(&theta);
        let finite = there.energy().is_finite();
        if finite && (flow.has_forces() || tangent.nonlinearity(&there, &change) < 1.0) {
            return Some(Passed { theta, dt });
        }
        dt /= 4.0;
    }
    None
}
