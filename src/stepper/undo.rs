//! Steps that are taken unseen: what they led to is known at the next one, and undone if it is no number.

use crate::error::Result;
use crate::flow::{Flow, checked_energy};

/// What was before the last step: the parameters, and what the stepper remembered.
#[derive(Clone, Debug)]
pub(super) struct Undo<S> {
    before: Option<(Vec<f64>, S)>,
}

impl<S: Clone> Undo<S> {
    /// No step was taken.
    pub(super) fn new() -> Self {
        Self { before: None }
    }

    /// Keeps where step number `step` begins, at the energy `energy`.
    ///
    /// # Errors
    /// If that energy is not a number, with the term and the cell of it; the step before is then undone.
    pub(super) fn check(
        &mut self,
        flow: &Flow,
        energy: f64,
        theta: &mut Vec<f64>,
        state: &mut S,
        step: u64,
    ) -> Result<()> {
        match checked_energy(flow, energy, theta, step) {
            Ok(_) => self.before = Some((theta.clone(), state.clone())),
            Err(error) => {
                if let Some(before) = self.before.take() {
                    (*theta, *state) = before;
                }
                return Err(error);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::comm::Solo;
    use crate::flow::Metric;
    use crate::flow::fixture::Fixture;
    use crate::solver::Steepest;
    use crate::stepper::{Adam, Sgd, Stepper};

    /// Steps from u = 1 towards a root of log u = −20 until one has overshot it: how many succeeded, and
    /// the energy at what they left.
    fn overshot(stepper: &mut dyn Stepper) -> (u64, f64) {
        let fixture = Fixture::new("equation = \"log(u) = -20\"", Metric::Energy, 20, 2);
        fixture.on(&Solo, 0, |flow| {
            let mut theta = fixture.constant(1.0);
            let taken = (0..1000).find(|&step| {
                let taken = stepper.step(flow, &Steepest, &mut theta, step);
                taken.is_err()
            });
            (taken.unwrap(), flow.covector(&theta).energy())
        })
    }

    #[test]
    fn a_step_to_where_the_energy_is_no_number_is_undone() {
        let steppers: [&mut dyn Stepper; 2] =
            [&mut Adam::new(Some(0.05)), &mut Sgd::new(Some(1e-3), 0.9)];
        for stepper in steppers {
            let name = stepper.name();
            let (taken, energy) = overshot(stepper);
            assert!(taken > 1, "{name}: {taken}");
            assert!(energy.is_finite(), "{name}: {energy}");
        }
    }
}
