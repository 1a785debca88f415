//! The Euler–Lagrange equation of an energy density, and its flux through the boundary.
//!
//! Where ∫ e(x, u, ∇u) is stationary,
//!
//! ```text
//! ∂e/∂u − Σ_i D_i ∂e/∂u_i = 0 inside,      Σ_i n_i ∂e/∂u_i = 0 where the boundary is free.
//! ```
//!
//! D_i is the total derivative: the chain rule goes through u and ∇u. Source: C. Lanczos, The
//! Variational Principles of Mechanics (1970), ch. II.

use super::derive::DerivativeError;
use super::pool::{Derivative, Id, Pool, Symbol};

/// The left side of the Euler–Lagrange equation of `density` by `unknown`, in `dim` coordinates.
///
/// # Errors
/// If it needs third derivatives, because the density depends on second ones.
pub fn euler_lagrange(
    pool: &mut Pool,
    density: Id,
    unknown: usize,
    dim: usize,
) -> Result<Id, DerivativeError> {
    first_order(pool, density, unknown)?;
    let mut equation = slope(pool, density, unknown, Derivative::Value);
    for i in 0..dim {
        let momentum = slope(pool, density, unknown, Derivative::First(i));
        let divergence = pool.total_derivative(momentum, i)?;
        equation = pool.sub(equation, divergence);
    }
    Ok(with_laplacian(pool, equation, unknown, dim))
}

/// The outward flux Σ_i n_i ∂e/∂u_i of `density`, in `dim` coordinates.
pub fn flux(pool: &mut Pool, density: Id, unknown: usize, dim: usize) -> Id {
    let zero = pool.number(0.0);
    (0..dim).fold(zero, |sum, i| {
        let momentum = slope(pool, density, unknown, Derivative::First(i));
        let normal = pool.symbol(Symbol::Normal(i));
        let part = pool.mul(normal, momentum);
        pool.add(sum, part)
    })
}

/// # Errors
/// If the density depends on second derivatives of the unknown.
fn first_order(pool: &Pool, density: Id, unknown: usize) -> Result<(), DerivativeError> {
    let second = |symbol: &Symbol| match symbol {
        Symbol::Jet {
            unknown: of,
            derivative: Derivative::Second(..) | Derivative::Laplacian,
        } => *of == unknown,
        _ => false,
    };
    match pool.symbols(density).iter().any(second) {
        true => Err(DerivativeError::ThirdOrder),
        false => Ok(()),
    }
}

fn slope(pool: &mut Pool, density: Id, unknown: usize, derivative: Derivative) -> Id {
    pool.derivative(
        density,
        Symbol::Jet {
            unknown,
            derivative,
        },
    )
}

/// Writes c u_xx + c u_yy + … as c Δu where all second derivatives by one coordinate enter so:
/// networks compute the Laplacian more cheaply than its addends.
fn with_laplacian(pool: &mut Pool, equation: Id, unknown: usize, dim: usize) -> Id {
    let pure = |i: usize| Symbol::Jet {
        unknown,
        derivative: Derivative::Second(i, i),
    };
    let factors: Vec<Id> = (0..dim)
        .map(|i| pool.derivative(equation, pure(i)))
        .collect();
    let factor = factors[0];
    let depends = (0..dim).any(|i| pool.symbols(factor).contains(&pure(i)));
    if depends || factors.iter().any(|f| *f != factor) {
        return equation;
    }
    let zero = pool.number(0.0);
    let rest = pool.substitute(equation, &mut |symbol| {
        (0..dim).any(|i| symbol == pure(i)).then_some(zero)
    });
    let laplacian = pool.symbol(Symbol::Jet {
        unknown,
        derivative: Derivative::Laplacian,
    });
    let curved = pool.mul(factor, laplacian);
    pool.add(rest, curved)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::expression::Scope;
    use crate::expression::tests::{close, plane, value_at, value_of};

    fn parsed(texts: &[&str]) -> (Pool, Scope, Vec<Id>) {
        let (mut pool, scope) = (Pool::new(), plane());
        let ids = texts.iter().map(|t| pool.parse(t, &scope).unwrap());
        let ids = ids.collect();
        (pool, scope, ids)
    }

    #[test]
    fn equations_of_densities_are_those_by_hand() {
        for (density, by_hand) in [
            ("0.5*grad2(u) - x*u", "-lap(u) - x"),
            (
                "0.5*(1 + x)*grad2(u) + u^4/4",
                "-(1 + x)*lap(u) - u_x + u^3",
            ),
            ("0.5*u_x^2 + u_y^2 + u*v", "-u_xx - 2*u_yy + v"),
            (
                "sqrt(1 + grad2(u))",
                "-((1 + u_y^2)*u_xx - 2*u_x*u_y*u_xy + (1 + u_x^2)*u_yy)/(1 + grad2(u))^1.5",
            ),
        ] {
            let (mut pool, _, ids) = parsed(&[density, by_hand]);
            let found = euler_lagrange(&mut pool, ids[0], 0, 2).unwrap();
            let [a, b] = [found, ids[1]].map(|id| value_at(&pool, id, value_of));
            assert!(close(a, b, 1e-12), "{density}: {a}, not {b}");
        }
    }

    #[test]
    fn equal_second_derivatives_are_a_laplacian() {
        let (mut pool, _, ids) = parsed(&["0.5*x*grad2(u)"]);
        let found = euler_lagrange(&mut pool, ids[0], 0, 2).unwrap();
        let second = |s: &Symbol| {
            matches!(
                s,
                Symbol::Jet {
                    derivative: Derivative::Second(..),
                    ..
                }
            )
        };
        assert!(!pool.symbols(found).iter().any(second));
    }

    #[test]
    fn second_derivatives_in_the_density_are_out_of_reach() {
        for density in ["lap(u)^2", "u_xy*u"] {
            let (mut pool, _, ids) = parsed(&[density]);
            let error = euler_lagrange(&mut pool, ids[0], 0, 2).unwrap_err();
            assert_eq!(error, DerivativeError::ThirdOrder);
        }
    }

    #[test]
    fn the_flux_is_along_the_normal() {
        let (mut pool, _, ids) = parsed(&["0.5*(1 + x)*grad2(u) + u*u_y"]);
        let found = flux(&mut pool, ids[0], 0, 2);
        let (boundary, mut by_hand) = (plane().boundary(), Pool::new());
        let expected = by_hand.parse("(1 + x)*dn(u) + n_y*u", &boundary).unwrap();
        let a = value_at(&pool, found, value_of);
        let b = value_at(&by_hand, expected, value_of);
        assert!(close(a, b, 1e-13), "{a}, not {b}");
    }
}
