//! Metrics: |A x| is the norm of the change of the unknowns that it says it is, and the gradient of
//! the energy does not depend on the metric.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{set, starter};
use ned_dist::comm::{Shares, Solo};
use ned_dist::deck::Deck;
use ned_dist::flow::{Flow, Metric};
use ned_dist::jet::{Jets, Layout};
use ned_dist::problem::{Problem, build};
use ned_dist::sampling::{Draw, Purpose, Sample, stream};

const SYSTEM: &str = r#"
[domain]
lower = [0.0, 0.0]
upper = [1.0, 2.0]
[problem]
unknowns = ["u", "v"]
equation = ["-lap(u) + v = 1", "v_xy - u*v = x"]
[[boundary]]
condition = "u = y"
[[boundary]]
condition = "dn(v) = 0"
"#;

fn problem(deck: &str) -> Problem {
    let small = set(&[("network.hidden", "[5, 4]"), ("sampling.points", "50")]);
    let mut deck = Deck::from_toml(deck, "test.toml", &small).unwrap();
    build(&mut deck, None).unwrap()
}

fn start(problem: &Problem) -> Vec<f64> {
    let mut rng = stream(3, Purpose::Network, 0, 0);
    problem.network.initial(&mut rng)
}

/// A direction without symmetries.
fn direction(p: usize) -> Vec<f64> {
    (0..p).map(|i| (1.0 + (i * i) as f64).sin()).collect()
}

fn with_flow<T>(problem: &Problem, metric: Metric, work: impl FnOnce(&Flow) -> T) -> T {
    let shares = Shares::balanced(&problem.costs(), 1).unwrap();
    let mut flow = Flow::new(problem, &Solo, &shares, metric, 0);
    flow.draw(0);
    work(&flow)
}

/// The jets (u, ∇u) at θ + h x.
fn jets(problem: &Problem, sample: &Sample, x: &[f64], h: f64) -> Jets {
    let theta = start(problem);
    let moved: Vec<f64> = theta.iter().zip(x).map(|(t, x)| t + h * x).collect();
    let layout = Layout::value(problem.coordinates.len()).with_gradient();
    let trace = problem.network.trace(&moved, sample.x.as_ref(), &layout);
    trace.into_jets()
}

/// Σ w |∂(first `streams` of the jet)/∂θ x|² over the interior, by central differences.
fn square(problem: &Problem, x: &[f64], streams: usize) -> f64 {
    let (term, h) = (&problem.terms[0], 1e-5);
    let draw = Draw {
        seed: 0,
        purpose: Purpose::Training,
        epoch: 0,
    };
    let mut sum = 0.0;
    for cell in 0..term.cells() {
        let sample = term.draw(draw, cell, cell);
        let [above, below] = [h, -h].map(|h| jets(problem, &sample, x, h));
        for unknown in 0..problem.unknowns.len() {
            for stream in 0..streams {
                let ends = [&above, &below].map(|jets| jets.stream(unknown, stream));
                for (i, w) in sample.weights.iter().enumerate() {
                    sum += w * ((ends[0][i] - ends[1][i]) / (2.0 * h)).powi(2);
                }
            }
        }
    }
    sum
}

#[test]
fn lengths_are_norms_of_the_change_of_the_unknowns() {
    // Of no derivative, of the gradient alone, and of second derivatives of two unknowns.
    for deck in [
        starter("fit-function"),
        starter("poisson-2d-energy"),
        SYSTEM,
    ] {
        let problem = problem(deck);
        let x = direction(problem.network.parameters());
        let streams = 1 + problem.coordinates.len();
        for (metric, streams) in [(Metric::L2, 1), (Metric::H1, streams)] {
            let expected = square(&problem, &x, streams).sqrt();
            let length = with_flow(&problem, metric, |flow| {
                flow.tangent(&start(&problem), true).length(&x)
            });
            assert!(
                (length / expected - 1.0).abs() < 1e-7,
                "{metric:?}: {length} instead of {expected}"
            );
        }
    }
}

#[test]
fn the_gradient_is_the_same_in_every_metric() {
    for deck in [
        starter("fit-function"),
        starter("poisson-2d-energy"),
        SYSTEM,
    ] {
        let problem = problem(deck);
        let theta = start(&problem);
        let gradient = |metric| {
            with_flow(&problem, metric, |flow| {
                let tangent = flow.tangent(&theta, false);
                tangent.pull(&tangent.here)
            })
        };
        let expected = gradient(Metric::Energy);
        let size = expected.iter().fold(0.0, |s: f64, g| s.max(g.abs()));
        for metric in [Metric::L2, Metric::H1] {
            for (g, expected) in gradient(metric).iter().zip(&expected) {
                assert!((g - expected).abs() < 1e-12 * size, "{metric:?}");
            }
        }
    }
}
