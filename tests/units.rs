//! One equation in many units: what is asked is the same, and so is the answer.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{set, solve, state};
use ned_dist::deck::{Auto, Deck};
use ned_dist::problem::build;
use ned_dist::run::Status;
use ned_dist::sampling::{Draw, Purpose};

/// k u'' = f in [0, length], for u of some size.
struct Units {
    length: f64,
    size: f64,
    k: f64,
}

const UNITS: [Units; 8] = [
    Units {
        length: 1.0,
        size: 1.0,
        k: 1.0,
    },
    // Millimetres, and the radius of the Earth in metres.
    Units {
        length: 1e-3,
        size: 1.0,
        k: 1.0,
    },
    Units {
        length: 6.4e6,
        size: 1.0,
        k: 1.0,
    },
    // Pascals, and a concentration in moles.
    Units {
        length: 1.0,
        size: 1e6,
        k: 1.0,
    },
    Units {
        length: 1.0,
        size: 3e-10,
        k: 1.0,
    },
    // The permittivity of free space, a modulus, and all together.
    Units {
        length: 1.0,
        size: 1.0,
        k: 8.85e-12,
    },
    Units {
        length: 1.0,
        size: 1.0,
        k: 2.1e11,
    },
    Units {
        length: 2e-6,
        size: 400.0,
        k: 1e-9,
    },
];

impl Units {
    fn deck(&self) -> String {
        let Self { length, size, k } = self;
        format!(
            r#"
            domain = {{ lower = [0.0], upper = [{length:e}] }}
            constants = {{ L = {length:e}, U = {size:e}, k = {k:e} }}
            functions = {{ f = "manufactured", g = "U*(sin(pi*x/L) + 0.3*cos(5*x/L))" }}
            problem = {{ equation = "k*u_xx = f", exact = "g" }}
            stop = {{ steps = 3000, error = 1e-8 }}
            network.hidden = [16]
            [[boundary]]
            condition = "u = g"
            "#
        )
    }
}

#[test]
fn an_equation_is_solved_in_any_units() {
    for units in &UNITS {
        let deck = units.deck();
        let summary = solve(&deck, &set(&[("output.every", "5")]), 1, 1, None);
        let error = summary.error.unwrap().relative_l2;
        assert!(error < 1e-8, "{error:e}, {}: {deck}", summary.reason);
    }
}

/// The output scale and the weight of the condition that a deck resolves to.
fn chosen(text: &str) -> [f64; 2] {
    let mut deck = Deck::from_toml(text, "test.toml", &[]).unwrap();
    build(&mut deck, None).unwrap();
    let Auto::Set(weight) = deck.boundary[0].weight else {
        panic!("not chosen");
    };
    [deck.network.output_scale.each(1)[0], weight]
}

#[test]
fn usual_units_are_left_alone_and_others_scaled_by_powers_of_ten() {
    let of = |length: f64, size: f64, k: f64| chosen(&Units { length, size, k }.deck());
    assert_eq!(of(1.0, 1.0, 1.0), [1.0, 1.0]);
    // The left-hand side counts for k² / L³ in a domain of length L.
    let by_length = of(1e-5, 1.0, 1.0)[1] / of(1e-3, 1.0, 1.0)[1];
    assert!((by_length / 1e6 - 1.0).abs() < 1e-12, "{by_length:e}");
    let by_factor = of(1.0, 1.0, 1e-9)[1] / of(1.0, 1.0, 1e-6)[1];
    assert!((by_factor / 1e-6 - 1.0).abs() < 1e-12, "{by_factor:e}");
    // On the size of u only the network depends.
    for size in [2e6, 2e-9] {
        let [chosen, weight] = of(1.0, size, 1.0);
        assert!((0.3..30.0).contains(&(chosen / size)), "{chosen:e}");
        assert_eq!(weight, 1.0);
    }
    let given = Units {
        length: 1.0,
        size: 2e6,
        k: 1.0,
    }
    .deck();
    let given = given.replace(
        "network.hidden",
        "network.output_scale = 3.0\nnetwork.hidden",
    );
    let given = given.replace("condition", "weight = 7.0\ncondition");
    assert_eq!(chosen(&given), [3.0, 7.0]);
}

#[test]
fn an_equation_without_a_solution_stalls_and_says_where() {
    let deck = "[domain]\nlower = [0]\nupper = [1]\n[problem]\nequation = \"u_x = 1\"\n\
                [[boundary]]\ncondition = \"u = 0\"\n[network]\nhidden = [3]\n\
                [sampling]\npoints = 20\n[stop]\nsteps = 100000\n";
    let folder = tempfile::tempdir().unwrap();
    let summary = solve(deck, &[], 1, 1, Some(folder.path()));
    assert_eq!(summary.status, Status::Stopped, "{}", summary.reason);
    // It can be taken up where it ended.
    assert_eq!(state(folder.path()).step, summary.steps);
    for word in ["stalled", "no way down", "of E is left", "% of it in `"] {
        assert!(summary.reason.contains(word), "{}", summary.reason);
    }
}

/// Faces are told apart in nanometres, and where time counts from 1970.
#[test]
fn faces_are_where_they_are_said_to_be_in_any_units() {
    for (lower, upper) in [(0.0, 1e-9), (1.7e9, 1.7e9 + 1.0), (-3e12, 5e12)] {
        let boundary = [lower, upper].map(|at: f64| {
            format!("[[boundary]]\non = \"x = {at:?} + 0\"\ncondition = \"u = 0\"\n")
        });
        let deck = format!(
            "[domain]\nlower = [{lower:?}]\nupper = [{upper:?}]\n[problem]\nequation = \"u_xx = 1\"\n\
             [network]\nhidden = [3]\n{}",
            boundary.concat()
        );
        let mut deck = Deck::from_toml(&deck, "test.toml", &[]).unwrap();
        let problem = build(&mut deck, None).unwrap();
        for (term, at) in problem.terms[1..].iter().zip([lower, upper]) {
            let draw = Draw {
                seed: 0,
                purpose: Purpose::Testing,
                epoch: 0,
            };
            assert_eq!(term.points(), 1);
            let sample = term.draw(draw, 0, 0);
            assert_eq!(sample.x[(0, 0)], at);
        }
    }
}

/// A string of a guitar, in metres and seconds: its ends have a length of 4 ms.
#[test]
fn every_face_has_its_points_whatever_the_units_of_time() {
    let deck = "[constants]\nL = 0.65\n[domain]\nlower = [0, 0]\nupper = [0.65, 4e-9]\n\
                coordinates = [\"x\", \"t\"]\n[problem]\nequation = \"u_tt = 340^2*u_xx\"\n\
                [[boundary]]\non = \"x=0 or x = L\"\ncondition = \"u = 0\"\n\
                [[boundary]]\non = \"t = 0.0\"\ncondition = \"u = sin(pi*x/L)\"\n\
                [network]\nhidden = [3]\n[sampling]\nboundary_points = 300\n";
    let mut deck = Deck::from_toml(deck, "test.toml", &[]).unwrap();
    let problem = build(&mut deck, None).unwrap();
    let [ends, start] = [&problem.terms[1], &problem.terms[2]];
    // Of three faces two have half of their even share, 50 of 300, and all together as many as were asked for.
    assert!((65..=90).contains(&ends.points()), "{}", ends.points());
    assert!(ends.points() + start.points() <= 310);
    assert!(start.points() > 200);
}

/// Sizes and weights where an exponential makes no sense of numbers of one: absurd ones were 1e87 and 1e12.
#[test]
fn exponentials_are_weighed_by_their_linear_part() {
    let plates = "[domain]\nlower = [0]\nupper = [20e-9]\n[problem]\n\
        equation = \"u_xx = 2.78e15*sinh(39*u)\"\n\
        [[boundary]]\ncondition = \"u = 0.1\"\n[network]\nhidden = [8]\n";
    let rate = "[domain]\nlower = [0, 0]\nupper = [1, 1]\n[problem]\n\
        equation = \"-lap(u) + 1e-4*exp(20*u) = 5\"\n\
        [[boundary]]\ncondition = \"u = 0.4\"\n[network]\nhidden = [8]\n";
    for (deck, size, weight) in [
        (plates, 0.011..1.1, 1e23..1e28),
        (rate, 0.011..1.1, 0.9..1.1e4),
    ] {
        let mut deck = Deck::from_toml(deck, "test.toml", &[]).unwrap();
        build(&mut deck, None).unwrap();
        let Auto::Set(w) = deck.boundary[0].weight else {
            panic!("left open");
        };
        let s = deck.network.output_scale.each(1)[0];
        assert!(size.contains(&s) && weight.contains(&w), "{s:e} {w:e}");
    }
}

/// Triangles of a polygon, some of them slivers, are of one interior: its points are equally dense.
#[test]
fn interiors_have_their_points_by_measure() {
    let deck = "[domain]\nshape = \"polygon\"\n\
                vertices = [[0, 0], [1, 0], [1, 1], [0.5, 1.02], [0, 1]]\n\
                [problem]\nequation = \"lap(u) = 1\"\n[[boundary]]\ncondition = \"u = 0\"\n\
                [network]\nhidden = [3]\n[sampling]\nrule = \"random\"\npoints = 2000\ncells = 3\n";
    let mut deck = Deck::from_toml(deck, "test.toml", &[]).unwrap();
    let problem = build(&mut deck, None).unwrap();
    let interior = &problem.terms[0];
    let draw = Draw {
        seed: 0,
        purpose: Purpose::Testing,
        epoch: 0,
    };
    let samples = (0..interior.cells()).map(|cell| interior.draw(draw, cell, cell));
    let weights: Vec<f64> = samples.flat_map(|sample| sample.weights).collect();
    let least = weights.iter().copied().fold(f64::INFINITY, f64::min);
    let most = weights.iter().copied().fold(0.0, f64::max);
    assert!(most < 1.5 * least, "{least:e} to {most:e}");
}
