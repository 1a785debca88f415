//! Manufactured sources: the function f for which a given exact solution solves the problem.
//!
//! The exact solution goes into the equation first; what is left is linear in f by assumption, and
//! one division finds it. For an energy the equation is its Euler–Lagrange equation.

use super::pool::{Derivative, EXHAUSTED, Id, Pool, Symbol};

/// What a jet symbol stands for when unknown k is the expression `exact[k]` of the coordinates.
/// Other symbols, and unknowns without an exact solution, stand for themselves.
pub fn jets_of(pool: &mut Pool, exact: &[Id], symbol: Symbol) -> Id {
    let Symbol::Jet {
        unknown,
        derivative,
    } = symbol
    else {
        return pool.symbol(symbol);
    };
    let Some(&u) = exact.get(unknown) else {
        return pool.symbol(symbol);
    };
    match derivative {
        Derivative::Value => u,
        Derivative::First(i) => pool.derivative(u, Symbol::Coordinate(i)),
        Derivative::Second(i, j) => second(pool, u, i, j),
        Derivative::Laplacian => {
            let mut sum = pool.number(0.0);
            // Coordinates that do not occur add nothing, so their number need not be known.
            for symbol in pool.symbols(u) {
                if let Symbol::Coordinate(i) = symbol {
                    let term = second(pool, u, i, i);
                    sum = pool.add(sum, term);
                }
            }
            sum
        }
    }
}

fn second(pool: &mut Pool, u: Id, i: usize, j: usize) -> Id {
    let first = pool.derivative(u, Symbol::Coordinate(i));
    pool.derivative(first, Symbol::Coordinate(j))
}

/// The expression with every jet replaced by that of the exact solution.
pub fn exact_in(pool: &mut Pool, id: Id, exact: &[Id]) -> Id {
    let symbols = pool.symbols(id).into_iter();
    let jets: Vec<(Symbol, Id)> = symbols.map(|s| (s, jets_of(pool, exact, s))).collect();
    pool.substitute(id, &mut |symbol| {
        let place = jets.binary_search_by_key(&symbol, |j| j.0).ok()?;
        Some(jets[place].1)
    })
}

/// Solves residual = 0 at the exact solution for `Symbol::Source(k)`.
///
/// # Errors
/// If the source is not in the residual, or not linearly; if another unknown source is; or if an
/// unknown has no exact solution.
pub fn solve_source(pool: &mut Pool, residual: Id, exact: &[Id], k: usize) -> Result<Id, String> {
    let source = Symbol::Source(k);
    let slope = pool.derivative(residual, source);
    if pool.constant(slope) == Some(0.0) {
        return Err(
            "the manufactured source does not occur in the equation, so it cannot be solved for"
                .into(),
        );
    }
    if pool.symbols(slope).contains(&source) {
        return Err(
            "the manufactured source must enter the equation linearly, as in -lap(u) = f".into(),
        );
    }
    let zero = pool.number(0.0);
    let rest = pool.substitute(residual, &mut |s| (s == source).then_some(zero));
    let quotient = pool.div(rest, slope);
    let value = pool.neg(quotient);
    let value = exact_in(pool, value, exact);
    if pool.is_exhausted() {
        return Err(EXHAUSTED.into());
    }
    for symbol in pool.symbols(value) {
        match symbol {
            Symbol::Source(_) => {
                return Err("the equation holds two manufactured sources; give one of them".into());
            }
            Symbol::Jet { .. } => {
                return Err("a manufactured source needs `exact` for every unknown".into());
            }
            Symbol::Normal(_) | Symbol::Column(_) => {
                return Err("a manufactured source is a function of the coordinates only".into());
            }
            Symbol::Coordinate(_) => {}
        }
    }
    Ok(value)
}

/// Solves the Euler–Lagrange equation of an energy density by `unknown`, in `dim` coordinates, at
/// the exact solution, for `Symbol::Source(k)`:
///
/// ∂e/∂u - Σ_i D_i ∂e/∂u_i + Σ_{i≤j} D_ij ∂e/∂u_ij + Δ ∂e/∂Δu = 0
///
/// The exact solution is put into the ∂e/∂.. before they are differentiated, which makes them
/// functions of the coordinates, so that no order of derivatives is out of reach.
///
/// # Errors
/// If the source enters otherwise than through ∂e/∂u (it would have to be differentiated), or for
/// the reasons of [`solve_source`].
pub fn solve_source_energy(
    pool: &mut Pool,
    density: Id,
    unknown: usize,
    exact: &[Id],
    dim: usize,
    k: usize,
) -> Result<Id, String> {
    let mut equation = pool.number(0.0);
    for symbol in pool.symbols(density) {
        let Symbol::Jet {
            unknown: of,
            derivative,
        } = symbol
        else {
            continue;
        };
        if of != unknown {
            continue;
        }
        let slope = pool.derivative(density, symbol);
        let slope = exact_in(pool, slope, exact);
        let in_source = pool.symbols(slope).contains(&Symbol::Source(k));
        if in_source && derivative != Derivative::Value {
            return Err(
                "the manufactured source may be multiplied by the unknown, as in f*u, but not by \
                 its derivatives"
                    .into(),
            );
        }
        let term = match derivative {
            Derivative::Value => slope,
            Derivative::First(i) => {
                let divergence = pool.derivative(slope, Symbol::Coordinate(i));
                pool.neg(divergence)
            }
            Derivative::Second(i, j) => second(pool, slope, i, j),
            Derivative::Laplacian => {
                let zero = pool.number(0.0);
                (0..dim).fold(zero, |sum, i| {
                    let term = second(pool, slope, i, i);
                    pool.add(sum, term)
                })
            }
        };
        equation = pool.add(equation, term);
    }
    solve_source(pool, equation, exact, k)
}
