//! One process: nobody to talk to.

use super::failure::{self, PANICKED};
use super::{Comm, launcher};
use std::{env, fs, process};

/// The only rank there is.
pub struct Solo;

impl Solo {
    /// Starts as the one process of a run; from here on a panic prints one line and ends it.
    ///
    /// # Errors
    /// When a launcher started several copies, which could not see one another.
    pub fn start() -> Result<Solo, String> {
        launcher::check_alone(
            "it was built without MPI",
            "Start it without mpirun or srun, or build it with the feature `mpi`",
        )?;
        Self::guard();
        Ok(Solo)
    }

    /// From here on a panic prints one line and ends this process, whoever else there is.
    pub fn guard() {
        failure::install(0, &Solo.hostname(), || process::exit(PANICKED));
    }
}

impl Comm for Solo {
    fn rank(&self) -> usize {
        0
    }

    fn size(&self) -> usize {
        1
    }

    /// # Panics
    /// Always: there is nobody to send to.
    fn send(&self, to: usize, _data: &[f64]) {
        panic!("one process cannot send to rank {to}");
    }

    /// # Panics
    /// Always: there is nobody to receive from.
    fn recv(&self, from: usize) -> Vec<f64> {
        panic!("one process cannot receive from rank {from}");
    }

    fn hostname(&self) -> String {
        let name = fs::read_to_string("/proc/sys/kernel/hostname").ok();
        let name = name.or_else(|| env::var("HOSTNAME").ok());
        name.map_or("localhost".to_string(), |name| name.trim().to_string())
    }

    /// What is behind the comma is of interest to `doctor` alone.
    #[cfg(feature = "mpi")]
    fn name(&self) -> String {
        let library = super::world::library();
        format!("no MPI: one process without a launcher, built with {library}")
    }

    #[cfg(not(feature = "mpi"))]
    fn name(&self) -> String {
        "no MPI: one process, built without it".to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn collectives_of_one_change_nothing() {
        let mut values = [1.0, -0.0];
        Solo.max(&mut values);
        Solo.broadcast(&mut values);
        Solo.barrier();
        assert_eq!(values.map(f64::to_bits), [1.0f64, -0.0].map(f64::to_bits));
        let mut bytes = b"eleven bytes".to_vec();
        Solo.broadcast_bytes(&mut bytes);
        assert_eq!(bytes, b"eleven bytes");
        assert!(!Solo.hostname().is_empty());
    }
}
