//! Conjugate gradients against the dense solution, with the preconditioner and without.

use super::super::cg::Conjugate;
use super::super::nystrom::Nystrom;
use super::*;
use faer::prelude::Solve;
use std::cell::Cell;

const EQUATION: &str = "equation = \"u + 0.3*u_x = exp(x)\"";
const ENERGY: &str = "energy = \"0.5*u_x^2 + cosh(u) - x*u\"";
/// Every metric, of residuals and of energies that have none.
const LAWS: [(&str, Metric); 6] = [
    (EQUATION, Metric::Energy),
    (EQUATION, Metric::L2),
    (EQUATION, Metric::H1),
    (ENERGY, Metric::Energy),
    (ENERGY, Metric::L2),
    (ENERGY, Metric::H1),
];

/// (G + μ)⁻¹ g.
fn damped_inverse(a: &Mat<f64>, g: &[f64], shift: f64) -> Vec<f64> {
    let mut gram = a.transpose() * a;
    (0..g.len()).for_each(|j| gram[(j, j)] += shift);
    let right = Mat::from_fn(g.len(), 1, |j, _| g[j]);
    let x = gram.partial_piv_lu().solve(&right);
    x.col_as_slice(0).to_vec()
}

#[test]
fn products_are_those_of_the_rows() {
    for (law, metric) in LAWS {
        let fixture = Fixture::new(law, metric, 40, 8);
        fixture.on(&Solo, 0, |flow| {
            let tangent = flow.tangent(&fixture.theta(), false);
            let a = dense(&tangent);
            let x: Vec<f64> = (0..a.ncols()).map(|j| (j as f64).cos()).collect();
            let one = transposed_times(&a, &times(&a, &x));
            let product = tangent.products().gram(&tangent, &x).unwrap();
            assert!(gap(&product, &one) < 1e-13, "{metric:?} of {law}");
            // Several at once are each by itself.
            let both = [&x[..], &fixture.theta()].concat();
            let several = tangent.products().gram(&tangent, &both).unwrap();
            assert_eq!(several[..x.len()], product);
            assert!((tangent.length(&x) / norm(&times(&a, &x)) - 1.0).abs() < 1e-13);
        });
    }
}

#[test]
fn the_solution_is_the_dense_one_to_the_tolerance() {
    let damping = 1e-4;
    for (law, metric) in LAWS {
        let fixture = Fixture::new(law, metric, 60, 8);
        fixture.on(&Solo, 0, |flow| {
            let tangent = flow.tangent(&fixture.theta(), false);
            let (a, g) = (dense(&tangent), tangent.pull(&tangent.here));
            let trace = a.squared_norm_l2();
            for lift in [1.0, 10.0] {
                let inverse = Cg::new(damping, 1e-11).factor(&tangent, lift).unwrap();
                let d = inverse.direction(&tangent, &tangent.here);
                // The trace is that of the sketch.
                let expected = |trace: f64| {
                    let shift = lift * damping * trace / g.len() as f64;
                    negative(&damped_inverse(&a, &g, shift))
                };
                assert!(gap(&d, &expected(trace)) < 1e-2, "{metric:?} of {law}");
                let products = tangent.products();
                let sketch = Nystrom::of(&tangent, &products, Cg::sketch(g.len())).unwrap();
                assert!(sketch.trace() <= trace && sketch.trace() > 0.9 * trace);
                let exact = expected(sketch.trace());
                assert!(
                    gap(&d, &exact) < 1e-6,
                    "{metric:?} of {law}: {}",
                    gap(&d, &exact)
                );
                assert!(inverse.note().iterations > 0);
            }
        });
    }
}

/// Iterations to a residual of 1e-6 with a sketch of so many columns, or with none.
fn iterations(tangent: &Tangent, size: Option<usize>) -> usize {
    let products = tangent.products();
    let whole = Nystrom::of(tangent, &products, 10).unwrap().trace();
    let sketch = size.and_then(|size| Nystrom::of(tangent, &products, size));
    let setting = Cg {
        damping: 1e-6,
        tolerance: 1e-6,
        limit: 10_000,
    };
    let solver = Conjugate {
        products,
        sketch,
        setting,
        damping: setting.damping,
        shift: setting.damping * whole / tangent.parameters() as f64,
        iterations: Cell::new(0),
    };
    let g = tangent.pull(&tangent.here);
    let x = solver.apply(tangent, &g);
    assert!(finite(&x));
    solver.note().iterations
}

#[test]
fn the_sketch_saves_iterations_and_a_whole_one_leaves_none() {
    let fixture = Fixture::new(EQUATION, Metric::Energy, 80, 20);
    fixture.on(&Solo, 0, |flow| {
        let tangent = flow.tangent(&fixture.theta(), false);
        let counts = [None, Some(6), Some(20), Some(42)].map(|size| iterations(&tangent, size));
        assert!(
            counts.is_sorted_by(|more, fewer| more >= fewer),
            "{counts:?}"
        );
        assert!(counts[0] > 2 * counts[2] && counts[3] <= 3, "{counts:?}");
    });
}

#[test]
fn no_gradient_no_direction() {
    let fixture = Fixture::new("equation = \"u = 0\"", Metric::Energy, 20, 2);
    fixture.on(&Solo, 0, |flow| {
        let tangent = flow.tangent(&vec![0.0; fixture.parameters()], false);
        let inverse = Cg::new(1e-8, 1e-6).factor(&tangent, 1.0).unwrap();
        let d = inverse.direction(&tangent, &tangent.here);
        assert!(d.iter().all(|&d| d == 0.0));
        assert_eq!(inverse.note().iterations, 0);
    });
}

#[test]
fn a_tangent_space_that_is_zero_is_told() {
    // The density is linear: no direction has a curvature.
    let fixture = Fixture::new("energy = \"x*u\"", Metric::Energy, 20, 2);
    fixture.on(&Solo, 0, |flow| {
        let tangent = flow.tangent(&fixture.theta(), false);
        let error = Cg::new(1e-8, 1e-6).factor(&tangent, 1.0).err().unwrap();
        assert!(error.to_string().contains("another metric"), "{error}");
    });
}

#[test]
fn without_damping_more_parameters_than_samples_still_give_a_descent() {
    let fixture = Fixture::new(EQUATION, Metric::Energy, 6, 8);
    fixture.on(&Solo, 0, |flow| {
        let tangent = flow.tangent(&fixture.theta(), false);
        let inverse = Cg::new(0.0, 1e-9).factor(&tangent, 1.0).unwrap();
        let d = inverse.direction(&tangent, &tangent.here);
        // The rows can be met: A d = −v.
        let (a, v) = (dense(&tangent), tangent.gather(&tangent.here));
        assert!(gap(&times(&a, &d), &negative(&v)) < 1e-5);
    });
}

#[test]
fn all_ranks_get_the_same_direction() {
    let fixture = Fixture::new(EQUATION, Metric::Energy, 60, 8);
    let direction = |comm: &dyn Comm| {
        fixture.on(comm, 0, |flow| {
            let tangent = flow.tangent(&fixture.theta(), false);
            let inverse = Cg::new(1e-6, 1e-8).factor(&tangent, 1.0).unwrap();
            let d = inverse.direction(&tangent, &tangent.here);
            (d, inverse.note())
        })
    };
    let alone = direction(&Solo);
    for ranks in [2, 3, 5] {
        let together = team(ranks, |comm| direction(comm));
        assert!(together.iter().all(|d| *d == alone), "{ranks} ranks");
    }
}
