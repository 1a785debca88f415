//! Affine maps of inputs and outputs: a network works best on numbers of about one.

/// Per-component affine map v ↦ shift + scale · v.
#[derive(Clone, Debug, PartialEq)]
pub struct Affine {
    /// Factor of each component.
    pub scale: Vec<f64>,
    /// Added to each component.
    pub shift: Vec<f64>,
}

impl Affine {
    /// The identity in `n` components.
    pub fn identity(n: usize) -> Self {
        Self {
            scale: vec![1.0; n],
            shift: vec![0.0; n],
        }
    }

    /// Maps the box [lower, upper] to [0, size]ⁿ; a side of no length is only moved.
    pub fn box_to_unit(lower: &[f64], upper: &[f64], size: f64) -> Self {
        let side = |(l, u): (&f64, &f64)| if u > l { size / (u - l) } else { 1.0 };
        let scale: Vec<f64> = lower.iter().zip(upper).map(side).collect();
        let shift = lower.iter().zip(&scale).map(|(l, s)| -l * s).collect();
        Self { scale, shift }
    }
}
