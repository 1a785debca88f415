//! Domains: where the equation holds, where the boundary conditions hold, and how ranks share it.
//!
//! A domain describes itself by [`Patch`]es: the interior as patches of full dimension, the boundary
//! as patches with an outward normal. A patch is a box of parameters, mapped by a [`Chart`] where the
//! parameters are not the coordinates; it divides into any number of cells of equal measure. A cell
//! belongs to one rank and has its own stream of random numbers, so the points do not depend on who
//! draws them.

mod ball;
mod chart;
mod cuboid;
mod patch;
mod polygon;
mod sphere;

pub use ball::Ball;
pub use chart::{Axis, Chart};
pub use cuboid::Cuboid;
pub use patch::Patch;
pub use polygon::Polygon;

use crate::deck::{self, Shape};
use crate::expression::{Id, Pool};
use std::sync::Arc;

/// A bounded region of R^d.
pub trait Domain: Send + Sync {
    /// Number of coordinates d.
    fn dim(&self) -> usize;

    /// Corners of the smallest box around the region: (lower, upper).
    fn bounds(&self) -> (Vec<f64>, Vec<f64>);

    /// Whether the point lies in the region or, to rounding, on its boundary.
    fn contains(&self, x: &[f64]) -> bool;

    /// The interior, as patches of dimension d that do not overlap.
    fn interior(&self) -> Vec<Patch>;

    /// The boundary, as patches of dimension d − 1 with outward unit normals.
    fn boundary(&self) -> Vec<Patch>;

    /// What a deck may call the patches of the boundary, in their order.
    fn face_names(&self, coordinates: &[String]) -> Vec<String>;

    /// An expression of the coordinates that vanishes exactly on the patches `faces` of the boundary
    /// (places in [`Domain::boundary`]), and nowhere else in the domain: like the distance near them,
    /// about 1 in size inside, and as smooth as the domain allows. 1 if there are none.
    ///
    /// # Errors
    /// If there is no such expression with second derivatives; says what to do instead.
    fn vanishing(&self, pool: &mut Pool, faces: &[usize]) -> Result<Id, String>;

    /// An expression that takes given values on patches of the boundary, (patch, value) each. Where
    /// patches meet the values must agree; if they do not, the expression fails on one of them.
    ///
    /// # Errors
    /// If there is no such expression of reasonable length; says what to do instead.
    fn extension(&self, pool: &mut Pool, values: &[(usize, Id)]) -> Result<Id, String>;
}

/// The domain that a deck describes: adding one is a line here.
///
/// # Errors
/// If it cannot be made ready; says why.
pub fn of_deck(domain: &deck::Domain) -> Result<Arc<dyn Domain>, String> {
    Ok(match &domain.shape {
        Shape::Box { lower, upper } => Arc::new(Cuboid::new(lower.clone(), upper.clone())),
        Shape::Ball { center, radius } if center.len() == 1 => {
            let ends = [-radius, *radius].map(|r| vec![center[0] + r]);
            let [lower, upper] = ends;
            Arc::new(Cuboid::new(lower, upper))
        }
        Shape::Ball { center, radius } => Arc::new(Ball::new(center.clone(), *radius)),
        Shape::Polygon { vertices, .. } => Arc::new(Polygon::new(vertices.clone())?),
    })
}
