//! The smallest parts of an expression: numbers, names, brackets, vectors.

use super::error::ExpressionError;
use super::names::resolve;
use super::notation::{Field, Value};
use super::parse::{Operand, Parser};
use super::pool::{EXHAUSTED, Id};
use super::token::{Kind, Token};

/// Most operands that are read, sums counted term by term.
const MOST_WORK: usize = 2_000_000;

impl Parser<'_> {
    /// A number, a name, a call, or something in brackets.
    pub(super) fn atom(&mut self) -> Result<Operand, ExpressionError> {
        let token = self.token().clone();
        self.work += 1;
        if self.work > MOST_WORK {
            return Err(self.error("the sums have too many terms altogether", token.span));
        }
        if self.pool.is_exhausted() {
            return Err(self.error(EXHAUSTED, token.span));
        }
        match token.kind {
            Kind::Number(value) => {
                self.at += 1;
                Ok(Operand {
                    value: Value::Scalar(self.pool.number(value)),
                    span: token.span,
                })
            }
            Kind::Name => self.name(token),
            Kind::Symbol("(") => {
                self.at += 1;
                let inner = self.nested(|p| p.expression(0))?;
                self.close(token, inner.value)
            }
            Kind::Symbol("[") => {
                let vector = self.nested(Self::vector)?;
                self.close(token, vector)
            }
            _ => Err(self.missing_operand()),
        }
    }

    /// The bracket that closes `open`.
    fn close(&mut self, open: Token, value: Value) -> Result<Operand, ExpressionError> {
        if self.at != open.partner {
            return Err(self.unexpected());
        }
        let span = open.span.start..self.token().span.end;
        self.at += 1;
        Ok(Operand { value, span })
    }

    fn missing_operand(&self) -> ExpressionError {
        let token = self.token();
        // At the end there is no word to point at: point at the one before.
        let span = match (token.kind, self.at.checked_sub(1)) {
            (Kind::End, Some(before)) => self.tokens[before].span.clone(),
            _ => token.span.clone(),
        };
        let message = match (token.kind, &self.text[span.clone()]) {
            (Kind::End, _) if self.at == 0 => "nothing stands before this `=`".to_owned(),
            (Kind::End, "=") => "nothing stands behind this `=`".to_owned(),
            (Kind::End, word) => format!("something is missing behind `{word}`"),
            (_, "=") => "`=` cannot stand here; a comparison is written `==`".to_owned(),
            (_, word) => format!("something is missing before `{word}`"),
        };
        self.error(message, span)
    }

    fn name(&mut self, token: Token) -> Result<Operand, ExpressionError> {
        let word = self.word();
        let next = self.tokens.get(self.at + 1);
        if matches!(word, "and" | "or" | "over") {
            return Err(self.missing_operand());
        }
        if next.is_some_and(|next| next.is("(")) {
            return self.nested(Self::call);
        }
        self.at += 1;
        let value = resolve(self.pool, self.scope, word, &self.indices)
            .map_err(|message| self.error(self.explain(word, message), token.span.clone()))?;
        Ok(Operand {
            value,
            span: token.span,
        })
    }

    /// [a, b, ..]: one component for each coordinate of space.
    fn vector(&mut self) -> Result<Value, ExpressionError> {
        let start = self.token().span.start;
        let close = self.token().partner;
        let arguments = self.arguments()?;
        let dim = self.scope.space().len();
        if arguments.len() != dim {
            let message = format!(
                "a vector has one component for each of the {dim} coordinates of space, not {}",
                arguments.len()
            );
            return Err(self.error(message, start..self.tokens[close].span.end));
        }
        let components: Result<Vec<Id>, _> = arguments.iter().map(|a| self.scalar(a)).collect();
        Ok(Value::Vector(Field::new(components?)))
    }
}
