//! Where the energy was least.

use crate::flow::Flow;
use crate::stepper::{Best, counted};
use serde::{Deserialize, Serialize};

/// Steps in a row astray after which descent ends.
const ASTRAY: u32 = 8;

/// The least energy met since all was forgotten: on the samples of the step or, of an energy without
/// residual, on others, which its descent does not see.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Lowest {
    least: Option<Least>,
    /// Steps in a row whose energy was only seen to fall by the points it is descended on.
    astray: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Least {
    best: Best,
    /// Its energy on the samples of the step.
    here: f64,
}

impl Lowest {
    /// Whether this can be of a run with `p` parameters.
    pub(super) fn fits(&self, p: usize) -> bool {
        let least = self.least.as_ref();
        counted(self.astray) && least.is_none_or(|least| least.best.theta.len() == p)
    }

    /// Its parameters, with the energy that it is judged by.
    pub(super) fn best(&self) -> Option<&Best> {
        self.least.as_ref().map(|least| &least.best)
    }

    /// Whether the last step was astray.
    pub(super) fn strays(&self) -> bool {
        self.astray > 0
    }

    /// Compares θ, of energy `energy` on its samples, with the least energy so far; whether it has gone
    /// astray for good. Collective.
    pub(super) fn look(&mut self, flow: &Flow, theta: &[f64], energy: f64) -> bool {
        let alone = flow.has_forces();
        let judged = match alone {
            true => flow.energies_elsewhere(theta, 0).iter().sum(),
            false => energy,
        };
        match &self.least {
            Some(least) if judged >= least.best.energy || judged.is_nan() => {
                let strays = alone && judged - least.best.energy > least.here - energy;
                self.astray = if strays { self.astray + 1 } else { 0 };
            }
            _ => {
                self.astray = 0;
                self.set(theta, judged, energy);
            }
        }
        self.astray >= ASTRAY
    }

    /// Takes θ for the least, of energy `judged`, and `here` on the samples of the step.
    pub(super) fn set(&mut self, theta: &[f64], judged: f64, here: f64) {
        self.least = Some(Least {
            best: Best {
                energy: judged,
                theta: theta.to_vec(),
            },
            here,
        });
    }
}
