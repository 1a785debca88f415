//! What names mean: coordinates, unknowns, constants, functions and data columns.
//!
//! A name has one meaning. A constant called like a coordinate is refused when it is added, because
//! whichever of the two won would surprise half of the readers. Only data columns may repeat other
//! names: a table with columns x, y, u is natural, and `u = u` is read as unknown = column.

use super::error::ExpressionError;
use super::names::{self, reserved};
use super::notation::Value;
use super::pool::{Id, Pool, Symbol};
use super::token::{Kind, LONGEST_NAME, tokens};
use std::collections::{HashMap, HashSet};

/// The names that an expression may use.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    pub(super) coordinates: Vec<String>,
    pub(super) unknowns: Vec<String>,
    pub(super) columns: Vec<String>,
    pub(super) sources: Vec<String>,
    pub(super) meanings: HashMap<String, Meaning>,
    /// Unknowns are known by name, but may not be used.
    pub(super) hide_unknowns: bool,
    /// A column wins over what else has its name: the right side of a data target.
    pub(super) prefer_columns: bool,
    /// Whether `dn(u)` and the normal `n_x` may be used.
    pub on_boundary: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Meaning {
    Coordinate(usize),
    Unknown(usize),
    Constant(f64),
    Function(Value),
}

impl Meaning {
    fn kind(&self) -> &'static str {
        match self {
            Self::Coordinate(_) => "a coordinate",
            Self::Unknown(_) => "an unknown",
            Self::Constant(_) => "a constant",
            Self::Function(_) => "a function",
        }
    }
}

impl Scope {
    /// Coordinates, which are also called x1, x2, .. in order, and unknowns.
    ///
    /// # Errors
    /// If a name is not a name, is reserved, or occurs twice.
    pub fn new<S: AsRef<str>>(coordinates: &[S], unknowns: &[S]) -> Result<Self, ExpressionError> {
        let mut scope = Self::default();
        for (i, name) in coordinates.iter().enumerate() {
            scope.insert(name.as_ref(), Meaning::Coordinate(i))?;
            scope.coordinates.push(name.as_ref().to_owned());
        }
        for i in 0..coordinates.len() {
            let alias = format!("x{}", i + 1);
            if scope.coordinates[i] != alias {
                scope.insert(&alias, Meaning::Coordinate(i))?;
            }
        }
        for (k, name) in unknowns.iter().enumerate() {
            scope.insert(name.as_ref(), Meaning::Unknown(k))?;
            scope.unknowns.push(name.as_ref().to_owned());
        }
        Ok(scope)
    }

    /// Adds a constant.
    ///
    /// # Errors
    /// If the name is not a name or has a meaning already, or if the value is not finite.
    pub fn add_constant(&mut self, name: &str, value: f64) -> Result<(), ExpressionError> {
        if !value.is_finite() {
            let message = format!("the constant `{name}` is {value}, which is not a finite number");
            return Err(ExpressionError::whole(message, name));
        }
        self.insert(name, Meaning::Constant(value))
    }

    /// Sets the data columns: column k is `Symbol::Column(k)`.
    pub fn set_columns<S: AsRef<str>>(&mut self, names: &[S]) {
        self.columns = names.iter().map(|n| n.as_ref().to_owned()).collect();
    }

    /// The same names, with the unknowns out of reach: for exact solutions and places.
    pub fn without_unknowns(&self) -> Self {
        let mut scope = self.clone();
        scope.hide_unknowns = true;
        scope
    }

    /// The same names, with `dn(u)` and the normal.
    pub fn boundary(&self) -> Self {
        let mut scope = self.clone();
        scope.on_boundary = true;
        scope
    }

    /// Names of the coordinates.
    pub fn coordinates(&self) -> &[String] {
        &self.coordinates
    }

    /// Names of the unknowns.
    pub fn unknowns(&self) -> &[String] {
        &self.unknowns
    }

    /// Names of the manufactured functions: number k is `Symbol::Source(k)`.
    pub fn sources(&self) -> &[String] {
        &self.sources
    }

    /// The scalar function called `name`.
    pub fn function(&self, name: &str) -> Option<Id> {
        match self.meanings.get(name) {
            Some(Meaning::Function(Value::Scalar(id))) => Some(*id),
            _ => None,
        }
    }

    /// The coordinates of space: all but one called `t`.
    pub fn space(&self) -> Vec<usize> {
        let all = 0..self.coordinates.len();
        all.filter(|&i| self.coordinates[i] != "t").collect()
    }

    /// Adds functions given as texts, in whatever order they refer to each other. The text
    /// "manufactured" makes the function a source, to be solved for.
    ///
    /// # Errors
    /// If a text is not an expression of coordinates, constants and functions, if functions refer
    /// to each other in a circle, or if a name has a meaning already.
    pub fn define_functions<N: AsRef<str>, T: AsRef<str>>(
        &mut self,
        pool: &mut Pool,
        functions: &[(N, T)],
    ) -> Result<(), ExpressionError> {
        let uses = self.dependencies(functions)?;
        let mut waiting: Vec<usize> = (0..functions.len()).collect();
        let mut done = vec![false; functions.len()];
        while !waiting.is_empty() {
            let (ready, rest): (Vec<usize>, Vec<usize>) = waiting
                .iter()
                .partition(|&&k| uses[k].iter().all(|&j| done[j]));
            if ready.is_empty() {
                return Err(circle(functions, &uses, &done, rest[0]));
            }
            for k in ready {
                let (name, text) = (functions[k].0.as_ref(), functions[k].1.as_ref());
                let value = if text.trim() == "manufactured" {
                    // Counted in the order of the list, whatever the order of definition.
                    let sources = self.sources.iter().position(|s| s == name).unwrap_or(0);
                    Value::Scalar(pool.symbol(Symbol::Source(sources)))
                } else {
                    pool.parse_value(text, &self.function_scope())?
                };
                self.insert(name, Meaning::Function(value))?;
                done[k] = true;
            }
            waiting = rest;
        }
        Ok(())
    }

    fn function_scope(&self) -> Self {
        let mut scope = self.without_unknowns();
        scope.on_boundary = false;
        scope.columns.clear();
        scope
    }

    /// Which functions each function uses; registers the sources on the way.
    fn dependencies<N: AsRef<str>, T: AsRef<str>>(
        &mut self,
        functions: &[(N, T)],
    ) -> Result<Vec<Vec<usize>>, ExpressionError> {
        let place: HashMap<&str, usize> = functions.iter().map(|f| f.0.as_ref()).zip(0..).collect();
        let mut uses = Vec::new();
        for (name, text) in functions {
            let text = text.as_ref();
            let mut used = HashSet::new();
            if text.trim() == "manufactured" {
                self.sources.push(name.as_ref().to_owned());
            } else {
                for token in tokens(text)?.iter().filter(|t| t.kind == Kind::Name) {
                    let name = &text[token.span.clone()];
                    // `k_x` is a derivative of `k` unless it is a function of its own.
                    let base = name.match_indices('_').map(|(at, _)| &name[..at]);
                    let mut candidates = std::iter::once(name).chain(base);
                    used.extend(candidates.find_map(|n| place.get(n).copied()));
                }
            }
            let mut used: Vec<usize> = used.into_iter().collect();
            used.sort_unstable();
            uses.push(used);
        }
        Ok(uses)
    }

    fn insert(&mut self, name: &str, meaning: Meaning) -> Result<(), ExpressionError> {
        let kind = meaning.kind();
        let mut letters = name.chars();
        let begins = letters
            .next()
            .is_some_and(|c| c.is_alphabetic() || c == '_');
        let clash = if name.len() > LONGEST_NAME {
            format!("the name of {kind} is longer than {LONGEST_NAME} characters; shorten it")
        } else if !begins || !letters.all(|c| c.is_alphanumeric() || c == '_') {
            format!("{kind} cannot be called `{name}`: a name is a letter, then letters and digits")
        } else if reserved().any(|word| word == name) {
            format!("{kind} cannot be called `{name}`: the name is reserved; choose another")
        } else if let Some(other) = self.meanings.get(name) {
            let other = other.kind();
            format!("{kind} cannot be called `{name}`: that is {other} already; choose another")
        } else if names::is_composed(self, name) {
            format!("{kind} cannot be called `{name}`: that is a derivative or a normal already")
        } else {
            self.meanings.insert(name.to_owned(), meaning);
            return Ok(());
        };
        Err(ExpressionError::whole(clash, name))
    }
}

/// The error that names a circle reached from function `start`, none of which is done.
fn circle<N: AsRef<str>, T: AsRef<str>>(
    functions: &[(N, T)],
    uses: &[Vec<usize>],
    done: &[bool],
    start: usize,
) -> ExpressionError {
    let mut path = vec![start];
    let mut at = start;
    while let Some(&next) = uses[at].iter().find(|&&j| !done[j]) {
        if let Some(first) = path.iter().position(|&k| k == next) {
            path.drain(..first);
            path.push(next);
            break;
        }
        path.push(next);
        at = next;
    }
    let names: Vec<&str> = path.iter().map(|&k| functions[k].0.as_ref()).collect();
    let message = format!(
        "functions refer to each other in a circle: {}",
        names.join(" -> ")
    );
    ExpressionError::whole(message, functions[path[0]].1.as_ref())
}
