//! The launcher that starts this program on several ranks.

use super::super::report::plural;
use crate::error::{Error, Result};
use std::fmt;
use std::process::{Command, Stdio};
use std::thread::available_parallelism;

/// The mpirun that setup.sh found when the program was built, of the MPI that it was built with.
const BUILT_WITH: Option<&str> = option_env!("NED_MPIRUN");

/// Variables of schedulers, whose jobs may have more cores than this host.
const SCHEDULERS: [&str; 3] = ["SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID"];

/// A launcher with its flags.
pub struct Launcher {
    program: String,
    flags: Vec<String>,
    /// Cores that its ranks have, where that is known.
    cores: Option<usize>,
    /// Whether it refuses more ranks than cores unless told otherwise.
    strict: bool,
}

impl fmt::Display for Launcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.program)?;
        self.flags.iter().try_for_each(|flag| write!(f, " {flag}"))
    }
}

impl Launcher {
    /// The launcher that is asked for, of NED_MPIRUN, of the build, or of the path.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn find(asked: Option<&str>) -> Result<Self> {
        let environment = std::env::var("NED_MPIRUN").ok();
        let built = BUILT_WITH.filter(|program| banner(program).is_some());
        let (command, source) = match (asked, &environment, built) {
            (Some(command), _, _) => (command, "--mpirun"),
            (None, Some(command), _) => (command.as_str(), "NED_MPIRUN"),
            (None, None, Some(command)) => (command, "the build"),
            (None, None, None) => ("mpirun", "the path"),
        };
        let mut words = command.split_whitespace().map(String::from);
        let program = words.next().unwrap_or_default();
        let flags: Vec<String> = words.collect();
        let Some(banner) = banner(&program) else {
            return Err(Error::Input(format!(
                "cannot start the launcher `{program}` (of {source}); name one by --mpirun \
                 \"mpirun --bind-to none\", or NED_MPIRUN"
            )));
        };
        let elsewhere = flags
            .iter()
            .any(|f| f.to_lowercase().contains("host") || f == "-H")
            || SCHEDULERS.iter().any(|name| std::env::var(name).is_ok());
        let here = available_parallelism().ok().map(usize::from);
        Ok(Self {
            program,
            cores: here.filter(|_| !elsewhere),
            strict: banner.contains("Open MPI") || banner.contains("OpenRTE"),
            flags,
        })
    }

    /// Whether so many ranks have less than a core each.
    fn crowded(&self, ranks: usize) -> bool {
        self.cores.is_some_and(|cores| ranks > cores)
    }

    /// Says which times will mean little, and which flag is added.
    pub fn warn(&self, ranks: &[usize], threads: usize) {
        let crowded: Vec<String> = ranks
            .iter()
            .filter(|&&ranks| self.crowded(threads * ranks))
            .map(ToString::to_string)
            .collect();
        if crowded.is_empty() {
            return;
        }
        let added = ranks
            .iter()
            .any(|&ranks| self.strict && self.crowded(ranks));
        tracing::warn!(
            "only {} here for {} ranks of {}: they share cores, and their times say little \
             of a machine that has as many{}",
            plural(self.cores.unwrap_or(0), "core"),
            crowded.join(", "),
            plural(threads, "thread"),
            if added {
                " (--oversubscribe is added)"
            } else {
                ""
            }
        );
    }

    /// Runs this program on so many ranks, to its end.
    ///
    /// # Errors
    /// If it does not end well, with what it printed.
    pub fn run(&self, ranks: usize, arguments: &[String]) -> Result<()> {
        let program = std::env::current_exe()
            .map_err(|e| Error::Failed(format!("where is this program? {e}")))?;
        let mut command = Command::new(&self.program);
        command.args(&self.flags);
        if self.strict && self.crowded(ranks) {
            command.arg("--oversubscribe");
        }
        command.args(["-n", &ranks.to_string()]);
        command.arg(program).args(arguments).stdin(Stdio::null());
        let output = command
            .output()
            .map_err(|e| Error::Failed(format!("cannot start {}: {e}", self.program)))?;
        if output.status.success() {
            return Ok(());
        }
        let printed = [output.stdout, output.stderr].concat();
        let printed = String::from_utf8_lossy(&printed);
        Err(Error::Failed(format!(
            "the run on {} ended with {}:\n{}",
            plural(ranks, "rank"),
            output.status,
            printed.trim_end()
        )))
    }
}

/// What a launcher says of its version; nothing where it cannot be started.
fn banner(program: &str) -> Option<String> {
    let output = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .output()
        .ok()?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}
