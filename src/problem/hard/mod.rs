//! Hard boundary conditions: u = g on whole faces, built into the unknown as u = g + ℓ N.
//!
//! The domain supplies ℓ, which vanishes on the hard faces of an unknown. Where all of them carry the
//! same expression g, that is taken over the whole domain; where they differ, the domain extends
//! their values inward, which is exact if the values agree where faces meet. That is probed, and
//! refused otherwise: no continuous function takes two values at a corner.

#[cfg(test)]
mod tests;

use super::boundary::{Selection, listed, probe, select};
use super::names::Names;
use crate::deck::{self, Deck, Enforce};
use crate::domain::Domain;
use crate::error::Result;
use crate::expression::{Derivative, Id, Pool, Symbol, Tape};
use crate::network::Lift;

/// Points per face on which the extended values are compared with the given ones.
const PROBES: usize = 64;

/// One hard condition: unknown = value on the faces of a selection.
pub(super) struct Hard<'d> {
    condition: &'d deck::Boundary,
    /// The unknown that has the value.
    pub(super) unknown: usize,
    value: Id,
    /// Where.
    pub(super) selection: Selection,
}

/// What the hard conditions of the deck build into every unknown; nothing if there are none.
///
/// # Errors
/// If a condition is not of the form u = g, does not hold on whole faces, or contradicts another.
pub fn lifts(deck: &Deck, names: &mut Names, domain: &dyn Domain) -> Result<Vec<Lift>> {
    let all = conditions(deck, names, domain)?;
    if all.is_empty() {
        return Ok(Vec::new());
    }
    let unknowns = 0..names.unknowns.len();
    let lifts = unknowns.map(|unknown| {
        let of_unknown: Vec<&Hard> = all.iter().filter(|h| h.unknown == unknown).collect();
        lift(&of_unknown, names, domain)
    });
    lifts.collect()
}

/// The hard conditions of the deck.
///
/// # Errors
/// If one is not of the form u = g, or does not hold on whole faces.
pub(super) fn conditions<'d>(
    deck: &'d Deck,
    names: &mut Names,
    domain: &dyn Domain,
) -> Result<Vec<Hard<'d>>> {
    let all = deck.boundary.iter();
    let hard = all.filter(|condition| condition.enforce == Enforce::Hard);
    hard.map(|condition| read(deck, condition, names, domain))
        .collect()
}

fn read<'d>(
    deck: &Deck,
    condition: &'d deck::Boundary,
    names: &mut Names,
    domain: &dyn Domain,
) -> Result<Hard<'d>> {
    let text = condition.law.text();
    let residual = names.condition(text)?;
    let Some((unknown, value)) = solved(&mut names.pool, residual) else {
        let message = "this cannot be built into the network: it is not of the form u = g with an \
                       expression g of the coordinates";
        return Err(text
            .error(message, "write it so, or set enforce = \"weak\"")
            .into());
    };
    let selection = select(deck, condition, names, domain)?;
    if selection.share < 1.0 {
        let message = format!(
            "\"{}\" holds on parts of faces only; a hard condition holds on whole ones",
            condition.on.text
        );
        let faces = listed(deck, names, domain);
        let cure = format!("the faces are {faces}; or set enforce = \"weak\"");
        return Err(condition.on.error(message, cure).into());
    }
    Ok(Hard {
        condition,
        unknown,
        value,
        selection,
    })
}

/// The unknown and its value, if the residual is c (u − g) with a constant c and an expression g of
/// the coordinates.
fn solved(pool: &mut Pool, residual: Id) -> Option<(usize, Id)> {
    let mut found = None;
    for symbol in pool.symbols(residual) {
        match symbol {
            Symbol::Coordinate(_) => {}
            Symbol::Jet {
                unknown,
                derivative: Derivative::Value,
            } if found.is_none() => found = Some((unknown, symbol)),
            _ => return None,
        }
    }
    let (unknown, symbol) = found?;
    let slope = pool.derivative(residual, symbol);
    pool.constant(slope).filter(|slope| *slope != 0.0)?;
    let zero = pool.number(0.0);
    let rest = pool.substitute(residual, &mut |s| (s == symbol).then_some(zero));
    let quotient = pool.div(rest, slope);
    Some((unknown, pool.neg(quotient)))
}

/// g and ℓ of one unknown.
fn lift(conditions: &[&Hard], names: &mut Names, domain: &dyn Domain) -> Result<Lift> {
    let Some(first) = conditions.first() else {
        return Ok(Lift::none(&mut names.pool));
    };
    let mut values: Vec<(usize, Id)> = Vec::new();
    for hard in conditions {
        for face in &hard.selection.faces {
            if values.iter().any(|(index, _)| *index == face.index) {
                let name = &names.unknowns[hard.unknown];
                let message = format!("another hard condition sets {name} on one of these faces");
                let cure = "set every face once";
                return Err(hard.condition.on.error(message, cure).into());
            }
            values.push((face.index, hard.value));
        }
    }
    let faces: Vec<usize> = values.iter().map(|(index, _)| *index).collect();
    let text = first.condition.law.text();
    let weak = "or set enforce = \"weak\"";
    let factor = domain.vanishing(&mut names.pool, &faces);
    let factor = factor.map_err(|what| text.error(what, weak))?;
    if values.iter().all(|(_, value)| *value == first.value) {
        return Ok(Lift {
            value: first.value,
            factor,
        });
    }
    let extended = domain.extension(&mut names.pool, &values);
    let value = extended.map_err(|what| text.error(what, weak))?;
    let size = conditions.iter().flat_map(|hard| {
        let value = Tape::new(&names.pool, &[hard.value]);
        let faces = hard.selection.faces.iter();
        faces.flat_map(move |face| probe(&value, &face.patch, PROBES))
    });
    let size = size.fold(0.0, |size: f64, v| size.max(v.abs()));
    for hard in conditions {
        agrees(hard, value, size, names)?;
    }
    Ok(Lift { value, factor })
}

/// Whether the extension has the values of a condition on its faces, where `size` is that of all values.
fn agrees(hard: &Hard, extension: Id, size: f64, names: &mut Names) -> Result<()> {
    let gap = names.pool.sub(extension, hard.value);
    let gap = Tape::new(&names.pool, &[gap]);
    for face in &hard.selection.faces {
        let gaps = probe(&gap, &face.patch, PROBES);
        if !gaps.iter().all(|gap| gap.abs() <= 1e-9 * size) {
            let name = &names.unknowns[hard.unknown];
            let message = format!(
                "the hard conditions on {name} disagree where this one's faces meet the others"
            );
            let cure = "make them agree at edges and corners, or set enforce = \"weak\" for one";
            return Err(hard.condition.law.text().error(message, cure).into());
        }
    }
    Ok(())
}
