//! mpirun as root, on fewer cores than ranks, and never for longer than a limit.

use std::process::Command;

/// The mpirun of the MPI that the program was built with; `launch/test.sh` sets NED_MPIRUN.
pub fn launcher() -> String {
    std::env::var("NED_MPIRUN").unwrap_or_else(|_| "mpirun".into())
}

/// Whether that MPI is MPICH, whose mpirun (hydra) has other options and other habits.
pub fn is_mpich() -> bool {
    let version = Command::new(launcher()).arg("--version").output().unwrap();
    super::text(&version.stdout).contains("HYDRA")
}

/// `timeout LIMIT mpirun -n RANKS`; program and arguments are to follow.
pub fn mpirun(limit: &str, ranks: usize) -> Command {
    let mut command = Command::new("timeout");
    command.args([
        "--kill-after=10",
        limit,
        &launcher(),
        "-n",
        &ranks.to_string(),
    ]);
    prepare(&mut command);
    command
}

/// What root and small machines need, and nothing that would tell the program how to run.
pub fn prepare(command: &mut Command) {
    for (name, value) in [
        ("OMPI_ALLOW_RUN_AS_ROOT", "1"),
        ("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1"),
        ("OMPI_MCA_rmaps_base_oversubscribe", "1"),
        ("OMPI_MCA_hwloc_base_binding_policy", "none"),
        ("PRTE_MCA_rmaps_default_mapping_policy", ":oversubscribe"),
        ("RAYON_NUM_THREADS", "1"),
    ] {
        command.env(name, value);
    }
    command.env_remove("RUST_BACKTRACE");
    command.env_remove("SLURM_JOB_END_TIME");
}
