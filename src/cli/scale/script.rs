//! The batch script that measures under a scheduler: the same command, with srun for its launcher.

use super::super::ScaleArgs;
use crate::performance::Mode;
use std::fmt::Write;

/// A job for Slurm with as many tasks as the most ranks.
pub fn slurm(arguments: &ScaleArgs) -> String {
    let most = arguments.ranks.iter().copied().max().unwrap_or(1);
    let threads = arguments.threads;
    let mut text = format!(
        "#!/bin/bash\n\
         # Scaling of a deck under Slurm, printed by `ned-dist scale --print slurm`: submit by sbatch.\n\
         #SBATCH --job-name=ned-scaling\n\
         #SBATCH --ntasks={most}\n\
         #SBATCH --cpus-per-task={threads}\n\
         #SBATCH --time=01:00:00\n\
         #SBATCH --output=ned-scaling-%j.log\n\
         #SBATCH --exclusive\n\
         set -euo pipefail\n\
         \n\
         # module load openmpi        # the MPI that ned-dist was built with\n\
         export SRUN_CPUS_PER_TASK={threads}\n\
         ned-dist scale"
    );
    for argument in command(arguments) {
        let _ = write!(text, " \\\n    {argument}");
    }
    text.push('\n');
    text
}

/// The arguments, as a shell reads them.
fn command(arguments: &ScaleArgs) -> Vec<String> {
    let list = |numbers: &[usize]| {
        let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
        numbers.join(",")
    };
    let deck = &arguments.deck;
    let mode = match arguments.mode {
        Mode::Strong => "strong",
        Mode::Weak => "weak",
    };
    let path = |path: &std::path::PathBuf| quoted(&path.display().to_string());
    let mut words: Vec<String> = deck.deck.iter().map(path).collect();
    words.push(format!("--ranks {} --mode {mode}", list(&arguments.ranks)));
    let (reps, steps, threads) = (arguments.reps, arguments.steps, arguments.threads);
    words.push(format!("--reps {reps} --steps {steps} --threads {threads}"));
    let launcher = "srun --cpu-bind=cores --kill-on-bad-exit=1";
    let launcher = arguments.mpirun.as_deref().unwrap_or(launcher);
    words.push(format!("--mpirun {}", quoted(launcher)));
    words.extend(
        arguments
            .out
            .iter()
            .map(|out| format!("--out {}", path(out))),
    );
    words.extend(
        arguments
            .machine
            .iter()
            .map(|file| format!("--machine {}", path(file))),
    );
    if !arguments.predict.is_empty() {
        words.push(format!("--predict {}", list(&arguments.predict)));
    }
    words.extend(deck.seed.map(|seed| format!("--seed {seed}")));
    let set = deck.set.iter();
    words.extend(set.map(|(key, value)| format!("--set {}", quoted(&format!("{key}={value}")))));
    words
}

/// A word in quotes that no shell opens.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}
