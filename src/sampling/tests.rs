//! What holds for every rule, and the exactness of each.
#![allow(clippy::unwrap_used)]

use super::*;

fn draw(epoch: u64) -> Draw {
    Draw {
        seed: 0,
        purpose: Purpose::Training,
        epoch,
    }
}

/// A flat patch in space, 2 x 1, and a box.
fn patches() -> [Patch; 2] {
    let flat = Patch::new(vec![0.0, 1.0, 3.0], vec![2.0, 2.0, 3.0], None);
    let volume = Patch::new(vec![0.0, 1.0, 3.0], vec![2.0, 2.0, 3.5], None);
    [flat, volume]
}

#[test]
fn points_lie_in_the_patch_and_weights_add_up_to_its_measure() {
    let rules: [Box<dyn Sampler>; 3] = [Box::new(Random), Box::new(Sobol::new(3)), Box::new(Gauss)];
    for rule in rules {
        for patch in patches() {
            for cells in [1, 5, 64] {
                let count = rule.count(&patch, 400);
                let piece = Piece {
                    patch: patch.clone(),
                    count,
                    cells,
                };
                let (mut points, mut measure) = (0, 0.0);
                for cell in 0..cells {
                    let (x, w) = rule.draw(&piece, cell, &mut draw(1).chance(cell, 0));
                    points += x.nrows();
                    measure += w.iter().sum::<f64>();
                    for axis in 0..3 {
                        let inside = |x: &f64| (patch.lower(axis)..=patch.upper(axis)).contains(x);
                        assert!(x.col_as_slice(axis).iter().all(inside));
                    }
                }
                assert_eq!(points, count);
                assert!((measure / patch.measure() - 1.0).abs() < 1e-12);
            }
        }
    }
}

#[test]
fn random_points_are_stratified() {
    let [_, patch] = patches();
    let piece = Piece {
        patch,
        count: 400,
        cells: 64,
    };
    for cell in 0..64 {
        let (x, _) = Random.draw(&piece, cell, &mut draw(0).chance(cell, 0));
        let part = piece.patch.cell(cell, 64);
        for axis in 0..3 {
            let inside = |x: &f64| (part.lower(axis)..=part.upper(axis)).contains(x);
            assert!(x.col_as_slice(axis).iter().all(inside));
        }
    }
}

#[test]
fn gauss_points_integrate_polynomials_exactly() {
    let [patch, _] = patches();
    let count = Gauss.count(&patch, 400);
    for cells in [1, 5, 64] {
        let mut sums = [0.0; 2];
        let piece = Piece {
            patch: patch.clone(),
            count,
            cells,
        };
        for cell in 0..cells {
            let (x, w) = Gauss.draw(&piece, cell, &mut draw(0).chance(cell, 0));
            for (i, w) in w.iter().enumerate() {
                sums[0] += w * x[(i, 0)].powi(5);
                sums[1] += w * x[(i, 0)] * x[(i, 1)].powi(3);
            }
        }
        for (sum, exact) in sums.into_iter().zip([64.0 / 6.0, 2.0 * 15.0 / 4.0]) {
            assert!((sum - exact).abs() < 1e-12 * exact, "{sum} {exact}");
        }
    }
}

mod chosen {
    //! Adaptive points of one cell, against the integrals that they estimate.

    use super::*;
    use rand::RngExt;

    /// |r| of a layer of width 0.01 at x = 0.3.
    fn size(x: f64) -> f64 {
        1.0 / (((x - 0.3) / 0.01).cosh()).powi(2)
    }

    /// n points in [0, 1], adapted to `size`.
    fn chosen(n: usize, seed: u64, size: fn(f64) -> f64) -> Sample {
        let piece = Piece {
            patch: Patch::new(vec![0.0], vec![1.0], None),
            count: n * CANDIDATES,
            cells: 1,
        };
        let mut chance = Draw { seed, ..draw(0) }.chance(0, 0);
        let (x, weights) = Random.draw(&piece, 0, &mut chance);
        let sizes = x.col_as_slice(0).iter().map(|&x| size(x)).collect();
        let sample = Sample {
            normals: Mat::zeros(x.nrows(), 0),
            columns: Mat::zeros(x.nrows(), 0),
            x,
            weights,
        };
        let candidates = Candidates::new(sample, sizes);
        let [mean, volume] = candidates.integrals();
        let mut by = Emphasis::new(mean / volume, n as f64 / volume);
        for _ in 0..20 {
            let [certain, rest] = candidates.tally(&by);
            by = by.raised(n as f64, certain, rest);
        }
        assert!((candidates.expected(&by) - n as f64).abs() < 1e-9 * n as f64);
        candidates.choose(&by, 0.0..n as f64, chance.patch.random())
    }

    #[test]
    fn they_crowd_where_the_residual_is_large() {
        let n = 500;
        let sample = chosen(n, 1, size);
        assert_eq!(sample.len(), n);
        let near = |x: &&f64| (**x - 0.3).abs() < 0.02;
        let near = sample.x.col_as_slice(0).iter().filter(near).count();
        // Half of them follow |r|, of which 96 % lie there; 20 uniform ones would.
        assert!(near > 220, "{near} of {n}");
        let heaviest = sample.weights.iter().copied().fold(0.0, f64::max);
        assert!(heaviest * n as f64 <= 1.0 / 0.5 + 1e-9);
    }

    #[test]
    fn no_candidate_is_chosen_twice() {
        let mut x = chosen(500, 2, size).x.col_as_slice(0).to_vec();
        x.sort_by(f64::total_cmp);
        assert!(x.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn sums_are_unbiased() {
        let integrands: [fn(f64) -> f64; 4] = [|_| 1.0, |x| x * x, size, |x| size(x).powi(2)];
        for (f, exact) in integrands
            .into_iter()
            .zip([1.0, 1.0 / 3.0, 0.02, 0.04 / 3.0])
        {
            let seeds = 200;
            let errors: Vec<f64> = (0..seeds)
                .map(|seed| {
                    let sample = chosen(100, seed, size);
                    let terms = sample.x.col_as_slice(0).iter().zip(&sample.weights);
                    terms.map(|(&x, w)| w * f(x)).sum::<f64>() - exact
                })
                .collect();
            let bias = errors.iter().sum::<f64>() / seeds as f64;
            let square = errors.iter().map(|e| e * e).sum::<f64>() / seeds as f64;
            assert!(bias.abs() < 4.0 * (square / seeds as f64).sqrt(), "{bias}");
            // 100 uniform points would be off by more than half of the layer's integrals.
            assert!(square.sqrt() < 0.25 * exact, "{}", square.sqrt() / exact);
        }
    }

    #[test]
    fn without_a_residual_they_are_uniform() {
        for size in [|_| 0.0, |_| f64::NAN, |_| f64::INFINITY, |_| 3.0] {
            let sample = chosen(64, 3, size);
            let uniform = |w: &f64| (w * 64.0 - 1.0).abs() < 1e-12;
            assert!(sample.weights.iter().all(uniform));
        }
    }
}
