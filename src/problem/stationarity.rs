//! Where a variational energy is stationary: its Euler–Lagrange equation as a problem of its own.
//!
//! An energy near its minimum is flat: of u only half the digits are in it, and of its gradient those
//! that survive cancellation. The residual of the Euler–Lagrange equation loses none, and its rows
//! hold the whole second variation, not only the convex part. With ϱ the density of the boundary,
//!
//! ```text
//! ∂e/∂u − div ∂e/∂∇u = 0  inside,
//! n·∂e/∂∇u + ∂ϱ/∂u = 0  and  ∂ϱ/∂∇u = 0  on the boundary,
//! ```
//!
//! but for the variations of u that hard conditions forbid. The last equation belongs to densities of
//! the normal derivative, as Nitsche's are; a density of tangential ones would need their surface
//! divergence, and is not taken.

use super::boundary::{Face, select};
use super::hard;
use super::names::Names;
use super::region::shares;
use super::{Place, Region, Term};
use crate::deck::{BoundaryLaw, Deck, Enforce};
use crate::domain::Domain;
use crate::energy::Residual;
use crate::error::Result;
use crate::expression::{Derivative, Id, Pool, Symbol, Tape, euler_lagrange, flux};
use crate::sampling::{Purpose, Sampler, stream};
use rand::RngExt;
use std::sync::Arc;

/// Random jets and normals at which a density is looked at for tangential derivatives.
const PROBES: usize = 16;

/// The terms of the equation, or why there are none.
pub type Stationarity = std::result::Result<Vec<Term>, String>;

/// A condition on the boundary and the faces it holds on.
struct Law {
    /// weight · density.
    density: Id,
    faces: Vec<usize>,
}

/// What holds on the boundary.
struct Laws {
    weak: Vec<Law>,
    /// (unknown, face) with a hard condition.
    hard: Vec<(usize, usize)>,
}

/// Faces with the same laws.
struct Group {
    faces: Vec<Face>,
    /// Density of all weak conditions together.
    density: Id,
    /// Unknowns that are fixed by hard conditions.
    fixed: Vec<usize>,
}

/// The equation inside, for every unknown; or why there is none.
pub fn equations(names: &mut Names) -> std::result::Result<Vec<Id>, String> {
    let density = names
        .density
        .ok_or("the problem is not given by an energy")?;
    let (dim, unknowns) = (names.coordinates.len(), names.unknowns.len());
    let equation = |k| euler_lagrange(&mut names.pool, density, k, dim);
    let equations: std::result::Result<Vec<Id>, _> = (0..unknowns).map(equation).collect();
    equations.map_err(|what| format!("the Euler-Lagrange equation of the energy {what}"))
}

/// The terms on the boundary of the energy's domain, or why there are none.
///
/// # Errors
/// If a condition of the deck has no meaning.
pub fn boundary(
    deck: &Deck,
    names: &mut Names,
    domain: &dyn Domain,
    sampler: &Arc<dyn Sampler>,
) -> Result<Stationarity> {
    let laws = match laws(deck, names, domain)? {
        Ok(laws) => laws,
        Err(why) => return Ok(Err(why)),
    };
    let groups = group(super::boundary::faces(deck, domain), &laws, &mut names.pool);
    let faces = groups.iter().flat_map(|group| &group.faces);
    let measures: Vec<f64> = faces.map(|face| face.patch.measure()).collect();
    let mut shares = shares(&measures).into_iter();
    let points = deck.sampling.boundary_points.or(0) as f64;
    let (dim, unknowns) = (names.coordinates.len(), names.unknowns.len());
    let mut terms = Vec::new();
    for (index, group) in groups.into_iter().enumerate() {
        let share: f64 = shares.by_ref().take(group.faces.len()).sum();
        let residuals = match residuals(&group, names) {
            Ok(residuals) if residuals.is_empty() => continue,
            Ok(residuals) => residuals,
            Err(why) => return Ok(Err(why)),
        };
        let wanted = (points * share).round() as usize;
        let patches = group.faces.into_iter().map(|face| face.patch).collect();
        let cells = deck.sampling.cells;
        terms.push(Term {
            name: format!("stationary boundary[{index}]"),
            energy: Arc::new(Residual::new(&mut names.pool, dim, unknowns, &residuals)),
            weight: 1.0,
            place: Place::Boundary(Region::new(patches, sampler.clone(), wanted, cells, None)),
        });
    }
    Ok(Ok(terms))
}

/// The deck's conditions, weak ones as weighted densities; or why they do not fit.
fn laws(
    deck: &Deck,
    names: &mut Names,
    domain: &dyn Domain,
) -> Result<std::result::Result<Laws, String>> {
    let mut weak = Vec::new();
    for condition in deck.boundary.iter().filter(|c| c.enforce == Enforce::Weak) {
        let selection = select(deck, condition, names, domain)?;
        if selection.share < 1.0 {
            let on = &condition.on.text;
            return Ok(Err(format!("\"{on}\" holds on parts of faces only")));
        }
        let density = match &condition.law {
            BoundaryLaw::Condition(text) => {
                let residual = names.condition(text)?;
                let half = names.pool.number(0.5);
                let square = names.pool.powi(residual, 2);
                names.pool.mul(half, square)
            }
            BoundaryLaw::Energy(text) => names.boundary_density(text)?,
        };
        let weight = names.pool.number(condition.weight.or(1.0));
        weak.push(Law {
            density: names.pool.mul(weight, density),
            faces: selection.faces.iter().map(|face| face.index).collect(),
        });
    }
    let mut hard = Vec::new();
    for condition in hard::conditions(deck, names, domain)? {
        let faces = condition.selection.faces.iter();
        hard.extend(faces.map(|face| (condition.unknown, face.index)));
    }
    Ok(Ok(Laws { weak, hard }))
}

/// Gathers the faces on which the same laws hold.
fn group(faces: Vec<Face>, laws: &Laws, pool: &mut Pool) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for face in faces {
        let mut density = pool.number(0.0);
        for law in laws.weak.iter().filter(|l| l.faces.contains(&face.index)) {
            density = pool.add(density, law.density);
        }
        let hard = laws.hard.iter().filter(|(_, at)| *at == face.index);
        let fixed: Vec<usize> = hard.map(|(unknown, _)| *unknown).collect();
        let same = |g: &&mut Group| g.density == density && g.fixed == fixed;
        match groups.iter_mut().find(same) {
            Some(group) => group.faces.push(face),
            None => groups.push(Group {
                faces: vec![face],
                density,
                fixed,
            }),
        }
    }
    groups
}

/// What vanishes on the faces of a group, or why it cannot be said.
fn residuals(group: &Group, names: &mut Names) -> std::result::Result<Vec<Id>, String> {
    let Some(inside) = names.density else {
        return Ok(Vec::new());
    };
    let (dim, pool) = (names.coordinates.len(), &mut names.pool);
    let mut residuals = Vec::new();
    for unknown in 0..names.unknowns.len() {
        let slope = |pool: &mut Pool, derivative| {
            let symbol = Symbol::Jet {
                unknown,
                derivative,
            };
            pool.derivative(group.density, symbol)
        };
        let across: Vec<Id> = (0..dim)
            .map(|i| slope(pool, Derivative::First(i)))
            .collect();
        if !group.fixed.contains(&unknown) {
            let outward = flux(pool, inside, unknown, dim);
            let along = slope(pool, Derivative::Value);
            residuals.push(pool.add(outward, along));
        }
        if !is_normal(pool, &across) {
            return Err("a density on the boundary depends on tangential derivatives".into());
        }
        residuals.extend(across);
    }
    let second = |s: &Symbol| {
        let Symbol::Jet { derivative, .. } = s else {
            return false;
        };
        matches!(derivative, Derivative::Second(..) | Derivative::Laplacian)
    };
    if pool.symbols(group.density).iter().any(second) {
        return Err("a density on the boundary depends on second derivatives".into());
    }
    residuals.retain(|r| pool.constant(*r) != Some(0.0));
    Ok(residuals)
}

/// Whether a vector is a multiple of the normal, whatever the jet: seen at random ones.
fn is_normal(pool: &Pool, vector: &[Id]) -> bool {
    let tape = Tape::new(pool, vector);
    let mut rng = stream(0, Purpose::Probe, 0, 0);
    let mut normals: Vec<Vec<f64>> = vector.iter().map(|_| Vec::new()).collect();
    for _ in 0..PROBES {
        let raw: Vec<f64> = vector.iter().map(|_| rng.random_range(-1.0..1.0)).collect();
        let length = raw.iter().map(|x| x * x).sum::<f64>().sqrt();
        let parts = normals.iter_mut().zip(&raw);
        parts.for_each(|(column, x)| column.push(x / length));
    }
    let inputs = tape.inputs().to_vec();
    let mut random = || (0..PROBES).map(|_| rng.random_range(0.1..1.0)).collect();
    let columns: Vec<Vec<f64>> = inputs.iter().map(|_| random()).collect();
    let values = tape.eval(PROBES, |symbol| match symbol {
        Symbol::Normal(i) => &normals[i],
        other => {
            let place = inputs.iter().position(|s| *s == other);
            place.map_or(&[], |place| &columns[place])
        }
    });
    (0..PROBES).all(|k| {
        let dot: f64 = values.iter().zip(&normals).map(|(v, n)| v[k] * n[k]).sum();
        let size = values.iter().map(|v| v[k].abs()).fold(0.0, f64::max);
        let mut parts = values.iter().zip(&normals);
        parts.all(|(v, n)| (v[k] - dot * n[k]).abs() <= 1e-9 * size)
    })
}
