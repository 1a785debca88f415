//! The constants of a machine: how fast a core is at what a step is made of, and how fast the network.
//!
//! Kernels on small matrices are slower than on large ones. As Hockney and Jesshope (Parallel
//! Computers, 1981) describe vector pipes by r_∞ and n_½,
//!
//! ```text
//! r(n) = r_∞ n / (n + n_½),
//! ```
//!
//! a kernel here has a peak rate and the size at which it reaches half of it.

use crate::error::{Error, Result};
use crate::file::write_whole;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// What a machine can do; the content of a machine file.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// Of one core, when all ranks that measured work at once.
    pub rates: Rates,
    /// Between ranks.
    pub link: Link,
}

/// Operations a second of one core, in f64.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rates {
    /// Matrix products in sweeps of the network.
    pub layers: f64,
    /// Activations in sweeps of the network.
    pub units: f64,
    /// Products of kept rows with a vector: the memory's speed.
    pub rows: f64,
    /// Rows taken into a triangle, over p.
    pub triangles: Rate,
    /// Products of large matrices, over the least size.
    pub products: Rate,
    /// Cholesky factorisations, over p.
    pub cholesky: Rate,
    /// The directions of a triangle in the order of their effect, over p.
    pub directions: Rate,
}

/// Operations a second that depend on a size.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// r_∞: for large matrices.
    pub peak: f64,
    /// n_½: the size with half of it.
    pub half: f64,
}

impl Rate {
    /// The rate through two measurements (size, operations a second), the smaller size first. Where
    /// the larger matrix is not faster, the rate does not depend on size.
    pub fn through(small: [f64; 2], large: [f64; 2]) -> Self {
        let [[n, r], [m, s]] = [small, large];
        // n/r = (n + n_½)/r_∞: a line through (n, n/r).
        let slope = (m / s - n / r) / (m - n);
        let half = (n / r) / slope - n;
        if slope > 0.0 && half >= 0.0 {
            Self {
                peak: 1.0 / slope,
                half,
            }
        } else {
            Self { peak: s, half: 0.0 }
        }
    }

    /// r(n).
    pub fn at(self, size: f64) -> f64 {
        self.peak * size / (size + self.half)
    }
}

/// Messages between ranks, along an edge of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// Seconds of an empty message.
    pub latency: f64,
    /// Bytes a second.
    pub bandwidth: f64,
}

impl Link {
    /// A usual cluster's network, where none was measured: 2 µs, 10 GB/s.
    pub const USUAL: Self = Self {
        latency: 2e-6,
        bandwidth: 1e10,
    };
}

impl Machine {
    /// Reads a machine file, TOML, or JSON where it ends so.
    ///
    /// # Errors
    /// If it cannot be read, or is no machine.
    pub fn read(path: &Path) -> Result<Self> {
        let name = path.display();
        let cure = "write one by `mpirun -n 2 ned-dist doctor --out FILE`";
        let wrong = |e: &dyn std::fmt::Display| {
            Error::Input(format!(
                "cannot read the machine file {name}: {e}\n  {cure}"
            ))
        };
        let text = std::fs::read_to_string(path).map_err(|e| wrong(&e))?;
        let machine: Self = match is_json(path) {
            true => serde_json::from_str(&text).map_err(|e| wrong(&e))?,
            false => toml::from_str(&text).map_err(|e| wrong(&e))?,
        };
        match machine.is_possible() {
            true => Ok(machine),
            false => Err(wrong(
                &"rates and bandwidth must be above 0, sizes and latency 0 or more",
            )),
        }
    }

    /// Writes a machine file.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let name = path.display();
        let wrong = |e: &dyn std::fmt::Display| Error::Input(format!("cannot write {name}: {e}"));
        let text = match is_json(path) {
            true => serde_json::to_string_pretty(self).map_err(|e| wrong(&e))? + "\n",
            false => toml::to_string(self).map_err(|e| wrong(&e))?,
        };
        write_whole(path, &text).map_err(|e| Error::Input(e.to_string()))
    }

    fn is_possible(&self) -> bool {
        let Rates {
            layers,
            units,
            rows,
            triangles,
            products,
            cholesky,
            directions,
        } = self.rates;
        let sized = [triangles, products, cholesky, directions];
        let above = [layers, units, rows, self.link.bandwidth];
        let above = above.into_iter().chain(sized.map(|rate| rate.peak));
        let least = [self.link.latency].into_iter();
        let least = least.chain(sized.map(|rate| rate.half));
        above.into_iter().all(|x| x > 0.0) && least.into_iter().all(|x| x >= 0.0)
    }
}

fn is_json(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "json")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(super) mod tests {
    use super::*;

    /// A machine with round numbers.
    pub const ROUND: Machine = Machine {
        rates: Rates {
            layers: 2e10,
            units: 5e9,
            rows: 1e9,
            triangles: Rate {
                peak: 2e10,
                half: 0.0,
            },
            products: Rate {
                peak: 4e10,
                half: 0.0,
            },
            cholesky: Rate {
                peak: 1e10,
                half: 100.0,
            },
            directions: Rate {
                peak: 5e9,
                half: 200.0,
            },
        },
        link: Link {
            latency: 1e-6,
            bandwidth: 1e9,
        },
    };

    #[test]
    fn two_measurements_give_peak_and_half_size() {
        let truth = Rate {
            peak: 3e10,
            half: 150.0,
        };
        let found = Rate::through([64.0, truth.at(64.0)], [512.0, truth.at(512.0)]);
        assert!((found.peak / truth.peak - 1.0).abs() < 1e-12);
        assert!((found.half - truth.half).abs() < 1e-9);
        assert_eq!(truth.at(150.0), 1.5e10);
        // A larger matrix that is no faster.
        let flat = Rate::through([64.0, 2e9], [512.0, 1e9]);
        assert_eq!(flat.at(64.0), 1e9);
    }

    #[test]
    fn a_machine_survives_both_kinds_of_file() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["machine.toml", "machine.json"] {
            let path = folder.path().join(name);
            ROUND.write(&path).unwrap();
            assert_eq!(Machine::read(&path).unwrap(), ROUND);
        }
        let path = folder.path().join("slow.toml");
        let mut slow = ROUND;
        slow.link.bandwidth = 0.0;
        slow.write(&path).unwrap();
        let error = Machine::read(&path).unwrap_err().to_string();
        assert!(error.contains("slow.toml") && error.contains("above 0"));
    }
}
