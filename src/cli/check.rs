//! `ned-dist check`: is the deck right, what does it say in full, and what does a step cost?

use super::DeckArgs;
use super::input::load;
use crate::comm::Solo;
use crate::error::Result;
use crate::problem::{Problem, build};
use crate::run::Plan;

/// Prints the resolved deck, and the memory and work of a step.
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
    Ok(())
}

fn cost(problem: &Problem, plan: &Plan) {
    println!(
        "# a step: {:.1e} operations in all, {:.0} MB for rows and factors on one rank, {:.1} MB sent \
         along the tree of cells by each rank",
        plan.work(problem),
        plan.memory(problem) / 1e6,
        plan.traffic(problem) / 1e6
    );
    println!(
        "# at most {} ranks can share its {} cells",
        problem.cells(),
        problem.cells()
    );
}
