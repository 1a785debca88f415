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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comm::Solo;
    use crate::flow::Metric;
    use crate::flow::fixture::Fixture;

    /// The dt with which a change of u from `from` by dt · `by` passes.
    fn passed(fixture: &Fixture, from: f64, by: f64, dt: f64, trials: usize) -> Option<f64> {
        fixture.on(&Solo, 0, |flow| {
            let theta = fixture.constant(from);
            let tangent = flow.tangent(&theta, true);
            let passed = pass(&tangent, &theta, &fixture.constant(by), dt, trials)?;
            assert_eq!(passed.theta, fixture.constant(from + passed.dt * by));
            Some(passed.dt)
        })
    }

    #[test]
    fn a_straight_path_is_gone_at_full_length() {
        let fixture = Fixture::new("equation = \"u = x\"", Metric::Energy, 20, 2);
        assert_eq!(passed(&fixture, 0.0, 1e6, 0.7, 1), Some(0.7));
    }

    #[test]
    fn a_bent_path_is_gone_as_far_as_it_is_about_straight() {
        // r = u² − 1 from u = b: q = dt s / 2b.
        let fixture = Fixture::new("equation = \"u^2 = 1\"", Metric::Energy, 20, 2);
        assert_eq!(passed(&fixture, 1.0, 1.9, 1.0, 1), Some(1.0));
        assert_eq!(passed(&fixture, 1.0, 100.0, 1.0, 4), Some(1.0 / 64.0));
        assert_eq!(passed(&fixture, 1.0, 100.0, 1.0, 3), None);
        assert_eq!(passed(&fixture, -50.0, 200.0, 1.0, 2), Some(0.25));
    }

    #[test]
    fn forces_pass_where_the_energy_does_not_rise() {
        let fixture = Fixture::new("energy = \"u^2\"", Metric::Energy, 20, 2);
        assert_eq!(passed(&fixture, 1.0, -1.0, 1.0, 1), Some(1.0));
        assert_eq!(passed(&fixture, 1.0, -4.0, 1.0, 2), Some(0.25));
        assert_eq!(passed(&fixture, 1.0, -4.0, 1.0, 1), None);
        // A flat energy stands at its rounding.
        assert_eq!(passed(&fixture, 1.0, 0.0, 1.0, 1), Some(1.0));
    }
}
