//! What `auto` decides, and that it says so: the solver by the size of the network and by the flow.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{set, starter};
use ned_dist::deck::{Auto, Deck, Many, SolverName, StepperName};
use ned_dist::problem::build;
use ned_dist::run::Plan;

/// 257, 1,801 and 4,417 parameters.
const SIZES: [&str; 3] = ["[64]", "[40, 40]", "[64, 64]"];

struct Chosen {
    solver: SolverName,
    stepper: StepperName,
    words: String,
}

/// The last stage of a deck whose network has the layers `hidden`.
fn chosen(deck: &str, hidden: &str, more: &[(&str, &str)]) -> Chosen {
    let changes = set(&[&[("network.hidden", hidden)], more].concat());
    let mut deck = Deck::from_toml(starter(deck), "test.toml", &changes).unwrap();
    let problem = build(&mut deck, None).unwrap();
    let plan = Plan::of(&mut deck, &problem).unwrap();
    // The resolved deck holds what was chosen.
    let (Auto::Set(Many(solvers)), Auto::Set(Many(steppers))) =
        (&deck.flow.solver, &deck.flow.stepper)
    else {
        panic!("left open");
    };
    Chosen {
        solver: solvers[solvers.len() - 1],
        stepper: steppers[steppers.len() - 1],
        words: plan.describe(),
    }
}

#[test]
fn flows_that_no_kernel_suits_come_to_cg_as_the_network_grows() {
    let expected = [SolverName::Qr, SolverName::Cholesky, SolverName::Cg];
    let l2 = [("flow.metric", "l2")];
    for (hidden, solver) in SIZES.iter().zip(expected) {
        let energy = chosen("poisson-2d-energy", hidden, &[]);
        assert_eq!(energy.solver, solver, "{hidden}");
        assert_eq!(chosen("poisson-2d", hidden, &l2).solver, solver, "{hidden}");
        let because = "cg because 4417 parameters";
        assert_eq!(energy.words.contains(because), solver == SolverName::Cg);
    }
    let large = chosen("poisson-2d", SIZES[2], &l2);
    assert_eq!(large.stepper, StepperName::Euler);
    assert!(
        large.words.starts_with("cg + euler, L2 metric"),
        "{}",
        large.words
    );
}

#[test]
fn subsets_of_residuals_are_still_solved_by_their_kernel() {
    let large = chosen("poisson-2d", SIZES[2], &[]);
    assert_eq!(large.solver, SolverName::Kernel);
    assert_eq!(large.stepper, StepperName::Stochastic);
}

#[test]
fn a_deck_that_asks_for_cg_gets_it_without_excuses() {
    for stepper in ["euler", "rk4", "adaptive", "stochastic"] {
        let asked = [("flow.solver", "cg"), ("flow.stepper", stepper)];
        let chosen = chosen("poisson-2d", SIZES[0], &asked);
        assert_eq!(chosen.solver, SolverName::Cg);
        assert!(chosen.words.starts_with(&format!("cg + {stepper}")));
        assert!(!chosen.words.contains("because"));
    }
}
