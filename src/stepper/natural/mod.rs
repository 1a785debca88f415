//! The natural-level rule with rank continuation: the default on fixed points.
//!
//! **Why not the energy as acceptance test.** Near the solution cond(A) is about 1e12, and the set of
//! smaller energies is a hair-thin bent valley in which every energy-based line search takes steps
//! of a few thousandths. The affine-covariant *natural level* |A⁺ r(θ)|, with A frozen for the step,
//! measures the distance still to go in θ instead (P. Deuflhard, Newton Methods for Nonlinear
//! Problems, 2004, ch. 3–4, algorithm NLEQ-ERR). It lets E rise for a few steps after the cutoff
//! was lowered and then converges quadratically; E only remembers the best parameters.
//!
//! **Rank continuation.** Singular values of A below τ times the largest are cut off. τ starts coarse
//! and falls tenfold when the directions above it see less than nine tenths of the residual, and never
//! between short steps: lowered further at once, the step runs far out of the range of the linearisation.
//!
//! **One factorisation, many residuals.** A full step is gone on from with the factorisation at hand
//! (`quasi_newton`). Before short steps leave the best parameters, these are taken as far as coarser
//! cutoffs allow full steps (`refinement`). Where steps stay short at a cutoff, its valley is too narrow to
//! follow: the next one opens. A step that nothing foretells is tried at a hundredth of its length, and
//! longer as far as the bend allows.
//!
//! **The first cutoff** after a stage that has come near is 1e-6, in later attempts 1e-9, 1e-7 and so on in
//! turn: some places that one leads to can only be left with another. Measured together with an earlier end
//! of the stage before, after windows of 20 steps (it comes earlier still now, `super::settling`), later attempts
//! from 1e-7 and 1e-6 in turn, ten or six seeds,
//! median seconds to errors of 1e-6 and 1e-9, and in brackets from cutoffs of 1e-9 or 1e-6 after a later end:
//!
//! | | to 1e-6 | to 1e-9 |
//! |---|---|---|
//! | Poisson's equation in 2D, 64 units | 0.9 (1.5) | 1.6 (1.8) |
//! | with 32 units | 0.4 (1.8) | 0.9 (2.3) |
//! | with 16 units | 0.25 (1.0) | |
//! | heat | 1.1 (2.2) | 2.1 (2.7) |
//! | Poisson's equation on a disk | 1.2 (1.7) | 2.2 (2.5) |
//! | Helmholtz's equation, 2 seeds | 46, 69 | 168, 168 (178 to 279) |
//!
//! On Franke's function 10 s lead to 2.3e-6 instead of 6.5e-7, since its many points make levels dear.
//!
//! **What did not help.** Levels of a third or two thirds instead of a tenth of the one before; columns of
//! A scaled to equal lengths; lowering the cutoff when full steps shrink slowly. Eliminating the output
//! layer (variable projection) with the natural test on the rest converges from every start without
//! kicks, in 65 to 144 steps on Poisson's equation in 2D with 32 units, but ends at errors of 4e-9 to
//! 5e-7, where large output weights meet rounding.
//!
//! **Being stuck.** Where an exact solution has energy zero, standing still at a positive energy means
//! being stuck. A stage of the run before this one, if there is one, then goes on from where it had
//! left off; otherwise the best parameters are disturbed (kicked) and the rule starts over. While E is above 1e-6
//! of its scale, three levels of the cutoff in vain are enough for that.
//! Elsewhere (variational energies, noisy data) standing still is the end.

mod end;
mod level;
mod progress;
mod quasi_newton;
mod refinement;
mod state;

pub use state::{Before, Setting, State};

use self::level::LevelTest;
use self::progress::{Progress, Seen};
use self::state::FIRST;
use super::{Best, Memory, Report, Stepper};
use crate::error::{Error, Result};
use crate::flow::{Flow, checked_energy};
use crate::solver::{Inverse, Solver, Spectrum};
use crate::vector::norm;

/// See the module's page.
#[derive(Clone, Debug)]
pub struct Natural {
    setting: Setting,
    state: State,
}

/// The first cutoff from a random start.
const COARSE: f64 = 1e-5;
/// The same after a stage that has come near the solution, of one attempt after the other.
const WARM: [f64; 3] = [1e-6, 1e-9, 1e-7];
const LOWER: f64 = 10.0;
const CAPTURED: f64 = 0.9;

impl Natural {
    /// The rule at its start.
    pub fn new(setting: Setting) -> Self {
        let coarse = match setting.before {
            None => COARSE,
            Some(before) => WARM[before.attempts as usize % WARM.len()],
        };
        Self {
            setting,
            state: State {
                cutoff: coarse.max(setting.cutoff),
                length: FIRST,
                pace: 1.0,
                last: None,
                progress: Progress::new(),
                initial: setting.before.map(|before| before.initial),
                size: 0.0,
                failures: 0,
                barren: 0,
                kicks: 0,
            },
        }
    }

    /// Lowers τ by one level if no path is followed by short steps and the directions above τ see less than
    /// nine tenths of what can be seen.
    fn lower_cutoff(&mut self, spectrum: &Spectrum, c: &[f64], total: f64) {
        let full = self.state.last.is_none() || self.state.length > 0.9;
        if full && share(spectrum, c, self.state.cutoff) < CAPTURED * total {
            self.next_level();
        }
    }

    fn next_level(&mut self) {
        let cutoff = self.setting.cutoff.max(self.state.cutoff / LOWER);
        if cutoff < 0.9 * self.state.cutoff {
            self.state.barren += 1;
            tracing::debug!(cutoff, "singular values down to {cutoff:.0e} from here on");
        }
        self.state.cutoff = cutoff;
        self.state.pace = 1.0;
        self.state.forget_path();
    }

    /// Takes the best parameters as far as the path from them is straight, before short steps leave them.
    fn refine(&mut self, test: &LevelTest, spectrum: &Spectrum, theta: &[f64]) {
        let best = self.state.progress.best.as_mut();
        let Some(best) = best.filter(|best| self.setting.fixed && best.theta == theta) else {
            return;
        };
        let coarser = refinement::coarser(self.state.cutoff);
        if let Some(refined) = refinement::refined(test.tangent, spectrum, best, coarser) {
            let (before, energy) = (best.energy, refined.energy);
            tracing::debug!(energy, "best refined: E from {before:.2e} to {energy:.2e}");
            *best = refined;
        }
    }
}

/// Σ c² over the singular values above the cutoff.
fn share(spectrum: &Spectrum, c: &[f64], cutoff: f64) -> f64 {
    c[..spectrum.rank(cutoff)].iter().map(|c| c * c).sum()
}

impl Stepper for Natural {
    fn name(&self) -> &'static str {
        "natural"
    }

    fn step(
        &mut self,
        flow: &Flow,
        solver: &dyn Solver,
        theta: &mut Vec<f64>,
        step: u64,
    ) -> Result<Report> {
        let tangent = flow.tangent(theta, true);
        let energy = checked_energy(flow, tangent.here.energy(), theta, step)?;
        let inverse = solver.factor(&tangent, 1.0)?;
        let Some(spectrum) = inverse.spectrum() else {
            return Err(Error::Input(
                "`flow.stepper`: the natural-level rule needs singular values; set solver = \"qr\""
                    .into(),
            ));
        };
        let g = tangent.pull(&tangent.here);
        let c = spectrum.coefficients(&tangent, &g);
        let seen = share(spectrum, &c, self.setting.cutoff);
        let total = if self.setting.exact {
            2.0 * energy
        } else {
            seen
        };
        let scale = || flow.scale_of_energy(energy);
        self.state.initial.get_or_insert_with(scale);
        if self.state.size == 0.0 {
            self.state.size = norm(theta);
        }
        let halved = self.state.progress.look(&Seen {
            theta,
            energy,
            decrement: seen,
            exact: self.setting.exact,
        });
        if halved {
            self.state.kicks = 0;
            self.state.barren = 0;
        }
        let stuck = self.stands(seen, total);
        let mut report = Report {
            gradient: norm(&g),
            ..Report::new(tangent.here.energies.clone(), 0.0)
        };
        let kicks = self.state.kicks;
        report.finished = self.end(flow, theta, stuck, step);
        if report.finished.is_some() || self.state.kicks != kicks {
            return Ok(report);
        }
        self.lower_cutoff(spectrum, &c, total);
        let cut = spectrum.cut(self.state.cutoff);
        let d = cut.direction_along(&tangent, &tangent.here, &g);
        report.direction = norm(&d);
        report.note = cut.note();
        self.state.predict(&d);
        let test = LevelTest {
            tangent: &tangent,
            inverse: &cut,
            size: report.direction,
            d,
        };
        let found = test.search(theta, self.state.length);
        if found.as_ref().is_none_or(|found| found.length < 1.0) {
            self.refine(&test, spectrum, theta);
        }
        match found {
            Some(accepted) => {
                report.dt = accepted.length;
                let accepted = match accepted.length < 1.0 {
                    true => accepted,
                    false => quasi_newton::iterate(&test, accepted),
                };
                *theta = self.state.take(accepted, report.direction);
            }
            None => self.fail(),
        }
        Ok(report)
    }

    fn retry(&mut self) {
        self.state.kicks = 0;
        self.state.progress.restart();
    }

    fn best(&self) -> Option<&Best> {
        self.state
            .progress
            .best
            .as_ref()
            .filter(|_| self.setting.fixed)
    }

    fn memory(&self) -> Memory {
        Memory::Natural(Box::new(self.state.clone()))
    }

    fn recall(&mut self, memory: Memory) {
        if let Memory::Natural(state) = memory {
            self.state = *state;
        }
    }
}
