//! `ned-dist check`: is the deck right, what does it say in full, and what does a step cost, here and
//! on more ranks?

use super::input::load;
use super::{CheckArgs, predictions};
use crate::comm::Solo;
use crate::error::Result;
use crate::performance::Work;
use crate::problem::{Problem, build};
use crate::run::Plan;

/// Prints the resolved deck, the memory and work of a step, and where asked its time on more ranks.
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
        if !arguments.ranks.is_empty() {
            predict(arguments, &problem, &plan)?;
        }
    }
    Ok(())
}

fn cost(problem: &Problem, plan: &Plan) {
    let p = problem.network.parameters() as f64;
    let rows = problem.rows() as f64;
    let bytes = 8.0 * (rows * p + 4.0 * p * p);
    println!(
        "# a step: {:.1e} operations in all, {:.0} MB for rows and factors on one rank, {:.1} MB sent \
         along the tree of cells by each rank",
        Work::of(plan.last(), problem).operations(),
        bytes / 1e6,
        8.0 * p * p / 1e6
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
