//! One value, or a list with one for each stage of the run.

use super::cursor::Cursor;
use super::error::DeckError;
use super::node::Kind;
use super::read::Read;
use serde::{Serialize, Serializer};

/// The most stages.
const STAGES: usize = 100;

/// Values for the stages of a run, in order; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Many<T>(pub Vec<T>);

impl<T: Serialize> Serialize for Many<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [one] => one.serialize(serializer),
            many => many.serialize(serializer),
        }
    }
}

impl<T: Read> Read for Many<T> {
    fn what() -> String {
        format!("{}, or a list with one for each stage", T::what())
    }

    fn names() -> Vec<&'static str> {
        T::names()
    }

    fn later() -> &'static [&'static str] {
        T::later()
    }

    fn read(at: &Cursor<'_>) -> Result<Option<Self>, DeckError> {
        Ok(match at.kind() {
            Kind::List(items) if items.len() > STAGES => {
                let must = format!("a list of at most {STAGES}, one for each stage");
                return Err(at.refuse(&must));
            }
            Kind::List(_) => Vec::read(at)?.filter(|many| !many.is_empty()).map(Self),
            _ => T::read(at)?.map(|one| Self(vec![one])),
        })
    }
}
