//! `ned-dist doctor`: is this machine, with this launcher and these flags, fit for a run?
//!
//! Small measurements of what a step is made of: a small and a large reduction over all ranks, a
//! broadcast, a matrix product on all ranks at once, and a file brought to the disk; then the constants
//! of the performance model ([`crate::performance`]), which `--out` keeps. A launcher of another MPI is
//! noticed before, when the ranks join ([`crate::comm::start`]).

use super::DoctorArgs;
use super::job::on_ranks;
use super::placement::{Placement, gather_text};
use super::report::plural;
use super::threads::decide;
use crate::comm::{Comm, Shares, launcher_rank, tree_sum};
use crate::error::{Error, Result};
use crate::performance::{Link, Machine, Rate, link, rates};
use crate::run::{agree, unanimous};
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, Par};
use std::fs::File;
use std::io::Write;
use std::process::ExitCode;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Numbers in a large message: 8 MB.
const LARGE: usize = 1 << 20;
/// A small message is sent so often.
const OFTEN: usize = 500;
/// Order of the matrices, and how often they are multiplied.
const ORDER: usize = 512;
const PRODUCTS: usize = 8;

/// Measures, prints, and gives the exit code.
pub fn doctor(arguments: &DoctorArgs) -> ExitCode {
    on_ranks(None, |comm| examine(arguments, comm))
}

fn examine(arguments: &DoctorArgs, comm: &dyn Comm) -> Result<u8> {
    let threads = unanimous(comm, decide(arguments.threads, comm))?;
    let placement = Placement::gather(comm, threads.count);
    let first = comm.rank() == 0;
    let row = |name: &str, value: &str| {
        if first {
            println!("  {name:<12} {value}");
        }
    };
    if first {
        println!("ned-dist {}", env!("CARGO_PKG_VERSION"));
    }
    row("ranks", &ranks(comm));
    row("library", &comm.name());
    row("threading", comm.threading());
    row(
        "threads",
        &format!("{} per rank ({})", threads.count, threads.source),
    );
    for line in placement.lines() {
        row("placement", &line);
    }
    row("latency", &latency(comm));
    row("bandwidth", &bandwidth(comm));
    row("arithmetic", &arithmetic(comm));
    row("clocks", &clocks(comm));
    row("disk", &disk(comm)?);
    let machine = machine(comm, &row);
    if let Some(path) = &arguments.out {
        let written = match first {
            true => machine.write(path),
            false => Ok(()),
        };
        agree(comm, written)?;
        row("written to", &path.display().to_string());
    }
    if first {
        for warning in placement.warnings() {
            println!("  warning: {warning}");
        }
    }
    Ok(0)
}

/// The constants of the performance model, shown line by line. Collective.
fn machine(comm: &dyn Comm, row: &dyn Fn(&str, &str)) -> Machine {
    let (rates, link) = (rates(comm), link(comm));
    let giga = |rate: f64| format!("{:.1}", 1e-9 * rate);
    let sized = |rate: Rate| format!("{} (half at {:.0})", giga(rate.peak), rate.half);
    let sweeps = [rates.layers, rates.units, rates.rows].map(giga);
    let [layers, units, rows] = sweeps;
    let line = format!("GF/s a thread: layers {layers}, activations {units}, rows {rows}");
    row("sweeps", &line);
    let factors = [
        rates.triangles,
        rates.products,
        rates.cholesky,
        rates.directions,
    ]
    .map(sized);
    let [triangles, products, cholesky, directions] = factors;
    row(
        "matrices",
        &format!(
            "GF/s a thread: triangles {triangles}, products {products}, cholesky {cholesky}, directions {directions}"
        ),
    );
    let line = match link {
        Some(Link { latency, bandwidth }) => format!(
            "{:.1} us and {:.2} GB/s for a message, by sums over the ranks",
            1e6 * latency,
            1e-9 * bandwidth
        ),
        None => "one rank; 2 us and 10 GB/s are assumed".into(),
    };
    row("messages", &line);
    Machine {
        rates,
        link: link.unwrap_or(Link::USUAL),
    }
}

fn ranks(comm: &dyn Comm) -> String {
    let ranks = plural(comm.size(), "rank");
    match launcher_rank() {
        Some(_) => ranks,
        None => format!("{ranks}, started without a launcher; `mpirun -n 4 ned-dist doctor` has 4"),
    }
}

/// A maximum of one number over all ranks: what every step waits for at least.
fn latency(comm: &dyn Comm) -> String {
    let mut micros: Vec<f64> = (0..OFTEN)
        .map(|_| 1e6 * seconds(|| comm.max(&mut [1.0])))
        .collect();
    micros.sort_by(f64::total_cmp);
    let [median, worst] = [micros[OFTEN / 2], micros[OFTEN * 99 / 100]];
    format!("{median:.1} us for a number over all ranks (1 in 100: {worst:.0} us)")
}

/// 8 MB to all ranks, and summed over all ranks.
fn bandwidth(comm: &dyn Comm) -> String {
    let mut data = vec![1.0; LARGE];
    let broadcast = best(|| {
        comm.barrier();
        seconds(|| comm.broadcast(&mut data))
    });
    let shares = Shares::even(comm.size(), comm.size());
    let reduction = best(|| {
        comm.barrier();
        seconds(|| {
            tree_sum(comm, &shares, LARGE, &|_| vec![1.0; LARGE]);
        })
    });
    let mut slowest = [broadcast, reduction];
    comm.max(&mut slowest);
    let rates = slowest.map(|seconds| 8e-9 * LARGE as f64 / seconds.max(1e-9));
    match comm.size() {
        1 => "one rank sends nothing".into(),
        _ => format!(
            "8 MB broadcast at {:.2} GB/s, summed over all ranks at {:.2} GB/s",
            rates[0], rates[1]
        ),
    }
}

/// A matrix product on one thread of every rank at once: ranks that share a core show here, and
/// slow hosts.
fn arithmetic(comm: &dyn Comm) -> String {
    let a = Mat::from_fn(ORDER, ORDER, |i, j| 1.0 / (1 + i + j) as f64);
    let mut c = Mat::<f64>::zeros(ORDER, ORDER);
    comm.barrier();
    let took = seconds(|| {
        for _ in 0..PRODUCTS {
            matmul(&mut c, Accum::Replace, &a, &a, 1.0, Par::Seq);
        }
    });
    let rate = (2 * PRODUCTS * ORDER.pow(3)) as f64 / took / 1e9;
    let texts = gather_text(comm, &format!("{rate} {}", comm.hostname()));
    let mut rates: Vec<RankRate> = texts
        .iter()
        .enumerate()
        .filter_map(RankRate::read)
        .collect();
    rates.sort_by(|a, b| a.rate.total_cmp(&b.rate));
    match (rates.first(), rates.last()) {
        (Some(slow), Some(fast)) if rates.len() > 1 => format!(
            "{:.1} GF/s a thread on the slowest rank ({} on {}), {:.1} on the fastest",
            slow.rate, slow.rank, slow.host, fast.rate
        ),
        _ => format!("{rate:.1} GF/s a thread"),
    }
}

/// How fast a rank is.
struct RankRate {
    rank: usize,
    rate: f64,
    host: String,
}

impl RankRate {
    fn read((rank, text): (usize, &String)) -> Option<Self> {
        let (rate, host) = text.split_once(' ')?;
        Some(Self {
            rank,
            rate: rate.parse().ok()?,
            host: host.into(),
        })
    }
}

/// How far the hosts' clocks differ; log files are read side by side.
fn clocks(comm: &dyn Comm) -> String {
    comm.barrier();
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_or(0.0, |now| now.as_secs_f64());
    let mut extremes = [now, -now];
    comm.max(&mut extremes);
    let apart = 1e3 * (extremes[0] + extremes[1]);
    format!("at most {apart:.1} ms apart")
}

/// Time to bring files to the disk of this folder, as checkpoints are.
///
/// # Errors
/// If the folder cannot be written; the same on all ranks.
fn disk(comm: &dyn Comm) -> Result<String> {
    let measured = match comm.rank() {
        0 => write_files(),
        _ => Ok(String::new()),
    };
    let measured = measured.map_err(|e| {
        Error::Input(format!(
            "this folder cannot be written: {e}; results and checkpoints need a place, see --out"
        ))
    });
    Ok(agree(comm, measured)?.unwrap_or_default())
}

fn write_files() -> std::io::Result<String> {
    let path = std::env::current_dir()?.join(format!(".ned-dist-doctor-{}", std::process::id()));
    let write = |size: usize| -> std::io::Result<f64> {
        let bytes = vec![42; size];
        let clock = Instant::now();
        let mut file = File::create(&path)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        Ok(1e3 * clock.elapsed().as_secs_f64())
    };
    let written = write(4 << 10).and_then(|small| Ok([small, write(8 << 20)?]));
    // Removed whether or not it could be written whole.
    let _ = std::fs::remove_file(&path);
    let [small, large] = written?;
    Ok(format!(
        "4 kB written and synced in {small:.1} ms, 8 MB in {large:.0} ms"
    ))
}

fn seconds(work: impl FnOnce()) -> f64 {
    let clock = Instant::now();
    work();
    clock.elapsed().as_secs_f64()
}

/// The best of three.
fn best(mut measure: impl FnMut() -> f64) -> f64 {
    (0..3).map(|_| measure()).fold(f64::INFINITY, f64::min)
}
