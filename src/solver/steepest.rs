//! G = 1: plain gradient descent, the flow in the metric of the parameters themselves.

use super::{Inverse, Note, Solver};
use crate::error::Result;
use crate::flow::Tangent;

/// θ' = −g.
#[derive(Clone, Copy, Debug)]
pub struct Steepest;

impl Solver for Steepest {
    fn name(&self) -> &'static str {
        "steepest"
    }

    fn needs_rows(&self) -> bool {
        false
    }

    fn factor(&self, _tangent: &Tangent, _lift: f64) -> Result<Box<dyn Inverse>> {
        Ok(Box::new(Self))
    }
}

impl Inverse for Steepest {
    fn apply(&self, _tangent: &Tangent, g: &[f64]) -> Vec<f64> {
        g.to_vec()
    }

    fn note(&self) -> Note {
        Note::default()
    }
}
