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

/// What a key that other programs have is in a deck; `table` is where it stands.
pub(super) fn familiar(table: &str, name: &str) -> Option<&'static str> {
    let boundary = table.starts_with("boundary");
    Some(match name {
        "initial" | "initial_condition" | "initial_conditions" | "ic" => {
            "initial values are a [[boundary]] with on = \"t = 0\""
        }
        "type" | "value" | "dirichlet" | "neumann" | "robin" if boundary => {
            "say what holds there, as in condition = \"u = 0\" or \"dn(u) + 2*u = 1\""
        }
        "layers" | "width" | "depth" | "units" | "neurons" => {
            "`network.hidden` lists the units of each layer, as in hidden = [16, 16, 16]"
        }
        "epochs" | "iterations" | "max_iter" => "`stop.steps` and `stop.seconds` end a run",
        "time" | "t_end" | "t_max" | "tmax" => {
            "time is a coordinate: coordinates = [\"x\", \"t\"] in [domain], with its bounds in lower and \
             upper"
        }
        _ => return None,
    })
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
