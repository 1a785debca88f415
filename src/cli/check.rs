//! `ned-dist check`: is the deck right, what does it say in full, and what does a step cost?

use super::DeckArgs;
use super::budget::Budget;
use super::input::load;
use crate::comm::Solo;
use crate::deck::Auto;
use crate::error::Result;
use crate::problem::{Problem, build};
use crate::run::{Crowd, Plan};

/// Prints the resolved deck, and the memory and work of a step.
///
/// # Errors
/// If the deck is wrong, or allows less memory than the run needs.
pub fn check(arguments: &DeckArgs, first: bool) -> Result<()> {
    let (mut deck, table) = load(arguments, &Solo)?;
    let problem = build(&mut deck, table)?;
    let plan = Plan::of(&mut deck, &problem)?;
    if first {
        print!("{}", deck.to_toml()?);
        println!();
        println!("# The deck is right. {}", problem.describe());
        println!("# {}", plan.describe());
        cost(&problem, &plan);
    }
    let alone = Crowd {
        ranks: 1,
        threads: 1,
    };
    let memory = plan.memory(&problem, alone);
    if first {
        println!("# memory on one rank: {}", memory.describe());
    }
    // What is free here says nothing of where the run will be.
    match deck.run.memory {
        Auto::Auto => Ok(()),
        given => Budget::of(given, &Solo).map_or(Ok(()), |budget| budget.holds(&memory)),
    }
}

fn cost(problem: &Problem, plan: &Plan) {
    println!("# a step: {:.1e} operations in all", plan.work(problem));
    println!(
        "# at most {} ranks can share its {} cells",
        problem.cells(),
        problem.cells()
    );
}
