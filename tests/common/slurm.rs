//! A real Slurm of its own on several hosts of this machine: munged, slurmctld and slurmd in a scratch
//! folder, invisible to a Slurm that the machine may have.
//!
//! The hosts ([`Hosts`]) give it what two daemons on one machine would fight for: ports, names, the
//! folders of PMIx. When they are dropped, no daemon and no job is left.

use super::hosts::{Host, Hosts};
use super::text;
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A cluster that runs until it is dropped.
pub struct Slurm {
    /// Before the folder, so that they are gone when it is removed.
    hosts: Hosts,
    _daemons: Vec<Child>,
    folder: TempDir,
}

impl Slurm {
    /// Starts the scheduler on the first of `count` hosts, and a node on each.
    ///
    /// # Errors
    /// Why this machine does not allow it.
    pub fn start(count: usize) -> Result<Self, String> {
        for program in ["munged", "slurmctld", "slurmd", "sbatch", "srun"] {
            let found = Command::new("sh")
                .args(["-c", &format!("command -v {program}")])
                .output();
            if !found.is_ok_and(|output| output.status.success()) {
                return Err(format!(
                    "no {program} here: apt-get install slurm-wlm munge"
                ));
            }
        }
        let hosts = Hosts::start("node", count)?;
        let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
        let mut slurm = Self {
            hosts,
            _daemons: Vec::new(),
            folder,
        };
        slurm.configure();
        slurm.start_daemons()?;
        Ok(slurm)
    }

    /// A folder for every node, with all that it reads and writes; the configuration is the same.
    fn configure(&self) {
        let mut key = [0; 1024];
        File::open("/dev/urandom")
            .unwrap()
            .read_exact(&mut key)
            .unwrap();
        fs::write(self.folder.path().join("key"), key).unwrap();
        let private = fs::Permissions::from_mode(0o600);
        fs::set_permissions(self.folder.path().join("key"), private).unwrap();
        let configuration = self.configuration();
        for host in &self.hosts.hosts {
            let node = self.folder.path().join(host.name());
            fs::create_dir_all(node.join("tmp")).unwrap();
            fs::create_dir_all(node.join("spool")).unwrap();
            fs::write(node.join("slurm.conf"), &configuration).unwrap();
            // Slurm's PMIx meets its ranks in a folder that it believes to be the node's own.
            let tmp = node.join("tmp").display().to_string();
            fs::write(node.join("mpi.conf"), format!("PMIxCliTmpDirBase={tmp}\n")).unwrap();
        }
    }

    fn configuration(&self) -> String {
        let folder = self.folder.path().display();
        let first = self.hosts.hosts[0].name();
        let mut text = format!(
            "ClusterName=test\n\
             SlurmctldHost={first}({})\n\
             SlurmUser=root\n\
             AuthType=auth/munge\n\
             AuthInfo=socket={folder}/socket,cred_expire=5\n\
             ProctrackType=proctrack/linuxproc\n\
             TaskPlugin=task/none\n\
             SelectType=select/cons_tres\n\
             SelectTypeParameters=CR_Core\n\
             AccountingStorageType=accounting_storage/none\n\
             JobAcctGatherType=jobacct_gather/none\n\
             KillWait=5\n\
             ReturnToService=2\n\
             SchedulerParameters=sched_interval=1,bf_interval=1\n\
             SlurmctldPidFile={folder}/slurmctld.pid\n\
             SlurmctldLogFile={folder}/slurmctld.log\n\
             StateSaveLocation={folder}/state\n\
             SlurmdPidFile={folder}/%n/slurmd.pid\n\
             SlurmdLogFile={folder}/%n/slurmd.log\n\
             SlurmdSpoolDir={folder}/%n/spool\n\
             SlurmdParameters=config_overrides\n",
            Hosts::address(0)
        );
        for (i, host) in self.hosts.hosts.iter().enumerate() {
            text += &format!(
                "NodeName={} NodeAddr={} CPUs=32 CoresPerSocket=32 ThreadsPerCore=1 RealMemory=1000\n",
                host.name(),
                Hosts::address(i)
            );
        }
        text + "PartitionName=debug Nodes=ALL Default=YES State=UP OverSubscribe=FORCE:8\n"
    }

    fn start_daemons(&mut self) -> Result<(), String> {
        let folder = self.folder.path();
        fs::create_dir(folder.join("state")).unwrap();
        let first = &self.hosts.hosts[0];
        let at = |name: &str| folder.join(name).display().to_string();
        let mut daemons = Vec::new();
        let munged = format!(
            "--foreground --force --socket={} --key-file={} --pid-file={} --seed-file={} --log-file={}",
            at("socket"),
            at("key"),
            at("munge.pid"),
            at("seed"),
            at("munge.log")
        );
        daemons.push(self.daemon(first, "munged", &munged));
        wait(|| folder.join("socket").exists(), "munged does not start")?;
        daemons.push(self.daemon(first, "slurmctld", "-D -i"));
        for host in &self.hosts.hosts {
            daemons.push(self.daemon(host, "slurmd", &format!("-D -N {}", host.name())));
        }
        self._daemons = daemons;
        let idle = || {
            let said = self.tool("sinfo", &["--noheader", "--Node", "--format=%t"]);
            text(&said.stdout)
                .lines()
                .filter(|state| *state == "idle")
                .count()
        };
        wait(
            || idle() == self.hosts.hosts.len(),
            "the nodes do not become idle",
        )
    }

    /// Starts a daemon; it ends with its host.
    fn daemon(&self, host: &Host, program: &str, arguments: &str) -> Child {
        let log = self
            .folder
            .path()
            .join(format!("{program}-{}.out", host.name()));
        let log = File::create(log).unwrap();
        let mut command = host.command();
        command.arg(program).args(arguments.split(' '));
        command.env(
            "SLURM_CONF",
            self.folder.path().join(host.name()).join("slurm.conf"),
        );
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        command.spawn().unwrap()
    }

    /// A tool of Slurm's on the first host, as its users type it.
    fn command(&self, tool: &str) -> Command {
        let first = &self.hosts.hosts[0];
        let mut command = first.command();
        let configuration = self.folder.path().join(first.name()).join("slurm.conf");
        command.arg(tool).env("SLURM_CONF", configuration);
        command
    }

    /// What a tool of Slurm's says.
    pub fn tool(&self, tool: &str, arguments: &[&str]) -> Output {
        self.command(tool).args(arguments).output().unwrap()
    }

    /// Submits a script from a folder with options and variables; the number of the job.
    pub fn submit(
        &self,
        folder: &Path,
        script: &Path,
        options: &[&str],
        variables: &[(&str, &str)],
    ) -> String {
        let mut command = self.command("sbatch");
        command
            .arg("--parsable")
            .arg(format!("--chdir={}", folder.display()));
        command
            .args(options)
            .arg(script)
            .envs(variables.iter().copied());
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout).trim().to_owned()
    }

    /// The state of a job, such as RUNNING; COMPLETED when Slurm has it no more in its queue.
    pub fn state(&self, job: &str) -> String {
        let said = self.tool("scontrol", &["show", "job", job, "--oneliner"]);
        let said = text(&said.stdout);
        let states = said
            .split(' ')
            .filter_map(|word| word.strip_prefix("JobState="));
        // The tasks of an array: the one that is furthest from its end counts.
        let mut states: Vec<&str> = states.collect();
        states.sort_by_key(|state| !matches!(*state, "PENDING" | "RUNNING" | "COMPLETING"));
        states.first().copied().unwrap_or_default().to_owned()
    }
}

/// # Errors
/// `what`, if it has not come true in half a minute.
fn wait(mut done: impl FnMut() -> bool, what: &str) -> Result<(), String> {
    let started = Instant::now();
    while !done() {
        if started.elapsed() > Duration::from_secs(30) {
            return Err(what.to_owned());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}
