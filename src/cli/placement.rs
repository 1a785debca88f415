//! Where the ranks stand: hosts, cores, threads, binding; and what of it costs speed.

use super::cores::{allowed, numbers, online};
use super::report::plural;
use crate::comm::Comm;
use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::thread::available_parallelism;

/// Where one rank stands.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    host: String,
    /// Numbers of the cores that it may run on, as the system lists them: `0-3,8`.
    cores: String,
    /// How many it may use, which a quota makes fewer.
    visible: usize,
    /// Cores of the host.
    online: usize,
    threads: usize,
}

/// Where all ranks stand; known to rank 0, empty elsewhere.
pub(super) struct Placement {
    places: Vec<Place>,
}

/// More lines than this say less.
const LINES: usize = 12;

impl Place {
    fn here(comm: &dyn Comm, threads: usize) -> Self {
        let visible = available_parallelism().map_or(1, usize::from);
        Self {
            host: comm.hostname(),
            cores: allowed().unwrap_or_else(|| format!("0-{}", visible - 1)),
            visible,
            online: online().unwrap_or(visible),
            threads,
        }
    }

    fn to_text(&self) -> String {
        let numbers = [self.visible, self.online, self.threads].map(|n| n.to_string());
        format!("{}\t{}\t{}", self.host, self.cores, numbers.join("\t"))
    }

    fn from_text(text: &str) -> Option<Self> {
        let fields: Vec<&str> = text.split('\t').collect();
        let &[host, cores, visible, online, threads] = fields.as_slice() else {
            return None;
        };
        Some(Self {
            host: host.into(),
            cores: cores.into(),
            visible: visible.parse().ok()?,
            online: online.parse().ok()?,
            threads: threads.parse().ok()?,
        })
    }

    fn is_bound(&self) -> bool {
        numbers(&self.cores).len() < self.online
    }

    /// "4 threads, cores 0-3 of 64".
    fn describe(&self) -> String {
        let of = match self.is_bound() {
            true => format!(" of {} (bound)", self.online),
            false => " (not bound)".into(),
        };
        format!(
            "{}, cores {}{of}",
            plural(self.threads, "thread"),
            self.cores
        )
    }

    /// What ranks have in common that stand alike, whatever the numbers of their cores.
    fn kind(&self) -> String {
        let binding = match self.is_bound() {
            true => format!("each bound to {} of {} cores", self.visible, self.online),
            false => format!("{} cores visible to each, not bound", self.visible),
        };
        format!("{binding}, {} each", plural(self.threads, "thread"))
    }
}

impl Placement {
    /// Collective.
    pub(super) fn gather(comm: &dyn Comm, threads: usize) -> Self {
        let texts = gather_text(comm, &Place::here(comm, threads).to_text());
        let places = texts.iter().filter_map(|text| Place::from_text(text));
        Self {
            places: places.collect(),
        }
    }

    /// One line where all ranks stand alike; else one for each run of ranks that do.
    pub(super) fn lines(&self) -> Vec<String> {
        let Some(first) = self.places.first() else {
            return Vec::new();
        };
        let hosts: BTreeSet<&str> = self.places.iter().map(|p| p.host.as_str()).collect();
        if self.places.iter().all(|p| p.kind() == first.kind()) {
            let hosts = match hosts.len() {
                1 => format!("on {}", first.host),
                many => format!("on {many} hosts"),
            };
            return vec![format!("{hosts}: {}", first.kind())];
        }
        let mut lines = Vec::new();
        let mut rank = 0;
        for alike in self.places.chunk_by(|a, b| a == b) {
            let last = rank + alike.len() - 1;
            let who = match rank == last {
                true => format!("rank {rank}"),
                false => format!("ranks {rank}-{last}"),
            };
            lines.push(format!(
                "{who} on {}: {}",
                alike[0].host,
                alike[0].describe()
            ));
            rank = last + 1;
        }
        let more = lines.len().saturating_sub(LINES);
        if more > 1 {
            lines.truncate(LINES);
            lines.push(format!("and {more} more groups of ranks"));
        }
        lines
    }

    /// What costs speed, and the flag that cures it: the worst of its kind alone.
    pub(super) fn warnings(&self) -> Vec<String> {
        let cramped = self.places.iter().enumerate();
        let cramped =
            cramped.filter(|(_, place)| place.is_bound() && place.threads > place.visible);
        if let Some((rank, place)) = cramped.max_by_key(|(_, p)| p.threads - p.visible) {
            return vec![format!(
                "rank {rank} on {} has {} threads but is bound to {} of {} cores; {}",
                place.host,
                place.threads,
                place.visible,
                place.online,
                cure(place.threads)
            )];
        }
        let mut hosts: BTreeMap<&str, Vec<&Place>> = BTreeMap::new();
        for place in &self.places {
            hosts.entry(&place.host).or_default().push(place);
        }
        let crowded = hosts.iter().filter_map(|(host, places)| {
            let threads: usize = places.iter().map(|p| p.threads).sum();
            let cores = cores_of(places);
            (threads > cores).then(|| {
                format!(
                    "the {} on {host} have {} together but {}; use \
                     fewer ranks there, or --threads {}",
                    plural(places.len(), "rank"),
                    plural(threads, "thread"),
                    plural(cores, "core"),
                    (cores / places.len()).max(1)
                )
            })
        });
        crowded.take(1).collect()
    }
}

/// Cores that some ranks of a host may use together.
fn cores_of(places: &[&Place]) -> usize {
    let all: BTreeSet<usize> = places.iter().flat_map(|p| numbers(&p.cores)).collect();
    let quota = places.iter().all(|p| p.visible < numbers(&p.cores).len());
    let visible = places.iter().map(|p| p.visible).max().unwrap_or(0);
    if quota { visible } else { all.len() }
}

/// What to tell the launcher so that a rank gets the cores for its threads.
fn cure(threads: usize) -> String {
    let started_by = |name: &str| env::var_os(name).is_some();
    if started_by("OMPI_COMM_WORLD_SIZE") {
        format!("add --bind-to none, or --map-by slot:PE={threads}, to mpirun")
    } else if started_by("SLURM_STEP_NUM_TASKS") {
        format!("add --cpus-per-task={threads} --cpu-bind=cores to srun")
    } else if started_by("PMI_SIZE") {
        "add -bind-to none to mpiexec".into()
    } else {
        "give it more cores, or fewer --threads".into()
    }
}

/// A text of every rank on rank 0, in order of rank; nothing elsewhere. Collective.
pub(super) fn gather_text(comm: &dyn Comm, text: &str) -> Vec<String> {
    if comm.rank() > 0 {
        let bytes: Vec<f64> = text.bytes().map(f64::from).collect();
        comm.send(0, &bytes);
        return Vec::new();
    }
    let of_rank = |rank| {
        let bytes: Vec<u8> = comm.recv(rank).iter().map(|&byte| byte as u8).collect();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let others = (1..comm.size()).map(of_rank);
    std::iter::once(text.to_owned()).chain(others).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comm::team;

    fn place(host: &str, cores: &str, threads: usize) -> Place {
        Place {
            host: host.into(),
            cores: cores.into(),
            visible: numbers(cores).len(),
            online: 8,
            threads,
        }
    }

    fn placed(places: Vec<Place>) -> Placement {
        Placement { places }
    }

    #[test]
    fn rank_0_hears_of_all() {
        let texts = team(3, |comm| {
            gather_text(comm, &format!("rank {}", comm.rank()))
        });
        assert_eq!(
            texts,
            [
                vec!["rank 0".to_owned(), "rank 1".into(), "rank 2".into()],
                vec![],
                vec![]
            ]
        );
        let lines = team(3, |comm| Placement::gather(comm, 1).lines());
        assert_eq!(lines.iter().map(Vec::len).collect::<Vec<_>>(), [1, 0, 0]);
    }

    #[test]
    fn ranks_that_stand_alike_share_a_line() {
        let alike = placed(vec![place("a", "0-3", 4), place("a", "4-7", 4)]);
        assert_eq!(
            alike.lines(),
            ["on a: each bound to 4 of 8 cores, 4 threads each"]
        );
        assert!(alike.warnings().is_empty());
        let free = placed(vec![place("a", "0-7", 8), place("b", "0-7", 8)]);
        assert_eq!(
            free.lines(),
            ["on 2 hosts: 8 cores visible to each, not bound, 8 threads each"]
        );
        assert!(free.warnings().is_empty());
        let mixed = placed(vec![
            place("a", "0-3", 4),
            place("a", "0-3", 4),
            place("b", "0", 1),
        ]);
        let lines = mixed.lines();
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[0].starts_with("ranks 0-1 on a: 4 threads, cores 0-3 of 8 (bound)"));
    }

    #[test]
    fn too_many_threads_are_noticed() {
        let cramped = placed(vec![place("a", "0-7", 4), place("a", "2", 4)]);
        let warning = &cramped.warnings()[0];
        assert!(
            warning.contains("rank 1 on a has 4 threads but is bound to 1 of 8"),
            "{warning}"
        );
        let crowded = placed(vec![
            place("a", "0-7", 1),
            place("b", "0-7", 6),
            place("b", "0-7", 6),
        ]);
        let warning = &crowded.warnings()[0];
        assert!(
            warning.contains("on b have 12 threads together but 8 cores"),
            "{warning}"
        );
        assert!(warning.contains("--threads 4"), "{warning}");
        let stacked = placed(vec![place("a", "3", 1), place("a", "3", 1)]);
        assert!(stacked.warnings()[0].contains("2 threads together but 1 core"));
    }
}
