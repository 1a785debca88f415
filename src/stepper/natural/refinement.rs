//! Refinement of the best parameters by the directions in which the path is straight.
//!
//! When the iterations of a cutoff end, they have made the weak directions small, since these are the
//! long ones in θ; of the strong ones something is left, which hardly shows in E but is most of the
//! error of u: they are the smooth ones. Where the next step would have to be short, the factorisation
//! at hand serves for this: a full step and quasi-Newton iterations after it at the finest of the
//! coarser cutoffs at which the step passes the test of the natural level and the energy falls.
//!
//! Measured with 5 s for each of ten seeds: the median error on Poisson's equation in 2D fell from 1.9e-11 to
//! 2.6e-12, on the semilinear equation from 8.5e-11 to 6.7e-12; on Helmholtz's equation (2,971 parameters)
//! in one step from 1.0e-8 to 5.4e-10. Going on from the refined parameters instead of the others
//! brings nothing more.

use super::level::{Accepted, LevelTest};
use super::{LOWER, quasi_newton};
use crate::flow::Tangent;
use crate::solver::{Inverse, Spectrum};
use crate::stepper::{Best, moved};
use crate::vector::norm;

/// The coarsest cutoff that is tried.
const COARSEST: f64 = 1e-2;
/// The share of a full step that the simplified correction after it may have.
const STRAIGHT: f64 = 0.5;

/// The cutoffs above one, from fine to coarse.
pub(super) fn coarser(cutoff: f64) -> impl Iterator<Item = f64> {
    std::iter::successors(Some(LOWER * cutoff), |cutoff| Some(LOWER * cutoff))
        .take_while(|&cutoff| cutoff < LOWER * COARSEST)
}

/// Where a full step leads that passes the test and lowers the energy, at the first of the cutoffs that has
/// one. Collective.
pub(super) fn refined(
    tangent: &Tangent,
    spectrum: &Spectrum,
    from: &Best,
    cutoffs: impl Iterator<Item = f64>,
) -> Option<Best> {
    for cutoff in cutoffs {
        let cut = spectrum.cut(cutoff);
        let d = cut.direction(tangent, &tangent.here);
        let test = LevelTest {
            tangent,
            inverse: &cut,
            size: norm(&d),
            d,
        };
        let trial = moved(&from.theta, 1.0, &test.d);
        let Some(simplified) = test.correction(&trial) else {
            continue;
        };
        if norm(&simplified) > STRAIGHT * test.size {
            continue;
        }
        let step = Accepted {
            theta: trial,
            length: 1.0,
            simplified,
        };
        let theta = quasi_newton::iterate(&test, step).theta;
        let energy = tangent.flow.covector(&theta).energy();
        if energy < from.energy {
            return Some(Best { energy, theta });
        }
    }
    None
}
