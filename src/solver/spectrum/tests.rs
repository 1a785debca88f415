//! The decomposition against its definition: directions, triangle, least residual, bits.

use super::*;
use crate::solver::triangle::triangle;
use faer::Mat;

fn revealed(r: &Mat<f64>) -> Basis {
    Basis::of(r.clone(), 7).unwrap()
}

/// V, shape (p, rank).
fn vectors(basis: &Basis, p: usize) -> Mat<f64> {
    let size = basis.values.len();
    let mut v = Mat::zeros(p, size);
    for k in 0..size {
        let mut unit = vec![0.0; k + 1];
        unit[k] = 1.0;
        v.col_as_slice_mut(k)
            .copy_from_slice(&basis.combined(&unit, p));
    }
    v
}

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

#[test]
fn directions_are_orthonormal_and_their_triangle_is_that_of_the_rows() {
    for (rows, p) in [(0, 0), (0, 3), (1, 1), (50, 50), (130, 130), (40, 90)] {
        let r = graded(rows, p);
        let basis = revealed(&r);
        let v = vectors(&basis, p);
        assert_eq!((v.nrows(), v.ncols()), (p, rows));
        let unit = v.transpose() * &v - Mat::<f64>::identity(rows, rows);
        assert!(unit.norm_max() < 1e-13, "{p}: {:e}", unit.norm_max());
        let (rv, t) = (&r * &v, &basis.triangle);
        let gap = rv.transpose() * &rv - t.transpose() * t;
        assert!(gap.norm_max() < 1e-13, "{p}: {:e}", gap.norm_max());
        // Vᵀ g by the same reflectors.
        let g: Vec<f64> = (0..p).map(|i| (1.0 + i as f64).sin()).collect();
        let mut along = vec![0.0; rows];
        basis.along(&g, &mut along);
        for (k, along) in along.iter().enumerate() {
            let product: f64 = (v.col_as_slice(k).iter().zip(&g)).map(|(v, g)| v * g).sum();
            assert!(
                (along - product).abs() < 1e-13,
                "{k}: {along} for {product}"
            );
        }
    }
}

#[test]
fn a_triangle_reveals_the_singular_values_within_a_small_factor() {
    for (rows, p) in [(130, 130), (40, 90)] {
        let r = graded(rows, p);
        let exact = r.singular_values().unwrap();
        let revealed = revealed(&r).values;
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
    let basis = revealed(&r);
    let v = vectors(&basis, 60);
    for k in [1, 9, 20] {
        let mut z = vec![0.0; k];
        basis.along(&g, &mut z);
        let projected = z.clone();
        basis.solve_transposed(&mut z);
        basis.solve(&mut z);
        // V_kᵀ Rᵀ R V_k z = V_kᵀ g.
        let rv = &r * v.subcols(0, k);
        let z = Mat::from_fn(k, 1, |i, _| z[i]);
        let back = rv.transpose() * (&rv * &z);
        for i in 0..k {
            let (found, wanted) = (back[(i, 0)], projected[i]);
            assert!((found - wanted).abs() < 1e-6, "{k}: {found} for {wanted}");
        }
    }
}

#[test]
fn a_decomposition_has_the_same_bits_on_any_number_of_threads() {
    for p in [60, 300] {
        let r = graded(p, p);
        let on = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            pool.build().unwrap().install(|| revealed(&r))
        };
        let one = on(1);
        for threads in [2, 3, 5] {
            let several = on(threads);
            assert_eq!(one.values, several.values, "{threads} threads");
            assert_eq!(vectors(&one, p), vectors(&several, p), "{threads} threads");
            assert_eq!(one.triangle, several.triangle, "{threads} threads");
        }
    }
}

#[test]
fn rows_that_are_not_finite_have_no_directions() {
    for p in [3, 401] {
        let mut r = Mat::<f64>::identity(p, p);
        r[(0, 1)] = f64::NAN;
        assert!(Basis::of(r, 0).is_none());
    }
}
