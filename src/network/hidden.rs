//! One hidden layer's nonlinearity: jets and their changes forward through σ, adjoints backward, unit
//! by unit.
//!
//! Forward: a = σ(z), a_i = σ' z_i, a_Δ = σ' z_Δ + σ'' Σ_i z_i², a_ij = σ' z_ij + σ'' z_i z_j.
//! Backward, with ā the adjoints of a: z̄_ij = σ' ā_ij, z̄_Δ = σ' ā_Δ,
//! z̄_i = σ' ā_i + 2 σ'' z_i ā_Δ + Σ_j σ'' z_j ā_ij (twice for i = j), and z̄ collects what every
//! stream owes to σ', σ'' moving with z. The change ȧ of a with a change ż of z is the transpose:
//! ȧ = σ' ż, ȧ_i = σ' ż_i + σ'' z_i ż, ȧ_Δ = σ' ż_Δ + 2 σ'' Σ_i z_i ż_i + (σ'' z_Δ + σ''' Σ_i z_i²) ż,
//! ȧ_ij = σ' ż_ij + σ'' (z_i ż_j + z_j ż_i) + (σ'' z_ij + σ''' z_i z_j) ż.

use super::Activation;
use super::scratch::Scratch;
use crate::jet::Layout;
use crate::simd::{LANES, vectorised};

/// Numbers that σ is taken of at a time: they and its derivatives stay in the first cache.
const GROUP: usize = 512;

/// A hidden layer's streams before (z) and after (a) the activation, and σ', σ'', σ''' at z.
pub(super) struct Hidden {
    z: Scratch,
    /// Streams after the activation, (streams · n, units).
    pub(super) a: Scratch,
    slope: [Scratch; 3],
}

impl Hidden {
    /// Applies the activation to the streams `z` of n points.
    pub(super) fn new(z: Scratch, n: usize, layout: &Layout, activation: Activation) -> Self {
        let units = z.ncols();
        let mut a = Scratch::new(layout.streams() * n, units);
        let mut slope = [(); 3].map(|()| Scratch::new(n, units));
        // Units go in groups, so that the loops of σ are long also where a cell has few points. What
        // lies between the columns takes part, and is zero.
        let width = (GROUP / n.max(1)).clamp(1, units.max(1));
        let [mut before, mut after] = [(); 2].map(|()| Scratch::new(n, width));
        before.columns_mut(0..width).fill(0.0);
        vectorised(
            #[inline(always)]
            || {
                for start in (0..units).step_by(width) {
                    let group = start..units.min(start + width);
                    for j in group.clone() {
                        let values = before.column_mut(j - start);
                        values.copy_from_slice(&z.column(j)[..n]);
                    }
                    let places = 0..group.len();
                    let [first, second, third] = &mut slope;
                    activation.fill(
                        before.columns_mut(places.clone()),
                        [
                            after.columns_mut(places),
                            first.columns_mut(group.clone()),
                            second.columns_mut(group.clone()),
                            third.columns_mut(group.clone()),
                        ],
                    );
                    for j in group {
                        let (z, a) = (z.column(j), a.column_mut(j));
                        a[..n].copy_from_slice(after.column(j - start));
                        push_streams(layout, n, z, first.column(j), second.column(j), a);
                    }
                }
            },
        );
        Self { z, a, slope }
    }

    /// The change of a with a change of z, in place, for one unit.
    #[inline(always)]
    pub(super) fn push_unit(&self, layout: &Layout, n: usize, unit: usize, change: &mut [f64]) {
        let z = self.z.column(unit);
        let [first, second, third] = &self.slope;
        let [first, second, third] = [first.column(unit), second.column(unit), third.column(unit)];
        let (value, rest) = change.split_at_mut(n);
        // From the last stream to the first: each needs the ż of those before.
        for (stream, i, j) in layout.second() {
            let (firsts, later) = rest.split_at_mut((stream - 1) * n);
            let change = &mut later[..n];
            let [z_i, z_j] = [i, j].map(|i| &z[layout.first(i) * n..][..n]);
            let [change_i, change_j] = [i, j].map(|i| &firsts[(layout.first(i) - 1) * n..][..n]);
            let z_ij = &z[stream * n..][..n];
            for k in 0..n {
                change[k] = first[k] * change[k]
                    + second[k] * (z_i[k] * change_j[k] + z_j[k] * change_i[k])
                    + (second[k] * z_ij[k] + third[k] * z_i[k] * z_j[k]) * value[k];
            }
        }
        if let Some(stream) = layout.laplacian() {
            let (firsts, later) = rest.split_at_mut((stream - 1) * n);
            let change = &mut later[..n];
            let z_lap = &z[stream * n..][..n];
            for k in 0..n {
                change[k] = first[k] * change[k] + second[k] * z_lap[k] * value[k];
            }
            for i in 0..layout.dim() {
                let z_i = &z[layout.first(i) * n..][..n];
                let change_i = &firsts[(layout.first(i) - 1) * n..][..n];
                for k in 0..n {
                    let both = 2.0 * second[k] * change_i[k] + third[k] * z_i[k] * value[k];
                    change[k] += z_i[k] * both;
                }
            }
        }
        if layout.has_first() {
            for i in 0..layout.dim() {
                let start = layout.first(i) * n;
                let (z_i, change) = (&z[start..][..n], &mut rest[start - n..][..n]);
                for k in 0..n {
                    change[k] = first[k] * change[k] + second[k] * z_i[k] * value[k];
                }
            }
        }
        for k in 0..n {
            value[k] *= first[k];
        }
    }

    /// The adjoint of z from the adjoint of a, in place, for one unit.
    #[inline(always)]
    pub(super) fn pull_unit(&self, layout: &Layout, n: usize, unit: usize, adjoint: &mut [f64]) {
        let z = self.z.column(unit);
        let [first, second, third] = &self.slope;
        let [first, second, third] = [first.column(unit), second.column(unit), third.column(unit)];
        let slope = [first, second, third];
        let whole = n - n % LANES;
        for k in (0..whole).step_by(LANES) {
            pull_at::<LANES>(layout, n, k, z, slope, adjoint);
        }
        for k in whole..n {
            pull_at::<1>(layout, n, k, z, slope, adjoint);
        }
    }
}

/// The adjoint of z for some points from k on, in one pass over the streams.
#[inline(always)]
fn pull_at<const W: usize>(
    layout: &Layout,
    n: usize,
    k: usize,
    z: &[f64],
    slope: [&[f64]; 3],
    adjoint: &mut [f64],
) {
    let [first, second, third] = slope.map(|s| load::<W>(s, k));
    let mut value = load::<W>(adjoint, k);
    for lane in 0..W {
        value[lane] *= first[lane];
    }
    let axes = if layout.has_first() { layout.dim() } else { 0 };
    // What comes from Δ: its adjoint, and with it what ∂_i gets.
    let mut of_laplacian = [0.0; W];
    if let Some(stream) = layout.laplacian() {
        let at = stream * n + k;
        of_laplacian = load::<W>(adjoint, at);
        let z_lap = load::<W>(z, at);
        let target = &mut adjoint[at..at + W];
        for lane in 0..W {
            value[lane] += of_laplacian[lane] * second[lane] * z_lap[lane];
            target[lane] = of_laplacian[lane] * first[lane];
        }
    }
    for i in 0..axes {
        let at = layout.first(i) * n + k;
        let z_i = load::<W>(z, at);
        let target = &mut adjoint[at..at + W];
        for lane in 0..W {
            let (bar, lap) = (target[lane], of_laplacian[lane]);
            let bent = second[lane] * z_i[lane];
            value[lane] += bent * bar + lap * third[lane] * z_i[lane] * z_i[lane];
            target[lane] = bar * first[lane] + 2.0 * bent * lap;
        }
    }
    for (stream, i, j) in layout.second() {
        let [at, at_i, at_j] = [stream, layout.first(i), layout.first(j)].map(|s| s * n + k);
        let [bar, z_ij] = [load::<W>(adjoint, at), load::<W>(z, at)];
        let [z_i, z_j] = [at_i, at_j].map(|at| load::<W>(z, at));
        for lane in 0..W {
            let bent = second[lane] * z_ij[lane] + third[lane] * z_i[lane] * z_j[lane];
            value[lane] += bar[lane] * bent;
            adjoint[at_i + lane] += second[lane] * z_j[lane] * bar[lane];
            adjoint[at_j + lane] += second[lane] * z_i[lane] * bar[lane];
            adjoint[at + lane] = bar[lane] * first[lane];
        }
    }
    adjoint[k..k + W].copy_from_slice(&value);
}

/// The derivative streams of a = σ(z) for one unit.
#[inline(always)]
fn push_streams(
    layout: &Layout,
    n: usize,
    z: &[f64],
    first: &[f64],
    second: &[f64],
    a: &mut [f64],
) {
    if !layout.has_first() {
        return;
    }
    let slope = [first, second];
    let whole = n - n % LANES;
    for k in (0..whole).step_by(LANES) {
        push_at::<LANES>(layout, n, k, z, slope, a);
    }
    for k in whole..n {
        push_at::<1>(layout, n, k, z, slope, a);
    }
}

/// The same for some points from k on, in one pass over the streams.
#[inline(always)]
fn push_at<const W: usize>(
    layout: &Layout,
    n: usize,
    k: usize,
    z: &[f64],
    slope: [&[f64]; 2],
    a: &mut [f64],
) {
    let [first, second] = slope.map(|s| load::<W>(s, k));
    let mut squares = [0.0; W];
    for i in 0..layout.dim() {
        let at = layout.first(i) * n + k;
        let z_i = load::<W>(z, at);
        let a_i = &mut a[at..at + W];
        for lane in 0..W {
            a_i[lane] = first[lane] * z_i[lane];
            squares[lane] += z_i[lane] * z_i[lane];
        }
    }
    if let Some(stream) = layout.laplacian() {
        let at = stream * n + k;
        let z_lap = load::<W>(z, at);
        let a_lap = &mut a[at..at + W];
        for lane in 0..W {
            a_lap[lane] = first[lane] * z_lap[lane] + second[lane] * squares[lane];
        }
    }
    for (stream, i, j) in layout.second() {
        let at = stream * n + k;
        let [z_i, z_j] = [i, j].map(|i| load::<W>(z, layout.first(i) * n + k));
        let z_ij = load::<W>(z, at);
        let a_ij = &mut a[at..at + W];
        for lane in 0..W {
            a_ij[lane] = first[lane] * z_ij[lane] + second[lane] * z_i[lane] * z_j[lane];
        }
    }
}

/// Some numbers from `at` on.
#[inline(always)]
fn load<const W: usize>(numbers: &[f64], at: usize) -> [f64; W] {
    let mut lanes = [0.0; W];
    lanes.copy_from_slice(&numbers[at..at + W]);
    lanes
}
