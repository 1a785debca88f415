//! The box [lower, upper] in R^d: one interior patch and 2 d faces.
//!
//! With s = (x_a − l_a) / L_a along every axis, the function that vanishes on some of the faces is the
//! product of a factor per axis: s for the lower face alone, 1 − s for the upper, 4 s (1 − s) for
//! both. Boundary values are extended by the Boolean sum of linear blends, axis after axis,
//!
//! ```text
//! G ← G + P_a (g − G),   P_a h = (1 − s) h|_{s=0} + s h|_{s=1},  or the value on the one face
//! ```
//!
//! (transfinite interpolation: Gordon & Hall 1973, doi:10.1007/BF01436298). It is as smooth as the values themselves, corners included, where inverse-distance weights, which suit any
//! shape (Sukumar & Srivastava 2022, doi:10.1016/j.cma.2021.114333), have unbounded second
//! derivatives: and a strong form looks at these.

use super::{Domain, Patch};
use crate::expression::{Id, Pool, Symbol};

/// The terms of a Boolean sum triple with every axis: up to this many of them.
const BLENDED_AXES: usize = 6;

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

    /// s and 1 − s along an axis, zero to the last bit on the lower and on the upper face.
    fn heights(&self, pool: &mut Pool, axis: usize) -> [Id; 2] {
        let x = pool.symbol(Symbol::Coordinate(axis));
        let [lower, upper] = [self.lower[axis], self.upper[axis]].map(|end| pool.number(end));
        let side = pool.number(self.upper[axis] - self.lower[axis]);
        let [above, below] = [pool.sub(x, lower), pool.sub(upper, x)];
        [above, below].map(|height| pool.div(height, side))
    }

    /// P_a (g − G): what is missing on the faces of an axis, blended linearly between them; `values`
    /// are those of the lower and the upper face.
    fn correction(&self, pool: &mut Pool, axis: usize, values: [Option<Id>; 2], sum: Id) -> Id {
        let [above, below] = self.heights(pool, axis);
        let mut missing = |face: usize, end: f64| {
            let gap = pool.sub(values[face]?, sum);
            let end = pool.number(end);
            Some(pool.substitute(gap, &mut |s| (s == Symbol::Coordinate(axis)).then_some(end)))
        };
        match [missing(0, self.lower[axis]), missing(1, self.upper[axis])] {
            [Some(low), Some(high)] => {
                let [low, high] = [pool.mul(below, low), pool.mul(above, high)];
                pool.add(low, high)
            }
            [one, other] => one.or(other).unwrap_or_else(|| pool.number(0.0)),
        }
    }
}

impl Domain for Cuboid {
    fn dim(&self) -> usize {
        self.lower.len()
    }

    fn bounds(&self) -> (Vec<f64>, Vec<f64>) {
        (self.lower.clone(), self.upper.clone())
    }

    fn contains(&self, x: &[f64]) -> bool {
        let sides = self.lower.iter().zip(&self.upper).zip(x);
        sides.into_iter().all(|((lower, upper), x)| {
            let near = 1e-12 * (upper - lower);
            (lower - near..=upper + near).contains(x)
        })
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

    fn face_names(&self, coordinates: &[String]) -> Vec<String> {
        let ends = self.lower.iter().zip(&self.upper);
        let names = coordinates
            .iter()
            .zip(ends)
            .flat_map(|(name, (lower, upper))| {
                [format!("{name} = {lower}"), format!("{name} = {upper}")]
            });
        names.collect()
    }

    fn vanishing(&self, pool: &mut Pool, faces: &[usize]) -> Result<Id, String> {
        let mut product = pool.number(1.0);
        for axis in 0..self.dim() {
            let [above, below] = self.heights(pool, axis);
            let [low, high] = [0, 1].map(|side| faces.contains(&(2 * axis + side)));
            for (height, vanishes) in [(above, low), (below, high)] {
                if vanishes {
                    product = pool.mul(product, height);
                }
            }
            if low && high {
                let four = pool.number(4.0);
                product = pool.mul(four, product);
            }
        }
        Ok(product)
    }

    fn extension(&self, pool: &mut Pool, values: &[(usize, Id)]) -> Result<Id, String> {
        let on = |face: usize| values.iter().find(|v| v.0 == face).map(|v| v.1);
        let pairs = (0..self.dim()).map(|axis| [on(2 * axis), on(2 * axis + 1)]);
        let axes: Vec<(usize, [Option<Id>; 2])> = (pairs.enumerate())
            .filter(|(_, pair)| pair.iter().any(Option::is_some))
            .collect();
        if axes.len() > BLENDED_AXES {
            return Err(format!(
                "values that differ from face to face are blended across up to {BLENDED_AXES} \
                 coordinates, and these are {}; write one expression for all faces",
                axes.len()
            ));
        }
        let mut sum = pool.number(0.0);
        for (axis, pair) in axes {
            let correction = self.correction(pool, axis, pair, sum);
            sum = pool.add(sum, correction);
        }
        Ok(sum)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::expression::Tape;
    use faer::Mat;

    /// A box with its faces, and a function whose values on them are to be built in.
    fn sample() -> (Cuboid, Pool, Id) {
        let domain = Cuboid::new(vec![0.1, -1.0, 2.0], vec![1.3, 1.0, 5.0]);
        let mut pool = Pool::new();
        let [x, y, z] = [0, 1, 2].map(|axis| pool.symbol(Symbol::Coordinate(axis)));
        let wave = pool.mul(x, y);
        let wave = pool.apply(crate::expression::Function::Sin, wave);
        let square = pool.powi(z, 2);
        let g = pool.add(wave, square);
        (domain, pool, g)
    }

    /// Values of an expression on the corners, middles and thirds of a patch.
    fn on_patch(pool: &Pool, id: Id, patch: &Patch) -> Vec<f64> {
        let shares = [0.0, 1.0 / 3.0, 0.5, 1.0];
        let at = |axis: usize| {
            let [low, high] = [patch.lower(axis), patch.upper(axis)];
            let along = |k: usize| {
                if shares[k] < 1.0 {
                    low + shares[k] * (high - low)
                } else {
                    high
                }
            };
            (0..64)
                .map(|k| along(k / 4_usize.pow(axis as u32) % 4))
                .collect::<Vec<f64>>()
        };
        let columns = [at(0), at(1), at(2)];
        let mut values = Tape::new(pool, &[id]).eval(64, |symbol| match symbol {
            Symbol::Coordinate(axis) => &columns[axis],
            _ => &[],
        });
        values.swap_remove(0)
    }

    #[test]
    fn the_vanishing_function_is_zero_on_its_faces_and_nowhere_else() {
        let (domain, mut pool, _) = sample();
        let patches = domain.boundary();
        for faces in [&[][..], &[0], &[3, 4], &[0, 1, 5], &[0, 1, 2, 3, 4, 5]] {
            let l = domain.vanishing(&mut pool, faces).unwrap();
            for &face in faces {
                assert!(on_patch(&pool, l, &patches[face]).iter().all(|&v| v == 0.0));
            }
            let inside = Patch::new(vec![0.2, -0.9, 2.3], vec![1.2, 0.9, 4.8], None);
            assert!(
                on_patch(&pool, l, &inside)
                    .iter()
                    .all(|v| *v > 0.0 && *v <= 1.0)
            );
        }
    }

    #[test]
    fn values_are_extended_exactly_from_any_faces() {
        let (domain, mut pool, g) = sample();
        let patches = domain.boundary();
        for faces in [&[0][..], &[3, 4], &[0, 1, 5], &[0, 1, 2, 3, 4, 5]] {
            let values: Vec<(usize, Id)> = faces.iter().map(|&face| (face, g)).collect();
            let extended = domain.extension(&mut pool, &values).unwrap();
            let gap = pool.sub(extended, g);
            for &face in faces {
                let gaps = on_patch(&pool, gap, &patches[face]);
                assert!(gaps.iter().all(|v| v.abs() < 1e-13), "{faces:?}: {gaps:?}");
            }
        }
    }

    #[test]
    fn faces_measure_the_surface_and_their_normals_close_it() {
        let domain = Cuboid::new(vec![0.0, -1.0, 2.0], vec![1.0, 1.0, 5.0]);
        let faces = domain.boundary();
        let surface: f64 = faces.iter().map(Patch::measure).sum();
        assert_eq!(surface, 2.0 * (1.0 * 2.0 + 1.0 * 3.0 + 2.0 * 3.0));
        for axis in 0..3 {
            let flux: f64 = faces
                .iter()
                .filter_map(|f| {
                    let normal = f.normals(&Mat::zeros(1, 3))?;
                    Some(normal[(0, axis)] * f.measure())
                })
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
