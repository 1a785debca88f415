//! The solution: the network with the parameters that a run has found.

use crate::energy::{Energy, Residual};
use crate::error::{Error, Result};
use crate::file::{failed, whole};
use crate::jet::Layout;
use crate::problem::Problem;
use crate::sampling::Sample;
use faer::Mat;
use ndarray::{Array1, Array2};
use ndarray_npy::{read_npy, write_npy};
use rayon::prelude::*;
use std::path::{Path, PathBuf};

/// Points evaluated at a time.
pub(super) const BLOCK: usize = 1024;

/// Where a run's parameters lie, beside the deck that they belong to.
const THETA: &str = "theta.npy";
const DECK: &str = "resolved.toml";

/// Writes the result of a run, p numbers, into its folder.
///
/// # Errors
/// If the disk refuses.
pub fn write_theta(folder: &Path, theta: &[f64]) -> Result<()> {
    let path = folder.join(THETA);
    let theta = Array1::from(theta.to_vec());
    whole(&path, |part| {
        write_npy(part, &theta).map_err(|e| failed(&path, &e))
    })
}

/// Takes it away: it would speak of another state.
///
/// # Errors
/// If the disk refuses.
pub fn remove_theta(folder: &Path) -> std::io::Result<()> {
    let path = folder.join(THETA);
    match path.exists() {
        true => std::fs::remove_file(path),
        false => Ok(()),
    }
}

/// The result of the run in a folder, and the deck that it belongs to.
///
/// # Errors
/// If there is none.
pub fn read_theta(folder: &Path) -> Result<(Vec<f64>, PathBuf)> {
    let (path, deck) = (folder.join(THETA), folder.join(DECK));
    if !path.exists() || !deck.exists() {
        return Err(Error::Input(format!(
            "{} holds no result of a run, no {THETA} with its {DECK}: name the folder of a run that has ended \
             (one that goes on can be stopped by a file STOP there)",
            folder.display()
        )));
    }
    let theta: Array1<f64> =
        read_npy(&path).map_err(|e| Error::Input(format!("{}: {e}", path.display())))?;
    Ok((theta.to_vec(), deck))
}

/// A network with its parameters.
pub struct Solution<'p> {
    pub(super) problem: &'p Problem,
    pub(super) theta: &'p [f64],
}

impl<'p> Solution<'p> {
    /// # Errors
    /// If the parameters are not as many as the network of the problem has.
    pub fn new(problem: &'p Problem, theta: &'p [f64]) -> Result<Self> {
        let wanted = problem.network.parameters();
        if theta.len() != wanted {
            return Err(Error::Input(format!(
                "{THETA} holds {} numbers where the network of {DECK} has {wanted} parameters",
                theta.len()
            )));
        }
        Ok(Self { problem, theta })
    }

    /// Values of expressions of the unknowns at points `x`, shape (n, d): shape (n, expressions). NaN where
    /// a point lies outside of the domain.
    pub fn evaluate(&self, of: &Residual, x: &Array2<f64>) -> Array2<f64> {
        let (n, m) = (x.nrows(), of.components());
        let mut values = Array2::zeros((n, m));
        let blocks = values.as_slice_mut().unwrap_or_default();
        let blocks = blocks.par_chunks_mut(BLOCK * m).enumerate();
        blocks.for_each(|(block, values)| self.block(of, x, block * BLOCK, values));
        values
    }

    fn block(&self, of: &Residual, x: &Array2<f64>, first: usize, values: &mut [f64]) {
        let m = of.components();
        let points = Mat::from_fn(values.len() / m, x.ncols(), |i, a| x[(first + i, a)]);
        let sample = Sample::at(points);
        let trace = (self.problem.network).trace(self.theta, sample.x.as_ref(), of.layout());
        let columns = of.evaluate(&sample, trace.jets()).residual;
        self.inside(&sample.x, |k, i| columns[k][i], values);
    }

    /// The unknowns at points `x`, shape (n, d), into n times m values; NaN outside of the domain.
    pub(super) fn unknowns(&self, x: &Mat<f64>, values: &mut [f64]) {
        let layout = Layout::value(x.ncols());
        let trace = (self.problem.network).trace(self.theta, x.as_ref(), &layout);
        let jets = trace.jets();
        self.inside(x, |k, i| jets.stream(k, 0)[i], values);
    }

    /// Values of quantity k at point i, or NaN.
    fn inside(&self, x: &Mat<f64>, of: impl Fn(usize, usize) -> f64, values: &mut [f64]) {
        let m = values.len() / x.nrows();
        for (i, values) in values.chunks_mut(m).enumerate() {
            let point: Vec<f64> = (0..x.ncols()).map(|a| x[(i, a)]).collect();
            let domain = self.problem.domain.as_ref();
            let inside = domain.is_none_or(|domain| domain.contains(&point));
            for (k, value) in values.iter_mut().enumerate() {
                *value = if inside { of(k, i) } else { f64::NAN };
            }
        }
    }
}
