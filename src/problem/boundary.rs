//! Boundary conditions as terms of the energy: where they hold, and the residual they leave.

use super::names::Names;
use super::{Place, Region, Term};
use crate::deck::{self, BoundaryLaw, Deck};
use crate::domain::{Domain, Patch};
use crate::energy::{Energy, Residual, Variational};
use crate::error::Result;
use crate::expression::{Id, Symbol, Tape};
use crate::sampling::{Draw, Piece, Purpose, Random, Sampler};
use std::sync::Arc;

/// Points per face that tell where a condition holds.
const PROBES: usize = 4096;

/// Where one condition holds.
struct Selection {
    patches: Vec<Patch>,
    condition: Option<Tape>,
    /// Part of the patches' measure on which the condition holds.
    share: f64,
}

/// The weak boundary conditions of the deck.
///
/// # Errors
/// If a condition has no meaning or holds nowhere.
pub fn terms(
    deck: &Deck,
    names: &mut Names,
    domain: &dyn Domain,
    sampler: &Arc<dyn Sampler>,
) -> Result<Vec<Term>> {
    let mut selections = Vec::with_capacity(deck.boundary.len());
    for condition in &deck.boundary {
        selections.push(select(condition, names, domain)?);
    }
    let measure = |s: &Selection| s.share * s.patches.iter().map(Patch::measure).sum::<f64>();
    let total: f64 = selections.iter().map(measure).sum();
    let points = deck.sampling.boundary_points.or(0) as f64;
    let mut terms = Vec::with_capacity(selections.len());
    for (index, (condition, selection)) in deck.boundary.iter().zip(selections).enumerate() {
        // What the condition filters out is drawn in addition.
        let wanted = points * measure(&selection) / total / selection.share;
        terms.push(Term {
            name: format!("boundary[{index}]"),
            energy: density(&condition.law, names)?,
            weight: condition.weight,
            place: Place::Boundary(Region::new(
                selection.patches,
                sampler.clone(),
                wanted.round() as usize,
                deck.sampling.cells,
                selection.condition,
            )),
        });
    }
    Ok(terms)
}

/// What a condition or a density on the boundary adds to the energy.
fn density(law: &BoundaryLaw, names: &mut Names) -> Result<Box<dyn Energy>> {
    let (dim, unknowns) = (names.coordinates.len(), names.unknowns.len());
    Ok(match law {
        BoundaryLaw::Condition(text) => {
            let residual = names.condition(text)?;
            Box::new(Residual::new(&mut names.pool, dim, unknowns, &[residual]))
        }
        BoundaryLaw::Energy(text) => {
            let density = names.boundary_density(text)?;
            Box::new(Variational::new(&mut names.pool, dim, unknowns, density))
        }
    })
}

fn select(condition: &deck::Boundary, names: &mut Names, domain: &dyn Domain) -> Result<Selection> {
    let patches = domain.boundary();
    if condition.on.text.trim() == "all" {
        return Ok(Selection {
            patches,
            condition: None,
            share: 1.0,
        });
    }
    let place = names.place(&condition.on)?;
    let selection = match place {
        Where::Face(residual) => on_face(patches, &Tape::new(&names.pool, &[residual]), domain),
        Where::Condition(holds) => where_true(patches, Tape::new(&names.pool, &[holds])),
    };
    if selection.patches.is_empty() || selection.share == 0.0 {
        let (lower, upper) = domain.bounds();
        let name = |a: usize| &names.coordinates[a];
        let ends = (0..domain.dim().min(3)).map(|a| {
            format!(
                "\"{} = {}\", \"{} = {}\"",
                name(a),
                lower[a],
                name(a),
                upper[a]
            )
        });
        let faces = ends.collect::<Vec<_>>().join(", ");
        return Err(condition
            .on
            .error(
                format!(
                    "no part of the boundary satisfies \"{}\"",
                    condition.on.text
                ),
                format!("the faces are {faces}; or write \"all\""),
            )
            .into());
    }
    Ok(selection)
}

/// What `on` says.
pub enum Where {
    /// left − right vanishes on the face.
    Face(Id),
    /// An expression that is not zero where the condition holds.
    Condition(Id),
}

/// Values of a tape at random points of a patch.
fn probe(tape: &Tape, patch: &Patch, count: usize) -> Vec<f64> {
    let draw = Draw {
        seed: 0,
        purpose: Purpose::Probe,
        epoch: 0,
    };
    let piece = Piece {
        patch: patch.clone(),
        count: Random.count(patch, count),
        cells: 1,
    };
    let (x, _) = Random.draw(&piece, 0, &mut draw.chance(0, 0));
    let values = tape.eval(piece.count, |symbol| match symbol {
        Symbol::Coordinate(i) => x.col_as_slice(i),
        _ => &[],
    });
    values.into_iter().next().unwrap_or_default()
}

/// The faces on which an equation of the coordinates holds everywhere.
fn on_face(patches: Vec<Patch>, residual: &Tape, domain: &dyn Domain) -> Selection {
    let (lower, upper) = domain.bounds();
    let size = lower
        .iter()
        .chain(&upper)
        .fold(1.0, |s: f64, v| s.max(v.abs()));
    let holds = |patch: &Patch| {
        probe(residual, patch, 16)
            .iter()
            .all(|r| r.abs() <= 1e-9 * size)
    };
    Selection {
        patches: patches.into_iter().filter(holds).collect(),
        condition: None,
        share: 1.0,
    }
}

/// The parts of the faces on which a condition is true.
fn where_true(patches: Vec<Patch>, condition: Tape) -> Selection {
    let mut kept = Vec::new();
    let (mut inside, mut total) = (0.0, 0.0);
    for patch in patches {
        let values = probe(&condition, &patch, PROBES);
        let share = values.iter().filter(|&&v| v != 0.0).count() as f64 / values.len() as f64;
        if share > 0.0 {
            inside += share * patch.measure();
            total += patch.measure();
            kept.push(patch);
        }
    }
    Selection {
        share: if total > 0.0 { inside / total } else { 0.0 },
        patches: kept,
        condition: Some(condition),
    }
}
