//! A patch: a piece of the interior or of the boundary, the image of a box of parameters, divisible
//! into cells of equal measure. On an axis-parallel patch the parameters are the coordinates; on any
//! other a [`Chart`] maps them, with the same density everywhere.

use super::chart::{Axis, Chart};
use faer::Mat;
use std::ops::Range;
use std::sync::Arc;

/// The image of the box [lower, upper] of parameters, which is degenerate along the axes where both
/// agree.
#[derive(Clone, Debug)]
pub struct Patch {
    lower: Vec<f64>,
    upper: Vec<f64>,
    shape: Shape,
}

/// What the parameters are.
#[derive(Clone, Debug)]
enum Shape {
    /// The coordinates; on the boundary with the outward unit normal.
    Flat(Option<Vec<f64>>),
    /// Those of a chart.
    Mapped(Arc<dyn Chart>),
}

impl Patch {
    /// The axis-parallel patch between two corners; on the boundary with its outward unit normal.
    pub fn new(lower: Vec<f64>, upper: Vec<f64>, normal: Option<Vec<f64>>) -> Self {
        Self {
            lower,
            upper,
            shape: Shape::Flat(normal),
        }
    }

    /// All that a chart covers.
    pub fn mapped(chart: impl Chart + 'static) -> Self {
        let axes = chart.axes().len();
        Self {
            lower: vec![0.0; axes],
            upper: vec![1.0; axes],
            shape: Shape::Mapped(Arc::new(chart)),
        }
    }

    /// Number of coordinates d of the space around.
    pub fn dim(&self) -> usize {
        match &self.shape {
            Shape::Flat(_) => self.lower.len(),
            Shape::Mapped(chart) => chart.dim(),
        }
    }

    /// Number of parameters, with those that are fixed.
    pub fn parameters(&self) -> usize {
        self.lower.len()
    }

    /// The parameters along which the patch extends.
    pub fn free_axes(&self) -> Vec<usize> {
        let free = |&axis: &usize| self.lower[axis] < self.upper[axis];
        (0..self.parameters()).filter(free).collect()
    }

    /// What the parameters are like.
    pub fn axes(&self) -> Vec<Axis> {
        match &self.shape {
            Shape::Flat(_) => vec![Axis::smooth(1.0); self.parameters()],
            Shape::Mapped(chart) => chart.axes(),
        }
    }

    /// Measure per volume of parameters, the same everywhere.
    pub fn density(&self) -> f64 {
        match &self.shape {
            Shape::Flat(_) => 1.0,
            Shape::Mapped(chart) => chart.density(),
        }
    }

    /// Length, area or volume; 1 for a single point.
    pub fn measure(&self) -> f64 {
        let sides = self
            .free_axes()
            .into_iter()
            .map(|a| self.upper[a] - self.lower[a]);
        sides.product::<f64>() * self.density()
    }

    /// Lower end of a parameter.
    pub fn lower(&self, axis: usize) -> f64 {
        self.lower[axis]
    }

    /// Upper end of a parameter.
    pub fn upper(&self, axis: usize) -> f64 {
        self.upper[axis]
    }

    /// The part between two shares of the extent along a coordinate; all of a patch that does not extend along it,
    /// or is mapped.
    pub fn between(mut self, axis: usize, shares: &Range<f64>) -> Self {
        if let Shape::Flat(_) = self.shape {
            let (lower, side) = (self.lower[axis], self.upper[axis] - self.lower[axis]);
            // To the bit where it is not cut.
            if shares.start > 0.0 {
                self.lower[axis] = lower + shares.start * side;
            }
            if shares.end < 1.0 {
                self.upper[axis] = lower + shares.end * side;
            }
        }
        self
    }

    /// The points, shape (n, d), of parameters in the box, shape (n, k).
    pub fn points(&self, parameters: Mat<f64>) -> Mat<f64> {
        match &self.shape {
            Shape::Flat(_) => parameters,
            Shape::Mapped(chart) => chart.points(&parameters),
        }
    }

    /// Outward unit normals at points of the patch, both of shape (n, d); none in the interior.
    pub fn normals(&self, x: &Mat<f64>) -> Option<Mat<f64>> {
        match &self.shape {
            Shape::Flat(normal) => {
                let normal = normal.as_ref()?;
                Some(Mat::from_fn(x.nrows(), x.ncols(), |_, j| normal[j]))
            }
            Shape::Mapped(chart) => chart.normals(x),
        }
    }

    /// Whether it is a piece of the boundary.
    pub fn has_normals(&self) -> bool {
        self.normals(&Mat::zeros(0, self.dim())).is_some()
    }

    /// Cell number `cell` of `cells`: halves are cut across the longest side, in proportion to the
    /// cells on either side, until one is left. All cells have the same measure.
    pub fn cell(&self, cell: usize, cells: usize) -> Patch {
        let (mut part, mut range) = (self.clone(), 0..cells);
        let axes = self.axes();
        while range.len() > 1 {
            part.halve(cell, &axes, &mut range);
        }
        part
    }

    fn halve(&mut self, cell: usize, axes: &[Axis], range: &mut Range<usize>) {
        let side = |&a: &usize| axes[a].length * (self.upper[a] - self.lower[a]);
        let longest = (self.free_axes().into_iter()).max_by(|a, b| side(a).total_cmp(&side(b)));
        let middle = range.start + range.len() / 2;
        if let Some(axis) = longest {
            let share = (middle - range.start) as f64 / range.len() as f64;
            let cut = self.lower[axis] + share * (self.upper[axis] - self.lower[axis]);
            if cell < middle {
                self.upper[axis] = cut;
            } else {
                self.lower[axis] = cut;
            }
        }
        *range = if cell < middle {
            range.start..middle
        } else {
            middle..range.end
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_is_cut_between_shares_of_a_coordinate_along_which_it_extends() {
        let patch = Patch::new(vec![0.0, 2.0, 1.0], vec![2.0, 4.0, 1.0], None);
        let cut = |axis, shares| patch.clone().between(axis, &shares);
        let [early, late] = [cut(1, 0.0..0.25), cut(1, 0.25..1.0)];
        assert_eq!([early.lower(1), early.upper(1)], [2.0, 2.5]);
        assert_eq!([late.lower(1), late.upper(1)], [2.5, 4.0]);
        assert!((early.measure() + late.measure() - patch.measure()).abs() < 1e-15);
        let fixed = cut(2, 0.0..0.25);
        assert_eq!([fixed.lower(2), fixed.upper(2)], [1.0, 1.0]);
        assert_eq!(fixed.measure(), patch.measure());
    }

    #[test]
    fn cells_have_equal_measure_and_fill_the_patch() {
        let patch = Patch::new(vec![0.0, 0.0, 1.0], vec![2.0, 1.0, 1.0], None);
        for cells in [1, 2, 3, 7, 64, 100] {
            let measures: Vec<f64> = (0..cells).map(|c| patch.cell(c, cells).measure()).collect();
            let expected = 2.0 / cells as f64;
            assert!(measures.iter().all(|m| (m / expected - 1.0).abs() < 1e-12));
        }
    }
}
