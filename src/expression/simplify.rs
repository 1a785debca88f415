//! Constructors of expressions, which simplify as they build: numbers are folded, neutral elements
//! vanish, signs move outwards, commutative operands are sorted. Derivatives are made of these, so
//! the terms that are zero by the product rule never exist.
//!
//! As in algebra, 0 * x = 0 and x - x = 0 whatever x is; no rule divides by an expression.

use super::function::{Function, Operation, integer_power};
use super::pool::{Id, Node, Pool};

/// Exponents up to this are multiplied out.
const LARGEST_INTEGER_POWER: f64 = 1024.0;

impl Pool {
    /// A number.
    pub fn number(&mut self, value: f64) -> Id {
        // -0 would be a second zero.
        let value = if value == 0.0 { 0.0 } else { value };
        self.intern(Node::Constant(value.to_bits()))
    }

    /// Any operation on two expressions.
    pub fn binary(&mut self, operation: Operation, a: Id, b: Id) -> Id {
        if let (Some(x), Some(y)) = (self.constant(a), self.constant(b)) {
            let value = match operation {
                Operation::Power if is_integer(y) => integer_power(x, y as i32),
                _ => operation.apply(x, y),
            };
            return self.number(value);
        }
        match operation {
            Operation::Add => self.add(a, b),
            Operation::Subtract => self.sub(a, b),
            Operation::Multiply => self.mul(a, b),
            Operation::Divide => self.div(a, b),
            Operation::Power => self.pow(a, b),
            Operation::Minimum | Operation::Maximum if a == b => a,
            _ => self.sorted(operation, a, b),
        }
    }

    /// The node with commutative operands in one order: sums and products first, as written; the
    /// factor of a product before, the number in a sum behind.
    fn sorted(&mut self, operation: Operation, a: Id, b: Id) -> Id {
        let key = |id: Id| {
            let number = self.constant(id).is_some();
            let chain = match self.node(id) {
                Node::Binary(o, ..) if o == operation => true,
                Node::Binary(Operation::Subtract, ..) => operation == Operation::Add,
                _ => false,
            };
            let multiply = operation == Operation::Multiply;
            (number != multiply, !chain, id)
        };
        let exchange = operation.commutes() && key(b) < key(a);
        let (a, b) = if exchange { (b, a) } else { (a, b) };
        self.intern(Node::Binary(operation, a, b))
    }

    fn is(&self, id: Id, value: f64) -> bool {
        self.constant(id) == Some(value)
    }

    /// -a, if `a` is written with a minus sign: -x or -2*x.
    fn opposite(&mut self, a: Id) -> Option<Id> {
        let minus = match self.node(a) {
            Node::Negate(_) => true,
            Node::Binary(Operation::Multiply, c, _) => self.constant(c).is_some_and(|c| c < 0.0),
            _ => false,
        };
        minus.then(|| self.neg(a))
    }

    /// a + b.
    pub fn add(&mut self, a: Id, b: Id) -> Id {
        if let (Some(x), Some(y)) = (self.constant(a), self.constant(b)) {
            return self.number(x + y);
        }
        match (self.opposite(a), self.opposite(b)) {
            _ if self.is(a, 0.0) => b,
            _ if self.is(b, 0.0) => a,
            (_, Some(b)) => self.sub(a, b),
            (Some(a), None) => self.sub(b, a),
            _ if a == b => {
                let two = self.number(2.0);
                self.mul(two, a)
            }
            _ => self.sorted(Operation::Add, a, b),
        }
    }

    /// a - b, where a - (b - c) = a + (c - b), and so on along a chain of differences. The chain may
    /// be as long as the text, so it is followed in a loop.
    pub fn sub(&mut self, a: Id, b: Id) -> Id {
        let (mut a, mut b) = (a, b);
        let mut before = Vec::new();
        while let Node::Binary(Operation::Subtract, first, second) = self.node(b)
            && a != b
            && !self.is(a, 0.0)
        {
            before.push(a);
            (a, b) = (second, first);
        }
        let difference = self.difference(a, b);
        before
            .into_iter()
            .rev()
            .fold(difference, |sum, a| self.add(a, sum))
    }

    /// a - b, where b is no difference itself unless it cancels.
    fn difference(&mut self, a: Id, b: Id) -> Id {
        if a == b {
            return self.number(0.0);
        }
        if self.is(b, 0.0) {
            return a;
        }
        if self.is(a, 0.0) {
            return self.neg(b);
        }
        if let Some(value) = self.constant(b) {
            let opposite = self.number(-value);
            return self.add(a, opposite);
        }
        match (self.opposite(a), self.opposite(b)) {
            (_, Some(b)) => self.add(a, b),
            (Some(a), None) => {
                let sum = self.add(a, b);
                self.neg(sum)
            }
            _ => self.sorted(Operation::Subtract, a, b),
        }
    }

    /// -a.
    pub fn neg(&mut self, a: Id) -> Id {
        match self.node(a) {
            Node::Constant(bits) => self.number(-f64::from_bits(bits)),
            Node::Negate(a) => a,
            Node::Binary(Operation::Subtract, a, b) => self.sub(b, a),
            Node::Binary(Operation::Multiply, a, b) if self.constant(a).is_some() => {
                let a = self.neg(a);
                self.mul(a, b)
            }
            _ => self.intern(Node::Negate(a)),
        }
    }

    /// a * b.
    pub fn mul(&mut self, a: Id, b: Id) -> Id {
        let (a, b) = match (self.constant(a), self.constant(b)) {
            (Some(x), Some(y)) => return self.number(x * y),
            (None, Some(_)) => (b, a),
            _ => (a, b),
        };
        if self.is(a, 0.0) || self.is(b, 1.0) {
            return a;
        }
        if self.is(a, 1.0) {
            return b;
        }
        if self.is(a, -1.0) {
            return self.neg(b);
        }
        if let Some(product) = self.signs(a, b, Self::mul) {
            return product;
        }
        match (self.node(a), self.node(b)) {
            (Node::Constant(_), Node::Binary(Operation::Multiply, c, rest))
                if self.constant(c).is_some() =>
            {
                let factor = self.mul(a, c);
                self.mul(factor, rest)
            }
            (_, Node::Binary(Operation::Multiply, c, rest)) if self.constant(c).is_some() => {
                let product = self.mul(a, rest);
                self.mul(c, product)
            }
            (Node::Binary(Operation::Multiply, c, rest), _) if self.constant(c).is_some() => {
                let product = self.mul(rest, b);
                self.mul(c, product)
            }
            _ if a == b => self.powi(a, 2),
            (Node::IntegerPower(base, n), _) if base == b && n > 0 => self.powi(base, n + 1),
            (_, Node::IntegerPower(base, n)) if base == a && n > 0 => self.powi(base, n + 1),
            _ => self.sorted(Operation::Multiply, a, b),
        }
    }

    /// Moves minus signs of the operands of a product or quotient in front of it.
    fn signs(&mut self, a: Id, b: Id, build: fn(&mut Self, Id, Id) -> Id) -> Option<Id> {
        match (self.opposite(a), self.opposite(b)) {
            (Some(a), Some(b)) => Some(build(self, a, b)),
            (None, None) => None,
            (first, second) => {
                let magnitude = build(self, first.unwrap_or(a), second.unwrap_or(b));
                Some(self.neg(magnitude))
            }
        }
    }

    /// a / b.
    pub fn div(&mut self, a: Id, b: Id) -> Id {
        if let (Some(x), Some(y)) = (self.constant(a), self.constant(b)) {
            return self.number(x / y);
        }
        if self.is(a, 0.0) || self.is(b, 1.0) {
            return a;
        }
        if self.is(b, -1.0) {
            return self.neg(a);
        }
        for (number, other) in [(a, b), (b, a)] {
            if let Some(value) = self.constant(number).filter(|&v| v < 0.0) {
                let positive = self.number(-value);
                let quotient = if number == a {
                    self.div(positive, other)
                } else {
                    self.div(other, positive)
                };
                return self.neg(quotient);
            }
        }
        match self.signs(a, b, Self::div) {
            Some(quotient) => quotient,
            None => self.sorted(Operation::Divide, a, b),
        }
    }

    /// a ^ b.
    pub fn pow(&mut self, a: Id, b: Id) -> Id {
        match (self.constant(a), self.constant(b)) {
            (_, Some(n)) if is_integer(n) => self.powi(a, n as i32),
            (Some(x), Some(y)) => self.number(libm::pow(x, y)),
            (_, Some(0.5)) => self.apply(Function::Sqrt, a),
            (Some(std::f64::consts::E), _) => self.apply(Function::Exp, b),
            (Some(1.0), _) => a,
            _ => self.sorted(Operation::Power, a, b),
        }
    }

    /// a ^ n.
    pub fn powi(&mut self, a: Id, n: i32) -> Id {
        match (self.node(a), n) {
            (_, 0) => self.number(1.0),
            (_, 1) => a,
            (Node::Constant(bits), _) => self.number(integer_power(f64::from_bits(bits), n)),
            (Node::Negate(a), _) => {
                let power = self.powi(a, n);
                if n % 2 == 0 { power } else { self.neg(power) }
            }
            (Node::IntegerPower(base, m), _) if is_integer(f64::from(m) * f64::from(n)) => {
                self.powi(base, m * n)
            }
            // The square of a norm is smooth where the norm is not.
            (Node::Apply(Function::Sqrt, a), _) if n % 2 == 0 => self.powi(a, n / 2),
            _ => self.intern(Node::IntegerPower(a, n)),
        }
    }

    /// f(a).
    pub fn apply(&mut self, function: Function, a: Id) -> Id {
        match self.constant(a) {
            Some(value) => self.number(function.apply(value)),
            None => self.intern(Node::Apply(function, a)),
        }
    }

    /// `a` where the condition is not zero, else `b`; the value that is not chosen has no effect,
    /// not even if it is NaN.
    pub fn select(&mut self, condition: Id, a: Id, b: Id) -> Id {
        match self.constant(condition) {
            _ if a == b => a,
            Some(0.0) => b,
            Some(_) => a,
            None => self.intern(Node::Select(condition, a, b)),
        }
    }

    /// 1 where the expression is not zero, else 0.
    pub fn truth(&mut self, a: Id) -> Id {
        match self.node(a) {
            Node::Binary(operation, ..) if operation.is_comparison() => a,
            _ => {
                let zero = self.number(0.0);
                self.binary(Operation::NotEqual, a, zero)
            }
        }
    }

    /// 1 where the expression is zero, else 0.
    pub fn not(&mut self, a: Id) -> Id {
        let zero = self.number(0.0);
        self.binary(Operation::Equal, a, zero)
    }
}

fn is_integer(n: f64) -> bool {
    n.fract() == 0.0 && n.abs() <= LARGEST_INTEGER_POWER
}
