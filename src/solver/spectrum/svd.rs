//! Singular values and right singular vectors of a triangle.

use super::{Basis, PARTS};
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::svd;
use faer::{Col, Mat};

/// R = U S Vᵀ without U; none where there is no decomposition.
pub(super) fn singular(r: &Mat<f64>) -> Option<Basis> {
    use svd::ComputeSvdVectors::{No, Thin};
    let (m, n) = (r.nrows(), r.ncols());
    let size = m.min(n);
    let mut values = Col::<f64>::zeros(size);
    let mut vectors = Mat::zeros(n, size);
    if size > 0 {
        let scratch = svd::svd_scratch::<f64>(m, n, No, Thin, PARTS, Default::default());
        let mut memory = MemBuffer::new(scratch);
        svd::svd(
            r.as_ref(),
            values.as_mut().as_diagonal_mut(),
            None,
            Some(vectors.as_mut()),
            PARTS,
            MemStack::new(&mut memory),
            Default::default(),
        )
        .ok()?;
    }
    Some(Basis {
        values: values.iter().copied().collect(),
        vectors,
        triangle: None,
    })
}
