//! From a name to its value: `u_xy`, `n_x`, `x_i` inside a sum.

use super::function::Function;
use super::notation::{Field, Value};
use super::pool::{Derivative, Id, Pool, Symbol};
use super::scope::{Meaning, Scope};
use super::unknown::{listed, unknown_name};

/// Words that are not functions of one number.
pub(super) const WORDS: [&str; 18] = [
    "pi", "e", "r2", "min", "max", "if", "and", "or", "not", "over", "sum", "norm", "lap", "grad",
    "grad2", "div", "dot", "dn",
];

/// The index of a sum: its name and the coordinate that `x_i` now means.
#[derive(Clone, Debug)]
pub(super) struct Index {
    pub(super) name: String,
    /// Which term, from 1.
    pub(super) count: usize,
    pub(super) coordinate: usize,
}

/// Names with a meaning of their own, which nothing else can have.
pub fn reserved() -> impl Iterator<Item = &'static str> {
    let words = WORDS.into_iter().chain(["x_i", "n_i", "manufactured"]);
    words.chain(Function::all().map(Function::name))
}

/// Whether `name` is read as a derivative of an unknown or a component of the normal.
pub(super) fn is_composed(scope: &Scope, name: &str) -> bool {
    let mut splits = splits(name);
    splits.any(|(base, suffix)| {
        let unknown = matches!(scope.meanings.get(base), Some(Meaning::Unknown(_)));
        (unknown || base == "n") && coordinates_of(scope, suffix, &[]).is_some()
    })
}

/// (before, after) every underscore.
fn splits(name: &str) -> impl Iterator<Item = (&str, &str)> {
    let places = name.match_indices('_').filter(|(at, _)| *at > 0);
    places.map(|(at, _)| (&name[..at], &name[at + 1..]))
}

fn coordinate(scope: &Scope, name: &str, indices: &[Index]) -> Option<usize> {
    let index = name.strip_prefix("x_");
    let index = index.and_then(|n| indices.iter().rev().find(|i| i.name == n));
    match (index, scope.meanings.get(name)) {
        (Some(index), _) => Some(index.coordinate),
        (None, Some(Meaning::Coordinate(i))) => Some(*i),
        _ => None,
    }
}

/// The one or two coordinates that `suffix` spells.
fn coordinates_of(scope: &Scope, suffix: &str, indices: &[Index]) -> Option<Vec<usize>> {
    if let Some(i) = coordinate(scope, suffix, indices) {
        return Some(vec![i]);
    }
    let mut places = suffix.char_indices().skip(1);
    places.find_map(|(at, _)| {
        let first = coordinate(scope, &suffix[..at], indices)?;
        Some(vec![first, coordinate(scope, &suffix[at..], indices)?])
    })
}

/// The value of a name.
pub(super) fn resolve(
    pool: &mut Pool,
    scope: &Scope,
    name: &str,
    indices: &[Index],
) -> Result<Value, String> {
    if let Some(index) = indices.iter().rev().find(|i| i.name == name) {
        return Ok(Value::Scalar(pool.number(index.count as f64)));
    }
    let column = scope.columns.iter().position(|c| c == name);
    if let Some(k) = column.filter(|_| scope.prefer_columns) {
        return Ok(Value::Scalar(pool.symbol(Symbol::Column(k))));
    }
    if let Some(value) = known(pool, scope, name, indices)? {
        return Ok(value);
    }
    if let Some(k) = column {
        return Ok(Value::Scalar(pool.symbol(Symbol::Column(k))));
    }
    if let Some(value) = derived(pool, scope, name, indices)? {
        return Ok(value);
    }
    match name {
        "x" => Ok(Value::Vector(position(pool, scope))),
        "n" if scope.on_boundary => {
            let components = scope.space().into_iter();
            let components = components.map(|i| pool.symbol(Symbol::Normal(i))).collect();
            Ok(Value::Vector(Field::new(components)))
        }
        _ => Err(unknown_name(scope, name)),
    }
}

/// The coordinates of space as a vector.
fn position(pool: &mut Pool, scope: &Scope) -> Field {
    let space = scope.space().into_iter();
    Field::new(space.map(|i| pool.symbol(Symbol::Coordinate(i))).collect())
}

/// Names with a meaning of their own.
fn known(
    pool: &mut Pool,
    scope: &Scope,
    name: &str,
    indices: &[Index],
) -> Result<Option<Value>, String> {
    if let Some(i) = coordinate(scope, name, indices) {
        return Ok(Some(Value::Scalar(pool.symbol(Symbol::Coordinate(i)))));
    }
    let id = match (name, scope.meanings.get(name)) {
        ("pi", _) => pool.number(std::f64::consts::PI),
        ("e", _) => pool.number(std::f64::consts::E),
        ("r2", _) => {
            let x = position(pool, scope).components(pool)?;
            pool.dot(&x, &x)
        }
        (_, Some(Meaning::Constant(value))) => pool.number(*value),
        (_, Some(Meaning::Function(value))) => return Ok(Some(value.clone())),
        (_, Some(Meaning::Unknown(_))) if scope.hide_unknowns => {
            return Err(format!(
                "the unknown `{name}` cannot be used here: only coordinates, constants and functions"
            ));
        }
        (_, Some(Meaning::Unknown(unknown))) => jet(pool, *unknown, Derivative::Value),
        _ => return Ok(None),
    };
    Ok(Some(Value::Scalar(id)))
}

fn jet(pool: &mut Pool, unknown: usize, derivative: Derivative) -> Id {
    pool.symbol(Symbol::Jet {
        unknown,
        derivative,
    })
}

/// Names that are put together: derivatives and components of the normal.
fn derived(
    pool: &mut Pool,
    scope: &Scope,
    name: &str,
    indices: &[Index],
) -> Result<Option<Value>, String> {
    for (base, suffix) in splits(name) {
        let meaning = scope.meanings.get(base);
        let subject = match meaning {
            Some(Meaning::Unknown(_) | Meaning::Function(Value::Scalar(_))) => base,
            _ if base == "n" => return normal(pool, scope, name, suffix, indices),
            _ => continue,
        };
        let Some(value) = known(pool, scope, subject, indices)? else {
            continue;
        };
        let mut id = value.scalar()?;
        let Some(coordinates) = coordinates_of(scope, suffix, indices) else {
            // Where n is an unknown, its derivative is n_x and the normal n_1.
            if base == "n" && suffix.starts_with(|c: char| c.is_ascii_digit()) {
                return normal(pool, scope, name, suffix, indices);
            }
            return Err(bad_suffix(scope, base, suffix, indices));
        };
        for i in coordinates {
            id = pool
                .total_derivative(id, i)
                .map_err(|e| format!("`{name}` {e}"))?;
        }
        return Ok(Some(Value::Scalar(id)));
    }
    Ok(None)
}

/// `n_x`, or `n_1` by number.
fn normal(
    pool: &mut Pool,
    scope: &Scope,
    name: &str,
    suffix: &str,
    indices: &[Index],
) -> Result<Option<Value>, String> {
    let index = indices.iter().rev().find(|i| i.name == suffix);
    let number = suffix.parse::<usize>().ok().and_then(|k| k.checked_sub(1));
    let number = number.filter(|&i| i < scope.coordinates.len());
    let found = index.map(|i| i.coordinate).or(number);
    match found.or_else(|| coordinate(scope, suffix, indices)) {
        None => Ok(None),
        Some(_) if !scope.on_boundary => Err(format!(
            "`{name}`, the outward normal, is only known in boundary conditions"
        )),
        Some(i) => Ok(Some(Value::Scalar(pool.symbol(Symbol::Normal(i))))),
    }
}

fn bad_suffix(scope: &Scope, base: &str, suffix: &str, indices: &[Index]) -> String {
    let mut ends = suffix.char_indices().skip(1).map(|(at, _)| at);
    let third = ends.any(|at| {
        coordinates_of(scope, &suffix[..at], indices).is_some_and(|c| c.len() == 2)
            && coordinates_of(scope, &suffix[at..], indices).is_some()
    });
    if third {
        return format!("`{base}_{suffix}` needs third derivatives, which are not available");
    }
    let names = listed(scope.coordinates.iter().map(String::as_str));
    format!("`{suffix}` in `{base}_{suffix}` is not a coordinate, or two; coordinates: {names}")
}
