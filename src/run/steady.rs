//! Detection of a steady state: the energy has changed by less than a fraction for some steps. Of a step that
//! had to be very short only a share of that is asked: it is no sign of rest.

/// See the module's page.
#[derive(Clone, Debug)]
pub struct Steady {
    tolerance: Option<f64>,
    last: f64,
    stood: u32,
}

/// Steps below this length are short; no flow of a problem in usual units needs such steps.
const SHORT: f64 = 1e-9;
/// Steps in a row that must change nothing.
const PATIENCE: u32 = 5;

impl Steady {
    /// Watches for relative changes below `tolerance`, going on from (last energy, steps stood).
    pub fn new(tolerance: Option<f64>, (last, stood): (f64, u32)) -> Self {
        Self {
            tolerance,
            last,
            stood,
        }
    }

    /// The energy before a step of length `dt`, to which the ones before are about alike; the reason to end,
    /// if it is the last.
    pub fn look(&mut self, energy: f64, dt: f64) -> Option<String> {
        let tolerance = self.tolerance?;
        let share = tolerance * (dt / SHORT).min(1.0);
        let stands = dt > 0.0 && (energy - self.last).abs() <= share * energy.abs();
        self.stood = if stands { self.stood + 1 } else { 0 };
        self.last = energy;
        (self.stood >= PATIENCE).then(|| {
            format!("steady: E changed by less than {tolerance:.0e} of itself for {PATIENCE} steps")
        })
    }

    /// What a checkpoint keeps.
    pub fn state(&self) -> (f64, u32) {
        (self.last, self.stood)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(energies: impl Iterator<Item = f64>, dt: f64) -> Option<usize> {
        let mut steady = Steady::new(Some(1e-9), (f64::INFINITY, 0));
        let mut energies = energies;
        energies.position(|energy| steady.look(energy, dt).is_some())
    }

    #[test]
    fn an_energy_that_stands_is_steady_and_one_whose_steps_are_short_is_not() {
        let decaying = |share: f64| (0..4000).map(move |k| 1.0 + (-f64::from(k) * share).exp());
        let after = ends(decaying(0.1), 0.1).unwrap();
        assert!((180..230).contains(&after), "{after}");
        // It falls by a hundredth of itself in 1e-4.
        assert_eq!(ends(decaying(1e-10), 1e-12), None);
        assert_eq!(ends(std::iter::repeat_n(1.0, 100), 0.0), None);
    }
}
