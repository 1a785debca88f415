//! One dense matrix, damped relative to its mean diagonal, and factored by Cholesky; and how damping
//! is raised, for a matrix in tiles too.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt;
use faer::{Mat, Par};

/// What was found at the damping λ.
pub(super) struct Raised<T> {
    pub(super) result: T,
    pub(super) damping: f64,
}

/// What `attempt` finds at `from`, or at the smallest of the dampings 10 `from`, … up to 1 at which it finds
/// something.
pub(super) fn raised<T>(from: f64, attempt: impl Fn(f64) -> Option<T>) -> Option<Raised<T>> {
    let next = |damping: &f64| Some((10.0 * damping).max(1e-15)).filter(|next| *next <= 1.0);
    std::iter::successors(Some(from), next).find_map(|damping| {
        let result = attempt(damping)?;
        if damping > from {
            tracing::debug!(damping, "damping raised from {from:.0e} to {damping:.0e}");
        }
        Some(Raised { result, damping })
    })
}

/// tr(G)/p.
pub(super) fn mean(diagonal: &[f64]) -> f64 {
    diagonal.iter().sum::<f64>() / diagonal.len() as f64
}

/// L Lᵀ = G + λ tr(G)/p.
pub(crate) struct Factored {
    pub(super) lower: Mat<f64>,
    /// λ.
    pub(super) damping: f64,
}

impl Factored {
    /// (L Lᵀ)⁻¹ b.
    pub(super) fn solve(&self, b: &[f64]) -> Vec<f64> {
        let mut column = Mat::from_fn(b.len(), 1, |i, _| b[i]);
        let scratch = llt::solve::solve_in_place_scratch::<f64>(b.len(), 1, Par::Seq);
        let mut memory = MemBuffer::new(scratch);
        let stack = MemStack::new(&mut memory);
        llt::solve::solve_in_place(self.lower.as_ref(), column.as_mut(), Par::Seq, stack);
        column.col_as_slice(0).to_vec()
    }
}

/// Cholesky of G + λ tr(G)/p, with λ raised tenfold up to 1 while there is none.
pub(crate) fn factor_damped(gram: &Mat<f64>, damping: f64) -> Option<Factored> {
    let p = gram.ncols();
    let diagonal: Vec<f64> = (0..p).map(|i| gram[(i, i)]).collect();
    let mean = mean(&diagonal);
    let found = raised(damping, |damping| {
        let mut shifted = gram.clone();
        (0..p).for_each(|i| shifted[(i, i)] += damping * mean);
        cholesky(shifted)
    })?;
    Some(Factored {
        lower: found.result,
        damping: found.damping,
    })
}

/// The L of a matrix of which the lower triangle counts, in its place, if there is one.
pub(super) fn cholesky(mut matrix: Mat<f64>) -> Option<Mat<f64>> {
    let size = matrix.ncols();
    let scratch = llt::factor::cholesky_in_place_scratch::<f64>(size, Par::Seq, Default::default());
    let mut memory = MemBuffer::new(scratch);
    let result = llt::factor::cholesky_in_place(
        matrix.as_mut(),
        Default::default(),
        Par::Seq,
        MemStack::new(&mut memory),
        Default::default(),
    );
    result.is_ok().then_some(matrix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damping_is_raised_until_something_is_found() {
        let found = |from: f64, least: f64| {
            let found = raised(from, |damping| (damping >= least).then_some(()));
            found.map(|found| found.damping)
        };
        assert_eq!(found(0.0, 1e-15), Some(1e-15));
        assert!((found(1e-8, 5e-4).unwrap() - 1e-3).abs() < 1e-15);
        // A stepper may ask for more than is ever raised to.
        assert_eq!(found(1e3, 1e3), Some(1e3));
        assert_eq!(found(1e-3, 2.0), None);
    }
}
