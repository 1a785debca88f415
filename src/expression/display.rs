//! Expressions as text that reads back to the same expression.
//!
//! A work list instead of recursion, and a limit on the length: an expression with shared parts can
//! be exponentially longer as text than it is in the pool.

use super::function::Operation;
use super::pool::{Derivative, Id, Node, Pool, Symbol};
use super::scope::{Meaning, Scope};

/// Text beyond this is cut.
const LONGEST: usize = 50_000;

const COMPARISON: u8 = 1;
const SUM: u8 = 2;
const PRODUCT: u8 = 3;
const SIGN: u8 = 4;
const POWER: u8 = 5;
const ATOM: u8 = 6;

/// What remains to be written.
enum Piece {
    /// Of at least this precedence, else in brackets.
    Expression(Id, u8),
    Text(String),
}

use Piece::{Expression, Text};

fn text(text: &str) -> Piece {
    Text(text.to_owned())
}

impl Pool {
    /// The expression in the notation of the input file, with the names of `scope`.
    pub fn display(&self, id: Id, scope: &Scope) -> String {
        let mut result = String::new();
        let mut pieces = vec![Expression(id, 0)];
        while let Some(piece) = pieces.pop() {
            if result.len() > LONGEST {
                result.push_str(" ...");
                break;
            }
            match piece {
                Text(piece) => result.push_str(&piece),
                Expression(id, least) => {
                    let (precedence, mut parts) = self.pieces(id, scope);
                    if precedence < least {
                        parts.insert(0, text("("));
                        parts.push(text(")"));
                    }
                    pieces.extend(parts.into_iter().rev());
                }
            }
        }
        result
    }

    /// The precedence of a node, and how it is written.
    fn pieces(&self, id: Id, scope: &Scope) -> (u8, Vec<Piece>) {
        match self.node(id) {
            Node::Constant(bits) => {
                let value = f64::from_bits(bits);
                let precedence = if value < 0.0 { SIGN } else { ATOM };
                (precedence, vec![Text(number(value))])
            }
            Node::Symbol(symbol) => (ATOM, vec![Text(symbol_name(symbol, scope))]),
            Node::Negate(a) => {
                // -(x - y)*z would read as (y - x)*z.
                let difference =
                    matches!(self.first_factor(a), Node::Binary(Operation::Subtract, ..));
                let least = if difference { ATOM } else { PRODUCT };
                (PRODUCT, vec![text("-"), Expression(a, least)])
            }
            Node::IntegerPower(a, n) => {
                let exponent = if n < 0 {
                    format!("^({n})")
                } else {
                    format!("^{n}")
                };
                (POWER, vec![Expression(a, ATOM), Text(exponent)])
            }
            Node::Apply(function, a) => (ATOM, call(function.name(), &[a])),
            Node::Select(c, a, b) => (ATOM, call("if", &[c, a, b])),
            Node::Binary(operation, a, b) => self.binary_pieces(operation, a, b),
        }
    }

    /// What a product or quotient begins with.
    fn first_factor(&self, mut id: Id) -> Node {
        while let Node::Binary(Operation::Multiply | Operation::Divide, first, _) = self.node(id) {
            id = first;
        }
        self.node(id)
    }

    fn binary_pieces(&self, operation: Operation, a: Id, b: Id) -> (u8, Vec<Piece>) {
        let (symbol, precedence, left, right) = match operation {
            Operation::Minimum => return (ATOM, call("min", &[a, b])),
            Operation::Maximum => return (ATOM, call("max", &[a, b])),
            Operation::Add => match self.constant(b) {
                Some(value) if value < 0.0 => {
                    let minus = format!(" - {}", number(-value));
                    return (SUM, vec![Expression(a, SUM), Text(minus)]);
                }
                _ => (" + ", SUM, SUM, PRODUCT),
            },
            Operation::Subtract => (" - ", SUM, SUM, PRODUCT),
            Operation::Multiply => ("*", PRODUCT, PRODUCT, POWER),
            Operation::Divide => ("/", PRODUCT, PRODUCT, POWER),
            Operation::Power => ("^", POWER, ATOM, ATOM),
            Operation::Less => (" < ", COMPARISON, SUM, SUM),
            Operation::LessEqual => (" <= ", COMPARISON, SUM, SUM),
            Operation::Equal => (" == ", COMPARISON, SUM, SUM),
            Operation::NotEqual => (" != ", COMPARISON, SUM, SUM),
        };
        let pieces = vec![Expression(a, left), text(symbol), Expression(b, right)];
        (precedence, pieces)
    }
}

/// name(a, b, ..).
fn call(name: &str, arguments: &[Id]) -> Vec<Piece> {
    let mut pieces = vec![Text(format!("{name}("))];
    for (k, &argument) in arguments.iter().enumerate() {
        if k > 0 {
            pieces.push(text(", "));
        }
        pieces.push(Expression(argument, 0));
    }
    pieces.push(text(")"));
    pieces
}

/// The shortest digits that read back to the same bits.
fn number(value: f64) -> String {
    if value == std::f64::consts::PI {
        "pi".to_owned()
    } else if value.is_nan() {
        "(0/0)".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "(1/0)" } else { "-(1/0)" }.to_owned()
    } else if value.fract() == 0.0 && value.abs() < 1e15 {
        format!("{value}")
    } else {
        format!("{value:?}")
    }
}

fn symbol_name(symbol: Symbol, scope: &Scope) -> String {
    let nth = |names: &[String], k: usize, kind: &str| {
        names
            .get(k)
            .cloned()
            .unwrap_or_else(|| format!("{kind}{k}"))
    };
    let coordinate = |i: usize| nth(&scope.coordinates, i, "x");
    match symbol {
        Symbol::Coordinate(i) => coordinate(i),
        Symbol::Column(k) => nth(&scope.columns, k, "column"),
        Symbol::Source(k) => nth(&scope.sources, k, "source"),
        Symbol::Normal(i) => match scope.meanings.get("n") {
            // n_x is then the derivative of that n.
            Some(Meaning::Unknown(_) | Meaning::Function(_)) => format!("n_{}", i + 1),
            _ => format!("n_{}", coordinate(i)),
        },
        Symbol::Jet {
            unknown,
            derivative,
        } => {
            let name = nth(&scope.unknowns, unknown, "u");
            match derivative {
                Derivative::Value => name,
                Derivative::First(i) => format!("{name}_{}", coordinate(i)),
                Derivative::Second(i, j) => format!("{name}_{}{}", coordinate(i), coordinate(j)),
                Derivative::Laplacian => format!("lap({name})"),
            }
        }
    }
}
