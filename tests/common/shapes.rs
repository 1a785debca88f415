//! Domains of known geometry, and points in them by any rule.

use faer::Mat;
use ned_dist::deck::Deck;
use ned_dist::domain::{Domain, Patch, of_deck};
use ned_dist::sampling::{Draw, Piece, Purpose, Sampler};
use std::f64::consts::PI;
use std::sync::Arc;

/// A domain with its measure, the measure of its boundary, and ∫ x, ∫ |x|².
pub struct Known {
    pub name: &'static str,
    pub deck: &'static str,
    pub measure: f64,
    pub boundary: f64,
    pub first: f64,
    pub square: f64,
}

/// ∫ |x|² over a ball is (|c|² + R² d / (d + 2)) V; over polygons by summing boxes and triangles.
pub fn known() -> Vec<Known> {
    let volume = [PI * 4.0, 4.0 / 3.0 * PI * 0.125, 8.0 / 15.0 * PI * PI];
    vec![
        Known {
            name: "disk",
            deck: "shape = \"ball\"\ncenter = [1, -3]\nradius = 2",
            measure: volume[0],
            boundary: 4.0 * PI,
            first: volume[0],
            square: (10.0 + 2.0) * volume[0],
        },
        Known {
            name: "ball",
            deck: "shape = \"ball\"\ncenter = [1, 0, 0.5]\nradius = 0.5",
            measure: volume[1],
            boundary: PI,
            first: volume[1],
            square: (1.25 + 0.25 * 0.6) * volume[1],
        },
        Known {
            name: "ball in five dimensions",
            deck: "shape = \"ball\"\ncenter = [0.5, 0, 0, 0, 0]\nradius = 1",
            measure: volume[2],
            boundary: 5.0 * volume[2],
            first: 0.5 * volume[2],
            square: (0.25 + 5.0 / 7.0) * volume[2],
        },
        Known {
            name: "ball in four dimensions",
            deck: "shape = \"ball\"\ncenter = [0, 0, 0, 0.5]\nradius = 1",
            measure: 0.5 * PI * PI,
            boundary: 2.0 * PI * PI,
            first: 0.0,
            square: (0.25 + 4.0 / 6.0) * 0.5 * PI * PI,
        },
        Known {
            name: "interval",
            deck: "shape = \"ball\"\ncenter = [2]\nradius = 1",
            measure: 2.0,
            boundary: 2.0,
            first: 4.0,
            square: 26.0 / 3.0,
        },
        Known {
            name: "triangle, clockwise",
            deck: "shape = \"polygon\"\nvertices = [[0, 0], [0, 4], [3, 0]]",
            measure: 6.0,
            boundary: 12.0,
            first: 6.0,
            square: 25.0,
        },
        Known {
            name: "L",
            deck: "shape = \"polygon\"\n\
                   vertices = [[0, 0], [1, 0], [1, 1], [-1, 1], [-1, -1], [0, -1]]",
            measure: 3.0,
            boundary: 8.0,
            first: -0.5,
            square: 2.0,
        },
        Known {
            // The square [0, 2]² less the triangle (0, 0), (2, 0), (1, 1).
            name: "square with a notch",
            deck: "shape = \"polygon\"\nvertices = [[2, 2], [0, 2], [0, 0], [1, 1], [2, 0]]",
            measure: 3.0,
            boundary: 6.0 + 2.0 * 2.0_f64.sqrt(),
            first: 3.0,
            square: 32.0 / 3.0 - (7.0 / 6.0 + 1.0 / 6.0),
        },
    ]
}

/// The domain of these keys.
pub fn domain(text: &str) -> Arc<dyn Domain> {
    let deck = format!("[domain]\n{text}\n[problem]\nequation = \"u = 1\"");
    let deck = Deck::from_toml(&deck, "test.toml", &[]).unwrap();
    of_deck(&deck.domain.unwrap()).unwrap()
}

/// Points with weights, and normals where there are any.
pub struct Points {
    pub x: Mat<f64>,
    pub weights: Vec<f64>,
    pub normals: Option<Mat<f64>>,
}

/// The points of a patch, cell by cell.
pub fn points(rule: &dyn Sampler, patch: &Patch, wanted: usize, cells: usize) -> Vec<Points> {
    let piece = Piece {
        patch: patch.clone(),
        count: rule.count(patch, wanted),
        cells,
    };
    let draw = Draw {
        seed: 3,
        purpose: Purpose::Training,
        epoch: 0,
    };
    let of_cell = |cell| {
        let (x, weights) = rule.draw(&piece, cell, &mut draw.chance(cell, 0));
        let normals = patch.normals(&x);
        Points {
            x,
            weights,
            normals,
        }
    };
    (0..cells).map(of_cell).collect()
}
