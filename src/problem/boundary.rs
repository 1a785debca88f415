//! Boundary conditions as terms of the energy: where they hold, and the residual they leave.
//!
//! A periodic coordinate has no ends: its faces belong to no condition, not even to `all`.

use super::names::{Names, is_equation};
use super::region::shares;
use super::{Place, Region, Term, network};
use crate::deck::{self, BoundaryLaw, Deck, Enforce, Text};
use crate::domain::{Domain, Patch};
use crate::energy::{Energy, Residual, Variational};
use crate::error::{Error, Result};
use crate::expression::{Id, Symbol, Tape};
use crate::sampling::{Draw, Piece, Purpose, Random, Sampler};
use faer::Mat;
use std::sync::Arc;

/// Points per face that tell where a condition holds.
const PROBES: usize = 4096;

/// A patch of the boundary and its place in the domain's list.
#[derive(Clone)]
pub struct Face {
    /// Its place in [`Domain::boundary`].
    pub index: usize,
    /// The patch itself.
    pub patch: Patch,
}

/// Where one condition holds.
pub struct Selection {
    /// The faces on which it holds somewhere.
    pub faces: Vec<Face>,
    condition: Option<Tape>,
    /// Part of the faces' measure on which the condition holds.
    pub share: f64,
}

impl Selection {
    fn whole(faces: Vec<Face>) -> Self {
        Self {
            faces,
            condition: None,
            share: 1.0,
        }
    }

    /// Of its faces, by the part on which it holds.
    fn measures(&self) -> impl Iterator<Item = f64> {
        (self.faces.iter()).map(|face| self.share * face.patch.measure())
    }
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
    let all = deck.boundary.iter().enumerate();
    let weak = all.filter(|(_, condition)| condition.enforce == Enforce::Weak);
    let mut selections = Vec::new();
    for (index, condition) in weak {
        selections.push((index, select(deck, condition, names, domain)?));
    }
    let measures = selections.iter().flat_map(|(_, s)| s.measures());
    let mut shares = shares(&measures.collect::<Vec<_>>()).into_iter();
    let points = deck.sampling.boundary_points.or(0) as f64;
    let mut terms = Vec::with_capacity(selections.len());
    for (index, selection) in selections {
        let condition = &deck.boundary[index];
        let share: f64 = shares.by_ref().take(selection.faces.len()).sum();
        // What the condition filters out is drawn in addition.
        let wanted = points * share / selection.share;
        terms.push(Term {
            name: format!("boundary[{index}]"),
            energy: density(&condition.law, names)?,
            weight: condition.weight.or(1.0),
            place: Place::Boundary(Region::new(
                selection.faces.into_iter().map(|face| face.patch).collect(),
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
fn density(law: &BoundaryLaw, names: &mut Names) -> Result<Arc<dyn Energy>> {
    let (dim, unknowns) = (names.coordinates.len(), names.unknowns.len());
    Ok(match law {
        BoundaryLaw::Condition(text) => {
            let residual = names.condition(text)?;
            Arc::new(Residual::new(&mut names.pool, dim, unknowns, &[residual]))
        }
        BoundaryLaw::Energy(text) => {
            let density = names.boundary_density(text)?;
            Arc::new(Variational::new(&mut names.pool, dim, unknowns, density))
        }
    })
}

/// The faces on which a condition of the deck holds.
///
/// # Errors
/// If `on` has no meaning, or there is no such part of the boundary.
pub fn select(
    deck: &Deck,
    condition: &deck::Boundary,
    names: &mut Names,
    domain: &dyn Domain,
) -> Result<Selection> {
    let faces = faces(deck, domain);
    let on = &condition.on;
    if faces.is_empty() {
        let message = "every coordinate is periodic, so there is no boundary";
        return Err(on.error(message, "remove this [[boundary]]").into());
    }
    if on.text.trim() == "all" {
        return Ok(Selection::whole(faces));
    }
    let named = domain.face_names(&names.coordinates);
    let part = |text: &str| Text {
        text: text.trim().into(),
        ..on.clone()
    };
    let parts: Vec<Text> = on.text.split(" or ").map(part).collect();
    let factors: Vec<Text> = on.text.split(" and ").map(part).collect();
    let is_face = |part: &&Text| is_called(&part.text, &named) || is_equation(&part.text);
    let mut found = |part: &Text| -> Result<Vec<usize>> {
        let found = face(part, &faces, &named, names, domain)?;
        match found.is_empty() {
            true => Err(nowhere(part, deck, names, domain)),
            false => Ok(found),
        }
    };
    let selection = if factors.len() == 1 && parts.iter().all(|part| is_face(&part)) {
        let chosen = parts.iter().map(&mut found).collect::<Result<Vec<_>>>()?;
        let chosen = chosen.concat();
        Selection::whole(kept(&faces, |index| chosen.contains(&index)))
    } else if parts.len() == 1 {
        let (on_faces, rest): (Vec<&Text>, Vec<&Text>) = factors.iter().partition(is_face);
        let chosen: Vec<_> = (on_faces.into_iter().map(&mut found)).collect::<Result<_>>()?;
        let faces = kept(&faces, |index| chosen.iter().all(|c| c.contains(&index)));
        let rest: Vec<&str> = rest.into_iter().map(|rest| rest.text.as_str()).collect();
        match rest.is_empty() {
            true => Selection::whole(faces),
            false => where_true(faces, names.place(&part(&rest.join(" and ")))?, names),
        }
    } else if is_equation(&on.text) {
        let message = "an equation beside `and` and `or`, or beside an inequality and `or`";
        let cure = "give each part that `or` joins a [[boundary]] of its own";
        return Err(on.error(message, cure).into());
    } else {
        where_true(faces, names.place(on)?, names)
    };
    if selection.faces.is_empty() || selection.share == 0.0 {
        return Err(nowhere(on, deck, names, domain));
    }
    Ok(selection)
}

fn nowhere(on: &Text, deck: &Deck, names: &Names, domain: &dyn Domain) -> Error {
    let message = format!("no part of the boundary satisfies \"{}\"", on.text);
    let cure = format!(
        "the faces are {}; or write \"all\". A point has no measure: give a part around it, \
         as in \"x < 0.1\"",
        listed(deck, names, domain)
    );
    on.error(message, cure).into()
}

/// Whether this is the name of a face, or of an edge that may not exist.
fn is_called(part: &str, named: &[String]) -> bool {
    named.iter().any(|name| name == part) || part.starts_with("edge ")
}

/// The places of the faces that are called so, or on which an equation of the coordinates holds.
fn face(
    on: &Text,
    faces: &[Face],
    named: &[String],
    names: &mut Names,
    domain: &dyn Domain,
) -> Result<Vec<usize>> {
    if is_called(&on.text, named) {
        let called = faces.iter().filter(|face| named[face.index] == on.text);
        return Ok(called.map(|face| face.index).collect());
    }
    let residual = names.face(on)?;
    Ok(on_face(faces, &Tape::new(&names.pool, &[residual]), domain))
}

/// The patches of the boundary but those at the ends of a periodic coordinate.
pub fn faces(deck: &Deck, domain: &dyn Domain) -> Vec<Face> {
    let periodic = network::periodic_axes(deck);
    let ends = |patch: &Patch| {
        let normals = patch.normals(&Mat::zeros(1, patch.dim()));
        normals.is_some_and(|normal| periodic.iter().any(|&axis| normal[(0, axis)] != 0.0))
    };
    let all = domain.boundary().into_iter().enumerate();
    all.map(|(index, patch)| Face { index, patch })
        .filter(|face| !ends(&face.patch))
        .collect()
}

/// What the first few faces may be called: `"x = 0", "x = 1"`.
pub fn listed(deck: &Deck, names: &Names, domain: &dyn Domain) -> String {
    let all = domain.face_names(&names.coordinates);
    let faces = faces(deck, domain).into_iter().take(6);
    let faces = faces.map(|face| format!("\"{}\"", all[face.index]));
    faces.collect::<Vec<_>>().join(", ")
}

/// Values of a tape at random points of a patch.
pub fn probe(tape: &Tape, patch: &Patch, count: usize) -> Vec<f64> {
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

/// The places of the faces on which an equation of the coordinates holds everywhere.
fn on_face(faces: &[Face], residual: &Tape, domain: &dyn Domain) -> Vec<usize> {
    // In whatever units: small is what is small beside its values elsewhere.
    let elsewhere = domain.interior().into_iter();
    let elsewhere = elsewhere.chain(faces.iter().map(|face| face.patch.clone()));
    let size = (elsewhere.flat_map(|patch| probe(residual, &patch, 16)))
        .fold(0.0, |size: f64, r| size.max(r.abs()));
    let small = size * accuracy(domain);
    let holds = |face: &Face| {
        probe(residual, &face.patch, 16)
            .iter()
            .all(|r| r.abs() <= small)
    };
    let found = faces.iter().filter(|face| holds(face));
    found.map(|face| face.index).collect()
}

/// What of the size of a domain may be rounding: more where it lies far from the origin.
fn accuracy(domain: &dyn Domain) -> f64 {
    let (lower, upper) = domain.bounds();
    let far = lower.iter().zip(&upper).map(|(lower, upper)| {
        let distance = lower.abs().max(upper.abs());
        8.0 * f64::EPSILON * distance / (upper - lower)
    });
    far.fold(1e-9, f64::max)
}

/// Faces at these places.
fn kept(faces: &[Face], wanted: impl Fn(usize) -> bool) -> Vec<Face> {
    let kept = faces.iter().filter(|face| wanted(face.index));
    kept.cloned().collect()
}

/// The parts of the faces on which a condition is true.
fn where_true(faces: Vec<Face>, condition: Id, names: &Names) -> Selection {
    let condition = Tape::new(&names.pool, &[condition]);
    let mut kept = Vec::new();
    let (mut inside, mut total) = (0.0, 0.0);
    for face in faces {
        let values = probe(&condition, &face.patch, PROBES);
        let share = values.iter().filter(|&&v| v != 0.0).count() as f64 / values.len() as f64;
        if share > 0.0 {
            inside += share * face.patch.measure();
            total += face.patch.measure();
            kept.push(face);
        }
    }
    Selection {
        share: if total > 0.0 { inside / total } else { 0.0 },
        faces: kept,
        condition: Some(condition),
    }
}
