//! The functions and operations of one and two numbers: their names and their values.
//!
//! Constant folding and the tape call the same code, so an expression has the same value whether
//! it is computed when it is read or at every point; and no system's library is among it, so it has the
//! same value on every machine.

use crate::elementary::{cos, erf, exp, log, sin, tanh};

/// A function of one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Function {
    /// Sine.
    Sin,
    /// Cosine.
    Cos,
    /// Tangent.
    Tan,
    /// Inverse sine.
    Asin,
    /// Inverse cosine.
    Acos,
    /// Inverse tangent.
    Atan,
    /// Hyperbolic sine.
    Sinh,
    /// Hyperbolic cosine.
    Cosh,
    /// Hyperbolic tangent.
    Tanh,
    /// Exponential.
    Exp,
    /// Natural logarithm.
    Log,
    /// Square root.
    Sqrt,
    /// Absolute value.
    Abs,
    /// -1, 0 or 1.
    Sign,
    /// Error function.
    Erf,
}

/// All functions of one number, by name.
const FUNCTIONS: [(&str, Function); 15] = [
    ("sin", Function::Sin),
    ("cos", Function::Cos),
    ("tan", Function::Tan),
    ("asin", Function::Asin),
    ("acos", Function::Acos),
    ("atan", Function::Atan),
    ("sinh", Function::Sinh),
    ("cosh", Function::Cosh),
    ("tanh", Function::Tanh),
    ("exp", Function::Exp),
    ("log", Function::Log),
    ("sqrt", Function::Sqrt),
    ("abs", Function::Abs),
    ("sign", Function::Sign),
    ("erf", Function::Erf),
];

impl Function {
    /// All functions.
    pub fn all() -> impl Iterator<Item = Self> {
        FUNCTIONS.iter().map(|f| f.1)
    }

    /// The function called `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        FUNCTIONS.iter().find(|f| f.0 == name).map(|f| f.1)
    }

    /// Its name in expressions.
    pub fn name(self) -> &'static str {
        FUNCTIONS.iter().find(|f| f.1 == self).map_or("", |f| f.0)
    }

    /// Its value.
    pub fn apply(self, x: f64) -> f64 {
        match self {
            Self::Sin => sin(x),
            Self::Cos => cos(x),
            Self::Tan => libm::tan(x),
            Self::Asin => libm::asin(x),
            Self::Acos => libm::acos(x),
            Self::Atan => libm::atan(x),
            Self::Sinh => libm::sinh(x),
            Self::Cosh => libm::cosh(x),
            Self::Tanh => tanh(x),
            Self::Exp => exp(x),
            Self::Log => log(x),
            Self::Sqrt => x.sqrt(),
            Self::Abs => x.abs(),
            // Unlike f64::signum, zero at zero: abs has its minimum there.
            Self::Sign if x == 0.0 => 0.0,
            Self::Sign => x.signum(),
            Self::Erf => erf(x),
        }
    }
}

/// An operation on two numbers. `>` and `>=` are `<` and `<=` with the operands exchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// a + b.
    Add,
    /// a - b.
    Subtract,
    /// a * b.
    Multiply,
    /// a / b.
    Divide,
    /// a ^ b.
    Power,
    /// The smaller one.
    Minimum,
    /// The larger one.
    Maximum,
    /// a < b, 1 or 0.
    Less,
    /// a <= b, 1 or 0.
    LessEqual,
    /// a == b, 1 or 0.
    Equal,
    /// a != b, 1 or 0.
    NotEqual,
}

impl Operation {
    /// Whether the value is 1 or 0, with derivative 0.
    pub fn is_comparison(self) -> bool {
        matches!(
            self,
            Self::Less | Self::LessEqual | Self::Equal | Self::NotEqual
        )
    }

    /// Whether the operands may be exchanged.
    pub(super) fn commutes(self) -> bool {
        matches!(
            self,
            Self::Add
                | Self::Multiply
                | Self::Minimum
                | Self::Maximum
                | Self::Equal
                | Self::NotEqual
        )
    }

    /// Its value. A NaN operand makes the minimum and the maximum NaN, so that it is seen.
    #[inline]
    pub fn apply(self, a: f64, b: f64) -> f64 {
        match self {
            Self::Add => a + b,
            Self::Subtract => a - b,
            Self::Multiply => a * b,
            Self::Divide => a / b,
            Self::Power => libm::pow(a, b),
            Self::Minimum if a.is_nan() || a <= b => a,
            Self::Maximum if a.is_nan() || a >= b => a,
            Self::Minimum | Self::Maximum => b,
            Self::Less => f64::from(u8::from(a < b)),
            Self::LessEqual => f64::from(u8::from(a <= b)),
            Self::Equal => f64::from(u8::from(a == b)),
            Self::NotEqual => f64::from(u8::from(a != b)),
        }
    }
}

/// x^n by repeated squaring: the same bits everywhere, which `f64::powi` does not promise.
#[inline]
pub(super) fn integer_power(x: f64, n: i32) -> f64 {
    let (mut exponent, mut square, mut result) = (n.unsigned_abs(), x, 1.0);
    while exponent > 0 {
        if exponent & 1 == 1 {
            result *= square;
        }
        exponent >>= 1;
        if exponent > 0 {
            square *= square;
        }
    }
    if n < 0 { 1.0 / result } else { result }
}
