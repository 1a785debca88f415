//! The grammar: operators by precedence, brackets, names, calls.
//!
//! Text is lowered while it is read. A sum over i is simply read once for each i, with `x_i` meaning
//! another coordinate each time. Nesting, and the work that nested sums multiply, are limited, so
//! that no text can exhaust the stack or the patience.

use super::error::ExpressionError;
use super::function::Operation;
use super::names::Index;
use super::notation::Value;
use super::pool::{EXHAUSTED, Id, Pool, WALK};
use super::scope::Scope;
use super::token::{Kind, Token};
use std::ops::Range;

/// Deepest nesting of brackets, signs and powers.
const DEEPEST: usize = 200;

const OR: u8 = 1;
const AND: u8 = 2;
const NOT: u8 = 3;
const COMPARISON: u8 = 4;
const SUM: u8 = 5;
const PRODUCT: u8 = 6;
const SIGN: u8 = 7;
const POWER: u8 = 8;

/// A part that has been read, and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Operand {
    pub(super) value: Value,
    pub(super) span: Range<usize>,
}

pub(super) struct Parser<'a> {
    pub(super) pool: &'a mut Pool,
    pub(super) scope: &'a Scope,
    pub(super) text: &'a str,
    pub(super) tokens: Vec<Token>,
    pub(super) at: usize,
    pub(super) indices: Vec<Index>,
    depth: usize,
    pub(super) work: usize,
}

impl<'a> Parser<'a> {
    pub(super) fn new(
        pool: &'a mut Pool,
        scope: &'a Scope,
        text: &'a str,
        tokens: Vec<Token>,
    ) -> Self {
        Self {
            pool,
            scope,
            text,
            tokens,
            at: 0,
            indices: Vec::new(),
            depth: 0,
            work: 0,
        }
    }

    pub(super) fn error(&self, message: impl Into<String>, span: Range<usize>) -> ExpressionError {
        ExpressionError::new(message, self.text, span)
    }

    pub(super) fn token(&self) -> &Token {
        &self.tokens[self.at.min(self.tokens.len() - 1)]
    }

    pub(super) fn word(&self) -> &'a str {
        let span = self.token().span.clone();
        &self.text[span]
    }

    fn is_word(&self, word: &str) -> bool {
        self.token().kind == Kind::Name && self.word() == word
    }

    /// The operand as a number.
    pub(super) fn scalar(&self, operand: &Operand) -> Result<Id, ExpressionError> {
        let value = operand.value.scalar();
        value.map_err(|message| self.error(message, operand.span.clone()))
    }

    pub(super) fn finite(&mut self, operand: &Operand) -> Result<Id, ExpressionError> {
        let id = self.scalar(operand)?;
        self.pool.spend(self.pool.len() / WALK);
        if self.pool.overflows(id) {
            let message = "a constant part of this is not a finite number, as in 1/0 or log(0)";
            return Err(self.error(message, operand.span.clone()));
        }
        Ok(id)
    }

    /// All the text, as one expression.
    pub(super) fn whole(&mut self) -> Result<Operand, ExpressionError> {
        let operand = self.expression(0)?;
        if self.pool.is_exhausted() {
            return Err(self.error(EXHAUSTED, operand.span));
        }
        match self.token().kind {
            Kind::End => Ok(operand),
            _ => Err(self.unexpected()),
        }
    }

    /// The error for a word that cannot follow a complete operand.
    pub(super) fn unexpected(&self) -> ExpressionError {
        let span = self.token().span.clone();
        let word = self.word();
        let message = match word {
            "=" => "`=` cannot stand inside an expression; a comparison is written `==`".into(),
            "," => "a comma separates arguments of a function; here there is none".into(),
            "over" => "`over` belongs into a sum: sum(expression over i)".into(),
            _ => format!("`{word}` cannot follow here"),
        };
        self.error(message, span)
    }

    /// Calls `read` one level deeper.
    pub(super) fn nested<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, ExpressionError>,
    ) -> Result<T, ExpressionError> {
        if self.depth == DEEPEST {
            let message = format!("nested more than {DEEPEST} deep; divide it into [functions]");
            return Err(self.error(message, self.token().span.clone()));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    /// Operands joined by operators that bind at least as tightly as `least`.
    pub(super) fn expression(&mut self, least: u8) -> Result<Operand, ExpressionError> {
        let mut left = self.prefix()?;
        let mut compared = false;
        while let Some((operator, precedence)) = self.operator() {
            if precedence < least {
                break;
            }
            let place = self.token().span.clone();
            if compared && precedence == COMPARISON {
                let message = "comparisons are not chained: write a < b and b < c";
                return Err(self.error(message, place));
            }
            compared = precedence == COMPARISON;
            self.at += 1;
            let right = if precedence == POWER {
                self.nested(|p| p.expression(POWER))?
            } else {
                self.expression(precedence + 1)?
            };
            let span = left.span.start..right.span.end;
            let value = self.combine(operator, left, right, place)?;
            left = Operand { value, span };
        }
        self.missing_operator(&left)?;
        Ok(left)
    }

    /// The operator that stands here, and its precedence.
    fn operator(&self) -> Option<(&'a str, u8)> {
        let precedence = match (self.token().kind, self.word()) {
            (Kind::Name, "or") => OR,
            (Kind::Name, "and") => AND,
            (Kind::Symbol(_), "<" | "<=" | ">" | ">=" | "==" | "!=") => COMPARISON,
            (Kind::Symbol(_), "+" | "-") => SUM,
            (Kind::Symbol(_), "*" | "/") => PRODUCT,
            (Kind::Symbol(_), "^") => POWER,
            _ => return None,
        };
        Some((self.word(), precedence))
    }

    fn missing_operator(&self, left: &Operand) -> Result<(), ExpressionError> {
        let begins = match self.token().kind {
            Kind::Number(_) => true,
            Kind::Name => self.word() != "over" && self.operator().is_none(),
            _ => self.token().is("(") || self.token().is("["),
        };
        if !begins {
            return Ok(());
        }
        let (before, after) = (self.text[left.span.clone()].trim(), self.word());
        let message = if before.len() + after.len() <= 40 && !self.token().is("(") {
            format!("an operator is missing; for a product write {before}*{after}")
        } else {
            format!("an operator is missing before `{after}`; a product is written with *")
        };
        Err(self.error(message, left.span.start..self.token().span.end))
    }

    fn combine(
        &mut self,
        operator: &str,
        left: Operand,
        right: Operand,
        place: Range<usize>,
    ) -> Result<Value, ExpressionError> {
        let (a, b) = (left.value.clone(), right.value.clone());
        let value = match operator {
            "+" => self.pool.add_values(a, b),
            "-" => {
                let b = self.pool.negate_value(b);
                self.pool.add_values(a, b)
            }
            "*" => self.pool.multiply_values(a, b),
            "/" => self.pool.divide_values(a, b),
            _ => {
                let (a, b) = (self.scalar(&left)?, self.scalar(&right)?);
                Ok(Value::Scalar(self.combine_scalars(operator, a, b)))
            }
        };
        value.map_err(|message| self.error(message, place))
    }

    fn combine_scalars(&mut self, operator: &str, a: Id, b: Id) -> Id {
        let operation = match operator {
            "^" => return self.pool.pow(a, b),
            "and" | "or" => {
                let (a, b) = (self.pool.truth(a), self.pool.truth(b));
                return match operator {
                    "and" => self.pool.mul(a, b),
                    _ => self.pool.binary(Operation::Maximum, a, b),
                };
            }
            ">" => return self.pool.binary(Operation::Less, b, a),
            ">=" => return self.pool.binary(Operation::LessEqual, b, a),
            "<" => Operation::Less,
            "<=" => Operation::LessEqual,
            "==" => Operation::Equal,
            _ => Operation::NotEqual,
        };
        self.pool.binary(operation, a, b)
    }

    /// An operand with its signs.
    fn prefix(&mut self) -> Result<Operand, ExpressionError> {
        let start = self.token().span.start;
        let minus = self.token().is("-");
        if minus || self.token().is("+") {
            self.at += 1;
            let operand = self.nested(|p| p.expression(SIGN))?;
            let span = start..operand.span.end;
            let value = if minus {
                self.pool.negate_value(operand.value)
            } else {
                operand.value
            };
            return Ok(Operand { value, span });
        }
        if self.is_word("not") {
            self.at += 1;
            let operand = self.nested(|p| p.expression(NOT))?;
            let id = self.scalar(&operand)?;
            let value = Value::Scalar(self.pool.not(id));
            let span = start..operand.span.end;
            return Ok(Operand { value, span });
        }
        self.atom()
    }
}
