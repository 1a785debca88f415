//! Orders of the methods in time: on a smooth flow over fixed points the error falls as dt to the
//! order of the tableau, and the adaptive pair keeps to its tolerance.
//!
//! The truth is the classical method with steps so small that its own error is far below.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::set;
use ned_dist::comm::{Shares, Solo};
use ned_dist::deck::Deck;
use ned_dist::flow::{Flow, Metric};
use ned_dist::problem::{Problem, build};
use ned_dist::sampling::{Purpose, stream};
use ned_dist::solver::{Cg, Cholesky, Solver, Steepest};
use ned_dist::stepper::{BOGACKI_SHAMPINE, EULER, Pace, RK4, RungeKutta, Stepper, Tableau};

/// Learning a function: the L² flow u_t = −(u − g), projected on a small network.
const REGRESSION: &str = r#"
[domain]
lower = [-1.0]
upper = [1.0]
[problem]
equation = "u = sin(2*x)"
"#;

/// Dirichlet's energy: its L² flow is the heat equation, u_t = lap(u) + f.
const HEAT: &str = r#"
[domain]
lower = [0.0]
upper = [1.0]
[problem]
energy = "0.5*grad2(u) - u"
[[boundary]]
on = "all"
condition = "u = 0"
"#;

/// A flow and where it starts.
struct Path {
    problem: Problem,
    shares: Shares,
    metric: Metric,
    solver: Box<dyn Solver>,
    start: Vec<f64>,
}

impl Path {
    fn new(deck: &str, metric: Metric, solver: Box<dyn Solver>) -> Self {
        let small = set(&[("network.hidden", "[4]"), ("sampling.points", "32")]);
        let mut deck = Deck::from_toml(deck, "test.toml", &small).unwrap();
        let problem = build(&mut deck, None).unwrap();
        let mut rng = stream(0, Purpose::Network, 0, 0);
        Self {
            shares: Shares::balanced(&problem.costs(), 1).unwrap(),
            start: problem.network.initial(&mut rng),
            problem,
            metric,
            solver,
        }
    }

    fn flow(&self) -> Flow<'_> {
        let mut flow = Flow::new(&self.problem, &Solo, &self.shares, self.metric, 0);
        flow.draw(0);
        flow
    }

    /// θ after `steps` equal steps to `time`.
    fn fixed(&self, tableau: &'static Tableau, time: f64, steps: u32) -> Vec<f64> {
        let pace = Pace::Fixed(time / f64::from(steps));
        let mut stepper = RungeKutta::new(tableau, pace, true, false);
        let (flow, mut theta) = (self.flow(), self.start.clone());
        for step in 0..steps {
            let step = u64::from(step);
            let report = stepper.step(&flow, self.solver.as_ref(), &mut theta, step);
            report.unwrap();
        }
        theta
    }

    /// |A (θ − truth)|: the error of the unknowns in the metric of the flow.
    fn error(&self, theta: &[f64], truth: &[f64]) -> f64 {
        let gap: Vec<f64> = theta.iter().zip(truth).map(|(a, b)| a - b).collect();
        self.flow().tangent(truth, true).length(&gap)
    }

    fn assert_order(&self, tableau: &'static Tableau, time: f64, steps: u32) {
        let truth = self.fixed(&RK4, time, 16 * steps);
        let counts = [steps, 2 * steps, 4 * steps];
        let errors = counts.map(|steps| self.error(&self.fixed(tableau, time, steps), &truth));
        for pair in errors.windows(2) {
            let slope = (pair[0] / pair[1]).log2();
            let order = f64::from(tableau.order);
            assert!(
                (slope - order).abs() < 0.3,
                "{}: order {slope} of {errors:?}",
                tableau.name
            );
        }
        assert!(self.error(&self.start, &truth) > 10.0 * errors[0]);
    }
}

/// The damping smooths the flow; without it the rank of the tangent space would change on the way.
fn damped() -> Box<dyn Solver> {
    Box::new(Cholesky { damping: 1e-2 })
}

/// On this thread alone: there is too little work to hand over.
fn alone(work: impl FnOnce() + Send) {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1);
    pool.build().unwrap().install(work);
}

fn assert_orders(deck: &str, metric: Metric, solver: Box<dyn Solver>, time: f64, steps: u32) {
    alone(|| {
        let path = Path::new(deck, metric, solver);
        for tableau in [&EULER, &BOGACKI_SHAMPINE, &RK4] {
            path.assert_order(tableau, time, steps);
        }
    });
}

#[test]
fn the_l2_flow_of_a_regression() {
    assert_orders(REGRESSION, Metric::L2, damped(), 1.0, 32);
}

#[test]
fn the_same_by_conjugate_gradients() {
    let tight = Box::new(Cg::new(1e-2, 1e-12));
    assert_orders(REGRESSION, Metric::L2, tight, 1.0, 32);
}

#[test]
fn the_heat_flow() {
    assert_orders(HEAT, Metric::L2, damped(), 0.02, 32);
}

#[test]
fn the_heat_flow_in_h1_is_smoother_in_time() {
    assert_orders(HEAT, Metric::H1, damped(), 0.5, 16);
}

#[test]
fn steepest_descent() {
    assert_orders(REGRESSION, Metric::L2, Box::new(Steepest), 0.5, 16);
}

/// An adaptive run until `time`, against the truth at the time where it ended.
struct Adaptive {
    error: f64,
    way: f64,
    steps: u32,
}

fn adaptive(path: &Path, tolerance: f64, time: f64) -> Adaptive {
    let pace = Pace::Accurate {
        tolerance,
        first: 1.0,
    };
    let mut stepper = RungeKutta::new(&BOGACKI_SHAMPINE, pace, true, false);
    let (flow, mut theta) = (path.flow(), path.start.clone());
    let (mut reached, mut steps, mut way) = (0.0, 0, 0.0);
    while reached < time {
        let before = theta.clone();
        let step = u64::from(steps);
        let report = stepper.step(&flow, path.solver.as_ref(), &mut theta, step);
        reached += report.unwrap().dt;
        steps += 1;
        way += path.error(&before, &theta);
    }
    let truth = path.fixed(&RK4, reached, 500);
    Adaptive {
        error: path.error(&theta, &truth),
        way,
        steps,
    }
}

#[test]
fn the_adaptive_pair_keeps_to_its_tolerance() {
    alone(keeps_to_its_tolerance);
}

fn keeps_to_its_tolerance() {
    for (deck, time) in [(REGRESSION, 1.0), (HEAT, 0.02)] {
        let path = Path::new(deck, Metric::L2, damped());
        let mut last: Option<Adaptive> = None;
        for tolerance in [1e-3, 1e-4, 1e-5, 1e-6] {
            let run = adaptive(&path, tolerance, time);
            // What a step may err, all steps may, since the flow forgets: in practice far less.
            let allowed = tolerance * run.way;
            assert!(
                run.error <= allowed,
                "{tolerance}: {} > {allowed} in {} steps",
                run.error,
                run.steps
            );
            if let Some(last) = last {
                // Ten times as accurate for 10^(1/3) = 2.2 times the steps.
                assert!(run.steps > last.steps && run.steps <= 3 * last.steps);
                assert!(run.error < last.error);
            }
            last = Some(run);
        }
    }
}
