//! The ball |x − c| < R in R^d, d ≥ 2, and its sphere. (In one dimension it is an interval.)
//!
//! ℓ = 1 − |x − c|² / R² vanishes on the sphere, is 1 in the middle, and a polynomial.

use super::sphere::{Inside, Sphere};
use super::{Domain, Patch};
use crate::expression::{Id, Pool, Symbol};

/// A ball.
#[derive(Clone, Debug, PartialEq)]
pub struct Ball {
    center: Vec<f64>,
    radius: f64,
}

impl Ball {
    /// The ball of this centre, in two dimensions or more; the deck has checked radius > 0.
    pub fn new(center: Vec<f64>, radius: f64) -> Self {
        Self { center, radius }
    }

    fn sphere(&self) -> Sphere {
        Sphere::new(self.center.clone(), self.radius)
    }
}

impl Domain for Ball {
    fn dim(&self) -> usize {
        self.center.len()
    }

    fn bounds(&self) -> (Vec<f64>, Vec<f64>) {
        let shifted = |by: f64| self.center.iter().map(|c| c + by).collect();
        (shifted(-self.radius), shifted(self.radius))
    }

    fn contains(&self, x: &[f64]) -> bool {
        let squares = x.iter().zip(&self.center).map(|(x, c)| (x - c).powi(2));
        squares.sum::<f64>().sqrt() <= self.radius * (1.0 + 1e-12)
    }

    fn interior(&self) -> Vec<Patch> {
        vec![Patch::mapped(Inside(self.sphere()))]
    }

    fn boundary(&self) -> Vec<Patch> {
        vec![Patch::mapped(self.sphere())]
    }

    fn face_names(&self, _: &[String]) -> Vec<String> {
        vec!["all".to_owned()]
    }

    fn vanishing(&self, pool: &mut Pool, faces: &[usize]) -> Result<Id, String> {
        let mut rest = pool.number(1.0);
        if faces.is_empty() {
            return Ok(rest);
        }
        for (axis, &center) in self.center.iter().enumerate() {
            let x = pool.symbol(Symbol::Coordinate(axis));
            let [center, radius] = [center, self.radius].map(|v| pool.number(v));
            let height = pool.sub(x, center);
            let height = pool.div(height, radius);
            let square = pool.powi(height, 2);
            rest = pool.sub(rest, square);
        }
        Ok(rest)
    }

    fn extension(&self, pool: &mut Pool, values: &[(usize, Id)]) -> Result<Id, String> {
        let first = values.first();
        Ok(first.map_or_else(|| pool.number(0.0), |(_, value)| *value))
    }
}
