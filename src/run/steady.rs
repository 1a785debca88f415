//! Detection of a steady state: the energy has changed by less than a fraction for some steps.

/// See the module's page.
#[derive(Clone, Debug)]
pub struct Steady {
    tolerance: Option<f64>,
    last: f64,
    stood: u32,
}

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

    /// The energy of a step; the reason to end, if it is the last.
    pub fn look(&mut self, energy: f64) -> Option<String> {
        let tolerance = self.tolerance?;
        let stands = (energy - self.last).abs() <= tolerance * energy.abs();
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
