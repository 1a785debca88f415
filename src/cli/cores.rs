//! The cores of this machine, as Linux tells them; nothing where it is another system.

/// The numbers in `0-3,8`.
pub(super) fn numbers(list: &str) -> Vec<usize> {
    let range = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let [first, last] = [first, last].map(|n| n.trim().parse::<usize>().ok());
        Some(first?..=last?)
    };
    list.split(',').filter_map(range).flatten().collect()
}

/// The cores that the system lets this process run on.
pub(super) fn allowed() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let mut lines = status.lines();
    let list = lines.find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
    Some(list.trim().to_owned())
}

/// Cores of the machine, whatever this process may use of them.
pub(super) fn online() -> Option<usize> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let cores = text.lines().filter(|l| l.starts_with("processor")).count();
    (cores > 0).then_some(cores)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_cores() {
        assert_eq!(numbers("0-3,8,10-11"), [0, 1, 2, 3, 8, 10, 11]);
        assert!(numbers("").is_empty());
    }
}
