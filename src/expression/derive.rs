//! Derivatives: partial ones by a symbol, and total ones by a coordinate, where the chain rule goes
//! through the unknowns: D_i u = u_i, D_i u_j = u_ij.
//!
//! Both push derivatives from the operands to the node, in order of evaluation, so that a part which
//! occurs many times is differentiated once.

use super::function::{Function, Operation};
use super::pool::{Derivative, Id, Node, Pool, Symbol, WALK};
use std::collections::HashMap;
use std::convert::Infallible;

/// Derivatives that were asked for before, and room for those on the way to the next.
#[derive(Clone, Debug, Default)]
pub(super) struct Memo {
    partial: HashMap<(Id, Symbol), Id>,
    total: HashMap<(Id, usize), Id>,
    /// Whether a function that jumps was differentiated along a coordinate.
    jumps: bool,
    /// Derivative of every node below the one in question; what else it holds is out of date.
    slopes: Vec<Id>,
}

/// A total derivative that does not exist among the symbols.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DerivativeError {
    /// A derivative of a second derivative.
    #[error("needs third derivatives, which are not available")]
    ThirdOrder,
    /// A derivative of the normal, a data column, or a source not yet known.
    #[error("needs the derivative of {0}, which is not available")]
    Unavailable(&'static str),
}

impl Pool {
    /// The partial derivative by a symbol.
    pub fn derivative(&mut self, id: Id, symbol: Symbol) -> Id {
        if let Some(&known) = self.memo.partial.get(&(id, symbol)) {
            return known;
        }
        let Ok(result) = self.differentiate(id, |pool, other| {
            Ok::<_, Infallible>(pool.number(f64::from(u8::from(other == symbol))))
        });
        self.memo.partial.insert((id, symbol), result);
        result
    }

    /// Whether a derivative along a coordinate was taken, since this was last asked, of sign, of a comparison or of a
    /// choice between numbers: what it has where these jump is not in the derivative.
    pub fn take_lost_jumps(&mut self) -> bool {
        std::mem::take(&mut self.memo.jumps)
    }

    /// The derivative along coordinate `i` of the expression as a function of the point.
    ///
    /// # Errors
    /// If it needs a third derivative, or a derivative of the normal, of a data column or of a
    /// source that is not known yet.
    pub fn total_derivative(&mut self, id: Id, i: usize) -> Result<Id, DerivativeError> {
        if let Some(&known) = self.memo.total.get(&(id, i)) {
            return Ok(known);
        }
        let jumps = |&id: &Id| match self.node(id) {
            Node::Apply(Function::Sign, a) => self.constant(a).is_none(),
            // Their values, 0 and 1: conditions of `if` are not differentiated.
            Node::Binary(operation, ..) => operation.is_comparison(),
            Node::Select(_, a, b) => {
                a != b && self.constant(a).is_some() && self.constant(b).is_some()
            }
            _ => false,
        };
        self.memo.jumps |= self.reachable(&[id], varying).iter().any(jumps);
        let result = self.differentiate(id, |pool, symbol| {
            let Symbol::Jet {
                unknown,
                derivative,
            } = symbol
            else {
                return pool.slope_of(symbol, i);
            };
            let derivative = match derivative {
                Derivative::Value => Derivative::First(i),
                Derivative::First(j) => Derivative::Second(j, i),
                _ => return Err(DerivativeError::ThirdOrder),
            };
            Ok(pool.symbol(Symbol::Jet {
                unknown,
                derivative,
            }))
        })?;
        self.memo.total.insert((id, i), result);
        Ok(result)
    }

    fn slope_of(&mut self, symbol: Symbol, i: usize) -> Result<Id, DerivativeError> {
        let what = match symbol {
            Symbol::Normal(_) => "the normal",
            Symbol::Column(_) => "a data column",
            Symbol::Source(_) => "a manufactured source",
            _ => return Ok(self.number(f64::from(u8::from(symbol == Symbol::Coordinate(i))))),
        };
        Err(DerivativeError::Unavailable(what))
    }

    fn differentiate<E>(
        &mut self,
        id: Id,
        mut of_symbol: impl FnMut(&mut Self, Symbol) -> Result<Id, E>,
    ) -> Result<Id, E> {
        self.spend(self.len() / WALK);
        if self.is_exhausted() {
            return Ok(self.number(f64::NAN));
        }
        let mut slopes = std::mem::take(&mut self.memo.slopes);
        slopes.resize(slopes.len().max(self.len()), id);
        let mut result = Ok(id);
        for id in self.reachable(&[id], varying) {
            self.spend(1);
            result = match self.node(id) {
                Node::Symbol(symbol) => of_symbol(self, symbol),
                node => Ok(self.rule(id, node, &slopes)),
            };
            match result {
                Ok(slope) => slopes[id.index()] = slope,
                Err(_) => break,
            }
        }
        self.memo.slopes = slopes;
        // The node in question is the youngest, and came last.
        result
    }

    /// The derivative of `id` from those of its operands.
    fn rule(&mut self, id: Id, node: Node, slopes: &[Id]) -> Id {
        let slope = |id: Id| slopes[id.index()];
        match node {
            Node::Constant(_) | Node::Symbol(_) | Node::Apply(Function::Sign, _) => {
                self.number(0.0)
            }
            Node::Binary(operation, ..) if operation.is_comparison() => self.number(0.0),
            Node::Negate(a) => self.neg(slope(a)),
            Node::Select(c, a, b) => self.select(c, slope(a), slope(b)),
            Node::IntegerPower(a, n) => {
                let factor = self.number(f64::from(n));
                let power = self.powi(a, n - 1);
                let outer = self.mul(factor, power);
                self.mul(outer, slope(a))
            }
            Node::Apply(function, a) => {
                let inner = slope(a);
                if self.constant(inner) == Some(0.0) {
                    return inner;
                }
                self.chain(function, id, a, inner)
            }
            Node::Binary(operation, a, b) => {
                self.binary_rule(operation, id, (a, b), (slope(a), slope(b)))
            }
        }
    }

    fn binary_rule(
        &mut self,
        operation: Operation,
        id: Id,
        (a, b): (Id, Id),
        (da, db): (Id, Id),
    ) -> Id {
        match operation {
            Operation::Add => self.add(da, db),
            Operation::Subtract => self.sub(da, db),
            Operation::Multiply => {
                let (first, second) = (self.mul(da, b), self.mul(a, db));
                self.add(first, second)
            }
            Operation::Divide => {
                // (a/b)' = (a' - (a/b) b') / b has the quotient, which is there already.
                let change = self.mul(id, db);
                let numerator = self.sub(da, change);
                self.div(numerator, b)
            }
            Operation::Power => self.power_rule(id, (a, b), (da, db)),
            Operation::Minimum | Operation::Maximum => {
                let below = self.binary(Operation::LessEqual, a, b);
                if operation == Operation::Minimum {
                    self.select(below, da, db)
                } else {
                    self.select(below, db, da)
                }
            }
            _ => self.number(0.0),
        }
    }

    /// (a^b)' = b a^(b-1) a' + a^b log(a) b'; with a constant exponent no logarithm appears.
    fn power_rule(&mut self, id: Id, (a, b): (Id, Id), (da, db): (Id, Id)) -> Id {
        let one = self.number(1.0);
        let lower = self.sub(b, one);
        let power = self.pow(a, lower);
        let outer = self.mul(b, power);
        let base = self.mul(outer, da);
        let logarithm = self.apply(Function::Log, a);
        let growth = self.mul(id, logarithm);
        let exponent = self.mul(growth, db);
        self.add(base, exponent)
    }

    /// f'(a) a', where `value` is f(a).
    fn chain(&mut self, function: Function, value: Id, a: Id, inner: Id) -> Id {
        let one = self.number(1.0);
        let square = self.powi(a, 2);
        let outer = match function {
            Function::Sin => self.apply(Function::Cos, a),
            Function::Cos => {
                let sine = self.apply(Function::Sin, a);
                self.neg(sine)
            }
            Function::Tan => {
                let square = self.powi(value, 2);
                self.add(square, one)
            }
            Function::Tanh => {
                let square = self.powi(value, 2);
                self.sub(one, square)
            }
            Function::Sinh => self.apply(Function::Cosh, a),
            Function::Cosh => self.apply(Function::Sinh, a),
            Function::Exp => value,
            Function::Abs => self.apply(Function::Sign, a),
            Function::Sign => self.number(0.0),
            Function::Erf => {
                let minus = self.neg(square);
                let bell = self.apply(Function::Exp, minus);
                let factor = self.number(std::f64::consts::FRAC_2_SQRT_PI);
                self.mul(factor, bell)
            }
            Function::Asin | Function::Acos | Function::Atan | Function::Log | Function::Sqrt => {
                let numerator = if function == Function::Acos {
                    self.neg(inner)
                } else {
                    inner
                };
                let denominator = self.denominator(function, value, a);
                return self.div(numerator, denominator);
            }
        };
        self.mul(outer, inner)
    }

    /// 1/|f'(a)| for the functions whose derivative is a quotient.
    fn denominator(&mut self, function: Function, value: Id, a: Id) -> Id {
        let one = self.number(1.0);
        let square = self.powi(a, 2);
        match function {
            Function::Log => a,
            Function::Sqrt => {
                let two = self.number(2.0);
                self.mul(two, value)
            }
            Function::Atan => self.add(square, one),
            _ => {
                let rest = self.sub(one, square);
                self.apply(Function::Sqrt, rest)
            }
        }
    }
}

/// The operands through which a node varies: conditions are piecewise constant.
fn varying(node: Node) -> impl Iterator<Item = Id> {
    let skip = match node {
        Node::Binary(operation, ..) if operation.is_comparison() => 2,
        Node::Apply(Function::Sign, _) | Node::Select(..) => 1,
        _ => 0,
    };
    node.operands().skip(skip)
}
