//! The notation of PDEs, lowered to scalars: gradients, divergences, Laplacians.
//!
//! A vector keeps its gradients unexpanded, v = c + Σ s ∇p. So div(k*grad(u)) = ∇k·∇u + k Δu comes
//! out with the Laplacian of u in one piece, which networks compute in one pass, where expanding
//! first would leave a sum of second derivatives.

use super::function::Function;
use super::pool::{Derivative, Id, Pool, Symbol, WALK};
use super::scope::Scope;
use std::collections::BTreeSet;

/// Most addends s ∇p of a vector: functions that double each other would make 2^k of them.
const MOST_GRADIENTS: usize = 1000;

/// What an expression may be on the way: messages are completed with a place by the parser.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Scalar(Id),
    Vector(Field),
}

/// A vector over the coordinates of space: components and (s, p) for addends s ∇p.
#[derive(Clone, Debug)]
pub(super) struct Field {
    components: Vec<Id>,
    gradients: Vec<(Id, Id)>,
    space: Vec<usize>,
}

impl Value {
    pub(super) fn scalar(&self) -> Result<Id, String> {
        match self {
            Self::Scalar(id) => Ok(*id),
            Self::Vector(_) => Err(
                "this is a vector where a number is needed: use dot(a, b), norm(a) or div(a)"
                    .into(),
            ),
        }
    }
}

impl Field {
    /// A vector by its components; see [`Field::gradient`] for others.
    pub(super) fn new(components: Vec<Id>) -> Self {
        Self {
            components,
            gradients: Vec::new(),
            space: Vec::new(),
        }
    }

    fn gradient(pool: &mut Pool, scope: &Scope, potential: Id) -> Self {
        let (zero, one) = (pool.number(0.0), pool.number(1.0));
        let space = scope.space();
        Self {
            components: vec![zero; space.len()],
            gradients: vec![(one, potential)],
            space,
        }
    }

    /// All components, gradients expanded.
    pub(super) fn components(&self, pool: &mut Pool) -> Result<Vec<Id>, String> {
        let mut components = self.components.clone();
        for &(scale, potential) in &self.gradients {
            for (component, &i) in components.iter_mut().zip(&self.space) {
                let slope = total(pool, potential, i)?;
                let term = pool.mul(scale, slope);
                *component = pool.add(*component, term);
            }
        }
        Ok(components)
    }

    /// Applies `linear` to every component and every factor of a gradient.
    fn map(mut self, mut linear: impl FnMut(Id) -> Id) -> Self {
        self.components.iter_mut().for_each(|c| *c = linear(*c));
        self.gradients.iter_mut().for_each(|g| g.0 = linear(g.0));
        self
    }
}

fn total(pool: &mut Pool, id: Id, i: usize) -> Result<Id, String> {
    pool.total_derivative(id, i)
        .map_err(|error| format!("this {error}"))
}

impl Pool {
    /// a·b by components.
    pub(super) fn dot(&mut self, a: &[Id], b: &[Id]) -> Id {
        let mut sum = self.number(0.0);
        for (&a, &b) in a.iter().zip(b) {
            let product = self.mul(a, b);
            sum = self.add(sum, product);
        }
        sum
    }

    pub(super) fn negate_value(&mut self, value: Value) -> Value {
        match value {
            Value::Scalar(a) => Value::Scalar(self.neg(a)),
            Value::Vector(v) => Value::Vector(v.map(|c| self.neg(c))),
        }
    }

    pub(super) fn add_values(&mut self, a: Value, b: Value) -> Result<Value, String> {
        match (a, b) {
            (Value::Scalar(a), Value::Scalar(b)) => Ok(Value::Scalar(self.add(a, b))),
            (Value::Vector(a), Value::Vector(b))
                if a.gradients.len() + b.gradients.len() > MOST_GRADIENTS =>
            {
                Err(format!(
                    "a sum of more than {MOST_GRADIENTS} gradients; write the gradient of a sum"
                ))
            }
            (Value::Vector(mut a), Value::Vector(b)) => {
                for (a, &b) in a.components.iter_mut().zip(&b.components) {
                    *a = self.add(*a, b);
                }
                a.gradients.extend(b.gradients);
                a.space = if a.space.is_empty() { b.space } else { a.space };
                Ok(Value::Vector(a))
            }
            _ => Err("a vector and a number cannot be added".into()),
        }
    }

    pub(super) fn multiply_values(&mut self, a: Value, b: Value) -> Result<Value, String> {
        match (a, b) {
            (Value::Scalar(a), Value::Scalar(b)) => Ok(Value::Scalar(self.mul(a, b))),
            (Value::Scalar(a), Value::Vector(v)) => Ok(Value::Vector(v.map(|c| self.mul(a, c)))),
            (Value::Vector(v), Value::Scalar(a)) => Ok(Value::Vector(v.map(|c| self.mul(c, a)))),
            _ => Err("a product of two vectors is written dot(a, b)".into()),
        }
    }

    pub(super) fn divide_values(&mut self, a: Value, b: Value) -> Result<Value, String> {
        match (a, b) {
            (Value::Scalar(a), Value::Scalar(b)) => Ok(Value::Scalar(self.div(a, b))),
            (Value::Vector(v), Value::Scalar(b)) => Ok(Value::Vector(v.map(|c| self.div(c, b)))),
            _ => Err("a vector cannot be a divisor".into()),
        }
    }

    pub(super) fn gradient(&mut self, scope: &Scope, value: &Value) -> Result<Value, String> {
        let gradient = Field::gradient(self, scope, value.scalar()?);
        // Expanded once, so that what cannot be differentiated is reported here.
        gradient.components(self)?;
        Ok(Value::Vector(gradient))
    }

    pub(super) fn squared_gradient(&mut self, scope: &Scope, value: &Value) -> Result<Id, String> {
        let gradient = Field::gradient(self, scope, value.scalar()?).components(self)?;
        Ok(self.dot(&gradient, &gradient))
    }

    /// Σ n_i D_i over all coordinates, time included: on the face t = 0 it is -u_t.
    pub(super) fn normal_slope(&mut self, scope: &Scope, value: &Value) -> Result<Id, String> {
        if !scope.on_boundary {
            return Err(
                "dn(..) is the derivative along the outward normal, which is only known in \
                 boundary conditions"
                    .into(),
            );
        }
        let id = value.scalar()?;
        let mut sum = self.number(0.0);
        for i in 0..scope.coordinates.len() {
            let normal = self.symbol(Symbol::Normal(i));
            let slope = total(self, id, i)?;
            let term = self.mul(normal, slope);
            sum = self.add(sum, term);
        }
        Ok(sum)
    }

    pub(super) fn norm(&mut self, value: &Value) -> Result<Id, String> {
        match value {
            Value::Scalar(_) => {
                Err("norm(..) needs a vector: norm(x), norm([a, b]); abs(a) for a number".into())
            }
            Value::Vector(v) => {
                let components = v.components(self)?;
                let square = self.dot(&components, &components);
                Ok(self.apply(Function::Sqrt, square))
            }
        }
    }

    pub(super) fn divergence(&mut self, scope: &Scope, value: &Value) -> Result<Id, String> {
        let Value::Vector(v) = value else {
            return Err("div(..) needs a vector, as in div(k*grad(u)) or div([a, b])".into());
        };
        let mut sum = self.number(0.0);
        for (&component, i) in v.components.iter().zip(scope.space()) {
            let slope = total(self, component, i)?;
            sum = self.add(sum, slope);
        }
        for &(scale, potential) in &v.gradients {
            let laplacian = self.laplacian(scope, potential)?;
            let term = self.mul(scale, laplacian);
            sum = self.add(sum, term);
            for i in scope.space() {
                let (a, b) = (total(self, scale, i)?, total(self, potential, i)?);
                let term = self.mul(a, b);
                sum = self.add(sum, term);
            }
        }
        Ok(sum)
    }

    /// Δe for e(x, u): Σ_i D_i ∂e/∂x_i + Σ_u (Σ_i D_i(∂e/∂u) u_i + ∂e/∂u Δu).
    pub(super) fn laplacian(&mut self, scope: &Scope, id: Id) -> Result<Id, String> {
        let space = scope.space();
        let mut sum = self.number(0.0);
        self.spend(self.len() / WALK);
        for symbol in self.symbols(id) {
            let slope = self.derivative(id, symbol);
            if self.constant(slope) == Some(0.0) {
                continue;
            }
            let term = match symbol {
                Symbol::Coordinate(i) if !space.contains(&i) => continue,
                Symbol::Coordinate(i) => total(self, slope, i)?,
                Symbol::Jet {
                    unknown,
                    derivative: Derivative::Value,
                } => {
                    let whole = self.laplacian_of_unknown(scope, unknown);
                    let mut term = self.mul(slope, whole);
                    let value = self.symbol(symbol);
                    for &i in &space {
                        let (a, b) = (total(self, slope, i)?, total(self, value, i)?);
                        let product = self.mul(a, b);
                        term = self.add(term, product);
                    }
                    term
                }
                // Anything else has no two derivatives more; the attempt says why.
                _ => {
                    let whole = self.symbol(symbol);
                    let first = total(self, whole, 0)?;
                    total(self, first, 0)?
                }
            };
            sum = self.add(sum, term);
        }
        Ok(sum)
    }

    /// Over all coordinates in one piece. Time is taken off it again, or the coordinates of space are
    /// added up: whichever needs fewer derivatives.
    fn laplacian_of_unknown(&mut self, scope: &Scope, unknown: usize) -> Id {
        let space = scope.space();
        let mut jet = |derivative| {
            self.symbol(Symbol::Jet {
                unknown,
                derivative,
            })
        };
        let time: Vec<usize> = (0..scope.coordinates.len())
            .filter(|i| !space.contains(i))
            .collect();
        if time.len() + 1 < space.len() || time.is_empty() {
            let whole = jet(Derivative::Laplacian);
            return time.iter().fold(whole, |rest, &i| {
                let second = self.symbol(Symbol::Jet {
                    unknown,
                    derivative: Derivative::Second(i, i),
                });
                self.sub(rest, second)
            });
        }
        let seconds: BTreeSet<Id> = space
            .iter()
            .map(|&i| jet(Derivative::Second(i, i)))
            .collect();
        let zero = self.number(0.0);
        seconds.into_iter().fold(zero, |a, b| self.add(a, b))
    }
}
