//! What the launcher (mpirun, srun) says in the environment, before MPI is initialised.
//!
//! Two uses: `--help` and argument errors print once, on the first copy; and a program whose MPI
//! is not the launcher's notices that it is one of sixteen lonely copies, instead of doing the
//! whole job sixteen times.
//!
//! The first launcher found counts, and Slurm comes last: mpirun inside a Slurm job starts its
//! agents by srun, so its ranks carry the Slurm variables of the agent. `SLURM_NTASKS` and
//! `SLURM_PROCID` are set in the shell of an sbatch script too, where only one copy runs; only
//! `SLURM_STEP_NUM_TASKS` tells that srun started this process.

use std::env;

/// Variables of a launcher: the rank, the number of ranks.
pub const LAUNCHERS: [(&str, &str); 4] = [
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"), // Open MPI's mpirun
    ("MV2_COMM_WORLD_RANK", "MV2_COMM_WORLD_SIZE"),   // MVAPICH2
    ("PMI_RANK", "PMI_SIZE"),                         // hydra (MPICH, Intel), srun --mpi=pmi2
    ("SLURM_PROCID", "SLURM_STEP_NUM_TASKS"),         // srun
];

/// The rank that the launcher gave this process; `None` when no launcher is seen.
pub fn launcher_rank() -> Option<usize> {
    rank_in(&|name| env::var(name).ok())
}

/// How many copies of this program the launcher started; `None` when no launcher is seen.
pub fn launcher_size() -> Option<usize> {
    size_in(&|name| env::var(name).ok()).map(|(size, _)| size)
}

/// Says what is wrong when the launcher started several copies of a program that sees only
/// itself; `cause` and `cure` are the caller's part of the message.
///
/// # Errors
/// The message for the user.
pub fn check_alone(cause: &str, cure: &str) -> Result<(), String> {
    match size_in(&|name| env::var(name).ok()) {
        Some((size, variable)) if size > 1 => Err(format!(
            "the launcher started {size} copies of this program ({variable}={size}), \
             but each copy sees only itself and would do the whole job: {cause}. {cure}"
        )),
        _ => Ok(()),
    }
}

type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

fn rank_in(lookup: Lookup) -> Option<usize> {
    let known = LAUNCHERS.iter().find(|(_, size)| lookup(size).is_some());
    number(lookup, known.map_or("PMIX_RANK", |(rank, _)| rank))
}

fn size_in(lookup: Lookup) -> Option<(usize, &'static str)> {
    LAUNCHERS
        .iter()
        .find_map(|&(_, size)| Some((number(lookup, size)?, size)))
}

fn number(lookup: Lookup, name: &str) -> Option<usize> {
    lookup(name)?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(variables: &[(&str, &str)]) -> (Option<usize>, Option<usize>) {
        let lookup = |name: &str| {
            variables
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| value.to_string())
        };
        (rank_in(&lookup), size_in(&lookup).map(|(size, _)| size))
    }

    #[test]
    fn launchers_are_told_apart() {
        assert_eq!(seen(&[]), (None, None));
        assert_eq!(
            seen(&[("PMI_RANK", "2"), ("PMI_SIZE", "4")]),
            (Some(2), Some(4))
        );
        assert_eq!(seen(&[("PMIX_RANK", "3")]), (Some(3), None));
        let batch_shell = [("SLURM_PROCID", "0"), ("SLURM_NTASKS", "16")];
        assert_eq!(seen(&batch_shell), (None, None));
        let step = [("SLURM_PROCID", "5"), ("SLURM_STEP_NUM_TASKS", "16")];
        assert_eq!(seen(&step), (Some(5), Some(16)));
        let mpirun_inside_slurm = [
            ("SLURM_PROCID", "1"),
            ("SLURM_STEP_NUM_TASKS", "2"),
            ("OMPI_COMM_WORLD_RANK", "7"),
            ("OMPI_COMM_WORLD_SIZE", "8"),
        ];
        assert_eq!(seen(&mpirun_inside_slurm), (Some(7), Some(8)));
    }
}
