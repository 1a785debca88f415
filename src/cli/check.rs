//! `ned-dist check`: is the deck right, what does it say in full, and what does a step cost, here and
//! on more ranks?

use super::budget::Budget;
use super::input::load;
use super::report::plural;
use super::{CheckArgs, predictions};
use crate::comm::Solo;
use crate::deck::Auto;
use crate::error::Result;
use crate::performance::Work;
use crate::problem::{Problem, build};
use crate::run::{Crowd, Plan};

/// Prints the resolved deck, the memory and work of a step, and where asked its time on more ranks.
///
/// # Errors
/// If the deck is wrong, or allows less memory than the run needs on any of the numbers of ranks.
pub fn check(arguments: &CheckArgs, first: bool) -> Result<()> {
    let (mut deck, table) = load(&arguments.deck, &Solo)?;
    let problem = build(&mut deck, table)?;
    let plan = Plan::of(&mut deck, &problem)?;
    if first {
        print!("{}", deck.to_toml()?);
        println!();
        println!("# The deck is right. {}", problem.describe());
        println!("# {}", plan.describe());
        cost(&problem, &plan);
    }
    // What is free here says nothing of where the run will be.
    let budget = match deck.run.memory {
        Auto::Auto => None,
        given => Budget::of(given, &Solo),
    };
    let counts = match arguments.ranks.as_slice() {
        [] => &[1],
        counts => counts,
    };
    let mut fits = Vec::with_capacity(counts.len());
    for &ranks in counts {
        let threads = arguments.threads;
        let bytes = budget.as_ref().map(Budget::bytes);
        let memory = plan.memory(&problem, Crowd { ranks, threads }, bytes);
        if first {
            println!(
                "# memory on {}: {}",
                plural(ranks, "rank"),
                memory.describe()
            );
        }
        fits.push(budget.as_ref().map_or(Ok(()), |b| b.holds(&memory)));
    }
    if first && !arguments.ranks.is_empty() {
        predict(arguments, &problem, &plan)?;
    }
    match fits.iter().any(Result::is_ok) {
        true => Ok(()),
        false => fits.pop().unwrap_or(Ok(())),
    }
}

fn cost(problem: &Problem, plan: &Plan) {
    println!(
        "# a step: {:.1e} operations in all",
        Work::of(plan.last(), problem).operations()
    );
    println!(
        "# at most {} ranks can share its {} cells",
        problem.cells(),
        problem.cells()
    );
}

/// The predicted time of a step of every stage.
fn predict(arguments: &CheckArgs, problem: &Problem, plan: &Plan) -> Result<()> {
    let (machine, from) = predictions::machine(arguments.machine.as_deref())?;
    println!("# predicted by the constants {from}");
    for stage in &plan.stages {
        println!("# {}", stage.describe());
        let work = Work::of(stage, problem);
        let ranks = arguments.ranks.iter();
        let works: Vec<(usize, Work)> = ranks.map(|&ranks| (ranks, work.clone())).collect();
        let table = predictions::table(&works, &machine, arguments.threads);
        table.lines().for_each(|line| println!("# {line}"));
    }
    Ok(())
}
