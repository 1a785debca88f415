//! Domains: where the equation holds, where the boundary conditions hold, and how ranks share it.
//!
//! A domain describes itself by [`Patch`]es: the interior as patches of full dimension, the boundary
//! as patches with an outward normal. A patch divides into any number of cells of equal measure; a
//! cell belongs to one rank and has its own stream of random numbers, so the points do not depend
//! on who draws them.

mod cuboid;
mod patch;

pub use cuboid::Cuboid;
pub use patch::Patch;

use crate::expression::{Id, Pool};

/// A bounded region of R^d.
pub trait Domain: Send + Sync {
    /// Number of coordinates d.
    fn dim(&self) -> usize;

    /// Corners of the smallest box around the region: (lower, upper).
    fn bounds(&self) -> (Vec<f64>, Vec<f64>);

    /// The interior, as patches of dimension d that do not overlap.
    fn interior(&self) -> Vec<Patch>;

    /// The boundary, as patches of dimension d − 1 with outward unit normals.
    fn boundary(&self) -> Vec<Patch>;

    /// An expression of the coordinates that vanishes exactly on the patches `faces` of the boundary
    /// (places in [`Domain::boundary`]), and nowhere else in the domain: like the distance near them,
    /// about 1 in size inside, and as smooth as the domain allows. 1 if there are none.
    fn vanishing(&self, pool: &mut Pool, faces: &[usize]) -> Id;

    /// An expression that takes given values on patches of the boundary, (patch, value) each. Where
    /// patches meet the values must agree; if they do not, the expression fails on one of them.
    ///
    /// # Errors
    /// If there is no such expression of reasonable length; says what to do instead.
    fn extension(&self, pool: &mut Pool, values: &[(usize, Id)]) -> Result<Id, String>;
}
