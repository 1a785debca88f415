//! What must hold between the sections of a deck: a law needs a domain, names are given once, ...

use super::cursor::{Cursor, Table};
use super::error::DeckError;
use super::sampling::GAUSS_NODES;
use super::suggest::{either, shorten};
use super::{ActivationName, Auto, Constant, Deck, Function, Law, Resample, RuleName, Shape};
use std::collections::HashMap;

/// The most parameters of a network: a vector of them is 16 GiB.
const PARAMETERS: u128 = 1 << 31;

/// The most waves times coordinates of Fourier features: a gigabyte.
const FREQUENCIES: usize = 1 << 27;

/// The most conditions on the boundary, and the most numbers, conditions · d², in their faces.
const CONDITIONS: usize = 1000;
const FACES: usize = 10_000_000;

/// The longest name.
const LONGEST: usize = 64;

/// Names that expressions give a meaning of their own: those of `expression::reserved`, which `tests/bad_input`
/// compares, and the usual index of a sum.
const RESERVED: &[&str] = &[
    "abs", "acos", "and", "asin", "atan", "cos", "cosh", "div", "dn", "dot", "e", "erf", "exp",
    "grad", "grad2", "i", "if", "lap", "log", "max", "min", "n_i", "norm", "not", "or", "over",
    "pi", "r2", "sign", "sin", "sinh", "sqrt", "sum", "tan", "tanh", "x_i",
];
const MANUFACTURED: &str = "manufactured";

/// Checks a deck whose sections are each right.
///
/// # Errors
/// The first rule that does not hold.
pub(super) fn check(deck: &Deck, root: &Table<'_>) -> Result<(), DeckError> {
    stated(deck, root)?;
    counted(deck, root)?;
    bounded(deck, root)?;
    suitable(deck, root)?;
    periodic(deck, root)?;
    sampled(deck, root)?;
    named(deck, root)
}

/// The value of `section.key`, or where the section is.
fn at<'a>(root: &Table<'a>, section: &str, key: &str) -> Cursor<'a> {
    let section = root.at(section);
    let found = section
        .entries()
        .and_then(|mut all| all.find(|(name, _)| *name == key));
    found.map_or(section, |(_, at)| at)
}

/// There is a problem, and its parts have what they need.
fn stated(deck: &Deck, root: &Table<'_>) -> Result<(), DeckError> {
    let law = deck.problem.law.is_some();
    if !law && deck.data.is_none() {
        return Err(root.at("problem").error(
            "the deck states no problem: no equation, no energy, no data",
            "add [problem] with `equation = \"-lap(u) = f\"` or `energy = ...`, or [data] with a `file`",
        ));
    }
    if let (Some(law), None) = (&deck.problem.law, &deck.domain) {
        let at = at(root, "problem", law.key());
        let message = format!("`{}` needs a domain to hold in", at.key());
        return Err(at.error(message, "add [domain] with `lower` and `upper`"));
    }
    if !deck.boundary.is_empty() && !law {
        let message = "`boundary` conditions need an equation or an energy, and a domain";
        let first = root.at("boundary").item(0);
        return Err(first.error(message, "add them, or remove [[boundary]]"));
    }
    Ok(())
}

/// As many of each as there are coordinates, and no more parameters than memory can hold.
fn counted(deck: &Deck, root: &Table<'_>) -> Result<(), DeckError> {
    let names = deck.coordinates();
    if let (Some(_), Some(data)) = (&deck.domain, &deck.data)
        && !data.inputs.iter().map(|input| &input.text).eq(&names)
    {
        let names: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
        let message = "`data.inputs` are not the coordinates of the domain";
        let cure = format!(
            "write `inputs = [{}]`, or name the coordinates by `domain.coordinates`",
            names.join(", ")
        );
        return Err(at(root, "data", "inputs").error(message, cure));
    }
    let dim = names.len();
    if deck
        .output
        .grid
        .as_ref()
        .is_some_and(|grid| grid.len() != dim)
    {
        let must = format!("a list of {dim} counts, one per coordinate");
        return Err(at(root, "output", "grid").refuse(&must));
    }
    let unknowns = deck.problem.unknowns.len();
    let sizes = &deck.network.output_scale;
    sizes.check(&at(root, "network", "output_scale"), unknowns, "unknown")?;
    if let Some(Law::Equation(equations)) = &deck.problem.law {
        let weights = &deck.problem.weight;
        weights.check(&at(root, "problem", "weight"), equations.len(), "equation")?;
    }
    if let Some(data) = &deck.data {
        let targets = data.target.len();
        data.weight
            .check(&at(root, "data", "weight"), targets, "target")?;
    }
    let parameters = deck.network.parameters(dim, unknowns);
    if parameters > PARAMETERS {
        let message = format!("`network.hidden` makes {parameters} parameters");
        let cure = format!("at most {PARAMETERS} are possible: give smaller widths");
        return Err(at(root, "network", "hidden").error(message, cure));
    }
    Ok(())
}

/// Products of counts, each of which is right by itself, are no more than memory can hold.
fn bounded(deck: &Deck, root: &Table<'_>) -> Result<(), DeckError> {
    let dim = deck.coordinates().len();
    let features = deck.network.fourier.map_or(0, |fourier| fourier.features);
    if features * dim > FREQUENCIES {
        let message = format!("`network.fourier` makes {features} waves in {dim} coordinates");
        let cure = format!("give at most {} features", FREQUENCIES / dim);
        return Err(at(root, "network", "fourier").error(message, cure));
    }
    let conditions = CONDITIONS.min(FACES / (dim * dim).max(1));
    if deck.boundary.len() > conditions {
        let (many, first) = (deck.boundary.len(), root.at("boundary").item(0));
        let message = format!("`boundary` has {many} conditions in {dim} coordinates");
        let cure = format!("give at most {conditions}; `if(..)` joins several in one");
        return Err(first.error(message, cure));
    }
    let [grid, fields] = ["grid", "fields"].map(|key| at(root, "output", key));
    let unknowns = deck.problem.unknowns.len();
    deck.output.suits(dim, unknowns, grid, fields)
}

/// Periodic coordinates are coordinates, given once, of a domain whose sides are the periods.
fn periodic(deck: &Deck, root: &Table<'_>) -> Result<(), DeckError> {
    let periodic = &deck.network.periodic;
    let coordinates = deck.coordinates();
    let at = || at(root, "network", "periodic");
    for (index, name) in periodic.iter().enumerate() {
        if !coordinates.contains(&name.as_str()) {
            return Err(at().item(index).refuse(&either(&coordinates)));
        }
        if periodic[..index].contains(name) {
            let message = format!("`network.periodic` names `{name}` twice");
            return Err(at().item(index).error(message, "name it once"));
        }
    }
    if !periodic.is_empty() && deck.domain.is_none() {
        let message = "`network.periodic` needs a domain: its sides are the periods";
        return Err(at().error(message, "add [domain] with `lower` and `upper`"));
    }
    if let Some(domain) = &deck.domain
        && !periodic.is_empty()
        && !matches!(domain.shape, Shape::Box { .. })
    {
        let message = "`network.periodic` needs a box: its sides are the periods";
        return Err(at().error(message, "remove it, or set `domain.shape = \"box\"`"));
    }
    Ok(())
}

/// Choices that do not suit each other.
fn suitable(deck: &Deck, root: &Table<'_>) -> Result<(), DeckError> {
    if deck.network.activation == ActivationName::Relu && deck.problem.law.is_some() {
        return Err(at(root, "network", "activation").error(
            "`network.activation = \"relu\"` has no second derivative: it suits data alone",
            "with an equation or an energy choose tanh, sin, gelu or softplus",
        ));
    }
    if deck.stop.error.is_some() && deck.problem.exact.is_empty() {
        return Err(at(root, "stop", "error").error(
            "`stop.error` needs the exact solution",
            "add `exact = ...` to [problem], or remove `error`",
        ));
    }
    Ok(())
}

/// The rule suits the number of coordinates, the problem, and how often points are drawn.
fn sampled(deck: &Deck, root: &Table<'_>) -> Result<(), DeckError> {
    let Auto::Set(rule) = deck.sampling.rule else {
        return Ok(());
    };
    let at = |key| at(root, "sampling", key);
    let dim = deck.coordinates().len();
    if rule == RuleName::Gauss && dim > 3 {
        return Err(at("rule").error(
            format!("`sampling.rule = \"gauss\"` is for up to 3 dimensions, and there are {dim}"),
            "choose \"sobol\", \"random\" or \"auto\"",
        ));
    }
    for (key, count, axes) in [
        ("points", &deck.sampling.points, dim),
        ("boundary_points", &deck.sampling.boundary_points, dim - 1),
    ] {
        let tensor = rule == RuleName::Gauss && deck.domain.is_some() && axes > 0;
        // More than the counts can be in three dimensions, which a data set may exceed.
        let most = GAUSS_NODES.saturating_pow(axes as u32);
        if tensor && !count.all(|n| *n <= most) {
            let message = format!(
                "`sampling.{key}`: the rule \"gauss\" takes at most {GAUSS_NODES} points along a \
                 coordinate, here {most} in all"
            );
            let cure = "give fewer points, or choose rule = \"sobol\" or \"random\"";
            return Err(at(key).error(message, cure));
        }
    }
    let equation = matches!(deck.problem.law, Some(Law::Equation(_)));
    if rule == RuleName::Adaptive && !equation {
        return Err(at("rule").error(
            "`sampling.rule = \"adaptive\"` follows the residual of an equation, and there is none",
            "state `problem.equation`, or choose \"random\" or \"auto\"",
        ));
    }
    let fresh = matches!(deck.sampling.resample, Auto::Set(Resample::Every(_)));
    if rule == RuleName::Gauss && fresh {
        return Err(at("resample").error(
            "`sampling.resample`: Gauss points are the same at every draw",
            "set `sampling.rule = \"random\"`, or `resample = false`",
        ));
    }
    Ok(())
}

/// Every name is an identifier, has no other meaning, and is given once.
fn named(deck: &Deck, root: &Table<'_>) -> Result<(), DeckError> {
    let (section, list) = match deck.domain {
        Some(_) => ("domain", "coordinates"),
        None => ("data", "inputs"),
    };
    let mut taken = HashMap::new();
    for (index, name) in deck.coordinates().into_iter().enumerate() {
        take(&mut taken, name, "a coordinate", || {
            at(root, section, list).item(index)
        })?;
    }
    for (index, name) in deck.problem.unknowns.iter().enumerate() {
        take(&mut taken, name, "an unknown", || {
            at(root, "problem", "unknowns").item(index)
        })?;
    }
    for Constant { name, .. } in &deck.constants.0 {
        take(&mut taken, name, "a constant", || {
            at(root, "constants", name).at_key()
        })?;
    }
    for Function { name, .. } in &deck.functions.0 {
        take(&mut taken, name, "a function", || {
            at(root, "functions", name).at_key()
        })?;
    }
    Ok(())
}

/// Takes a name for what it is to mean; `at` is where it is given.
fn take<'a, 'c>(
    taken: &mut HashMap<&'a str, &'static str>,
    name: &'a str,
    meaning: &'static str,
    at: impl Fn() -> Cursor<'c>,
) -> Result<(), DeckError> {
    let error = |says: &str| {
        let at = at();
        let message = format!("`{}`: `{}` {says}", at.key(), shorten(name));
        Err(at.error(message, "choose another name"))
    };
    if name.len() > LONGEST {
        return error(&format!("is longer than {LONGEST} characters"));
    }
    let mut chars = name.chars();
    let letter = chars.next().is_some_and(|c| c.is_ascii_alphabetic());
    if !letter || !chars.all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return error("is not a name: a letter, then letters, digits or _");
    }
    if RESERVED.contains(&name) || name == MANUFACTURED {
        return error("has a meaning of its own in expressions");
    }
    match taken.insert(name, meaning) {
        Some(other) => error(&format!("is already the name of {other}")),
        None => Ok(()),
    }
}
