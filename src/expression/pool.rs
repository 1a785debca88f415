//! The arena of expressions. Equal expressions are the same node ("hash-consing"), so that the
//! product rule, applied again and again, does not copy what it shares.
//!
//! A node's operands are older than the node: ascending [`Id`] is an order of evaluation. All walks
//! below go through nodes in that order instead of recursing, so a sum of thousands of terms, which
//! is thousands of nodes deep, cannot overflow the stack.
//!
//! Notation multiplies what a text says (a Laplacian, a sum over 1,000 coordinates, a function of
//! functions), so a short deck could ask for more nodes than memory holds. A pool therefore has a
//! budget of nodes and of work; once it is spent every new node is NaN, so that whatever is under way
//! ends soon, and [`Pool::is_exhausted`] tells the callers, who refuse the deck.

use super::derive::Memo;
use super::function::{Function, Operation};
use std::collections::{BTreeSet, HashMap};

/// Most different expressions: about a gigabyte.
const MOST_NODES: usize = 1 << 22;
/// Most visits of nodes: seconds.
const MOST_WORK: usize = 1 << 27;

/// A walk costs a visit for so many nodes of the pool, besides those that it makes.
pub(super) const WALK: usize = 8;

/// What to say of texts that exhaust a pool.
pub(super) const EXHAUSTED: &str = "the expressions are too large altogether, with all derivatives \
     and sums written out; simplify them";

/// An expression in a [`Pool`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(usize);

impl Id {
    /// Its place in the order of evaluation.
    pub(super) fn index(self) -> usize {
        self.0
    }
}

/// Which derivative of an unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Derivative {
    /// The unknown itself.
    Value,
    /// By one coordinate.
    First(usize),
    /// By two coordinates, the smaller index first.
    Second(usize, usize),
    /// Sum of the second derivatives by every coordinate; a symbol of its own because networks
    /// compute it more cheaply than its addends.
    Laplacian,
}

/// What an expression depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Symbol {
    /// A coordinate of the point.
    Coordinate(usize),
    /// An unknown or a derivative of it at the point.
    Jet {
        /// Which unknown.
        unknown: usize,
        /// Which derivative.
        derivative: Derivative,
    },
    /// A component of the outward unit normal.
    Normal(usize),
    /// A column of the data.
    Column(usize),
    /// A function written as "manufactured", until it is solved for.
    Source(usize),
}

/// An expression's outermost operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Node {
    /// Bits of a number.
    Constant(u64),
    Symbol(Symbol),
    Negate(Id),
    Binary(Operation, Id, Id),
    IntegerPower(Id, i32),
    Apply(Function, Id),
    /// The second operand where the first is not zero, else the third.
    Select(Id, Id, Id),
}

impl Node {
    /// Its operands.
    pub(super) fn operands(self) -> impl Iterator<Item = Id> {
        let operands = match self {
            Self::Constant(_) | Self::Symbol(_) => [None; 3],
            Self::Negate(a) | Self::IntegerPower(a, _) | Self::Apply(_, a) => [Some(a), None, None],
            Self::Binary(_, a, b) => [Some(a), Some(b), None],
            Self::Select(c, a, b) => [Some(c), Some(a), Some(b)],
        };
        operands.into_iter().flatten()
    }
}

/// The arena of expressions; see the head of this file. An [`Id`] belongs to the pool that gave it.
#[derive(Clone, Debug, Default)]
pub struct Pool {
    nodes: Vec<Node>,
    known: HashMap<Node, Id>,
    work: usize,
    pub(super) memo: Memo,
}

impl Pool {
    /// An empty pool.
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of different expressions.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Whether the budget of nodes or work is spent; expressions made since then are NaN.
    pub fn is_exhausted(&self) -> bool {
        self.nodes.len() >= MOST_NODES || self.work >= MOST_WORK
    }

    /// Counts `work` visits of nodes.
    pub(super) fn spend(&mut self, work: usize) {
        self.work = self.work.saturating_add(work);
    }

    pub(super) fn node(&self, id: Id) -> Node {
        self.nodes[id.0]
    }

    pub(super) fn intern(&mut self, node: Node) -> Id {
        self.spend(1);
        let node = match self.is_exhausted() {
            true => Node::Constant(f64::NAN.to_bits()),
            false => node,
        };
        if let Some(&id) = self.known.get(&node) {
            return id;
        }
        let id = Id(self.nodes.len());
        self.nodes.push(node);
        self.known.insert(node, id);
        id
    }

    /// A symbol as an expression. Second derivatives are symmetric: their indices are sorted.
    pub fn symbol(&mut self, symbol: Symbol) -> Id {
        self.intern(Node::Symbol(match symbol {
            Symbol::Jet {
                unknown,
                derivative: Derivative::Second(i, j),
            } => Symbol::Jet {
                unknown,
                derivative: Derivative::Second(i.min(j), i.max(j)),
            },
            other => other,
        }))
    }

    /// The number, if the expression is one.
    pub fn constant(&self, id: Id) -> Option<f64> {
        match self.node(id) {
            Node::Constant(bits) => Some(f64::from_bits(bits)),
            _ => None,
        }
    }

    /// The symbols that the expression depends on.
    pub fn symbols(&self, id: Id) -> BTreeSet<Symbol> {
        let nodes = self.reachable(&[id], Node::operands);
        let symbols = nodes.into_iter().filter_map(|id| match self.node(id) {
            Node::Symbol(symbol) => Some(symbol),
            _ => None,
        });
        symbols.collect()
    }

    /// Whether some number in the expression is infinite or NaN, as from 1/0.
    pub(super) fn overflows(&self, id: Id) -> bool {
        let nodes = self.reachable(&[id], Node::operands);
        let mut constants = nodes.into_iter().filter_map(|id| self.constant(id));
        constants.any(|value| !value.is_finite())
    }

    /// The expression with symbols replaced; those for which `replace` says None stay.
    pub fn substitute(&mut self, id: Id, replace: &mut dyn FnMut(Symbol) -> Option<Id>) -> Id {
        let mut new: HashMap<Id, Id> = HashMap::new();
        self.spend(self.len() / WALK);
        for old in self.reachable(&[id], Node::operands) {
            let result = match self.node(old) {
                Node::Constant(_) => old,
                Node::Symbol(symbol) => replace(symbol).unwrap_or(old),
                Node::Negate(a) => self.neg(new[&a]),
                Node::Binary(operation, a, b) => self.binary(operation, new[&a], new[&b]),
                Node::IntegerPower(a, n) => self.powi(new[&a], n),
                Node::Apply(function, a) => self.apply(function, new[&a]),
                Node::Select(c, a, b) => self.select(new[&c], new[&a], new[&b]),
            };
            new.insert(old, result);
        }
        new[&id]
    }

    /// `roots` and everything below along `operands`, in order of evaluation.
    pub(super) fn reachable<I: Iterator<Item = Id>>(
        &self,
        roots: &[Id],
        operands: impl Fn(Node) -> I,
    ) -> Vec<Id> {
        let youngest = roots.iter().max().map_or(0, |id| id.0 + 1);
        let mut seen = vec![false; youngest];
        let mut stack: Vec<Id> = roots.to_vec();
        let mut nodes = Vec::new();
        while let Some(id) = stack.pop() {
            if !seen[id.0] {
                seen[id.0] = true;
                nodes.push(id);
                stack.extend(operands(self.node(id)));
            }
        }
        nodes.sort_unstable();
        nodes
    }
}
