//! Products with the rows, and the nonlinearity of a step, against dense algebra.
#![allow(clippy::unwrap_used)]

use super::fixture::{Fixture, dense, gap, times, transposed_times};
use super::*;
use crate::comm::{Solo, team};

const LINEAR: &str = "equation = \"u + 0.3*u_x = exp(x)\"";
const SQUARE: &str = "equation = \"u^2 = 1\"";

#[test]
fn what_is_gathered_are_the_residuals_of_all_cells_in_order() {
    let fixture = Fixture::new(LINEAR, Metric::Energy, 90, 4);
    let gathered = |comm: &dyn Comm| {
        fixture.on(comm, 0, |flow| {
            let tangent = flow.tangent(&fixture.theta(), true);
            tangent.gather(&tangent.here)
        })
    };
    let alone = gathered(&Solo);
    fixture.on(&Solo, 0, |flow| {
        let tangent = flow.tangent(&fixture.theta(), true);
        let source = tangent.row_source();
        let cells = (0..flow.shares().cells()).map(|cell| source.residual(cell));
        assert_eq!(alone, cells.collect::<Vec<_>>().concat());
        // E = ½ |v|².
        let square: f64 = alone.iter().map(|v| v * v).sum();
        assert!((0.5 * square / tangent.here.energy() - 1.0).abs() < 1e-12);
    });
    for ranks in [2, 3, 5] {
        let together = team(ranks, |comm| gathered(comm));
        assert_eq!(together[0], alone, "{ranks} ranks");
    }
}

#[test]
fn what_is_scattered_is_gathered_again_and_pulled_back_by_the_rows() {
    let fixture = Fixture::new(LINEAR, Metric::Energy, 90, 4);
    let v: Vec<f64> = (0..90).map(|i| (0.7 * i as f64).cos()).collect();
    let round = |comm: &dyn Comm| {
        fixture.on(comm, 0, |flow| {
            let tangent = flow.tangent(&fixture.theta(), true);
            // Only rank 0 holds them.
            let held = if comm.rank() == 0 { v.clone() } else { vec![] };
            let scattered = tangent.scatter(held);
            (tangent.gather(&scattered), tangent.pull(&scattered))
        })
    };
    let expected = fixture.on(&Solo, 0, |flow| {
        transposed_times(&dense(&flow.tangent(&fixture.theta(), true)), &v)
    });
    let (_, alone) = round(&Solo);
    assert!(gap(&alone, &expected) < 1e-13);
    for ranks in [1, 2, 3, 5] {
        let together = team(ranks, |comm| round(comm));
        assert_eq!(together[0].0, v, "{ranks} ranks");
        assert!(together.iter().all(|(_, pulled)| *pulled == alone));
    }
}

#[test]
fn a_step_of_a_linear_residual_meets_no_nonlinearity() {
    let fixture = Fixture::new(LINEAR, Metric::Energy, 50, 4);
    fixture.on(&Solo, 0, |flow| {
        let theta = vec![0.0; fixture.parameters()];
        let x: Vec<f64> = fixture.theta().iter().map(|x| 1e3 * x).collect();
        let there = flow.covector(&x);
        let tangent = flow.tangent(&theta, true);
        assert!(tangent.nonlinearity(&there, &x) < 1e-12);
        // r(θ + x) = r(θ) + A x.
        let (at, end) = (tangent.gather(&tangent.here), tangent.gather(&there));
        let ax = times(&dense(&tangent), &x);
        let moved: Vec<f64> = at.iter().zip(&ax).map(|(r, ax)| r + ax).collect();
        assert!(gap(&moved, &end) < 1e-13);
    });
}

#[test]
fn the_nonlinearity_of_a_square_is_the_step_over_twice_the_value() {
    // r = u² − 1 at u = b: r(b + s) − r(b) − 2 b s = s², which is s / 2b of 2 b s.
    let fixture = Fixture::new(SQUARE, Metric::Energy, 30, 2);
    for (b, s) in [(1.0, 0.5), (2.0, -8.0), (-0.25, 1e-3)] {
        let q = |comm: &dyn Comm| {
            fixture.on(comm, 0, |flow| {
                let tangent = flow.tangent(&fixture.constant(b), true);
                let there = flow.covector(&fixture.constant(b + s));
                tangent.nonlinearity(&there, &fixture.constant(s))
            })
        };
        let expected = s.abs() / (2.0 * b.abs());
        assert!((q(&Solo) / expected - 1.0).abs() < 1e-9, "{b} {s}");
        assert!(
            team(3, |comm| q(comm))
                .iter()
                .all(|other| *other == q(&Solo))
        );
    }
}

#[test]
fn one_sweep_gives_the_energies_and_the_gradient_that_two_give() {
    let laws = [SQUARE, "energy = \"0.5*u_x^2 + cosh(u) - x*u\""];
    for (law, metric) in laws
        .iter()
        .flat_map(|law| [Metric::Energy, Metric::L2, Metric::H1].map(|metric| (law, metric)))
    {
        let fixture = Fixture::deep(law, metric, 60, &[5, 4]);
        let [apart, together] = [1, 3].map(|ranks| {
            team(ranks, |comm| {
                fixture.on(comm, 0, |flow| {
                    let theta = fixture.theta();
                    let tangent = flow.tangent(&theta, false);
                    let apart = [tangent.here.energies.clone(), tangent.pull(&tangent.here)];
                    let Gradient { energies, g } = flow.gradient(&theta);
                    assert_eq!(apart, [energies, g], "{law} {metric:?}");
                    apart
                })
            })
            .swap_remove(0)
        });
        assert_eq!(apart, together, "{law} {metric:?}");
    }
}
