//! Calls: what each function of the language takes and gives.

use super::error::ExpressionError;
use super::function::{Function, Operation};
use super::names::Index;
use super::notation::Value;
use super::parse::{Operand, Parser};
use super::pool::{Id, Symbol};
use super::unknown::unknown_function;
use std::ops::Range;

/// Functions besides those of one number, with how to write them.
const FORMS: [(&str, &str); 10] = [
    ("if", "if(condition, a, b)"),
    ("min", "min(a, b)"),
    ("max", "max(a, b)"),
    ("dot", "dot(a, b)"),
    ("norm", "norm(a)"),
    ("lap", "lap(u)"),
    ("grad", "grad(u)"),
    ("grad2", "grad2(u)"),
    ("div", "div(a)"),
    ("dn", "dn(u)"),
];

impl Parser<'_> {
    /// A name and its arguments in brackets; stands at the name.
    pub(super) fn call(&mut self) -> Result<Operand, ExpressionError> {
        let name = self.word();
        let place = self.token().span.clone();
        self.at += 1;
        let close = self.token().partner;
        let span = place.start..self.tokens[close].span.end;
        let value = if name == "sum" {
            Value::Scalar(self.sum(close)?)
        } else if name == "norm" && self.is_position(close) {
            self.at = close;
            Value::Scalar(self.distance())
        } else if Function::from_name(name).is_some() || FORMS.iter().any(|f| f.0 == name) {
            let arguments = self.arguments()?;
            self.apply(name, &arguments, &span)?
        } else {
            return Err(self.error(unknown_function(self.scope, name), place));
        };
        self.at = close + 1;
        Ok(Operand { value, span })
    }

    /// What stands between brackets, divided by commas; stands at the opening bracket, and at the
    /// closing one afterwards.
    pub(super) fn arguments(&mut self) -> Result<Vec<Operand>, ExpressionError> {
        let close = self.token().partner;
        self.at += 1;
        let mut arguments = Vec::new();
        if self.at == close {
            return Ok(arguments);
        }
        loop {
            arguments.push(self.expression(0)?);
            if self.at == close {
                return Ok(arguments);
            }
            if !self.token().is(",") {
                return Err(self.unexpected());
            }
            self.at += 1;
        }
    }

    /// Whether the only argument is `x`, which in norm(x) is the whole position.
    fn is_position(&self, close: usize) -> bool {
        let inner = &self.tokens[self.at + 1..close];
        matches!(inner, [one] if &self.text[one.span.clone()] == "x")
    }

    fn distance(&mut self) -> Id {
        let space = self.scope.space().into_iter();
        let x: Vec<Id> = space
            .map(|i| self.pool.symbol(Symbol::Coordinate(i)))
            .collect();
        let square = self.pool.dot(&x, &x);
        self.pool.apply(Function::Sqrt, square)
    }

    fn apply(
        &mut self,
        name: &str,
        arguments: &[Operand],
        span: &Range<usize>,
    ) -> Result<Value, ExpressionError> {
        let (pool, scope) = (&mut *self.pool, self.scope);
        let value = match (name, arguments) {
            ("if", [c, a, b]) => {
                let (c, a, b) = (self.scalar(c)?, self.scalar(a)?, self.scalar(b)?);
                Ok(Value::Scalar(self.pool.select(c, a, b)))
            }
            ("min" | "max", [first, second, rest @ ..]) => {
                let operation = if name == "min" {
                    Operation::Minimum
                } else {
                    Operation::Maximum
                };
                let mut extreme = self.scalar(first)?;
                for argument in std::iter::once(second).chain(rest) {
                    let other = self.scalar(argument)?;
                    extreme = self.pool.binary(operation, extreme, other);
                }
                Ok(Value::Scalar(extreme))
            }
            ("dot", [a, b]) => return self.dot_product(a, b),
            ("norm", [a]) => pool.norm(&a.value).map(Value::Scalar),
            ("grad", [a]) => pool.gradient(scope, &a.value),
            ("grad2", [a]) => pool.squared_gradient(scope, &a.value).map(Value::Scalar),
            ("div", [a]) => pool.divergence(scope, &a.value).map(Value::Scalar),
            ("dn", [a]) => pool.normal_slope(scope, &a.value).map(Value::Scalar),
            ("lap", [a]) => {
                let laplacian = a.value.scalar().and_then(|id| pool.laplacian(scope, id));
                laplacian.map(Value::Scalar)
            }
            (_, [a]) if Function::from_name(name).is_some() => {
                let argument = self.scalar(a)?;
                let function = Function::from_name(name).unwrap_or(Function::Abs);
                Ok(Value::Scalar(self.pool.apply(function, argument)))
            }
            _ => Err(wrong_number(name, arguments.len())),
        };
        value.map_err(|message| self.error(message, span.clone()))
    }

    fn dot_product(&mut self, a: &Operand, b: &Operand) -> Result<Value, ExpressionError> {
        let mut components = Vec::new();
        for operand in [a, b] {
            let expanded = match &operand.value {
                Value::Vector(v) => v.components(self.pool),
                Value::Scalar(_) => Err(
                    "dot(a, b) needs two vectors, for example dot([1, 2], grad(u)); \
                     a product of numbers is written with *"
                        .into(),
                ),
            };
            let expanded = expanded.map_err(|m| self.error(m, operand.span.clone()))?;
            components.push(expanded);
        }
        let product = self.pool.dot(&components[0], &components[1]);
        Ok(Value::Scalar(product))
    }

    /// The sum over the coordinates of space of what stands up to `over` or the closing bracket.
    fn sum(&mut self, close: usize) -> Result<Id, ExpressionError> {
        let start = self.at + 1;
        let (end, name) = self.sum_index(start, close)?;
        let mut sum = self.pool.number(0.0);
        for (k, coordinate) in self.scope.space().into_iter().enumerate() {
            self.at = start;
            self.indices.push(Index {
                name: name.clone(),
                count: k + 1,
                coordinate,
            });
            let term = self.expression(0)?;
            self.indices.pop();
            if self.at != end {
                return Err(self.unexpected());
            }
            let term = self.scalar(&term)?;
            sum = self.pool.add(sum, term);
        }
        Ok(sum)
    }

    /// Where the expression of a sum ends, and the index that runs, `i` unless `over j` is said.
    fn sum_index(&self, start: usize, close: usize) -> Result<(usize, String), ExpressionError> {
        let word = |k: usize| &self.text[self.tokens[k].span.clone()];
        let mut at = start;
        while at < close && word(at) != "over" {
            // Jump over brackets: sums inside have indices of their own.
            at = self.tokens[at].partner.max(at) + 1;
        }
        if at == close {
            return Ok((close, "i".to_owned()));
        }
        let name = word(at + 1);
        if at + 2 != close || !name.chars().all(char::is_alphanumeric) {
            let message = "a sum is written sum(expression over i)";
            let span = self.tokens[at].span.start..self.tokens[close].span.end;
            return Err(self.error(message, span));
        }
        Ok((at, name.to_owned()))
    }

    /// The message for a name; in a sum an unknown `y_j` deserves a word on indices.
    pub(super) fn explain(&self, word: &str, message: String) -> String {
        let index = self.indices.last().filter(|i| {
            let ending = format!("_{}", i.name);
            word.ends_with(&ending)
        });
        match index {
            Some(Index { name, .. }) => format!(
                "`{word}` is not defined here; in this sum there are {name}, x_{name} and, of an \
                 unknown u, u_x_{name}"
            ),
            None => message,
        }
    }
}

fn wrong_number(name: &str, count: usize) -> String {
    let form = FORMS.iter().find(|f| f.0 == name).map(|f| f.1);
    let form = form.map_or_else(|| format!("{name}(a)"), str::to_owned);
    let given = match count {
        0 => "nothing is".to_owned(),
        1 => "one argument is".to_owned(),
        n => format!("{n} arguments are"),
    };
    format!("{name} is written {form}; {given} given")
}
