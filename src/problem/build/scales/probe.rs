//! A random network in the place of the unknowns, and what a term makes of it.

use crate::jet::Jets;
use crate::network::Network;
use crate::problem::{Place, Term};
use crate::sampling::{Draw, Purpose, Sample, stream};

/// Points on which an equation is tried by each.
const POINTS: usize = 64;

/// The same of a condition, which may hold on a small part of what is drawn.
const CONDITION_POINTS: usize = 4096;

/// N, with the parameters of it and of the network that is 0.
pub(super) struct Trial<'n> {
    network: &'n dyn Network,
    theta: Vec<f64>,
    silent: Vec<f64>,
    index: u64,
}

impl<'n> Trial<'n> {
    /// By a network whose first layer is multiplied by `bends`; number `index` of all.
    pub(super) fn of(network: &'n dyn Network, bends: f64, index: u64) -> Self {
        let mut theta = network.initial(&mut stream(0, Purpose::Network, index, 0));
        let mut silent = theta.clone();
        silent[network.last_layer()].fill(0.0);
        let widths = network.widths();
        let first = (widths[0] + 1) * widths[1];
        theta[..first].iter_mut().for_each(|w| *w *= bends);
        Self {
            network,
            theta,
            silent,
            index,
        }
    }
}

/// A term at u = 0 and at u = N.
pub(super) struct Probe<'t> {
    pub(super) term: &'t Term,
    sample: Sample,
    zero: Jets,
    one: Jets,
    /// r(0), a column for every component.
    start: Vec<Vec<f64>>,
}

impl<'t> Probe<'t> {
    pub(super) fn of(term: &'t Term, index: usize, trial: &Trial) -> Vec<Self> {
        let thin = term.thinned(match &term.place {
            Place::Boundary(_) => term.points().min(CONDITION_POINTS),
            _ => POINTS,
        });
        let draw = Draw {
            seed: 0,
            purpose: Purpose::Probe,
            epoch: trial.index,
        };
        let at = |theta: &[f64], sample: &Sample| {
            let layout = term.energy.layout();
            let trace = trial.network.trace(theta, sample.x.as_ref(), layout);
            trace.into_jets()
        };
        let cells = (0..thin.cells()).map(|cell| {
            let sample = thin.draw(draw, cell, (index << 20) + cell);
            let (zero, one) = (at(&trial.silent, &sample), at(&trial.theta, &sample));
            let start = term.energy.evaluate(&sample, &zero).residual;
            Self {
                term,
                sample,
                zero,
                one,
                start,
            }
        });
        cells.filter(|probe| !probe.sample.is_empty()).collect()
    }

    /// The jets of N times the sizes s of the unknowns.
    fn jets(&self, sizes: &[f64]) -> Jets {
        let mut jets = self.one.clone();
        for (unknown, s) in sizes.iter().enumerate() {
            for stream in 0..jets.layout().streams() {
                let zero = self.zero.stream(unknown, stream);
                let values = jets.stream_mut(unknown, stream).iter_mut();
                (values.zip(zero)).for_each(|(v, zero)| *v = zero + s * (*v - zero));
            }
        }
        jets
    }

    /// Σ w |r|² of every component at u = 0.
    pub(super) fn given(&self) -> Vec<f64> {
        let square = |r: &Vec<f64>| self.integral(r.iter().copied());
        self.start.iter().map(square).collect()
    }

    /// Σ w |r(s N) − r(0)|² of every component, for sizes s of the unknowns.
    pub(super) fn change(&self, sizes: &[f64]) -> Vec<f64> {
        self.change_between(sizes, &vec![0.0; sizes.len()])
    }

    /// Σ w |r(s N) − r(s' N)|² of every component.
    pub(super) fn change_between(&self, sizes: &[f64], from: &[f64]) -> Vec<f64> {
        let [there, here] = [sizes, from].map(|sizes| {
            let jets = self.jets(sizes);
            self.term.energy.evaluate(&self.sample, &jets).residual
        });
        let pairs = there.iter().zip(&here);
        let square = |(there, here): (&Vec<f64>, &Vec<f64>)| {
            self.integral(there.iter().zip(here).map(|(there, here)| there - here))
        };
        pairs.map(square).collect()
    }

    fn integral(&self, values: impl Iterator<Item = f64>) -> f64 {
        let weighted = values.zip(&self.sample.weights).map(|(v, w)| w * v * v);
        weighted.sum()
    }
}
