//! The decks to start from, built into the program.

use super::error::DeckError;
use super::suggest::{nearest, shorten};

/// A deck to start from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Starter {
    /// Its name, as in `ned-dist new NAME`.
    pub name: &'static str,
    /// What it solves, in a line: the deck's title.
    pub summary: &'static str,
    /// The deck itself.
    pub text: &'static str,
    /// The files that it needs beside it: name and content.
    pub files: &'static [(&'static str, &'static [u8])],
}

/// A deck of launch/problems with its data files.
macro_rules! starter {
    ($name:literal $(, $file:literal)*) => {
        Starter {
            name: $name,
            summary: title(include_str!(concat!("../../launch/problems/", $name, ".toml"))),
            text: include_str!(concat!("../../launch/problems/", $name, ".toml")),
            files: &[$((
                $file,
                include_bytes!(concat!("../../launch/problems/", $file)),
            )),*],
        }
    };
}

const STARTERS: &[Starter] = &[
    starter!("poisson-2d"),
    starter!("poisson-2d-energy"),
    starter!("poisson-2d-hard"),
    starter!("semilinear-2d"),
    starter!("helmholtz"),
    starter!("disk"),
    starter!("l-shape"),
    starter!("heat"),
    starter!("poisson-5d"),
    starter!("poisson-5d-deep"),
    starter!("fokker-planck"),
    starter!("burgers"),
    starter!("deep-ritz"),
    starter!("allen-cahn"),
    starter!("fit-function"),
    starter!("franke"),
    starter!("oscillation"),
    starter!("terrain", "terrain.csv"),
];

/// The first string of a deck: its title.
const fn title(deck: &str) -> &str {
    let (_, from) = deck.split_at(quote(deck));
    if from.is_empty() {
        return from;
    }
    let (_, title) = from.split_at(1);
    title.split_at(quote(title)).0
}

/// Where the first quote is, or the end.
const fn quote(text: &str) -> usize {
    let mut at = 0;
    while at < text.len() && text.as_bytes()[at] != b'"' {
        at += 1;
    }
    at
}

/// All of them, the default first.
pub fn starters() -> &'static [Starter] {
    STARTERS
}

/// The starter of this name.
///
/// # Errors
/// When there is none; the message names the one that is meant, or all.
pub fn find(name: &str) -> Result<&'static Starter, DeckError> {
    STARTERS
        .iter()
        .find(|starter| starter.name == name)
        .ok_or_else(|| {
            let names: Vec<&str> = STARTERS.iter().map(|starter| starter.name).collect();
            let cure = match nearest(name, &names) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are {}", names.join(", ")),
            };
            DeckError::new(
                format!("`{}` is not a deck to start from", shorten(name)),
                cure,
            )
        })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::deck::Deck;

    #[test]
    fn every_starter_is_a_deck_with_a_title() {
        for starter in starters() {
            let deck = Deck::from_toml(starter.text, starter.name, &[]).unwrap();
            assert_eq!(deck.title, starter.summary);
            assert!(!deck.title.is_empty(), "{} has no title", starter.name);
            let again = Deck::from_toml(&deck.to_toml().unwrap(), "resolved.toml", &[]);
            assert_eq!(again.unwrap(), deck);
        }
    }

    #[test]
    fn a_misspelt_name_is_suggested() {
        let error = find("poison-2d").unwrap_err();
        assert_eq!(error.cure, "did you mean `poisson-2d`?");
        assert!(find("weather").unwrap_err().cure.contains("terrain"));
    }
}
