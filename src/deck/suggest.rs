//! Words for messages: the nearest name, lists of names, and untrusted text cut to a bearable length.

use crate::error::cut;

/// Names longer than this are noise, not misspellings.
const LONGEST: usize = 64;

/// The candidate that `name` is most likely meant to be, if any is near.
pub(super) fn nearest<'a>(name: &str, candidates: &[&'a str]) -> Option<&'a str> {
    if name.len() > LONGEST {
        return None;
    }
    let name = name.to_lowercase();
    let near = candidates
        .iter()
        .map(|c| (strsim::osa_distance(&name, &c.to_lowercase()), *c))
        .min_by_key(|(distance, _)| *distance)?;
    let allowed = (name.chars().count().max(near.1.len()) / 3).max(1);
    (near.0 <= allowed).then_some(near.1)
}

/// `a, b or c`.
pub(super) fn either<S: AsRef<str>>(names: &[S]) -> String {
    match names {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [rest @ .., last] => {
            let rest: Vec<&str> = rest.iter().map(AsRef::as_ref).collect();
            format!("{} or {}", rest.join(", "), last.as_ref())
        }
    }
}

/// The text on one line and of at most `LONGEST` characters.
pub(super) fn shorten(text: &str) -> String {
    cut(text, LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let keys = ["hidden", "activation", "input_scale"];
        assert_eq!(nearest("hiden", &keys), Some("hidden"));
        assert_eq!(nearest("Hidden", &keys), Some("hidden"));
        assert_eq!(nearest("colour", &keys), None);
        assert_eq!(nearest(&"h".repeat(1000), &keys), None);
        assert_eq!(nearest("l3", &["l2", "energy"]), Some("l2"));
    }

    #[test]
    fn lists_read_as_sentences() {
        assert_eq!(either(&["a"]), "a");
        assert_eq!(either(&["a", "b", "c"]), "a, b or c");
    }
}
