//! `[domain]`: where the equation holds, and what its coordinates are called.

use super::cursor::{Cursor, Table};
use super::error::DeckError;
use super::outline;
use super::read::{Read, names};
use super::text::Text;
use serde::Serialize;

/// The highest number of coordinates.
const DIMENSIONS: usize = 1000;

/// That of balls: in more dimensions their volumes vanish.
const BALL_DIMENSIONS: usize = 100;

/// The domain.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Domain {
    /// Its shape and extent.
    #[serde(flatten)]
    pub shape: Shape,
    /// The names of the coordinates, one per dimension.
    pub coordinates: Vec<String>,
}

/// A shape with its extent; adding one is a variant here, a name in the list below, and its keys.
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
    /// The ball of all points nearer to the centre than the radius, in any dimension.
    Ball {
        /// The centre.
        center: Vec<f64>,
        /// The radius, above 0.
        radius: f64,
    },
    /// A simple polygon in the plane, convex or not.
    Polygon {
        /// Its corners [x, y] in order, either way around; none until the file is read.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        vertices: Vec<[f64; 2]>,
        /// The file that they are still to be read from.
        #[serde(skip_serializing_if = "Option::is_none")]
        file: Option<Text>,
    },
}

names! {
    /// The names of shapes.
    ShapeName {
        /// [`Shape::Box`].
        Box = "box",
        /// [`Shape::Ball`].
        Ball = "ball",
        /// [`Shape::Polygon`].
        Polygon = "polygon",
    }
    later ["difference", "union", "intersection"]
}

/// The keys that belong to one shape.
const KEYS: &[(&str, ShapeName)] = &[
    ("lower", ShapeName::Box),
    ("upper", ShapeName::Box),
    ("center", ShapeName::Ball),
    ("radius", ShapeName::Ball),
    ("vertices", ShapeName::Polygon),
    ("file", ShapeName::Polygon),
];

/// How vertices are mended.
const MEND: &str = "list the corners of the outline once each, in the order in which they follow";

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
        let known = &[
            "shape",
            "lower",
            "upper",
            "center",
            "radius",
            "vertices",
            "file",
            "coordinates",
        ];
        let later = ["difference", "union", "intersection"];
        let Some(table) = at.table(known, &later)? else {
            return Ok(None);
        };
        let name = table.or("shape", ShapeName::Box)?;
        for (key, of) in KEYS {
            if let Some(at) = table.find(key).filter(|_| *of != name) {
                let message = format!("`{}` is not a key of a {name}, but of a {of}", at.key());
                return Err(at.error(message, format!("set `shape = \"{of}\"`, or remove it")));
            }
        }
        let shape = match name {
            ShapeName::Box => read_box(&table)?,
            ShapeName::Ball => read_ball(&table)?,
            ShapeName::Polygon => read_polygon(&table)?,
        };
        let dim = shape.dim();
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

impl Shape {
    fn dim(&self) -> usize {
        match self {
            Self::Box { lower, .. } => lower.len(),
            Self::Ball { center, .. } => center.len(),
            Self::Polygon { .. } => 2,
        }
    }
}

/// Puts the vertices of an outline's file in its place.
///
/// # Errors
/// If they are not the outline of a polygon, with the file's key.
pub(super) fn set_outline(
    shape: &mut Shape,
    file: &Text,
    points: Vec<[f64; 2]>,
) -> Result<(), DeckError> {
    let points = outline::opened(points);
    if let Some(fault) = outline::fault(&points) {
        let row = fault
            .vertex
            .map_or(String::new(), |v| format!(" (row {})", v + 1));
        let message = format!("{}: {}{row}", file.text, fault.what);
        return Err(file.error(message, MEND));
    }
    *shape = Shape::Polygon {
        vertices: points,
        file: None,
    };
    Ok(())
}

fn read_ball(table: &Table<'_>) -> Result<Shape, DeckError> {
    let center: Vec<f64> = table.need("center", "[0.0, 0.0]")?;
    let radius: f64 = table.need("radius", "1.0")?;
    let right = (1..=BALL_DIMENSIONS).contains(&center.len());
    let must = format!("a list of 1 to {BALL_DIMENSIONS} numbers");
    table.check("center", right, &must)?;
    table.check("radius", radius > 0.0, "greater than 0")?;
    let farthest = center.iter().fold(0.0, |far: f64, c| far.max(c.abs()));
    let volume = radius.powi(center.len() as i32);
    let right = (1e-200..1e200).contains(&volume) && radius > 1e-9 * farthest;
    let must = "neither so large or small that the volume cannot be computed, nor so small that it \
                is lost beside `domain.center`";
    table.check("radius", right, must)?;
    Ok(Shape::Ball { center, radius })
}

fn read_polygon(table: &Table<'_>) -> Result<Shape, DeckError> {
    let (file, points) = (
        table.get::<Text>("file")?,
        table.get::<Vec<Vec<f64>>>("vertices")?,
    );
    let points = match (file, points) {
        (Some(_), Some(_)) => {
            let message = "`domain.file` and `domain.vertices` are both given";
            return Err(table.at("file").error(message, "keep one"));
        }
        (file @ Some(_), None) => {
            let vertices = Vec::new();
            return Ok(Shape::Polygon { vertices, file });
        }
        (None, Some(points)) => points,
        (None, None) => table.need("vertices", "[[0, 0], [1, 0], [0, 1]]")?,
    };
    table.check_each("vertices", &points, |p| p.len() == 2, "a point [x, y]")?;
    let points = points.iter().map(|p| [p[0], p[1]]).collect();
    let vertices = outline::opened(points);
    if let Some(fault) = outline::fault(&vertices) {
        let all = table.at("vertices");
        let at = match fault.vertex {
            Some(vertex) => all.item(vertex),
            None => all,
        };
        let message = format!("`{}`: {}", at.key(), fault.what);
        return Err(at.error(message, MEND));
    }
    let file = None;
    Ok(Shape::Polygon { vertices, file })
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
    let volume: f64 = lower.iter().zip(&upper).map(|(l, u)| u - l).product();
    table.check(
        "upper",
        volume.is_normal(),
        &format!(
            "such that the volume of the box, {volume:e}, can be computed: scale the coordinates"
        ),
    )?;
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
