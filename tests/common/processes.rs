//! The processes of a run, found by the folder it writes to.

use std::path::Path;

/// The ranks of the run that writes to `out`.
pub fn ranks_of(out: &Path) -> Vec<u32> {
    find(out, &|program| program == "ned-dist")
}

/// What started those ranks: mpirun and its kin, but `timeout`.
pub fn launchers_of(out: &Path) -> Vec<u32> {
    find(out, &|program| {
        program != "ned-dist" && program != "timeout"
    })
}

/// The processes with `out` among their arguments whose program is wanted.
fn find(out: &Path, wanted: &dyn Fn(&str) -> bool) -> Vec<u32> {
    let out = out.display().to_string();
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Ok(process) = entry.file_name().to_string_lossy().parse::<u32>() else {
            continue;
        };
        let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let line = super::text(&line);
        let words: Vec<&str> = line.split('\0').collect();
        let program = Path::new(words[0]).file_name().unwrap_or_default();
        if words.contains(&out.as_str()) && wanted(&program.to_string_lossy()) {
            found.push(process);
        }
    }
    found.sort_unstable();
    found
}
