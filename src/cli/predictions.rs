//! Predicted times of a step as a table, for `check` and `scale`, and the machine they hold for.

use crate::comm::Solo;
use crate::error::Result;
use crate::performance::{Link, Machine, Work, rates};
use std::fmt::Write;
use std::path::Path;

/// The constants of a file, or those of this machine's cores and of a usual network; with words that
/// say which.
///
/// # Errors
/// If the file is no machine's.
pub fn machine(file: Option<&Path>) -> Result<(Machine, String)> {
    if let Some(path) = file {
        return Ok((Machine::read(path)?, format!("of {}", path.display())));
    }
    let machine = Machine {
        rates: rates(&Solo),
        link: Link::USUAL,
    };
    let from = "of a core here and a usual network (2 us, 10 GB/s); `mpirun -n 2 ned-dist doctor --out \
                FILE` measures yours, --machine FILE uses it";
    Ok((machine, from.into()))
}

/// A line for each number of ranks, of the work that each of them has to do.
pub fn table(works: &[(usize, Work)], machine: &Machine, threads: usize) -> String {
    let mut text = format!(
        "{:>8}{:>12}{:>11}{:>12}  {}\n",
        "ranks", "ms/step", "speed-up", "efficiency", "limited by"
    );
    for (ranks, work) in works {
        let Some(prediction) = work.predict(machine, *ranks, threads) else {
            let cells = work.cells();
            let _ = writeln!(text, "{ranks:>8}{:>37}only {cells} cells to share", "");
            continue;
        };
        let alone = work.predict(machine, 1, threads);
        let alone = alone.map_or(f64::NAN, |one| one.seconds());
        let (seconds, efficiency) = (prediction.seconds(), prediction.efficiency(alone));
        let percent = 100.0 * efficiency;
        let _ = writeln!(
            text,
            "{ranks:>8}{:>12.3}{:>11.2}{percent:>10.1} %  {}",
            1e3 * seconds,
            efficiency * *ranks as f64,
            prediction.limit()
        );
    }
    text
}
