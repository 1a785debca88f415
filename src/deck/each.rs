//! A positive number, or a list with one for each unknown, equation or target.

use super::auto::Auto;
use super::cursor::Cursor;
use super::error::DeckError;
use super::node::Kind;
use super::read::Read;
use serde::{Serialize, Serializer};

/// One number for all, or one for each; never empty.
#[derive(Clone, Debug, PartialEq)]
pub struct Each(pub Vec<f64>);

impl Each {
    /// The number of each of `count`.
    pub fn of(&self, count: usize) -> Vec<f64> {
        match self.0.as_slice() {
            [one] => vec![*one; count],
            each => each.to_vec(),
        }
    }
}

impl Auto<Each> {
    /// The given numbers, or 1, for each of `count`.
    pub fn each(&self, count: usize) -> Vec<f64> {
        let given = self.as_option();
        given.map_or(vec![1.0; count], |given| given.of(count))
    }

    /// Chooses these numbers where the deck leaves the choice open, as one where they are alike.
    pub fn fill_each(&mut self, numbers: &[f64]) {
        let alike = numbers.windows(2).all(|pair| pair[0] == pair[1]);
        self.fill(Each(match alike {
            true => numbers.iter().take(1).copied().collect(),
            false => numbers.to_vec(),
        }));
    }

    /// Checks the numbers, if they are given, and that there is one for all or for each of `count` things called
    /// `noun`.
    pub(super) fn check(&self, at: &Cursor<'_>, count: usize, noun: &str) -> Result<(), DeckError> {
        let Self::Set(Each(given)) = self else {
            return Ok(());
        };
        let positive = given.iter().all(|number| *number > 0.0);
        if positive && (given.len() == 1 || given.len() == count) {
            return Ok(());
        }
        let each = format!(", or a list of {count} of them, one for each {noun}");
        let each = if count > 1 { &each } else { "" };
        Err(at.refuse(&format!("a number greater than 0{each}")))
    }
}

impl Serialize for Each {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [one] => one.serialize(serializer),
            each => each.serialize(serializer),
        }
    }
}

impl Read for Each {
    fn what() -> String {
        format!("{}, or a list of them", f64::what())
    }

    fn read(at: &Cursor<'_>) -> Result<Option<Self>, DeckError> {
        Ok(match at.kind() {
            Kind::List(_) => Vec::read(at)?.filter(|each| !each.is_empty()).map(Self),
            _ => f64::read(at)?.map(|one| Self(vec![one])),
        })
    }
}
