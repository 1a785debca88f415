//! From a text to an expression or an equation: the entry points of the parser.

use super::error::ExpressionError;
use super::notation::Value;
use super::parse::Parser;
use super::pool::{Id, Pool};
use super::scope::Scope;
use super::token::{Kind, Token, tokens};

/// left = right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Equation {
    /// What stands before the `=`.
    pub left: Id,
    /// What stands behind it.
    pub right: Id,
}

impl Equation {
    /// left - right.
    pub fn residual(self, pool: &mut Pool) -> Id {
        pool.sub(self.left, self.right)
    }
}

impl Pool {
    /// Reads a scalar expression.
    ///
    /// # Errors
    /// If the text is not an expression of the names in scope; the error points at the place.
    pub fn parse(&mut self, text: &str, scope: &Scope) -> Result<Id, ExpressionError> {
        let mut parser = Parser::new(self, scope, text, tokens(text)?);
        let operand = parser.whole()?;
        parser.finite(&operand)
    }

    /// Reads an equation, with exactly one `=`. In a scope with data columns, names on the right
    /// are columns before anything else.
    ///
    /// # Errors
    /// If the text is not an equation in the names in scope; the error points at the place.
    pub fn parse_equation(
        &mut self,
        text: &str,
        scope: &Scope,
    ) -> Result<Equation, ExpressionError> {
        let tokens = tokens(text)?;
        let signs: Vec<usize> = (0..tokens.len()).filter(|&k| tokens[k].is("=")).collect();
        let &[equals] = signs.as_slice() else {
            return Err(match signs.get(1) {
                None => ExpressionError::whole(
                    match tokens.iter().any(|token| token.is("==")) {
                        true => "an equation is needed here: write left = right, with one `=`",
                        false => {
                            "an equation is needed here: write left = right, for example u = 0"
                        }
                    },
                    text,
                ),
                Some(&second) => ExpressionError::new(
                    "one `=` too many: write one equation, left = right (a comparison is `==`)",
                    text,
                    tokens[second].span.clone(),
                ),
            });
        };
        // Beyond this check no bracket on one side has its partner on the other.
        if (0..equals).any(|k| tokens[k].partner > equals) {
            let message = "`=` cannot stand inside brackets; a comparison is written `==`";
            let span = tokens[equals].span.clone();
            return Err(ExpressionError::new(message, text, span));
        }
        let mut left = tokens[..equals].to_vec();
        left.push(Token {
            kind: Kind::End,
            ..tokens[equals].clone()
        });
        let mut parser = Parser::new(self, scope, text, left);
        let operand = parser.whole()?;
        let left = parser.finite(&operand)?;
        let columns = Scope {
            prefer_columns: true,
            ..scope.clone()
        };
        let mut parser = Parser::new(self, &columns, text, tokens);
        parser.at = equals + 1;
        let operand = parser.whole()?;
        let right = parser.finite(&operand)?;
        Ok(Equation { left, right })
    }

    /// Reads an expression that may be a vector.
    pub(super) fn parse_value(
        &mut self,
        text: &str,
        scope: &Scope,
    ) -> Result<Value, ExpressionError> {
        let mut parser = Parser::new(self, scope, text, tokens(text)?);
        let operand = parser.whole()?;
        if matches!(operand.value, Value::Scalar(_)) {
            parser.finite(&operand)?;
        }
        Ok(operand.value)
    }
}
