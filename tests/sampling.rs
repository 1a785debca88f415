//! Points that follow the residual, and the energy on points that were not trained on.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{set, solve, starter, state};
use ned_dist::comm::{Comm, Shares, Solo, team};
use ned_dist::deck::Deck;
use ned_dist::flow::{Flow, Metric};
use ned_dist::problem::{Problem, build};
use ned_dist::sampling::{Purpose, Sample, stream};
use ned_dist::solver::{Cholesky, Qr, Solver};

/// r = u − (a ridge of width 0.01 along x + y = 0.7); u is small at the random start.
const RIDGE: &str = r#"
[domain]
lower = [0.0, 0.0]
upper = [1.0, 2.0]
[problem]
equation = "u = 100*exp(-((x + y - 0.7)/0.01)^2)"
[[boundary]]
condition = "u = 0"
[network]
hidden = [5]
[sampling]
points = 900
boundary_points = 60
rule = "adaptive"
"#;

fn problem(text: &str, changes: &[(&str, &str)]) -> Problem {
    let mut deck = Deck::from_toml(text, "test.toml", &set(changes)).unwrap();
    build(&mut deck, None).unwrap()
}

fn start(problem: &Problem) -> Vec<f64> {
    let mut rng = stream(1, Purpose::Network, 0, 0);
    problem.network.initial(&mut rng)
}

/// A point with its weight; interior points only.
#[derive(Clone, Debug, PartialEq)]
struct Point {
    x: [f64; 2],
    weight: f64,
}

/// This rank's points of epoch 3, adapted to the start: those in the interior, or on the boundary.
fn points(problem: &Problem, comm: &dyn Comm, everywhere: bool, boundary: bool) -> Vec<Point> {
    let shares = Shares::balanced(&problem.costs(), comm.size()).unwrap();
    let mut flow = Flow::new(problem, comm, &shares, Metric::Energy, 1);
    flow.adapt(3, &start(problem), everywhere);
    let wanted = |s: &&Sample| (s.normals.ncols() > 0) == boundary;
    let inner = flow.samples().iter().filter(wanted);
    let points = inner.flat_map(|s| {
        let point = |i| Point {
            x: [s.x[(i, 0)], s.x[(i, 1)]],
            weight: s.weights[i],
        };
        (0..s.len()).map(point).collect::<Vec<_>>()
    });
    points.collect()
}

fn adapted(problem: &Problem, comm: &dyn Comm) -> Vec<Point> {
    points(problem, comm, false, false)
}

#[test]
fn adaptive_points_lie_where_the_residual_is_large() {
    let problem = problem(RIDGE, &[]);
    let points = adapted(&problem, &Solo);
    assert_eq!(points.len(), 900);
    let near = |p: &&Point| (p.x[0] + p.x[1] - 0.7).abs() < 0.02;
    let near = points.iter().filter(near).count();
    // The ridge fills 1.4 % of the domain: 13 of as many uniform points would lie there.
    assert!(near > 200, "{near}");
}

#[test]
fn their_weights_estimate_integrals() {
    let problem = problem(RIDGE, &[]);
    let points = adapted(&problem, &Solo);
    let sum = |f: fn(&[f64; 2]) -> f64| points.iter().map(|p| p.weight * f(&p.x)).sum::<f64>();
    // Half of the points are spread uniformly, each with at most twice the uniform weight.
    let close = |sum: f64, exact: f64| assert!((sum / exact - 1.0).abs() < 0.1, "{sum} {exact}");
    close(sum(|_| 1.0), 2.0);
    close(sum(|x| x[0] * x[0]), 2.0 / 3.0);
    close(sum(|x| x[1]), 2.0);
    let most = points.iter().map(|p| p.weight).fold(0.0, f64::max);
    assert!(most <= 2.0 * 2.0 / 900.0 * (1.0 + 1e-9), "{most}");
}

#[test]
fn adaptive_points_are_the_same_on_any_number_of_ranks() {
    for changes in [&[][..], &[("sampling.cells", "7")]] {
        let problem = problem(RIDGE, changes);
        let alone = adapted(&problem, &Solo);
        for ranks in [2, 3, 5] {
            let together = team(ranks, |comm| adapted(&problem, comm));
            assert_eq!(together.concat(), alone, "{ranks} ranks");
        }
    }
}

/// u − (a peak of width 0.01 at y = 0.7 of one side) on the part of the boundary where y > 0.5.
#[test]
fn where_points_have_slipped_those_of_conditions_follow_too() {
    let peak = [
        ("sampling.rule", "gauss"),
        ("boundary[0].condition", "u = 100*exp(-((y - 0.7)/0.01)^2)"),
        ("boundary[0].on", "x = 0 and y > 0.5"),
    ];
    let problem = problem(RIDGE, &peak);
    let as_asked = points(&problem, &Solo, false, true);
    let alone = points(&problem, &Solo, true, true);
    assert_eq!(alone.len(), as_asked.len());
    let outside: Vec<_> = alone
        .iter()
        .filter(|p| p.x[0] != 0.0 || p.x[1] <= 0.5)
        .collect();
    assert!(outside.is_empty(), "{outside:?}");
    let near = |points: &[Point]| {
        let near = |p: &&Point| (p.x[1] - 0.7).abs() < 0.02;
        points.iter().filter(near).count() as f64 / points.len() as f64
    };
    // They are 4 / 150 of the part.
    assert!(near(&as_asked) < 0.1 && near(&alone) > 0.2);
    let length: f64 = alone.iter().map(|p| p.weight).sum();
    assert!((length - 1.5).abs() < 0.3, "{length}");
    for ranks in [2, 3, 5] {
        let together = team(ranks, |comm| points(&problem, comm, true, true));
        assert_eq!(together.concat(), alone, "{ranks} ranks");
    }
}

#[test]
fn adapted_samples_serve_the_flow_and_return_with_their_anchor() {
    // So many cells that some are left without a point.
    let problem = problem(RIDGE, &[("sampling.cells", "700")]);
    let theta = start(&problem);
    let shares = Shares::balanced(&problem.costs(), 1).unwrap();
    let mut flow = Flow::new(&problem, &Solo, &shares, Metric::Energy, 1);
    let mut energy = |epoch: u64, anchor: &[f64]| {
        flow.adapt(epoch, anchor, false);
        assert!(flow.samples().iter().any(Sample::is_empty));
        let tangent = flow.tangent(&theta, true);
        let solvers: [&dyn Solver; 2] = [&Qr { cutoff: 1e-12 }, &Cholesky { damping: 1e-9 }];
        for solver in solvers {
            assert!(solver.factor(&tangent, 1.0).is_ok());
        }
        let by_rows = tangent.pull(&tangent.here);
        let by_sweep = flow.tangent(&theta, false).pull(&tangent.here);
        let largest = by_rows.iter().fold(0.0, |m: f64, g| m.max(g.abs()));
        let pairs = by_rows.iter().zip(&by_sweep);
        assert!(
            pairs
                .into_iter()
                .all(|(a, b)| (a - b).abs() < 1e-10 * largest)
        );
        tangent.here.energy()
    };
    let first = energy(1, &theta);
    let zero = vec![0.0; theta.len()];
    let others = [energy(2, &theta), energy(1, &zero)];
    assert_eq!(energy(1, &theta).to_bits(), first.to_bits());
    assert!(others.iter().all(|e| *e != first));
    // ½ ∫ (100 exp(−s²/0.01²))² along the ridge: 0.7 long in x, s = x + y − 0.7.
    let exact = 0.5 * 0.7 * 1e4 * 0.01 * (std::f64::consts::PI / 2.0).sqrt();
    assert!((first / exact - 1.0).abs() < 0.1, "{first} {exact}");
}

#[test]
fn points_that_do_not_adapt_are_drawn_as_ever() {
    let problem = problem(
        RIDGE,
        &[("sampling.rule", "sobol"), ("sampling.resample", "2")],
    );
    let shares = Shares::balanced(&problem.costs(), 1).unwrap();
    let mut flow = Flow::new(&problem, &Solo, &shares, Metric::Energy, 1);
    flow.draw(4);
    let drawn: Vec<_> = flow.samples().iter().map(|s| s.x.clone()).collect();
    flow.adapt(4, &start(&problem), false);
    let adapted: Vec<_> = flow.samples().iter().map(|s| s.x.clone()).collect();
    assert_eq!(drawn, adapted);
}

/// [E on the training points, E elsewhere] of a regression after 60 steps on `points` points.
fn energies(points: &str) -> [f64; 2] {
    let changes = [
        ("network.hidden", "[20]"),
        ("sampling.points", points),
        ("sampling.rule", "random"),
        ("flow.stepper", "natural"),
        ("stop.steps", "60"),
    ];
    let folder = tempfile::tempdir().unwrap();
    let text = starter("fit-function");
    solve(text, &set(&changes), 1, 1, Some(folder.path()));
    let theta = state(folder.path()).theta;
    let problem = problem(text, &changes);
    let of = |comm: &dyn Comm| {
        let shares = Shares::balanced(&problem.costs(), comm.size()).unwrap();
        let mut flow = Flow::new(&problem, comm, &shares, Metric::Energy, 0);
        flow.draw(0);
        let before = flow.covector(&theta).energies;
        let elsewhere = flow.energies_elsewhere(&theta, 0);
        // The samples are where they were.
        assert_eq!(flow.covector(&theta).energies, before);
        [before[0], elsewhere[0]]
    };
    let alone = of(&Solo);
    for ranks in [2, 3] {
        assert!(team(ranks, |comm| of(comm)).iter().all(|e| *e == alone));
    }
    alone
}

#[test]
fn the_energy_elsewhere_tells_learning_from_memorising() {
    // 81 parameters.
    let [here, elsewhere] = energies("40");
    assert!(elsewhere > 1e3 * here, "{here} {elsewhere}");
    let [here, elsewhere] = energies("2000");
    assert!(
        (0.5..2.0).contains(&(elsewhere / here)),
        "{here} {elsewhere}"
    );
}
