//! The batch scripts under a real Slurm of two nodes: a job that is preempted goes on by itself to
//! the same bits, a job array runs its seeds, and the scaling job compares the ranks.
//!
//! The cluster is of this machine (`common/slurm.rs`); that takes root, and the packages slurm-wlm
//! and munge.
#![allow(clippy::unwrap_used, clippy::expect_used)]
#![cfg(all(feature = "mpi", target_os = "linux"))]

mod common;

use common::slurm::Slurm;
use common::{digest, mpi, program_in, skip, starter, summary, text, wait_until};
use std::fs;
use std::path::{Path, PathBuf};

/// Steps that take milliseconds, and so many that a job can be preempted in their midst.
const STEPS: u64 = 300;

/// What fits two cores; the scripts ask for a real machine.
const SMALL: [&str; 3] = ["--nodes=2", "--ntasks-per-node=2", "--cpus-per-task=1"];

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("launch")
        .join(name)
}

/// The starter deck with fewer points and a fixed number of steps.
fn write_deck(folder: &Path) {
    let deck = starter("poisson-2d")
        .replace("hidden = [64]", "hidden = [16]")
        .replace("points = 900", "points = 600");
    let limits = format!("[stop]\nsteps = {STEPS}\nenergy = 0.0\n[checkpoint]\nevery = 10\n");
    fs::write(folder.join("deck.toml"), format!("{deck}\n{limits}")).unwrap();
}

/// What one rank without Slurm reaches with a seed.
fn alone(folder: &Path, seed: &str) -> String {
    let out = format!("alone-{seed}");
    let arguments = [
        "run",
        "deck.toml",
        "--quiet",
        "--threads=1",
        "--seed",
        seed,
        "--out",
        &out,
    ];
    let output = program_in(folder, &arguments);
    assert!(output.status.success(), "{}", text(&output.stderr));
    digest(&folder.join(out))
}

/// Submits one of the scripts as its first lines say.
fn submit(slurm: &Slurm, folder: &Path, name: &str, more: &[&str], out: &str) -> String {
    let variables = [
        ("DECK", "deck.toml"),
        ("OUT", out),
        ("STEPS", "5"),
        ("REPS", "1"),
        ("NED_DIST", env!("CARGO_BIN_EXE_ned-dist")),
        // How srun and the ranks find one another.
        (
            "SLURM_MPI_TYPE",
            if mpi::is_mpich() { "pmi2" } else { "pmix" },
        ),
    ];
    slurm.submit(folder, &script(name), &[&SMALL, more].concat(), &variables)
}

/// Waits for a job's end; what it wrote to its log.
fn finish(slurm: &Slurm, job: &str, log: &Path) -> String {
    let going = ["PENDING", "RUNNING", "COMPLETING", "REQUEUED"];
    wait_until(|| !going.contains(&slurm.state(job).as_str()));
    let log = fs::read_to_string(log).unwrap_or_default();
    assert_eq!(slurm.state(job), "COMPLETED", "{log}");
    log
}

#[test]
fn the_batch_scripts_under_a_real_slurm() {
    let slurm = match Slurm::start(2) {
        Ok(slurm) => slurm,
        Err(why) => {
            skip::<()>(&format!(
                "a real Slurm needs root, namespaces and its packages; {why}"
            ));
            return;
        }
    };
    let folder = tempfile::tempdir().unwrap();
    write_deck(folder.path());
    assert_goes_on_after_a_preemption(&slurm, folder.path());
    assert_runs_seeds_and_scales(&slurm, folder.path());
}

fn assert_goes_on_after_a_preemption(slurm: &Slurm, folder: &Path) {
    let job = submit(slurm, folder, "slurm.sbatch", &[], "out");
    let out = folder.join("out");
    wait_until(|| out.join("checkpoint/state.ned").exists());
    let requeued = slurm.tool("scontrol", &["requeue", &job]);
    assert!(requeued.status.success(), "{}", text(&requeued.stderr));
    let log = finish(slurm, &job, &folder.join(format!("ned-dist-{job}.log")));
    assert!(
        log.contains("4 ranks") && log.contains("on 2 hosts"),
        "{log}"
    );
    assert!(log.contains("going on from step"), "{log}");
    assert_eq!(summary(&out)["steps"], STEPS);
    assert_eq!(digest(&out), alone(folder, "0"));
}

fn assert_runs_seeds_and_scales(slurm: &Slurm, folder: &Path) {
    let array = ["--nodes=1", "--array=0-1"];
    let seeds = submit(slurm, folder, "slurm-array.sbatch", &array, "seeds");
    let scaling = submit(slurm, folder, "scaling.sbatch", &[], "scaling");
    finish(
        slurm,
        &seeds,
        &folder.join(format!("ned-dist-{seeds}-0.log")),
    );
    for seed in ["0", "1"] {
        let out = folder.join(format!("seeds/seed-{seed}"));
        assert_eq!(digest(&out), alone(folder, seed));
    }
    let log = finish(
        slurm,
        &scaling,
        &folder.join(format!("ned-scaling-{scaling}.log")),
    );
    // That the bits are equal the command checks by itself; here, that it ran what it was told to.
    let out = folder.join("scaling");
    for ranks in ["1", "2", "4"] {
        let run = out.join(format!("runs/{ranks}-1"));
        assert_eq!(summary(&run)["steps"], 5, "{log}");
        assert_eq!(digest(&run), digest(&out.join("runs/1-1")), "{log}");
    }
    assert!(out.join("scaling.csv").exists(), "{log}");
}
