//! Evaluation at many points: the pool's nodes as a list of instructions on columns.
//!
//! Points go through in blocks that keep all intermediate columns in cache, one operation at a time,
//! so the loops are simple enough for the compiler to vectorise, elementary functions among them.
//! Every point undergoes the same operations in the same order, whatever block it is in: its bits do
//! not depend on the batch.

use super::function::{Function, Operation, integer_power};
use super::pool::{Id, Node, Pool, Symbol};
use crate::elementary::{erf_each, exp_each, log, sin_cos_each, tanh_each};
use crate::simd::vectorised;
use std::collections::HashMap;

/// Points in a block: 2 kB a column.
const BLOCK: usize = 256;

/// Where a value is found.
#[derive(Clone, Copy, Debug)]
enum Place {
    Constant(f64),
    Input(usize),
    Register(usize),
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Negate(Place),
    IntegerPower(Place, i32),
    Apply(Function, Place),
    Binary(Operation, Place, Place),
    Select(Place, Place, Place),
}

/// Expressions compiled for evaluation at many points.
#[derive(Clone, Debug)]
pub struct Tape {
    inputs: Vec<Symbol>,
    /// (register that receives the value, what to compute).
    steps: Vec<(usize, Step)>,
    registers: usize,
    outputs: Vec<Place>,
}

/// Registers in use while a tape is compiled: one is free again after the last use of its value.
#[derive(Default)]
struct Registers {
    free: Vec<usize>,
    count: usize,
}

impl Registers {
    fn take(&mut self) -> usize {
        self.free.pop().unwrap_or_else(|| {
            self.count += 1;
            self.count - 1
        })
    }
}

impl Tape {
    /// Compiles the expressions.
    pub fn new(pool: &Pool, outputs: &[Id]) -> Self {
        let nodes = pool.reachable(outputs, Node::operands);
        let mut uses: HashMap<Id, usize> = HashMap::new();
        let operands = nodes.iter().flat_map(|&id| pool.node(id).operands());
        // An output is never used up.
        for id in operands.chain(outputs.iter().copied()) {
            *uses.entry(id).or_default() += 1;
        }
        let (mut inputs, mut steps) = (Vec::new(), Vec::new());
        let mut registers = Registers::default();
        let mut places: HashMap<Id, Place> = HashMap::new();
        for id in nodes {
            let node = pool.node(id);
            let at = |id: Id| places[&id];
            let step = match node {
                Node::Constant(bits) => {
                    places.insert(id, Place::Constant(f64::from_bits(bits)));
                    continue;
                }
                Node::Symbol(symbol) => {
                    places.insert(id, Place::Input(inputs.len()));
                    inputs.push(symbol);
                    continue;
                }
                Node::Negate(a) => Step::Negate(at(a)),
                Node::IntegerPower(a, n) => Step::IntegerPower(at(a), n),
                Node::Apply(function, a) => Step::Apply(function, at(a)),
                Node::Binary(operation, a, b) => Step::Binary(operation, at(a), at(b)),
                Node::Select(c, a, b) => Step::Select(at(c), at(a), at(b)),
            };
            // Taken before the operands' registers are given back: a step never writes on what it
            // reads.
            let target = registers.take();
            steps.push((target, step));
            for operand in node.operands() {
                let left = uses.entry(operand).or_default();
                *left -= 1;
                if let (0, Place::Register(register)) = (*left, places[&operand]) {
                    registers.free.push(register);
                }
            }
            places.insert(id, Place::Register(target));
        }
        Self {
            inputs,
            steps,
            registers: registers.count,
            outputs: outputs.iter().map(|id| places[id]).collect(),
        }
    }

    /// The symbols whose values are asked for.
    pub fn inputs(&self) -> &[Symbol] {
        &self.inputs
    }

    /// Number of expressions.
    pub fn outputs(&self) -> usize {
        self.outputs.len()
    }

    /// The value of an output that is the same everywhere.
    pub fn constant(&self, output: usize) -> Option<f64> {
        match self.outputs.get(output) {
            Some(Place::Constant(value)) => Some(*value),
            _ => None,
        }
    }

    /// The values of all outputs at `n` points: a column for each output.
    ///
    /// `input` gives the column of a symbol, `n` values or more. A shorter one counts as NaN, which
    /// shows in the result, because the symbol has no values at these points.
    pub fn eval<'a>(&self, n: usize, input: impl Fn(Symbol) -> &'a [f64]) -> Vec<Vec<f64>> {
        let columns = self.inputs.iter().map(|&symbol| input(symbol));
        let columns: Vec<Option<&[f64]>> = columns.map(|c| c.get(..n)).collect();
        let mut registers = vec![vec![0.0; n.min(BLOCK)]; self.registers];
        let mut spare = [(); 2].map(|()| vec![0.0; n.min(BLOCK)]);
        let mut results = vec![Vec::with_capacity(n); self.outputs.len()];
        for start in (0..n).step_by(BLOCK) {
            let end = (start + BLOCK).min(n);
            let inputs: Vec<View> = columns
                .iter()
                .map(|c| c.map_or(View::Constant(f64::NAN), |c| View::Column(&c[start..end])))
                .collect();
            vectorised(
                #[inline(always)]
                || self.eval_block(end - start, &inputs, &mut registers, &mut spare),
            );
            for (result, &place) in results.iter_mut().zip(&self.outputs) {
                match view(place, &inputs, &registers) {
                    View::Constant(value) => result.resize(end, value),
                    View::Column(values) => result.extend_from_slice(&values[..end - start]),
                }
            }
        }
        results
    }

    #[inline(always)]
    fn eval_block(
        &self,
        n: usize,
        inputs: &[View],
        registers: &mut [Vec<f64>],
        spare: &mut [Vec<f64>; 2],
    ) {
        for &(target, step) in &self.steps {
            // Out of the list while it is written, so that the others can be read.
            let mut column = std::mem::take(&mut registers[target]);
            let at = |place| view(place, inputs, registers);
            let out = &mut column[..n];
            match step {
                Step::Negate(a) => unary(out, at(a), |x| -x),
                Step::IntegerPower(a, 2) => unary(out, at(a), |x| x * x),
                Step::IntegerPower(a, n) => unary(out, at(a), |x| integer_power(x, n)),
                Step::Apply(function, a) => {
                    let spare = spare.each_mut().map(Vec::as_mut_slice);
                    apply(function, out, at(a), spare);
                }
                Step::Binary(operation, a, b) => binary_step(operation, out, at(a), at(b)),
                Step::Select(c, a, b) => select(out, at(c), at(a), at(b)),
            }
            registers[target] = column;
        }
    }
}

/// Values to read: one for all points, or one for each.
#[derive(Clone, Copy)]
enum View<'a> {
    Constant(f64),
    Column(&'a [f64]),
}

impl View<'_> {
    fn get(self, point: usize) -> f64 {
        match self {
            Self::Constant(value) => value,
            Self::Column(values) => values[point],
        }
    }
}

fn view<'a>(place: Place, inputs: &[View<'a>], registers: &'a [Vec<f64>]) -> View<'a> {
    match place {
        Place::Constant(value) => View::Constant(value),
        Place::Input(k) => inputs[k],
        Place::Register(k) => View::Column(&registers[k]),
    }
}

/// Loops for each function that is worth vectorising; `spare` is theirs to work in.
#[inline(always)]
fn apply(function: Function, out: &mut [f64], a: View, spare: [&mut [f64]; 2]) {
    let View::Column(a) = a else {
        return unary(out, a, |x| function.apply(x));
    };
    let a = &a[..out.len()];
    let [spare, other] = spare;
    match function {
        Function::Sin => sin_cos_each(a, out, spare, other),
        Function::Cos => sin_cos_each(a, spare, out, other),
        Function::Tanh => tanh_each(a, out, spare),
        Function::Exp => {
            out.copy_from_slice(a);
            exp_each(out, spare);
        }
        Function::Erf => {
            out.copy_from_slice(a);
            erf_each(out, [spare, other]);
        }
        Function::Log => unary(out, View::Column(a), log),
        Function::Sqrt => unary(out, View::Column(a), f64::sqrt),
        Function::Abs => unary(out, View::Column(a), f64::abs),
        _ => unary(out, View::Column(a), |x| function.apply(x)),
    }
}

#[inline(always)]
fn unary(out: &mut [f64], a: View, f: impl Fn(f64) -> f64) {
    match a {
        View::Constant(a) => out.fill(f(a)),
        View::Column(a) => out.iter_mut().zip(a).for_each(|(out, &a)| *out = f(a)),
    }
}

/// One loop for each operation that is worth vectorising.
#[inline(always)]
fn binary_step(operation: Operation, out: &mut [f64], a: View, b: View) {
    match operation {
        Operation::Add => binary(out, a, b, |a, b| a + b),
        Operation::Subtract => binary(out, a, b, |a, b| a - b),
        Operation::Multiply => binary(out, a, b, |a, b| a * b),
        Operation::Divide => binary(out, a, b, |a, b| a / b),
        _ => binary(out, a, b, |a, b| operation.apply(a, b)),
    }
}

#[inline(always)]
fn binary(out: &mut [f64], a: View, b: View, f: impl Fn(f64, f64) -> f64) {
    match (a, b) {
        (View::Constant(a), View::Constant(b)) => out.fill(f(a, b)),
        (View::Constant(a), View::Column(b)) => unary(out, View::Column(b), |b| f(a, b)),
        (View::Column(a), View::Constant(b)) => unary(out, View::Column(a), |a| f(a, b)),
        (View::Column(a), View::Column(b)) => {
            let pairs = a.iter().zip(b);
            out.iter_mut()
                .zip(pairs)
                .for_each(|(out, (&a, &b))| *out = f(a, b));
        }
    }
}

fn select(out: &mut [f64], condition: View, a: View, b: View) {
    for (point, out) in out.iter_mut().enumerate() {
        let chosen = if condition.get(point) == 0.0 { b } else { a };
        *out = chosen.get(point);
    }
}
