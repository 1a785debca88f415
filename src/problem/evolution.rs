//! Evolutions: problems whose conditions stand at one end of the time alone, so that what holds there determines
//! what follows.

use super::boundary::select;
use super::names::Names;
use crate::deck::{Deck, Shape};
use crate::domain::Domain;
use crate::error::Result;
use std::ops::Range;

/// The coordinate called time.
pub(super) const TIME: &str = "t";

/// Along which coordinate a problem evolves, and from which of its ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evolution {
    axis: usize,
    forward: bool,
}

/// Which of a coordinate's two ends a condition of a deck holds on, and whether on other faces.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ends {
    pub(super) lower: bool,
    pub(super) upper: bool,
    pub(super) sides: bool,
}

impl Ends {
    /// Those of `t`, or of the only coordinate, of a box, by condition; the coordinate too. None elsewhere.
    ///
    /// # Errors
    /// If the place of a condition has no meaning.
    pub(super) fn by_condition(
        deck: &Deck,
        names: &mut Names,
        domain: &dyn Domain,
    ) -> Result<Option<(usize, Vec<Self>)>> {
        let coordinates = &names.coordinates;
        let time = coordinates.iter().position(|name| name == TIME);
        let shape = deck.domain.as_ref().map(|domain| &domain.shape);
        let (Some(axis), Some(Shape::Box { lower, .. })) =
            (time.or((coordinates.len() == 1).then_some(0)), shape)
        else {
            return Ok(None);
        };
        let of_condition = |condition| -> Result<Self> {
            let mut ends = Self::default();
            for face in select(deck, condition, names, domain)?.faces {
                let first = face.patch.lower(axis) == lower[axis];
                let is_end = !face.patch.free_axes().contains(&axis);
                ends.lower |= is_end && first;
                ends.upper |= is_end && !first;
                ends.sides |= !is_end;
            }
            Ok(ends)
        };
        let all: Result<Vec<Self>> = deck.boundary.iter().map(of_condition).collect();
        Ok(Some((axis, all?)))
    }
}

impl Evolution {
    /// The evolution along a coordinate, where conditions are given at one of its two ends and not at the other.
    pub(super) fn of(axis: usize, ends: &[Ends]) -> Option<Self> {
        let lower = ends.iter().any(|ends| ends.lower);
        let upper = ends.iter().any(|ends| ends.upper);
        let forward = lower;
        (lower != upper).then_some(Self { axis, forward })
    }

    /// The coordinate.
    pub fn axis(self) -> usize {
        self.axis
    }

    /// The first `share` of the evolution, as shares of the coordinate's extent.
    pub fn beginning(self, share: f64) -> Range<f64> {
        match self.forward {
            true => 0.0..share,
            false => 1.0 - share..1.0,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::problem::build;

    /// The evolution in a deck in x and t with a condition on each of these places.
    fn of(places: &[&str], change: [&str; 2]) -> Option<Evolution> {
        let law = "[domain]\ncoordinates = [\"x\", \"t\"]\nlower = [0.0, 0.0]\nupper = [1.0, 2.0]\n\
                   [problem]\nequation = \"lap(u) = u_x\"\n";
        let condition = |on: &&str| format!("[[boundary]]\non = \"{on}\"\ncondition = \"u = 0\"\n");
        let conditions: String = places.iter().map(condition).collect();
        let text = (law.to_string() + &conditions).replace(change[0], change[1]);
        let mut deck = Deck::from_toml(&text, "deck.toml", &[]).unwrap();
        build(&mut deck, None).unwrap().evolution
    }

    #[test]
    fn an_evolution_goes_from_the_end_with_conditions_to_the_one_without() {
        let same = ["t", "t"];
        let sides = "x = 0 or x = 1";
        let found = of(&[sides, "t = 0"], same).unwrap();
        assert_eq!((found.axis(), found.beginning(0.1)), (1, 0.0..0.1));
        let found = of(&["t = 2 and x > 0.5"], same).unwrap();
        assert_eq!((found.axis(), found.beginning(0.25)), (1, 0.75..1.0));
        let hard = ["condition", "enforce = \"hard\"\ncondition"];
        assert!(of(&["t = 0"], hard).is_some());
        for places in [&[sides][..], &["all"], &["t = 0", "t = 2"], &[]] {
            assert_eq!(of(places, same), None, "{places:?}");
        }
        // Of several coordinates only one can be time.
        let law = ["\"t\"", "\"y\""];
        assert_eq!(of(&["x = 0"], law), None);
    }

    #[test]
    fn the_only_coordinate_is_time_whatever_its_name() {
        let text = "[domain]\nlower = [0.0]\nupper = [1.0]\n[problem]\nequation = \"u_x = u\"\n\
                    [[boundary]]\non = \"x = 0\"\ncondition = \"u = 1\"\n";
        let mut deck = Deck::from_toml(text, "deck.toml", &[]).unwrap();
        let found = build(&mut deck, None).unwrap().evolution.unwrap();
        assert_eq!(found.beginning(0.5), 0.0..0.5);
    }
}
