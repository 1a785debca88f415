//! Several hosts on one machine: each has its own network, name, processes and mounts, and a cable
//! to a switch.
//!
//! A host is a set of Linux namespaces that belong to one sleeping process, the switch is another
//! one with a bridge inside. They have no names outside and end with that process, and with them
//! all that runs on the host, its network devices and its mounts: nothing is left behind, even where
//! the test is killed (`setpriv --pdeathsig`), and two tests cannot meet.

use super::text;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A host that runs until it is dropped or killed.
pub struct Host {
    name: String,
    /// Owner of the namespaces.
    process: Child,
}

impl Host {
    /// Starts a host.
    ///
    /// # Errors
    /// Why this machine does not allow it.
    fn start(name: &str) -> Result<Self, String> {
        let inside =
            format!("hostname {name} && ip link set lo up && echo up && exec sleep infinity");
        let mut process = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "unshare", "--net", "--uts", "--ipc"])
            .args(["--pid", "--mount-proc", "--fork", "--kill-child"])
            .args(["sh", "-c", &inside])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|e| format!("no setpriv here (package util-linux): {e}"))?;
        let mut line = String::new();
        let output = process.stdout.as_mut().unwrap();
        let _ = BufReader::new(output).read_line(&mut line);
        if line.trim() != "up" {
            let output = process.wait_with_output().unwrap();
            return Err(format!("no namespaces: {}", text(&output.stderr).trim()));
        }
        let name = name.to_owned();
        Ok(Self { name, process })
    }

    /// Its name, as `hostname` prints it there.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A command on this host; program and arguments are to follow.
    pub fn command(&self) -> Command {
        let process = self.process.id();
        let mut command = Command::new("nsenter");
        command.args([
            "--target",
            &process.to_string(),
            "--net",
            "--uts",
            "--ipc",
            "--mount",
        ]);
        command.arg(format!("--pid=/proc/{process}/ns/pid_for_children"));
        command
    }

    /// A command with this host's network and name, that sees this machine's processes.
    pub fn visitor(&self) -> Command {
        let process = self.process.id().to_string();
        let mut command = Command::new("nsenter");
        command.args(["--target", &process, "--net", "--uts"]);
        command
    }

    /// `ip ARGUMENTS` on this host.
    fn ip(&self, arguments: &str) -> Result<(), String> {
        let output = self.visitor().arg("ip").args(arguments.split(' ')).output();
        let output = output.map_err(|e| e.to_string())?;
        match output.status.success() {
            true => Ok(()),
            false => Err(format!("ip {arguments}: {}", text(&output.stderr).trim())),
        }
    }

    /// Power failure: everything that runs there is gone.
    pub fn kill(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Hosts with cables to a switch.
pub struct Hosts {
    pub hosts: Vec<Host>,
    switch: Host,
}

impl Hosts {
    /// Starts `count` hosts `NAME0`, `NAME1`, ...
    ///
    /// # Errors
    /// Why this machine does not allow it.
    pub fn start(name: &str, count: usize) -> Result<Self, String> {
        let switch = Host::start("switch")?;
        switch.ip("link add bridge type bridge")?;
        switch.ip("link set bridge up")?;
        let hosts = (0..count).map(|i| Host::start(&format!("{name}{i}")));
        let hosts: Vec<Host> = hosts.collect::<Result<_, _>>()?;
        for (i, host) in hosts.iter().enumerate() {
            let switch_id = switch.process.id();
            host.ip(&format!(
                "link add eth0 type veth peer name port{i} netns {switch_id}"
            ))?;
            host.ip(&format!("addr add {}/24 dev eth0", Self::address(i)))?;
            host.ip("link set eth0 up")?;
            switch.ip(&format!("link set port{i} master bridge up"))?;
        }
        Ok(Self { hosts, switch })
    }

    /// The address of a host.
    pub fn address(host: usize) -> String {
        format!("10.77.0.{}", host + 1)
    }

    /// Pulls the cable of a host.
    pub fn cut_off(&self, host: usize) {
        self.switch
            .ip(&format!("link set port{host} down"))
            .unwrap();
    }

    /// Writes a stand-in for ssh, `AGENT [OPTION ...] ADDRESS COMMAND ...`, for a launcher that sees
    /// this machine's processes.
    pub fn write_agent(&self, folder: &Path) -> PathBuf {
        let mut script = String::from(
            "#!/bin/sh\nwhile :; do\n    case $1 in -o | -l | -p) shift 2 ;; -*) shift ;; *) break ;; esac\n\
             done\nhost=$1; shift\ncase $host in\n",
        );
        for (i, host) in self.hosts.iter().enumerate() {
            let (address, process) = (Self::address(i), host.process.id());
            script += &format!("    {address} | {}) process={process} ;;\n", host.name);
        }
        script += "    *) echo \"no host $host\" >&2; exit 255 ;;\nesac\n\
             exec nsenter --target \"$process\" --net --uts --ipc --mount \
             --pid=\"/proc/$process/ns/pid_for_children\" sh -c \"$*\"\n";
        let path = folder.join("agent");
        std::fs::write(&path, script).unwrap();
        let executable = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(&path, executable).unwrap();
        path
    }
}
