//! Fixed work: the settings by which every run takes the same number of steps of the same stage, and by
//! which the problem grows with the ranks under weak scaling.
//!
//! Of a plan with several stages the first is measured; `--set flow.stepper=natural` and the like choose
//! another. No limit but that of steps is left, no history is recorded but its ends, and nothing is
//! saved before the end.

use super::super::ScaleArgs;
use crate::deck::{Auto, Deck, MethodName};
use crate::error::{Error, Result};
use crate::performance::Mode;
use crate::problem::{Place, Problem};
use crate::run::Plan;
use std::path::Path;

/// So rarely that it never happens.
const NEVER: u64 = 1_000_000_000;

/// How the runs are told to do the same.
pub struct Fixed<'a> {
    arguments: &'a ScaleArgs,
    settings: Vec<String>,
    sizes: Sizes,
}

/// The points of one rank under weak scaling, by the keys of `[sampling]`.
#[derive(Clone, Copy)]
struct Sizes {
    points: Option<usize>,
    boundary: Option<usize>,
    cells: Option<usize>,
    /// Of a stage on fresh subsets.
    batch: Option<usize>,
}

impl<'a> Fixed<'a> {
    /// The settings for a resolved deck.
    ///
    /// # Errors
    /// If the problem cannot grow and should.
    pub fn of(
        arguments: &'a ScaleArgs,
        deck: &Deck,
        problem: &Problem,
        plan: &Plan,
    ) -> Result<Self> {
        let stage = &plan.stages[0];
        let weak = arguments.mode == Mode::Weak;
        if weak && deck.domain.is_none() {
            return Err(Error::Input(
                "--mode weak multiplies the points, but the rows of `data.file` are what they are; \
                 use --mode strong"
                    .into(),
            ));
        }
        let mut settings = vec![
            format!("stop.steps={}", arguments.steps),
            "stop.seconds=1e9".into(),
            "stop.energy=-1e300".into(),
            "stop.steady=0.0".into(),
            format!("output.every={NEVER}"),
            "output.fields=[]".into(),
            format!("checkpoint.every={NEVER}"),
        ];
        if deck.stop.error.is_some() {
            settings.push("stop.error=1e-300".into());
        }
        if plan.stages.len() > 1 && stage.method == MethodName::Ned {
            settings.push(format!("flow.solver={}", stage.solver));
            settings.push(format!("flow.stepper={}", stage.stepper));
        }
        let set = |value: Auto<usize>| value.as_option().copied().filter(|_| weak);
        let walled = problem.terms.iter();
        let walled = walled.filter(|t| matches!(t.place, Place::Boundary(_)));
        let sizes = Sizes {
            points: set(deck.sampling.points),
            boundary: set(deck.sampling.boundary_points).filter(|_| walled.count() > 0),
            cells: set(deck.sampling.cells),
            batch: stage.batch,
        };
        Ok(Self {
            arguments,
            settings,
            sizes,
        })
    }

    /// The growth of the problem on so many ranks.
    fn growth(&self, ranks: usize) -> usize {
        match self.arguments.mode {
            Mode::Strong => 1,
            Mode::Weak => ranks,
        }
    }

    /// Sets the points of a deck for so many ranks; the points of its fresh subsets, if it has such.
    pub fn enlarge(&self, deck: &mut Deck, ranks: usize) -> Option<usize> {
        let growth = self.growth(ranks);
        let sampling = &mut deck.sampling;
        let enlarge = |key: &mut Auto<usize>, size: Option<usize>| {
            if let Some(size) = size {
                *key = Auto::Set(growth * size);
            }
        };
        enlarge(&mut sampling.points, self.sizes.points);
        enlarge(&mut sampling.boundary_points, self.sizes.boundary);
        enlarge(&mut sampling.cells, self.sizes.cells);
        self.sizes.batch.map(|batch| growth * batch)
    }

    /// The arguments of a run on so many ranks in a folder.
    pub fn arguments(&self, ranks: usize, folder: &Path) -> Vec<String> {
        let given = &self.arguments.deck;
        let mut arguments = vec!["run".to_owned()];
        arguments.extend(given.deck.iter().map(|deck| deck.display().to_string()));
        arguments.extend(["--quiet", "--force", "--resume=never"].map(String::from));
        arguments.push(format!("--threads={}", self.arguments.threads));
        arguments.push(format!("--out={}", folder.display()));
        arguments.extend(given.seed.map(|seed| format!("--seed={seed}")));
        let chosen = given
            .set
            .iter()
            .map(|(key, value)| format!("{key}={value}"));
        let sizes = [
            ("points", self.sizes.points),
            ("boundary_points", self.sizes.boundary),
            ("cells", self.sizes.cells),
            ("batch", self.sizes.batch),
        ];
        let growth = self.growth(ranks);
        let grown = sizes
            .into_iter()
            .filter_map(|(key, size)| Some(format!("sampling.{key}={}", growth * size?)));
        let all = chosen.chain(self.settings.iter().cloned()).chain(grown);
        arguments.extend(all.map(|setting| format!("--set={setting}")));
        arguments
    }
}
