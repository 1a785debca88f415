//! Charts: maps of a box of parameters onto a curved or slanted piece of a domain.
//!
//! Every chart is x(s) with one and the same density |∂x/∂s| everywhere, so boxes of parameters of
//! equal volume become cells of equal measure, and uniform or Sobol parameters become uniform points,
//! each with the same weight. Such maps have roots in them (r = R √s on a disk), which polynomial
//! rules do not like; an axis therefore says which power t^p = s makes its map smooth, and a rule that
//! wants smoothness works in t with the weight p t^(p−1).

use faer::Mat;
use std::fmt::Debug;

/// A map from the unit box onto a piece of a domain, of constant density.
pub trait Chart: Debug + Send + Sync {
    /// Number of coordinates d.
    fn dim(&self) -> usize;

    /// The parameters, k of them; each runs over [0, 1].
    fn axes(&self) -> Vec<Axis>;

    /// |∂x/∂s|: the measure of the whole piece.
    fn density(&self) -> f64;

    /// The points x(s), shape (n, d), of parameters of shape (n, k).
    fn points(&self, s: &Mat<f64>) -> Mat<f64>;

    /// Outward unit normals, shape (n, d), at points of the piece; none in the interior.
    fn normals(&self, x: &Mat<f64>) -> Option<Mat<f64>>;
}

/// A parameter of a chart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Axis {
    /// p: x is smooth in the p-th root of the parameter.
    pub power: i32,
    /// Whether the two ends are the same points and x is smooth across them.
    pub periodic: bool,
    /// About how far x moves along the axis: cells are cut where this is longest.
    pub length: f64,
}

impl Axis {
    /// A parameter in which x is smooth as it is.
    pub fn smooth(length: f64) -> Self {
        Self {
            power: 1,
            periodic: false,
            length,
        }
    }

    /// An angle, all the way around.
    pub fn angle(length: f64) -> Self {
        Self {
            periodic: true,
            ..Self::smooth(length)
        }
    }

    /// A parameter that grows like the p-th power of a length.
    pub fn radial(power: i32, length: f64) -> Self {
        Self {
            power,
            ..Self::smooth(length)
        }
    }
}
