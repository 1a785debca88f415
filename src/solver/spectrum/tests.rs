//! Both decompositions against their definition: directions, triangle, least residual, bits.

use super::*;
use crate::solver::triangle::triangle;

type Decomposition = fn(&Mat<f64>) -> Basis;
const BOTH: [Decomposition; 2] = [
    |r| svd::singular(r).unwrap(),
    |r| urv::revealed(r.clone(), 7),
];

/// Singular values from 1 down to 1e-12, in no order that the columns would tell.
fn graded(rows: usize, p: usize) -> Mat<f64> {
    let waves = |n: usize, phase: f64| {
        let entry = |i: usize, j: usize| ((i * j) as f64 * 0.7 + i as f64 * phase).cos();
        Mat::from_fn(n, n, entry).qr().compute_Q()
    };
    let (u, v) = (waves(rows, 0.3), waves(p, 1.1));
    let size = |i: usize| 10f64.powf(-12.0 * i as f64 / rows as f64);
    let scaled = Mat::from_fn(rows, p, |i, j| size(i) * v[(j, i)]);
    triangle(&u * &scaled)
}

/// The upper triangle of T.
fn t(basis: &Basis) -> Mat<f64> {
    let size = basis.values.len();
    Mat::from_fn(size, size, |i, j| match &basis.triangle {
        Some(triangle) if i <= j => triangle[(i, j)],
        None if i == j => basis.values[i],
        _ => 0.0,
    })
}

#[test]
fn directions_are_orthonormal_and_their_triangle_is_that_of_the_rows() {
    for (rows, p) in [(1, 1), (50, 50), (130, 130), (40, 90)] {
        let r = graded(rows, p);
        for decomposition in BOTH {
            let basis = decomposition(&r);
            let v = &basis.vectors;
            assert_eq!((v.nrows(), v.ncols()), (p, rows));
            let unit = v.transpose() * v - Mat::<f64>::identity(rows, rows);
            assert!(unit.norm_max() < 1e-13, "{p}: {:e}", unit.norm_max());
            let (rv, t) = (&r * v, t(&basis));
            let gap = rv.transpose() * &rv - t.transpose() * &t;
            assert!(gap.norm_max() < 1e-13, "{p}: {:e}", gap.norm_max());
        }
    }
}

#[test]
fn a_triangle_reveals_the_singular_values_within_a_small_factor() {
    for (rows, p) in [(130, 130), (40, 90)] {
        let r = graded(rows, p);
        let [exact, revealed] = BOTH.map(|decomposition| decomposition(&r).values);
        assert!(revealed.is_sorted_by(|a, b| a >= b));
        for (k, (s, t)) in exact.iter().zip(&revealed).enumerate() {
            assert!((0.25..4.0).contains(&(t / s)), "{k}: {t:e} for {s:e}");
        }
    }
}

#[test]
fn the_least_residual_within_the_leading_directions_is_found() {
    let r = graded(60, 60);
    let g: Vec<f64> = (0..60).map(|i| (i as f64).sin()).collect();
    for decomposition in BOTH {
        let basis = decomposition(&r);
        for k in [1, 9, 20] {
            let mut z = vec![0.0; k];
            basis.along(&g, &mut z);
            let projected = z.clone();
            basis.solve_transposed(&mut z);
            basis.solve(&mut z);
            // V_kᵀ Rᵀ R V_k z = V_kᵀ g.
            let rv = &r * basis.vectors.subcols(0, k);
            let z = Mat::from_fn(k, 1, |i, _| z[i]);
            let back = rv.transpose() * (&rv * &z);
            for i in 0..k {
                let (found, wanted) = (back[(i, 0)], projected[i]);
                assert!((found - wanted).abs() < 1e-6, "{k}: {found} for {wanted}");
            }
        }
    }
}

#[test]
fn a_decomposition_has_the_same_bits_on_any_number_of_threads() {
    for p in [60, 300] {
        let r = graded(p, p);
        for decomposition in BOTH {
            let on = |threads: usize| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
                pool.build().unwrap().install(|| decomposition(&r))
            };
            let one = on(1);
            for threads in [2, 3, 5] {
                let several = on(threads);
                assert_eq!(one.values, several.values, "{threads} threads");
                assert_eq!(one.vectors, several.vectors, "{threads} threads");
                assert_eq!(one.triangle, several.triangle, "{threads} threads");
            }
        }
    }
}

#[test]
fn rows_that_are_not_finite_have_no_directions() {
    for p in [3, SMALL + 1] {
        let mut r = Mat::<f64>::identity(p, p);
        r[(0, 1)] = f64::NAN;
        assert!(Basis::of(r, 0).is_none());
    }
}
