//! Recursive least squares against least squares over all rows at once.

use super::*;
use crate::solver::recursion::PRIOR;

/// u is linear in θ, and no θ solves it.
const EQUATION: &str = "equation = \"u + 0.3*u_x = exp(2*x)\"";

/// β.
const KEEP: f64 = 0.8;

/// A and −v of a sample set at θ.
fn equations(fixture: &Fixture, set: u64, theta: &[f64]) -> Equations {
    fixture.on(&Solo, set, |flow| {
        let tangent = flow.tangent(theta, true);
        Equations {
            a: dense(&tangent),
            b: negative(&tangent.gather(&tangent.here)),
        }
    })
}

/// Entries of R before the first step.
fn prior(first: &Equations) -> f64 {
    PRIOR * (first.a.squared_norm_l2() / first.a.ncols() as f64).sqrt()
}

fn step(fixture: &Fixture, recursion: &mut Recursion, set: u64, theta: &[f64]) -> Vec<f64> {
    fixture.on(&Solo, set, |flow| {
        recursion
            .step(&flow.tangent(theta, true), None, KEEP)
            .unwrap()
    })
}

#[test]
fn one_step_is_ridge_regression() {
    // Fewer rows than the 14 parameters, as many as are compressed on the way, and many more.
    for points in [6, 40, 700] {
        let fixture = Fixture::new(EQUATION, Metric::Energy, points, 6);
        let (p, theta) = (fixture.parameters(), fixture.theta());
        let rows = equations(&fixture, 0, &theta);
        let ridge = Equations::identity(KEEP.sqrt() * prior(&rows), vec![0.0; p]);
        let expected = least_squares(vec![rows, ridge]);
        let found = step(&fixture, &mut Recursion::default(), 0, &theta);
        assert!(gap(&found, &expected) < 1e-8, "{points} points");
    }
}

#[test]
fn after_many_sets_the_solution_is_that_of_all_rows_by_their_age() {
    for points in [5, 30] {
        let fixture = Fixture::new(EQUATION, Metric::Energy, points, 6);
        let start = fixture.theta();
        let (mut recursion, mut theta) = (Recursion::default(), start.clone());
        let mut all: Vec<Equations> = Vec::new();
        let sets = 40;
        for set in 0..sets {
            let delta = step(&fixture, &mut recursion, set, &theta);
            theta.iter_mut().zip(&delta).for_each(|(t, d)| *t += d);
            // At θ = 0 the right sides are those for θ itself.
            let rows = equations(&fixture, set, &vec![0.0; start.len()]);
            if all.is_empty() {
                let size = prior(&rows);
                let held = start.iter().map(|t| size * t).collect();
                all.push(Equations::identity(size, held).times(KEEP.sqrt().powi(sets as i32)));
            }
            all.push(rows.times(KEEP.sqrt().powi((sets - 1 - set) as i32)));
        }
        let expected = least_squares(all);
        assert!(gap(&theta, &expected) < 1e-7, "{points} points");
        assert!(gap(&theta, &start) > 0.1);
    }
}

#[test]
fn all_ranks_get_the_same_step() {
    let fixture = Fixture::new(EQUATION, Metric::Energy, 200, 6);
    let theta = fixture.theta();
    let steps = |comm: &dyn Comm| {
        let mut recursion = Recursion::default();
        let sets = (0..3).flat_map(|set| {
            fixture.on(comm, set, |flow| {
                recursion
                    .step(&flow.tangent(&theta, true), None, KEEP)
                    .unwrap()
            })
        });
        sets.collect::<Vec<f64>>()
    };
    let alone = steps(&Solo);
    for ranks in [2, 3, 5] {
        assert!(team(ranks, |comm| steps(comm)).iter().all(|d| *d == alone));
    }
}

#[test]
fn rows_that_count_for_more_hold_the_next_step_back() {
    let fixture = Fixture::new(EQUATION, Metric::Energy, 6, 6);
    let (p, theta) = (fixture.parameters(), fixture.theta());
    let mut recursion = Recursion::default();
    step(&fixture, &mut recursion, 0, &theta);
    recursion.scale(10.0);
    let zero = |rows: Equations| Equations {
        b: vec![0.0; rows.b.len()],
        ..rows
    };
    let first = equations(&fixture, 0, &theta);
    let ridge = Equations::identity(KEEP.sqrt() * prior(&first), vec![0.0; p]);
    let held = [zero(first), ridge].map(|rows| rows.times(10.0 * KEEP.sqrt()));
    let now = equations(&fixture, 1, &theta);
    let expected = least_squares(held.into_iter().chain([now]).collect());
    let found = step(&fixture, &mut recursion, 1, &theta);
    assert!(gap(&found, &expected) < 1e-8);
}
