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
use crate::simd::vectorised;

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
        vectorised(
            #[inline(always)]
            || {
                for j in 0..units {
                    let z = z.column(j);
                    let a = a.column_mut(j);
                    let [first, second, third] = &mut slope;
                    let [first, second, third] = [
                        first.column_mut(j),
                        second.column_mut(j),
                        third.column_mut(j),
                    ];
                    activation.fill(&z[..n], [&mut a[..n], first, second, third]);
                    push_streams(layout, n, z, first, second, a);
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
        let [first, second, third] = [
            first.column(unit),
            second.column(unit),
            third.column(unit),
        ];
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
        let [first, second, third] = [
            first.column(unit),
            second.column(unit),
            third.column(unit),
        ];
        let (value, rest) = adjoint.split_at_mut(n);
        for k in 0..n {
            value[k] *= first[k];
        }
        if !layout.has_first() {
            return;
        }
        let at = |stream: usize| (stream - 1) * n..stream * n;
        for i in 0..layout.dim() {
            let z_i = &z[layout.first(i) * n..][..n];
            let adjoint = &mut rest[at(layout.first(i))];
            for k in 0..n {
                value[k] += second[k] * z_i[k] * adjoint[k];
                adjoint[k] *= first[k];
            }
        }
        if let Some(stream) = layout.laplacian() {
            let (firsts, later) = rest.split_at_mut((stream - 1) * n);
            let adjoint = &mut later[..n];
            let z_lap = &z[stream * n..][..n];
            for k in 0..n {
                value[k] += adjoint[k] * second[k] * z_lap[k];
            }
            for i in 0..layout.dim() {
                let z_i = &z[layout.first(i) * n..][..n];
                let adjoint_i = &mut firsts[at(layout.first(i))];
                for k in 0..n {
                    value[k] += adjoint[k] * third[k] * z_i[k] * z_i[k];
                    adjoint_i[k] += 2.0 * second[k] * z_i[k] * adjoint[k];
                }
            }
            for k in 0..n {
                adjoint[k] *= first[k];
            }
        }
        for (stream, i, j) in layout.second() {
            let (firsts, later) = rest.split_at_mut((stream - 1) * n);
            let adjoint = &mut later[..n];
            let [z_i, z_j] = [i, j].map(|i| &z[layout.first(i) * n..][..n]);
            let z_ij = &z[stream * n..][..n];
            for k in 0..n {
                value[k] += adjoint[k] * (second[k] * z_ij[k] + third[k] * z_i[k] * z_j[k]);
                firsts[at(layout.first(i)).start + k] += second[k] * z_j[k] * adjoint[k];
                firsts[at(layout.first(j)).start + k] += second[k] * z_i[k] * adjoint[k];
                adjoint[k] *= first[k];
            }
        }
    }
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
    match layout.laplacian() {
        None => {
            for i in 0..layout.dim() {
                let start = layout.first(i) * n;
                let (a_i, z_i) = (&mut a[start..][..n], &z[start..][..n]);
                for k in 0..n {
                    a_i[k] = first[k] * z_i[k];
                }
            }
        }
        Some(stream) => {
            let (firsts, later) = a[n..].split_at_mut((stream - 1) * n);
            let laplacian = &mut later[..n];
            laplacian.fill(0.0);
            for i in 0..layout.dim() {
                let start = layout.first(i) * n;
                let (a_i, z_i) = (&mut firsts[start - n..][..n], &z[start..][..n]);
                for k in 0..n {
                    a_i[k] = first[k] * z_i[k];
                    laplacian[k] += z_i[k] * z_i[k];
                }
            }
            let z_lap = &z[stream * n..][..n];
            for k in 0..n {
                laplacian[k] = first[k] * z_lap[k] + second[k] * laplacian[k];
            }
        }
    }
    for (stream, i, j) in layout.second() {
        let [z_i, z_j] = [i, j].map(|i| &z[layout.first(i) * n..][..n]);
        let z_ij = &z[stream * n..][..n];
        for k in 0..n {
            a[stream * n + k] = first[k] * z_ij[k] + second[k] * z_i[k] * z_j[k];
        }
    }
}
