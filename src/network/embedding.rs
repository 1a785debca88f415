//! Embeddings: the fixed map from coordinates to what the first layer works on.
//!
//! Features are *lines*, x̂_j = scale_j x_j + shift_j, and *waves*, a cos φ_k and a sin φ_k with the
//! phase φ_k = 2π Σ_i B_ki (x_i − l_i) / L_i on the box of corner l and sides L. Three choices of B:
//!
//! | coordinates | features |
//! |---|---|
//! | plain | a line each; no waves |
//! | periodic | in place of its line the wave of one period, B = e_i: the coordinate lives on a circle |
//! | Fourier | besides, waves with random rows B ~ N(0, scale²), rounded to integers along periodic axes |
//!
//! **Periodic.** A network of (cos φ, sin φ) is periodic with all its derivatives, and since the circle
//! is embedded smoothly and one to one, every smooth periodic function is a smooth function of these
//! two (Dong & Ni 2021, doi:10.1016/j.jcp.2021.110242). The first harmonic is therefore all that is
//! stored: further ones would only weigh high and low frequencies alike at the start, and widen
//! the first layer. Who expects high frequencies asks for Fourier features, which bring harmonics.
//!
//! **Fourier.** Gradient descent learns low frequencies first; random waves put the spectrum of the
//! tangent space where the solution has its own (Tancik et al. 2020, arXiv 2006.10739). The lines stay
//! among the features, because no sum of waves is a linear trend. B is not trained: it is drawn anew
//! from the run's seed, alike at every start of the program.
//!
//! **Amplitude.** A coordinate of the unit box has mean square 1/3. With a² = 2/3 a wave has the same, so
//! that pre-activations W φ of W ~ N(0, 1.5²/h) have the mean square 1.5²/3 = 3/4 whatever the h
//! features are, as much as the biases U(−1.5, 1.5) add: the start suits all of them alike.

use super::Affine;
use crate::elementary::sin_cos;
use crate::jet::Layout;
use faer::{Mat, MatRef};
use rand::RngExt;
use rand_distr::StandardNormal;
use rand_xoshiro::Xoshiro256PlusPlus;
use std::f64::consts::TAU;

/// Features of the coordinates; see the module's page for the formula.
#[derive(Clone, Debug)]
pub struct Embedding {
    /// x̂ of every coordinate, whether its line is a feature or not.
    affine: Affine,
    /// The coordinates whose lines are features.
    lines: Vec<usize>,
    /// Corner l and sides L of the box.
    lower: Vec<f64>,
    sides: Vec<f64>,
    /// Rows of B.
    waves: Vec<Vec<f64>>,
    amplitude: f64,
}

impl From<Affine> for Embedding {
    /// Lines alone, on the unit box.
    fn from(affine: Affine) -> Self {
        let dim = affine.scale.len();
        Self {
            affine,
            ..Self::of_box(&vec![0.0; dim], &vec![1.0; dim], 1.0, &[])
        }
    }
}

impl Embedding {
    /// The box [lower, upper] scaled to [0, size]^d, the coordinates `periodic` laid on circles.
    pub fn of_box(lower: &[f64], upper: &[f64], size: f64, periodic: &[usize]) -> Self {
        let dim = lower.len();
        let side = |(l, u): (&f64, &f64)| if u > l { u - l } else { 1.0 };
        let circle = |&axis: &usize| {
            let mut row = vec![0.0; dim];
            row[axis] = 1.0;
            row
        };
        Self {
            affine: Affine::box_to_unit(lower, upper, size),
            lines: (0..dim).filter(|axis| !periodic.contains(axis)).collect(),
            lower: lower.to_vec(),
            sides: lower.iter().zip(upper).map(side).collect(),
            waves: periodic.iter().map(circle).collect(),
            amplitude: size * (2.0_f64 / 3.0).sqrt(),
        }
    }

    /// With `count` random waves besides, of `scale` periods along a side at a time.
    pub fn with_fourier(mut self, count: usize, scale: f64, rng: &mut Xoshiro256PlusPlus) -> Self {
        for _ in 0..count {
            let mut row = Vec::with_capacity(self.inputs());
            for _ in 0..self.inputs() {
                let normal: f64 = rng.sample(StandardNormal);
                row.push(scale * normal);
            }
            self.waves.push(self.whole_periods(row));
        }
        self
    }

    /// Rounds a row of B to integers along periodic axes. A row that rounds to nothing would be a
    /// constant feature: its largest entry becomes one period.
    fn whole_periods(&self, drawn: Vec<f64>) -> Vec<f64> {
        let mut row = drawn.clone();
        for axis in (0..row.len()).filter(|axis| !self.lines.contains(axis)) {
            row[axis] = row[axis].round();
        }
        if row.iter().all(|&b| b == 0.0) {
            let size = |&a: &usize, &b: &usize| drawn[a].abs().total_cmp(&drawn[b].abs());
            if let Some(axis) = (0..row.len()).max_by(size) {
                row[axis] = 1.0_f64.copysign(drawn[axis]);
            }
        }
        row
    }

    /// Number of coordinates d.
    pub fn inputs(&self) -> usize {
        self.affine.scale.len()
    }

    /// Number of features h.
    pub fn features(&self) -> usize {
        self.lines.len() + 2 * self.waves.len()
    }

    /// The map itself, if it has no waves: then its gradient is constant and nothing follows.
    pub(super) fn as_affine(&self) -> Option<&Affine> {
        self.waves.is_empty().then_some(&self.affine)
    }

    /// The streams of the features at the points `x`, shape (streams · n, h).
    pub(super) fn streams(&self, x: MatRef<'_, f64>, layout: &Layout) -> Mat<f64> {
        let n = x.nrows();
        let mut streams = Mat::zeros(layout.streams() * n, self.features());
        for (feature, &axis) in self.lines.iter().enumerate() {
            let (scale, shift) = (self.affine.scale[axis], self.affine.shift[axis]);
            let column = streams.col_as_slice_mut(feature);
            (0..n).for_each(|k| column[k] = scale * x[(k, axis)] + shift);
            if layout.has_first() {
                column[layout.first(axis) * n..][..n].fill(scale);
            }
        }
        for (index, row) in self.waves.iter().enumerate() {
            let feature = self.lines.len() + 2 * index;
            let (mut cos, mut sin) = (vec![0.0; n], vec![0.0; n]);
            for k in 0..n {
                (sin[k], cos[k]) = self.wave(row, |axis| x[(k, axis)]);
            }
            // d cos φ = −sin φ dφ, d sin φ = cos φ dφ.
            self.fill(
                row,
                layout,
                [&cos, &sin],
                -1.0,
                streams.col_as_slice_mut(feature),
            );
            self.fill(
                row,
                layout,
                [&sin, &cos],
                1.0,
                streams.col_as_slice_mut(feature + 1),
            );
        }
        streams
    }

    /// a sin φ and a cos φ at one point. Whole periods are taken off before the sine, so that both ends
    /// of a period differ by the rounding of the turns alone.
    fn wave(&self, row: &[f64], x: impl Fn(usize) -> f64) -> (f64, f64) {
        let turn = |(axis, b): (usize, &f64)| b * ((x(axis) - self.lower[axis]) / self.sides[axis]);
        let turns: f64 = row.iter().enumerate().map(turn).sum();
        let [sin, cos] = sin_cos(TAU * (turns - turns.round()));
        (self.amplitude * sin, self.amplitude * cos)
    }

    /// The streams of a wave w(φ) with w' = sign · `other`: w_i = w' ω_i, w_ij = −w ω_i ω_j, Δw = −w |ω|²
    /// with ω = ∇φ.
    fn fill(
        &self,
        row: &[f64],
        layout: &Layout,
        [wave, other]: [&[f64]; 2],
        sign: f64,
        column: &mut [f64],
    ) {
        let n = wave.len();
        let omega: Vec<f64> = row
            .iter()
            .zip(&self.sides)
            .map(|(b, l)| TAU * b / l)
            .collect();
        let mut put = |stream: usize, factor: f64, values: &[f64]| {
            let target = column[stream * n..][..n].iter_mut();
            target.zip(values).for_each(|(t, v)| *t = factor * v);
        };
        put(0, 1.0, wave);
        if layout.has_first() {
            for (axis, omega) in omega.iter().enumerate() {
                put(layout.first(axis), sign * omega, other);
            }
        }
        if let Some(stream) = layout.laplacian() {
            put(stream, -omega.iter().map(|o| o * o).sum::<f64>(), wave);
        }
        for (stream, i, j) in layout.second() {
            put(stream, -omega[i] * omega[j], wave);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expression::{Derivative, Symbol};
    use crate::network::{Activation, Mlp, Network};
    use rand_xoshiro::rand_core::SeedableRng;

    fn rng() -> Xoshiro256PlusPlus {
        Xoshiro256PlusPlus::seed_from_u64(5)
    }

    fn all_second_order() -> Layout {
        use Derivative::{Laplacian, Second};
        let jet = |derivative| Symbol::Jet {
            unknown: 0,
            derivative,
        };
        let symbols = [Laplacian, Second(0, 0), Second(0, 1), Second(1, 1)].map(jet);
        Layout::of(2, &symbols)
    }

    #[test]
    fn a_periodic_network_is_the_same_at_both_ends_with_all_derivatives() {
        let (lower, upper) = ([-1.0, 2.0], [1.7, 3.0]);
        for fourier in [0, 5] {
            let input = Embedding::of_box(&lower, &upper, 1.0, &[0]);
            let input = input.with_fourier(fourier, 2.0, &mut rng());
            let network = Mlp::new(&[6, 5], Activation::Tanh, input, Affine::identity(2));
            let theta = network.initial(&mut rng());
            let layout = all_second_order();
            let at = |x: f64| {
                let x = Mat::from_fn(7, 2, |k, axis| [x, 2.0 + k as f64 / 7.0][axis]);
                network.trace(&theta, x.as_ref(), &layout).into_jets()
            };
            let [low, high, beyond] = [at(lower[0]), at(upper[0]), at(2.0 * upper[0] - lower[0])];
            let largest = low.mat().norm_max();
            for (other, name) in [(&high, "one period"), (&beyond, "two periods")] {
                let gap = (low.mat() - other.mat()).norm_max();
                assert!(gap < 1e-12 * largest, "{name}: {gap:e} of {largest}");
            }
            let middle = at(0.3);
            assert!((low.mat() - middle.mat()).norm_max() > 1e-3 * largest);
        }
    }

    #[test]
    fn every_feature_has_the_mean_square_of_a_coordinate_of_the_unit_box() {
        let input = Embedding::of_box(&[0.0, -3.0], &[2.0, 1.0], 1.0, &[1]);
        let input = input.with_fourier(3, 4.0, &mut rng());
        let side = 200;
        let x = Mat::from_fn(side * side, 2, |k, axis| {
            let at = |k: usize| (k as f64 + 0.5) / side as f64;
            [2.0 * at(k % side), -3.0 + 4.0 * at(k / side)][axis]
        });
        let features = input.streams(x.as_ref(), &Layout::value(2));
        assert_eq!(features.ncols(), 1 + 2 + 2 * 3);
        for feature in 0..features.ncols() {
            let column = features.col_as_slice(feature);
            let mean = column.iter().map(|v| v * v).sum::<f64>() / column.len() as f64;
            // Waves of a broken number of periods along x miss it by their remainder.
            assert!((mean - 1.0 / 3.0).abs() < 0.1, "feature {feature}: {mean}");
        }
    }

    #[test]
    fn frequencies_along_periodic_axes_are_whole_and_never_all_zero() {
        let input = Embedding::of_box(&[0.0; 2], &[1.0; 2], 1.0, &[0, 1]);
        for scale in [1e-3, 0.4, 3.0] {
            let waves = input.clone().with_fourier(50, scale, &mut rng()).waves;
            for row in &waves {
                assert!(row.iter().all(|b| b.fract() == 0.0), "{row:?}");
                assert!(row.iter().any(|&b| b != 0.0));
            }
        }
    }
}
