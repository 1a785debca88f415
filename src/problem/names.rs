//! What the deck's expressions mean: equations, energies, exact solutions, targets, with manufactured
//! sources solved for.

use crate::deck::{Deck, Law, Text};
use crate::error::{Error, Result};
use crate::expression::{
    Derivative, ExpressionError, Id, Pool, Scope, Symbol, solve_source, solve_source_energy,
};
use crate::table::Table;

/// The deck's expressions, parsed in one pool.
pub struct Names {
    /// Where expressions live.
    pub pool: Pool,
    /// Names of the coordinates.
    pub coordinates: Vec<String>,
    /// Names of the unknowns.
    pub unknowns: Vec<String>,
    /// left − right of the equations.
    pub residuals: Vec<Id>,
    /// The energy density.
    pub density: Option<Id>,
    /// The exact solution, one per unknown, or nothing.
    pub exact: Vec<Id>,
    /// left − right of the data's targets.
    pub targets: Vec<Id>,
    /// (unknown, column) of the targets that set an unknown equal to a column.
    pub direct_targets: Vec<(usize, usize)>,
    /// Columns of the table that are coordinates.
    pub inputs: Vec<usize>,
    scope: Scope,
    /// What every manufactured source is, by its number.
    sources: Vec<Id>,
}

/// An error in the text of a deck's key.
fn in_text<T>(text: &Text, result: std::result::Result<T, ExpressionError>) -> Result<T> {
    result.map_err(|error| Error::expression(&text.key, &text.place, &error))
}

impl Names {
    /// Parses all expressions of the deck but those of the boundary.
    ///
    /// # Errors
    /// With the deck's key and a caret under the place.
    pub fn new(deck: &Deck, table: Option<&Table>) -> Result<Self> {
        let coordinates: Vec<String> = deck.coordinates().into_iter().map(String::from).collect();
        let unknowns = deck.problem.unknowns.clone();
        let scope = Scope::new(&coordinates, &unknowns);
        let scope = scope.map_err(|e| Error::expression("problem.unknowns", "", &e))?;
        let mut names = Self {
            pool: Pool::new(),
            coordinates,
            unknowns,
            residuals: Vec::new(),
            density: None,
            exact: Vec::new(),
            targets: Vec::new(),
            direct_targets: Vec::new(),
            inputs: Vec::new(),
            scope,
            sources: Vec::new(),
        };
        names.definitions(deck)?;
        names.law(deck)?;
        names.manufacture()?;
        if let (Some(data), Some(table)) = (&deck.data, table) {
            names.data(&data.inputs, &data.target, table)?;
        }
        Ok(names)
    }

    fn definitions(&mut self, deck: &Deck) -> Result<()> {
        for constant in &deck.constants.0 {
            let added = self.scope.add_constant(&constant.name, constant.value);
            let key = format!("constants.{}", constant.name);
            added.map_err(|e| Error::expression(&key, "", &e))?;
        }
        let functions = deck.functions.0.iter();
        let functions: Vec<(&str, &str)> = functions
            .map(|f| (f.name.as_str(), f.text.text.as_str()))
            .collect();
        let defined = self.scope.define_functions(&mut self.pool, &functions);
        defined.map_err(|error| {
            let functions = &deck.functions.0;
            let at = functions
                .iter()
                .find(|f| [&f.name, &f.text.text].contains(&&error.text));
            let (key, place) = at.map_or(("functions", ""), |f| (&f.text.key, &f.text.place));
            Error::expression(key, place, &error)
        })
    }

    fn law(&mut self, deck: &Deck) -> Result<()> {
        match &deck.problem.law {
            Some(Law::Equation(equations)) => {
                for text in equations {
                    let residual = self.residual(text, &self.scope.clone())?;
                    self.residuals.push(residual);
                }
            }
            Some(Law::Energy(text)) => {
                self.density = Some(in_text(text, self.pool.parse(&text.text, &self.scope))?);
            }
            None => {}
        }
        let scope = self.scope.without_unknowns();
        for text in &deck.problem.exact {
            self.exact
                .push(in_text(text, self.pool.parse(&text.text, &scope))?);
        }
        Ok(())
    }

    /// left − right of an equation.
    fn residual(&mut self, text: &Text, scope: &Scope) -> Result<Id> {
        let equation = in_text(text, self.pool.parse_equation(&text.text, scope))?;
        Ok(equation.residual(&mut self.pool))
    }

    /// Residuals whose half squares, times the factor of all, add up with these weights.
    pub fn weighed(&mut self, residuals: &[Id], weights: &[f64]) -> (Vec<Id>, f64) {
        if weights.windows(2).all(|pair| pair[0] == pair[1]) {
            return (residuals.to_vec(), weights.first().copied().unwrap_or(1.0));
        }
        let pairs = residuals.iter().zip(weights);
        let weighed = pairs.map(|(&residual, weight)| {
            let root = self.pool.number(weight.sqrt());
            self.pool.mul(root, residual)
        });
        (weighed.collect(), 1.0)
    }

    /// Solves for the sources and puts them in.
    fn manufacture(&mut self) -> Result<()> {
        for k in 0..self.scope.sources().len() {
            let name = self.scope.sources()[k].clone();
            let fail = |what: String| {
                Error::Input(format!(
                    "`functions.{name}`: cannot be manufactured: {what}"
                ))
            };
            if self.exact.is_empty() {
                return Err(fail(
                    "`problem.exact` is not given; give it, or a formula".into(),
                ));
            }
            let uses = |pool: &Pool, id: Id| pool.symbols(id).contains(&Symbol::Source(k));
            let residual = self
                .residuals
                .iter()
                .copied()
                .find(|&r| uses(&self.pool, r));
            let solved = match (residual, self.density) {
                (Some(residual), _) => solve_source(&mut self.pool, residual, &self.exact, k),
                (None, Some(density)) if uses(&self.pool, density) => {
                    let unknown = self.unknown_of(density, k);
                    let dim = self.coordinates.len();
                    solve_source_energy(&mut self.pool, density, unknown, &self.exact, dim, k)
                }
                _ => Err("no equation uses it; remove it".into()),
            };
            self.sources.push(solved.map_err(fail)?);
        }
        let residuals = self.residuals.clone();
        self.residuals = residuals.into_iter().map(|r| self.resolved(r)).collect();
        self.density = self.density.map(|d| self.resolved(d));
        Ok(())
    }

    /// The unknown whose Euler–Lagrange equation source `k` enters.
    fn unknown_of(&mut self, density: Id, k: usize) -> usize {
        let enters = |names: &mut Self, unknown: usize| {
            let jet = Symbol::Jet {
                unknown,
                derivative: Derivative::Value,
            };
            let slope = names.pool.derivative(density, jet);
            names.pool.symbols(slope).contains(&Symbol::Source(k))
        };
        (0..self.unknowns.len())
            .find(|&u| enters(self, u))
            .unwrap_or(0)
    }

    /// An expression with the sources put in.
    fn resolved(&mut self, id: Id) -> Id {
        let sources = self.sources.clone();
        self.pool.substitute(id, &mut |symbol| match symbol {
            Symbol::Source(k) => sources.get(k).copied(),
            _ => None,
        })
    }

    fn data(&mut self, inputs: &[Text], targets: &[Text], table: &Table) -> Result<()> {
        let names = table.names().to_vec();
        for input in inputs {
            let column = table.column(&input.text).ok_or_else(|| {
                let message = format!("`{}` is not a column of the data", input.text);
                input.error(message, format!("its columns are {}", names.join(", ")))
            })?;
            self.inputs.push(column);
        }
        let mut scope = self.scope.clone();
        scope.set_columns(&names);
        for text in targets {
            let equation = in_text(text, self.pool.parse_equation(&text.text, &scope))?;
            let column = self.pool.symbols(equation.right).into_iter().next();
            let unknown = self.pool.symbols(equation.left).into_iter().next();
            if let (
                Some(Symbol::Jet {
                    unknown,
                    derivative: Derivative::Value,
                }),
                Some(Symbol::Column(column)),
            ) = (unknown, column)
                && self.is_symbol(equation.left)
                && self.is_symbol(equation.right)
            {
                self.direct_targets.push((unknown, column));
            }
            let residual = equation.residual(&mut self.pool);
            let residual = self.resolved(residual);
            self.targets.push(residual);
        }
        Ok(())
    }

    /// Whether an expression is a symbol by itself.
    fn is_symbol(&mut self, id: Id) -> bool {
        let symbols: Vec<Symbol> = self.pool.symbols(id).into_iter().collect();
        matches!(symbols[..], [symbol] if self.pool.symbol(symbol) == id)
    }

    /// An expression of the unknowns that the user asks the values of.
    ///
    /// # Errors
    /// With a caret under the place.
    pub fn asked(&mut self, text: &str) -> Result<Id> {
        let parsed = self.pool.parse(text, &self.scope);
        let id = parsed.map_err(|error| Error::expression("--of", "", &error))?;
        Ok(self.resolved(id))
    }

    /// left − right of a boundary condition.
    ///
    /// # Errors
    /// With the deck's key and a caret under the place.
    pub fn condition(&mut self, text: &Text) -> Result<Id> {
        let scope = self.scope.boundary();
        let residual = self.residual(text, &scope)?;
        let mut symbols = self.pool.symbols(residual).into_iter();
        if !symbols.any(|symbol| matches!(symbol, Symbol::Jet { .. })) {
            let message = format!("`{}` holds no unknown", text.text);
            let cure = format!(
                "say what holds there, as in `{} = 0`; `on` says where",
                self.unknowns[0]
            );
            return Err(text.error(message, cure).into());
        }
        Ok(self.resolved(residual))
    }

    /// A density on the boundary.
    ///
    /// # Errors
    /// With the deck's key and a caret under the place.
    pub fn boundary_density(&mut self, text: &Text) -> Result<Id> {
        let scope = self.scope.boundary();
        let density = in_text(text, self.pool.parse(&text.text, &scope))?;
        Ok(self.resolved(density))
    }

    /// left − right of the equation of a face.
    ///
    /// # Errors
    /// With the deck's key and a caret under the place.
    pub fn face(&mut self, text: &Text) -> Result<Id> {
        let scope = self.scope.without_unknowns();
        self.residual(text, &scope)
    }

    /// Where a boundary condition holds: an expression that is not zero there.
    ///
    /// # Errors
    /// With the deck's key and a caret under the place.
    pub fn place(&mut self, text: &Text) -> Result<Id> {
        let scope = self.scope.without_unknowns();
        in_text(text, self.pool.parse(&text.text, &scope))
    }
}

/// Whether this is an equation, with more than comparisons.
pub fn is_equation(text: &str) -> bool {
    let rest = text.replace("==", "").replace("<=", "").replace(">=", "");
    rest.replace("!=", "").contains('=')
}
