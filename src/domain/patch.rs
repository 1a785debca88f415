//! A patch: an axis-parallel piece of the interior or of the boundary, divisible into cells.

use std::ops::Range;

/// The box [lower, upper], degenerate along the axes where both agree; on the boundary with its
/// outward unit normal.
#[derive(Clone, Debug, PartialEq)]
pub struct Patch {
    lower: Vec<f64>,
    upper: Vec<f64>,
    normal: Option<Vec<f64>>,
}

impl Patch {
    /// A patch between two corners.
    pub fn new(lower: Vec<f64>, upper: Vec<f64>, normal: Option<Vec<f64>>) -> Self {
        Self {
            lower,
            upper,
            normal,
        }
    }

    /// Number of coordinates d of the space around.
    pub fn dim(&self) -> usize {
        self.lower.len()
    }

    /// The axes along which the patch extends.
    pub fn free_axes(&self) -> Vec<usize> {
        let free = |&axis: &usize| self.lower[axis] < self.upper[axis];
        (0..self.dim()).filter(free).collect()
    }

    /// Length, area or volume; 1 for a single point.
    pub fn measure(&self) -> f64 {
        let sides = self
            .free_axes()
            .into_iter()
            .map(|a| self.upper[a] - self.lower[a]);
        sides.product()
    }

    /// Outward unit normal, on the boundary.
    pub fn normal(&self) -> Option<&[f64]> {
        self.normal.as_deref()
    }

    /// Lower end of an axis.
    pub fn lower(&self, axis: usize) -> f64 {
        self.lower[axis]
    }

    /// Upper end of an axis.
    pub fn upper(&self, axis: usize) -> f64 {
        self.upper[axis]
    }

    /// Cell number `cell` of `cells`: halves are cut across the longest side, in proportion to the
    /// cells on either side, until one is left. All cells have the same measure.
    pub fn cell(&self, cell: usize, cells: usize) -> Patch {
        let (mut part, mut range) = (self.clone(), 0..cells);
        while range.len() > 1 {
            part.halve(cell, &mut range);
        }
        part
    }

    fn halve(&mut self, cell: usize, range: &mut Range<usize>) {
        let side = |&a: &usize| self.upper[a] - self.lower[a];
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
    fn cells_have_equal_measure_and_fill_the_patch() {
        let patch = Patch::new(vec![0.0, 0.0, 1.0], vec![2.0, 1.0, 1.0], None);
        for cells in [1, 2, 3, 7, 64, 100] {
            let measures: Vec<f64> = (0..cells).map(|c| patch.cell(c, cells).measure()).collect();
            let expected = 2.0 / cells as f64;
            assert!(measures.iter().all(|m| (m / expected - 1.0).abs() < 1e-12));
        }
    }
}
