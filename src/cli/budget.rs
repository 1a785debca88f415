//! The memory that a rank may use: what the deck says, or its share of what its host has free.
//!
//! It decides whether a run starts, and whether rows are kept between their uses, which changes no bit:
//! results do not depend on the machine.

use super::placement::gather_text;
use super::report::plural;
use crate::comm::Comm;
use crate::deck::{Auto, Bytes};
use crate::error::Result;
use crate::run::Memory;
use std::collections::BTreeMap;
use std::fs::read_to_string;
use std::path::Path;

/// What of the free memory a run may take.
const SHARE: f64 = 0.9;

/// The memory of a rank, and who says so.
pub(super) struct Budget {
    bytes: Bytes,
    source: String,
}

impl Budget {
    /// By the deck's `run.memory`; nothing where neither the deck nor the system tells. Collective.
    pub(super) fn of(memory: Auto<Bytes>, comm: &dyn Comm) -> Option<Self> {
        if let Auto::Set(bytes) = memory {
            let source = "`run.memory` allows each rank".to_owned();
            return Some(Self { bytes, source });
        }
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for host in gather_text(comm, &comm.hostname()) {
            *counts.entry(host).or_default() += 1;
        }
        let mut crowd = [counts.values().copied().max().unwrap_or(0) as f64];
        comm.broadcast(&mut crowd);
        // The least of all hosts.
        let mut least = [-free().unwrap_or(f64::INFINITY)];
        comm.max(&mut least);
        let bytes = Bytes(SHARE * -least[0] / crowd[0]);
        let ranks = plural(crowd[0] as usize, "rank");
        let source = format!("the free memory of a host of {ranks} gives each");
        bytes.0.is_finite().then_some(Self { bytes, source })
    }

    /// Bytes of a rank.
    pub(super) fn bytes(&self) -> Bytes {
        self.bytes
    }

    /// # Errors
    /// If a run needs more.
    pub(super) fn holds(&self, memory: &Memory) -> Result<()> {
        memory.within(self.bytes, &self.source)
    }

    /// "of 10.3 GB at most".
    pub(super) fn describe(&self) -> String {
        format!("of {} at most", self.bytes)
    }
}

/// Bytes that new programs may take on this host, within the limits of the job.
fn free() -> Option<f64> {
    let system = read_to_string("/proc/meminfo").ok()?;
    let line = system
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some(limit().map_or(1024.0 * kib, |limit| limit.min(1024.0 * kib)))
}

/// The least limit of the control groups that batch systems put a job into.
fn limit() -> Option<f64> {
    let groups = read_to_string("/proc/self/cgroup").ok()?;
    // `0::/group` of the one hierarchy of version 2, `4:memory:/group` of version 1.
    let limits = groups.lines().flat_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        let (kinds, group) = (parts.next().unwrap_or(""), parts.next().unwrap_or("/"));
        let (root, file) = match kinds.split(',').any(|kind| kind == "memory") {
            true => ("/sys/fs/cgroup/memory", "memory.limit_in_bytes"),
            false => ("/sys/fs/cgroup", "memory.max"),
        };
        let folder = Path::new(root).join(group.trim_start_matches('/'));
        let limits = folder.ancestors().filter_map(|folder| {
            let limit = read_to_string(folder.join(file)).ok()?;
            limit.trim().parse::<f64>().ok()
        });
        limits.collect::<Vec<_>>()
    });
    limits.reduce(f64::min)
}
