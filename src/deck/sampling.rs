//! `[sampling]`: how many points, by which rule, and into how many cells they are divided.

use super::auto::Auto;
use super::cursor::Cursor;
use super::error::DeckError;
use super::node::Kind;
use super::read::{Read, names};
use serde::{Serialize, Serializer};

/// The most points of a term, 2^32: every rank keeps a number for each cell of up to 256 points.
const POINTS: usize = 1 << 32;
/// The most cells, 2^24.
const CELLS: usize = 1 << 24;

/// The most Gauss points along a coordinate: each is found by a recursion over all of them.
pub const GAUSS_NODES: usize = 1 << 14;

/// The points at which the energy is evaluated.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sampling {
    /// Points in the domain, over all ranks.
    pub points: Auto<usize>,
    /// Points on the boundary, over all ranks.
    pub boundary_points: Auto<usize>,
    /// How they are chosen; by default random if they are fresh, else gauss in up to three dimensions
    /// and sobol in more. Where a finish on fixed points has fitted them alone, later ones follow the residual.
    pub rule: Auto<RuleName>,
    /// Random points of each fresh subset, in stages of efficient NED.
    pub batch: Auto<usize>,
    /// When they are drawn anew; by default never, but points of sgd and adam at every step, and
    /// adaptive ones whenever a stage of the run begins.
    pub resample: Auto<Resample>,
    /// Cells that each term's points are divided into: the unit that ranks share out.
    pub cells: Auto<usize>,
}

names! {
    /// The names of sampling rules.
    RuleName {
        /// Independent uniform points.
        Random = "random",
        /// A scrambled Sobol sequence; the nearest power of two of points on every patch.
        Sobol = "sobol",
        /// Gauss–Legendre points of a tensor grid; up to three dimensions.
        Gauss = "gauss",
        /// Points that follow the residual of the equation: half of them uniform, half where it is
        /// large; chosen anew with every sample set. Boundary points are random.
        Adaptive = "adaptive",
    }
    later []
}

/// When points are drawn anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resample {
    /// `false`: the points are fixed.
    Never,
    /// Every so many steps, at least 1; `true` is every step.
    Every(u64),
}

impl Serialize for Resample {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Never => serializer.serialize_bool(false),
            Self::Every(1) => serializer.serialize_bool(true),
            Self::Every(steps) => serializer.serialize_u64(*steps),
        }
    }
}

impl Read for Resample {
    fn what() -> String {
        "true, false, a number of steps from 1".to_owned()
    }

    fn read(at: &Cursor<'_>) -> Result<Option<Self>, DeckError> {
        Ok(match at.kind() {
            Kind::Boolean(true) => Some(Self::Every(1)),
            Kind::Boolean(false) => Some(Self::Never),
            _ => u64::read(at)?.filter(|steps| *steps > 0).map(Self::Every),
        })
    }
}

impl Read for Sampling {
    fn what() -> String {
        "a table, begun by [sampling]".to_owned()
    }

    fn read(at: &Cursor<'_>) -> Result<Option<Self>, DeckError> {
        let known = &[
            "points",
            "boundary_points",
            "rule",
            "batch",
            "resample",
            "cells",
        ];
        let Some(table) = at.table(known, &[])? else {
            return Ok(None);
        };
        let count = |name: &str, most: usize, must: &str| {
            let count: Auto<usize> = table.or(name, Auto::Auto)?;
            table.check(name, count.all(|n| (1..=most).contains(n)), must)?;
            Ok(count)
        };
        Ok(Some(Self {
            points: count("points", POINTS, "from 1 to 2^32")?,
            boundary_points: count("boundary_points", POINTS, "from 1 to 2^32")?,
            rule: table.or("rule", Auto::Auto)?,
            batch: count("batch", POINTS, "from 1 to 2^32")?,
            resample: table.or("resample", Auto::Auto)?,
            cells: count("cells", CELLS, "from 1 to 2^24")?,
        }))
    }
}
