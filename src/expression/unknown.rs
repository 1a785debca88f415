//! What to say of names that have no meaning.

use super::function::Function;
use super::names::WORDS;
use super::scope::{Meaning, Scope};

/// What people write for what is called otherwise here.
const ALIASES: [(&str, &str); 12] = [
    ("ln", "log"),
    ("arcsin", "asin"),
    ("arccos", "acos"),
    ("arctan", "atan"),
    ("fabs", "abs"),
    ("sgn", "sign"),
    ("heaviside", "if(x > 0, 1, 0)"),
    ("laplace", "lap"),
    ("laplacian", "lap"),
    ("gradient", "grad"),
    ("where", "if"),
    ("pow", "^"),
];

/// What people write for derivatives.
const DERIVATIVES: [&str; 6] = ["d", "dx", "diff", "deriv", "derivative", "partial"];

/// At most so many names are listed in a message.
const LISTED: usize = 26;

/// What to say of a name without meaning.
pub(super) fn unknown_name(scope: &Scope, name: &str) -> String {
    if name == "i" || name.ends_with("_i") {
        return format!("`{name}` has a meaning only in a sum: sum(expression over i)");
    }
    let is_function = Function::from_name(name).is_some();
    if is_function || (WORDS.contains(&name) && !["and", "or", "not", "over"].contains(&name)) {
        return format!("`{name}` wants its argument in parentheses: {name}(..)");
    }
    if name == "n" {
        return "`n`, the outward normal, is only known in boundary conditions".to_owned();
    }
    let mut names: Vec<&str> = scope.meanings.keys().map(String::as_str).collect();
    names.extend(scope.columns.iter().map(String::as_str));
    names.sort_unstable();
    names.dedup();
    let coordinates = scope.coordinates.iter().map(String::as_str);
    let given = names.iter().filter(|n| {
        // The aliases x1, x2 of coordinates with names of their own would crowd the list.
        !matches!(scope.meanings.get(**n), Some(Meaning::Coordinate(_)))
    });
    let list = listed(coordinates.chain(given.copied()));
    names.extend(WORDS);
    for function in Function::all() {
        names.push(function.name());
    }
    let hint = match derivative(scope, name) {
        Some(derivative) => format!(", did you mean `{derivative}`?"),
        None => suggestion(name, &names),
    };
    format!("`{name}` is not defined here{hint}; known names: {list}")
}

/// `u_xx` of `uxx` or `U_xx`: an unknown and coordinates of one letter.
fn derivative(scope: &Scope, name: &str) -> Option<String> {
    let is_coordinate = |letter: char| {
        let mut letters = [0; 4];
        let letter = &*letter.encode_utf8(&mut letters);
        scope
            .coordinates
            .iter()
            .any(|coordinate| coordinate == letter)
    };
    scope.unknowns.iter().find_map(|unknown| {
        let (head, along) = name.split_at_checked(unknown.len())?;
        let along = along.trim_start_matches('_');
        let known = (1..=2).contains(&along.len()) && along.chars().all(is_coordinate);
        let meant = known && head.eq_ignore_ascii_case(unknown);
        meant.then(|| format!("{unknown}_{along}"))
    })
}

/// What to say of a function without meaning.
pub(super) fn unknown_function(scope: &Scope, name: &str) -> String {
    if scope.meanings.contains_key(name) || scope.columns.iter().any(|c| c == name) {
        let place = match scope.unknowns.iter().any(|unknown| unknown == name) {
            true => "; where something holds is said by `on`",
            false => "",
        };
        return format!(
            "`{name}` is a value, not a function: for a product write {name}*(..){place}"
        );
    }
    let mut functions: Vec<&str> = Function::all().map(Function::name).collect();
    let list = listed(functions.iter().copied().chain([
        "min", "max", "if", "sum", "norm", "lap", "grad", "grad2", "div", "dot", "dn",
    ]));
    if DERIVATIVES.contains(&name.to_lowercase().as_str()) {
        return format!("there is no function `{name}`: derivatives are written u_x, u_xy, f_x");
    }
    functions.extend(WORDS);
    let hint = suggestion(name, &functions);
    format!("there is no function `{name}`{hint}; functions: {list}")
}

pub(super) fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut names: Vec<&str> = names.collect();
    let more = names.len() > LISTED;
    names.truncate(LISTED);
    names.join(", ") + if more { ", .." } else { "" }
}

/// ", did you mean .." when a name is near: nearer than a third of its length.
fn suggestion(name: &str, known: &[&str]) -> String {
    let lower = name.to_lowercase();
    if let Some((_, other)) = ALIASES.iter().find(|a| a.0 == lower) {
        return format!(", did you mean `{other}`?");
    }
    let length = name.chars().count();
    if !(2..=64).contains(&length) {
        return String::new();
    }
    let distance = |other: &str| strsim::osa_distance(&lower, &other.to_lowercase());
    let near = known.iter().map(|n| (distance(n), *n)).min();
    match near {
        Some((d, other)) if d <= (length / 3).max(1) && d < other.len() => {
            format!(", did you mean `{other}`?")
        }
        _ => String::new(),
    }
}
