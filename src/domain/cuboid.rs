//! The box [lower, upper] in R^d: one interior patch and 2 d faces.

use super::{Domain, Patch};

/// An axis-parallel box.
#[derive(Clone, Debug, PartialEq)]
pub struct Cuboid {
    lower: Vec<f64>,
    upper: Vec<f64>,
}

impl Cuboid {
    /// The box between two corners; the deck has checked lower < upper.
    pub fn new(lower: Vec<f64>, upper: Vec<f64>) -> Self {
        Self { lower, upper }
    }
}

impl Domain for Cuboid {
    fn dim(&self) -> usize {
        self.lower.len()
    }

    fn bounds(&self) -> (Vec<f64>, Vec<f64>) {
        (self.lower.clone(), self.upper.clone())
    }

    fn interior(&self) -> Vec<Patch> {
        vec![Patch::new(self.lower.clone(), self.upper.clone(), None)]
    }

    fn boundary(&self) -> Vec<Patch> {
        let mut faces = Vec::with_capacity(2 * self.dim());
        for axis in 0..self.dim() {
            for (value, sign) in [(self.lower[axis], -1.0), (self.upper[axis], 1.0)] {
                let (mut lower, mut upper) = self.bounds();
                lower[axis] = value;
                upper[axis] = value;
                let mut normal = vec![0.0; self.dim()];
                normal[axis] = sign;
                faces.push(Patch::new(lower, upper, Some(normal)));
            }
        }
        faces
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faces_measure_the_surface_and_their_normals_close_it() {
        let domain = Cuboid::new(vec![0.0, -1.0, 2.0], vec![1.0, 1.0, 5.0]);
        let faces = domain.boundary();
        let surface: f64 = faces.iter().map(Patch::measure).sum();
        assert_eq!(surface, 2.0 * (1.0 * 2.0 + 1.0 * 3.0 + 2.0 * 3.0));
        for axis in 0..3 {
            let flux: f64 = faces
                .iter()
                .filter_map(|f| f.normal().map(|n| n[axis] * f.measure()))
                .sum();
            assert_eq!(flux, 0.0);
        }
    }

    #[test]
    fn an_interval_ends_in_two_points_of_measure_one() {
        let faces = Cuboid::new(vec![0.0], vec![3.0]).boundary();
        let measures: Vec<f64> = faces.iter().map(Patch::measure).collect();
        assert_eq!(measures, [1.0, 1.0]);
    }
}
