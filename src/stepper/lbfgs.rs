//! L-BFGS, a baseline on fixed points: a quasi-Newton method that learns curvature from its steps.
//!
//! The direction −H g is formed from the last m pairs s = Δθ, y = Δg by the two-loop recursion, from
//! H₀ = (sᵀy / yᵀy) of the newest pair (Nocedal 1980, doi:10.1090/S0025-5718-1980-0572855-7; Nocedal,
//! Wright, Numerical Optimization, 2006, algorithm 7.4). The step length satisfies the strong Wolfe
//! conditions (`line_search`), so the energy falls in every step. Pairs whose curvature sᵀy is lost
//! in rounding are left out. Where the line search fails, the pairs are forgotten; where it fails
//! along the gradient too, the method has come to its end.
//!
//! Gradients of different samples say nothing of curvature: the points must stay.

use super::line_search::{Trial, search};
use super::{Memory, Report, Stepper, moved};
use crate::error::Result;
use crate::flow::{Flow, Gradient, checked_energy};
use crate::solver::Solver;
use crate::vector::{dot, norm};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// See the module's page.
#[derive(Clone, Debug)]
pub struct Lbfgs {
    state: State,
}

/// What the method remembers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct State {
    /// The last pairs, the oldest first.
    pairs: VecDeque<Pair>,
    /// Where the last step led.
    here: Option<Place>,
}

impl State {
    /// Whether this can be of a run with `p` parameters and `terms` terms of the energy.
    pub(super) fn fits(&self, p: usize, terms: usize) -> bool {
        let pair = |pair: &Pair| [&pair.s, &pair.y].iter().all(|part| part.len() == p);
        let place = |place: &Place| {
            let of_p = [&place.theta, &place.gradient];
            place.energies.len() == terms && of_p.iter().all(|part| part.len() == p)
        };
        self.pairs.len() <= Lbfgs::PAIRS
            && self.pairs.iter().all(pair)
            && self.here.as_ref().is_none_or(place)
    }
}

/// A step and what it did to the gradient.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Pair {
    s: Vec<f64>,
    y: Vec<f64>,
    /// sᵀy.
    curvature: f64,
}

/// Parameters with their energies and gradient.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Place {
    theta: Vec<f64>,
    energies: Vec<f64>,
    gradient: Vec<f64>,
}

impl Place {
    fn at(flow: &Flow, theta: Vec<f64>) -> Self {
        let Gradient { energies, g } = flow.gradient(&theta);
        Self {
            theta,
            energies,
            gradient: g,
        }
    }

    fn energy(&self) -> f64 {
        self.energies.iter().sum()
    }
}

impl Lbfgs {
    /// How many pairs are kept, m: a few hundred parameters of ill-conditioned problems profit from more
    /// than the three to twenty of textbooks, and 50 are still cheap beside a gradient.
    pub const PAIRS: usize = 50;

    /// The method before its first step.
    pub fn new() -> Self {
        Self {
            state: State::default(),
        }
    }

    /// −H g by the two-loop recursion.
    fn direction(&self, g: &[f64]) -> Vec<f64> {
        let pairs = &self.state.pairs;
        let mut d: Vec<f64> = g.iter().map(|g| -g).collect();
        let mut shares = Vec::with_capacity(pairs.len());
        for pair in pairs.iter().rev() {
            let share = dot(&pair.s, &d) / pair.curvature;
            add(&mut d, -share, &pair.y);
            shares.push(share);
        }
        if let Some(newest) = pairs.back() {
            let scale = newest.curvature / dot(&newest.y, &newest.y);
            d.iter_mut().for_each(|d| *d *= scale);
        }
        for (pair, share) in pairs.iter().zip(shares.iter().rev()) {
            let along = dot(&pair.y, &d) / pair.curvature;
            add(&mut d, share - along, &pair.s);
        }
        d
    }

    /// Learns from a step, unless its curvature is lost in rounding.
    fn learn(&mut self, s: Vec<f64>, y: Vec<f64>) {
        let curvature = dot(&s, &y);
        if curvature <= f64::EPSILON * norm(&s) * norm(&y) {
            return;
        }
        if self.state.pairs.len() == Self::PAIRS {
            self.state.pairs.pop_front();
        }
        self.state.pairs.push_back(Pair { s, y, curvature });
    }

    /// A step from `here` along −H g, or nothing.
    fn advance(&self, flow: &Flow, here: &Place, d: &[f64]) -> Option<Trial<Option<Place>>> {
        let origin = Trial {
            length: 0.0,
            energy: here.energy(),
            slope: dot(&here.gradient, d),
            place: None,
        };
        if origin.slope.is_nan() || origin.slope >= 0.0 {
            return None;
        }
        // Without curvature nothing but the gradient's size says how far to go.
        let first = match self.state.pairs.is_empty() {
            true => (1.0 / norm(d)).min(1.0),
            false => 1.0,
        };
        search(origin, first, &mut |length| {
            let place = Place::at(flow, moved(&here.theta, length, d));
            Trial {
                length,
                energy: place.energy(),
                slope: dot(&place.gradient, d),
                place: Some(place),
            }
        })
    }
}

impl Default for Lbfgs {
    fn default() -> Self {
        Self::new()
    }
}

/// x += a y.
fn add(x: &mut [f64], a: f64, y: &[f64]) {
    x.iter_mut().zip(y).for_each(|(x, y)| *x += a * y);
}

impl Stepper for Lbfgs {
    fn name(&self) -> &'static str {
        "lbfgs"
    }

    fn step(
        &mut self,
        flow: &Flow,
        _solver: &dyn Solver,
        theta: &mut Vec<f64>,
        step: u64,
    ) -> Result<Report> {
        let known = self.state.here.take().filter(|here| here.theta == *theta);
        let here = match known {
            Some(here) => here,
            None => Place::at(flow, theta.clone()),
        };
        checked_energy(flow, here.energy(), theta, step)?;
        let mut d = self.direction(&here.gradient);
        let mut found = self.advance(flow, &here, &d);
        if found.is_none() && !self.state.pairs.is_empty() {
            self.state.pairs.clear();
            d = self.direction(&here.gradient);
            found = self.advance(flow, &here, &d);
        }
        let mut report = Report {
            energies: here.energies.clone(),
            gradient: norm(&here.gradient),
            direction: norm(&d),
            dt: 0.0,
            note: Default::default(),
            finished: None,
        };
        let length = found.as_ref().map_or(0.0, |trial| trial.length);
        let Some(place) = found.and_then(|trial| trial.place) else {
            report.finished = Some("steady: no smaller energy along the gradient".into());
            self.state.here = Some(here);
            return Ok(report);
        };
        let s = d.iter().map(|d| length * d).collect();
        self.learn(s, moved(&place.gradient, -1.0, &here.gradient));
        report.dt = length;
        theta.clone_from(&place.theta);
        self.state.here = Some(place);
        Ok(report)
    }

    fn memory(&self) -> Memory {
        Memory::Lbfgs(Box::new(self.state.clone()))
    }

    fn recall(&mut self, memory: Memory) {
        if let Memory::Lbfgs(state) = memory {
            self.state = *state;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With exact line searches on a bowl of n dimensions, n pairs are the whole inverse Hessian.
    #[test]
    fn the_recursion_ends_a_bowl_in_as_many_steps_as_it_has_dimensions() {
        let hessian = [1.0, 3.0, 10.0, 100.0, 1e4];
        let gradient =
            |x: &[f64]| -> Vec<f64> { x.iter().zip(hessian).map(|(x, h)| h * x).collect() };
        let mut method = Lbfgs::new();
        let mut x = vec![1.0; 5];
        for _ in 0..5 {
            let g = gradient(&x);
            let d = method.direction(&g);
            let length = -dot(&g, &d) / dot(&d, &gradient(&d));
            let next = moved(&x, length, &d);
            let s = d.iter().map(|d| length * d).collect();
            method.learn(s, moved(&gradient(&next), -1.0, &g));
            x = next;
        }
        assert!(norm(&x) < 1e-9, "{x:?}");
        let newton: Vec<f64> = method.direction(&gradient(&[1.0; 5]));
        for d in newton {
            assert!((d + 1.0).abs() < 1e-6, "{d}");
        }
    }

    #[test]
    fn pairs_without_curvature_are_left_out_and_old_ones_forgotten() {
        let mut method = Lbfgs::new();
        method.learn(vec![1.0, 0.0], vec![-1.0, 0.0]);
        method.learn(vec![1.0, 0.0], vec![0.0, 1.0]);
        method.learn(vec![0.0, 0.0], vec![0.0, 0.0]);
        assert!(method.state.pairs.is_empty());
        for k in 0..Lbfgs::PAIRS + 3 {
            method.learn(vec![1.0 + k as f64, 0.0], vec![1.0, 0.0]);
        }
        assert_eq!(method.state.pairs.len(), Lbfgs::PAIRS);
        assert_eq!(method.state.pairs[0].s[0], 4.0);
    }
}
