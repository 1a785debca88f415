//! `[domain]`: where the equation holds, and what its coordinates are called.

use super::cursor::{Cursor, Table};
use super::error::DeckError;
use super::read::{Read, names};
use serde::Serialize;

/// The highest number of coordinates.
const DIMENSIONS: usize = 1000;

/// The domain.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Domain {
    /// Its shape and extent.
    #[serde(flatten)]
    pub shape: Shape,
    /// The names of the coordinates, one per dimension.
    pub coordinates: Vec<String>,
}

/// A shape with its extent; adding one is a variant here and a name in the list below.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "shape", rename_all = "lowercase")]
pub enum Shape {
    /// The box between two corners, lower < upper in every coordinate.
    Box {
        /// The lower corner.
        lower: Vec<f64>,
        /// The upper corner.
        upper: Vec<f64>,
    },
}

names! {
    /// The names of shapes.
    ShapeName {
        /// [`Shape::Box`].
        Box = "box",
    }
    later ["ball", "polygon", "difference", "union", "intersection"]
}

impl Domain {
    /// Number of coordinates d.
    pub fn dim(&self) -> usize {
        self.coordinates.len()
    }
}

impl Read for Domain {
    fn what() -> String {
        "a table, begun by [domain]".to_owned()
    }

    fn read(at: &Cursor<'_>) -> Result<Option<Self>, DeckError> {
        let known = &["shape", "lower", "upper", "coordinates"];
        let later = [
            "center",
            "radius",
            "vertices",
            "file",
            "difference",
            "union",
            "intersection",
        ];
        let Some(table) = at.table(known, &later)? else {
            return Ok(None);
        };
        let shape = match table.or("shape", ShapeName::Box)? {
            ShapeName::Box => read_box(&table)?,
        };
        let Shape::Box { lower, .. } = &shape;
        let dim = lower.len();
        let coordinates = table.or("coordinates", default_coordinates(dim))?;
        let right = coordinates.len() == dim;
        table.check(
            "coordinates",
            right,
            &format!("a list of {dim} names, one per dimension"),
        )?;
        Ok(Some(Self { shape, coordinates }))
    }
}

fn read_box(table: &Table<'_>) -> Result<Shape, DeckError> {
    let lower: Vec<f64> = table.need("lower", "[0.0, 0.0]")?;
    let upper: Vec<f64> = table.need("upper", "[1.0, 1.0]")?;
    let right = (1..=DIMENSIONS).contains(&lower.len());
    table.check(
        "lower",
        right,
        &format!("a list of 1 to {DIMENSIONS} numbers"),
    )?;
    if upper.len() != lower.len() {
        let (l, u) = (lower.len(), upper.len());
        let message = format!("`domain.upper` has length {u}, `domain.lower` has length {l}");
        return Err(table
            .at("upper")
            .error(message, "give both corners of the box alike"));
    }
    let wrong = lower.iter().zip(&upper).position(|(l, u)| {
        // The second catches a box whose width overflows.
        l >= u || !(u - l).is_finite()
    });
    if let Some(i) = wrong {
        let must = format!(
            "greater than `domain.lower[{i}]`, {:?}, by a finite width",
            lower[i]
        );
        return Err(table.at("upper").item(i).refuse(&must));
    }
    Ok(Shape::Box { lower, upper })
}

/// x, y, z up to three dimensions, x1 .. xd above.
fn default_coordinates(dim: usize) -> Vec<String> {
    match dim {
        0..=3 => ["x", "y", "z"][..dim]
            .iter()
            .map(|c| (*c).to_owned())
            .collect(),
        _ => (1..=dim).map(|i| format!("x{i}")).collect(),
    }
}
