//! What the batch scripts ask of their schedulers, with commands in their place that write down what they
//! are called with; `tests/slurm.rs` submits to a real one.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use tempfile::{TempDir, tempdir};

/// A folder with commands that write their names and arguments into `calls`, and then do this.
fn commands(all: &[(&str, &str)]) -> TempDir {
    let folder = tempdir().unwrap();
    for (name, does) in all {
        let path = folder.path().join(name);
        let log = folder.path().join("calls");
        let text = format!(
            "#!/bin/bash\necho \"{name} $*\" >> {}\n{does}\n",
            log.display()
        );
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    folder
}

/// What a script of `launch` calls, a line each.
fn calls(script: &str, commands: &TempDir, variables: &[(&str, &str)]) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("launch")
        .join(script);
    let folders = format!("{}:/usr/bin:/bin", commands.path().display());
    let status = Command::new("bash")
        .arg(path)
        .current_dir(commands.path())
        .env_clear()
        .env("PATH", folders)
        .env("NED_DIST", "ned-dist")
        .env("DECK", "my.toml")
        .envs(variables.iter().copied())
        .status();
    assert!(status.unwrap().success(), "{script}");
    let log = fs::read_to_string(commands.path().join("calls")).unwrap();
    log.lines().map(String::from).collect()
}

#[test]
fn pbs_leaves_time_to_save() {
    for (walltime, limit) in [
        ("24:00:00", Some(" --max-time 86100s")),
        ("00:10:00", Some(" --max-time 540s")),
        ("unlimited", Some("")),
        ("", None),
    ] {
        // A job of two ranks; without a walltime qstat itself fails.
        let qstat = match limit {
            Some(_) => format!("echo '    Resource_List.walltime = {walltime}'"),
            None => "exit 1".into(),
        };
        let folder = commands(&[("qstat", &qstat), ("mpirun", "")]);
        let nodes = folder.path().join("nodes");
        fs::write(&nodes, "a\nb\n").unwrap();
        let here = folder.path().to_str().unwrap();
        let variables = [
            ("PBS_O_WORKDIR", here),
            ("PBS_JOBID", "7.server"),
            ("PBS_NODEFILE", nodes.to_str().unwrap()),
        ];
        let calls = calls("pbs.sh", &folder, &variables);
        let limit = limit.unwrap_or_default();
        let run = format!("mpirun -n 2 ned-dist run my.toml --out my-out{limit}");
        assert_eq!(calls, ["qstat -f 7.server".to_owned(), run], "{walltime}");
    }
}

/// The last task of an array has the number of the whole array.
#[test]
fn a_task_of_an_array_goes_back_into_the_queue_by_its_own_name() {
    let summary = "mkdir -p my-seeds/seed-2; \
        echo '\"reason\": \"SIGUSR1 was received\"' > my-seeds/seed-2/summary.json; \
        echo threads $OMP_NUM_THREADS >> calls";
    let folder = commands(&[
        ("srun", summary),
        ("squeue", "echo RUNNING"),
        ("scontrol", ""),
    ]);
    let variables = [
        ("SLURM_JOB_ID", "40"),
        ("SLURM_ARRAY_JOB_ID", "40"),
        ("SLURM_ARRAY_TASK_ID", "2"),
        ("SLURM_CPUS_PER_TASK", "4"),
        ("OMP_NUM_THREADS", "1"),
    ];
    let calls = calls("slurm-array.sbatch", &folder, &variables);
    let wanted = [
        "srun --cpu-bind=cores --kill-on-bad-exit=1 ned-dist run my.toml --seed 2 --out \
         my-seeds/seed-2",
        "threads 4",
        "squeue --noheader --jobs=40_2 --format=%T",
        "scontrol requeue 40_2",
    ];
    assert_eq!(calls, wanted);
}

#[test]
fn scaling_goes_up_to_all_ranks_of_the_job() {
    for (tasks, ranks) in [
        ("1", "1"),
        ("2", "1,2"),
        ("8", "1,2,4,8"),
        ("48", "1,2,4,8,16,32,48"),
    ] {
        let folder = commands(&[("ned-dist", "")]);
        let calls = calls("scaling.sbatch", &folder, &[("SLURM_NTASKS", tasks)]);
        assert!(calls[0].contains(&format!("--ranks {ranks} ")), "{calls:?}");
    }
}
