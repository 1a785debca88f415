//! Whether a launcher started this process. One that none started does without MPI, whose start takes
//! half a second even for one.
//!
//! Rather one sign too many than one too few: with MPI one process wastes the time of its start, while
//! ranks that took themselves for single processes would each do the whole job.

use std::env;
use std::ffi::OsStr;

/// How the names begin of what a launcher leaves in the environment of a rank. A name without a remark
/// belongs to the one above.
const SIGNS: [&str; 25] = [
    "OMPI_", // Open MPI
    "PMIX_", // what it and srun --mpi=pmix start ranks by
    "PMI_",  // hydra, srun --mpi=pmi2, Cray
    "PMI2_",
    "HYDRA_", // MPICH
    "HYDI_",
    "MPI_LOCAL", // Intel MPI, MPICH
    "I_MPI_",
    "MV2_COMM_WORLD_", // MVAPICH
    "MVP_COMM_WORLD_",
    "MPISPAWN_",
    "MPIRUN_",
    "SLURM_STEP_", // srun; the shell of a batch script has none of them
    "SLURM_STEPID",
    "PALS_",        // HPE Cray
    "ALPS_",        // older Cray
    "FLUX_",        // Flux
    "JSM_",         // IBM's jsrun
    "LSF_PM_",      // IBM's LSF
    "MP_CHILD",     // IBM's poe
    "MPI_RANKID",   // Platform MPI
    "MPI_DRANK",    // HPE MPT
    "MPIRANK",      // NEC
    "PJM_",         // Fujitsu
    "NED_DIST_MPI", // the user, where a launcher leaves none of these
];

/// How the names begin of what users set in their shells, launcher or not.
const SETTINGS: [&str; 5] = [
    "OMPI_MCA_",
    "OMPI_ALLOW_RUN_AS_ROOT",
    "PMIX_MCA_",
    "I_MPI_ROOT",
    "HYDRA_LAUNCHER",
];

/// Whether a launcher may have started this process; in doubt it has.
pub fn launched() -> bool {
    env::vars_os().any(|(name, _)| is_sign(&name))
}

fn is_sign(name: &OsStr) -> bool {
    let begins = |words: &[&str]| {
        let name = name.to_string_lossy();
        words.iter().any(|word| name.starts_with(word))
    };
    begins(&SIGNS) && !begins(&SETTINGS)
}

#[cfg(test)]
mod tests {
    use super::super::launcher::LAUNCHERS;
    use super::*;

    #[test]
    fn a_launcher_is_seen_and_settings_are_none() {
        let sign = |name: &str| is_sign(OsStr::new(name));
        let by_launchers = [
            "PMIX_NAMESPACE",
            "PMI_FD",
            "PALS_RANKID",
            "FLUX_TASK_RANK",
            "JSM_NAMESPACE_RANK",
            "MPI_LOCALRANKID",
            "SLURM_STEP_ID",
            "ALPS_APP_PE",
        ];
        assert!(by_launchers.into_iter().all(sign));
        let ranks_and_sizes = LAUNCHERS.iter().flat_map(|(rank, size)| [*rank, *size]);
        let batch_shell = |name: &&str| *name == "SLURM_PROCID";
        assert!(ranks_and_sizes.filter(|n| !batch_shell(n)).all(sign));
        let by_users = [
            "PATH",
            "OMPI_MCA_btl",
            "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM",
            "PMIX_MCA_gds",
            "I_MPI_ROOT",
            "SLURM_JOB_ID",
            "SLURM_PROCID",
            "SLURM_NTASKS",
            "MPI_HOME",
        ];
        assert!(!by_users.into_iter().any(sign));
    }
}
