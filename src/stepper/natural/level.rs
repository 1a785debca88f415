//! The natural-level test: how far a step may go along d before the path bends away.
//!
//! With A frozen, the simplified Newton correction at θ + λ d would be (1 − λ) d on a straight path.
//! What differs is pure nonlinearity; it bounds the next λ, and moving the trial by it follows the
//! bend (Deuflhard 2004, ch. 3–4).

use crate::flow::{Covector, Tangent};
use crate::solver::Inverse;
use crate::stepper::moved;
use crate::vector::{finite, norm};

/// The natural-level test of one step: A and its cutoff are frozen.
pub(super) struct LevelTest<'t, 'a, 'f> {
    /// The tangent space of the step.
    pub(super) tangent: &'t Tangent<'a, 'f>,
    /// Its inverse above the cutoff.
    pub(super) inverse: &'t dyn Inverse,
    /// The direction d = −A⁺ r.
    pub(super) d: Vec<f64>,
    /// |d|.
    pub(super) size: f64,
}

/// An accepted trial.
pub(super) struct Accepted {
    /// The parameters.
    pub(super) theta: Vec<f64>,
    /// Step length λ.
    pub(super) length: f64,
    /// The simplified Newton correction there.
    pub(super) simplified: Vec<f64>,
}

/// The shortest step.
pub(super) const SHORTEST: f64 = 1e-6;

/// A trial point and what the test says of it.
pub(super) struct Trial {
    /// The parameters.
    pub(super) theta: Vec<f64>,
    /// The simplified Newton correction there.
    pub(super) simplified: Vec<f64>,
    /// The step length that the nonlinearity allows.
    pub(super) mu: f64,
}

impl LevelTest<'_, '_, '_> {
    /// The simplified Newton correction −A⁺ r(θ) at a trial point; none where E is not a number.
    pub(super) fn correction(&self, theta: &[f64]) -> Option<Vec<f64>> {
        let at: Covector = self.tangent.flow.covector(theta);
        if !at.energy().is_finite() {
            return None;
        }
        let x = self.inverse.direction(self.tangent, &at);
        finite(&x).then_some(x)
    }

    /// Pure nonlinearity of a trial: what the simplified correction would not be on a straight path.
    fn bend(&self, simplified: &[f64], length: f64) -> Vec<f64> {
        moved(simplified, length - 1.0, &self.d)
    }

    /// The length that the bend allows.
    fn allowed(&self, bend: &[f64], length: f64) -> f64 {
        length * length * self.size / (2.0 * norm(bend) + 1e-300)
    }

    /// Up to two second-order corrections: the trial is moved by the bend while that shrinks it.
    pub(super) fn corrected(&self, theta: Vec<f64>, simplified: Vec<f64>, length: f64) -> Trial {
        let mut bend = self.bend(&simplified, length);
        let mut trial = Trial {
            mu: self.allowed(&bend, length),
            theta,
            simplified,
        };
        for _ in 0..2 {
            let relative = norm(&bend) / (length * self.size + 1e-300);
            if !(0.02 < relative && relative < 2.0) {
                break;
            }
            let theta = moved(&trial.theta, 1.0, &bend);
            let Some(simplified) = self.correction(&theta) else {
                break;
            };
            let next = self.bend(&simplified, length);
            if norm(&next) > 0.7 * norm(&bend) {
                break;
            }
            trial = Trial {
                mu: trial.mu.max(self.allowed(&next, length)),
                theta,
                simplified,
            };
            bend = next;
        }
        trial
    }

    /// Tries lengths from `length` on until one passes the test; then longer ones, as far as the bend
    /// allows: where nothing is known of the path, its first piece says little of the rest.
    pub(super) fn search(&self, theta: &[f64], mut length: f64) -> Option<Accepted> {
        let mut accepted: Option<Accepted> = None;
        for _ in 0..15 {
            if length < SHORTEST {
                break;
            }
            let start = moved(theta, length, &self.d);
            let Some(simplified) = self.correction(&start) else {
                length /= 10.0;
                continue;
            };
            let trial = self.corrected(start, simplified, length);
            if norm(&trial.simplified) > (1.0 - length / 4.0) * self.size {
                if accepted.is_some() {
                    break;
                }
                length = trial.mu.min(length / 2.0).max(length / 10.0);
                continue;
            }
            let longer = trial.mu.min(1.0);
            accepted = Some(Accepted {
                theta: trial.theta,
                length,
                simplified: trial.simplified,
            });
            if longer < 4.0 * length {
                break;
            }
            length = longer;
        }
        accepted
    }
}
