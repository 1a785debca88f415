//! The dual gives what the damped primal gives, for few rows and for many.

use super::*;
use crate::flow::Flow;

const DAMPING: f64 = 1e-3;
const EQUATION: &str = "equation = \"u + 0.3*u_x = exp(x)\"";

/// Fewer rows than the 18 parameters, and more.
const POINTS: [usize; 2] = [9, 60];

/// μ = λ tr(AAᵀ)/n.
fn shift(a: &Mat<f64>, damping: f64) -> f64 {
    damping * a.squared_norm_l2() / a.nrows() as f64
}

/// −(AᵀA + μ)⁻¹ Aᵀ v.
fn primal(a: Mat<f64>, v: &[f64], damping: f64) -> Vec<f64> {
    let mu = shift(&a, damping);
    let p = a.ncols();
    let residual = Equations { a, b: negative(v) };
    least_squares(vec![residual, Equations::identity(mu.sqrt(), vec![0.0; p])])
}

/// (AᵀA + μ)⁻¹ g.
fn damped_inverse(a: &Mat<f64>, g: &[f64]) -> Vec<f64> {
    use faer::prelude::Solve;
    let mut gram = a.transpose() * a;
    (0..g.len()).for_each(|j| gram[(j, j)] += shift(a, DAMPING));
    let right = Mat::from_fn(g.len(), 1, |j, _| g[j]);
    let x = gram.partial_piv_lu().solve(&right);
    x.col_as_slice(0).to_vec()
}

/// The direction at the fixture's θ by `Kernel`, and by dense algebra.
fn directions(flow: &Flow, theta: &[f64], lift: f64) -> [Vec<f64>; 2] {
    let tangent = flow.tangent(theta, true);
    let inverse = Kernel { damping: DAMPING }.factor(&tangent, lift).unwrap();
    assert_eq!(inverse.note().damping, lift * DAMPING);
    let (a, v) = (dense(&tangent), tangent.gather(&tangent.here));
    let expected = primal(a, &v, lift * DAMPING);
    [inverse.direction(&tangent, &tangent.here), expected]
}

#[test]
fn the_direction_is_that_of_the_damped_primal() {
    for points in POINTS {
        let fixture = Fixture::new(EQUATION, Metric::Energy, points, 8);
        fixture.on(&Solo, 0, |flow| {
            for lift in [1.0, 10.0] {
                let [found, expected] = directions(flow, &fixture.theta(), lift);
                assert!(gap(&found, &expected) < 1e-10, "{points} points");
            }
        });
    }
}

#[test]
fn apply_is_the_damped_inverse_for_any_gradient() {
    for points in POINTS {
        let fixture = Fixture::new(EQUATION, Metric::Energy, points, 8);
        fixture.on(&Solo, 0, |flow| {
            let tangent = flow.tangent(&fixture.theta(), true);
            let a = dense(&tangent);
            let inverse = Kernel { damping: DAMPING }.factor(&tangent, 1.0).unwrap();
            // A gradient of the rows, and one that is none.
            let v = tangent.gather(&tangent.here);
            for g in [transposed_times(&a, &v), fixture.theta()] {
                let expected = damped_inverse(&a, &g);
                let found = inverse.apply(&tangent, &g);
                assert!(gap(&found, &expected) < 1e-9, "{points} points");
            }
        });
    }
}

#[test]
fn forces_that_are_no_residuals_take_the_way_of_woodbury() {
    let energy = "energy = \"0.5*u_x^2 + cosh(u) - x*u\"";
    for (law, metric) in [
        (EQUATION, Metric::L2),
        (energy, Metric::Energy),
        (energy, Metric::H1),
    ] {
        for points in POINTS {
            let fixture = Fixture::new(law, metric, points, 8);
            fixture.on(&Solo, 0, |flow| {
                assert!(flow.has_forces());
                let tangent = flow.tangent(&fixture.theta(), true);
                let inverse = Kernel { damping: DAMPING }.factor(&tangent, 1.0).unwrap();
                let g = tangent.pull(&tangent.here);
                let expected = negative(&damped_inverse(&dense(&tangent), &g));
                let found = inverse.direction(&tangent, &tangent.here);
                assert!(gap(&found, &expected) < 1e-9, "{metric:?} {points} points");
            });
        }
    }
}

#[test]
fn all_ranks_get_the_same_direction() {
    let fixture = Fixture::new(EQUATION, Metric::Energy, 60, 8);
    let direction = |comm: &dyn Comm| {
        fixture.on(comm, 0, |flow| {
            let tangent = flow.tangent(&fixture.theta(), true);
            let inverse = Kernel { damping: DAMPING }.factor(&tangent, 1.0).unwrap();
            inverse.direction(&tangent, &tangent.here)
        })
    };
    let alone = direction(&Solo);
    for ranks in [2, 4] {
        assert!(
            team(ranks, |comm| direction(comm))
                .iter()
                .all(|d| *d == alone)
        );
    }
}
