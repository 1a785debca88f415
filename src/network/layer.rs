//! Where a linear layer's weights and biases stand in θ.

use faer::MatRef;

/// A linear layer between h_in and h_out units.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layer {
    /// h_in.
    pub(super) inputs: usize,
    /// h_out.
    pub(super) outputs: usize,
    /// Where W begins in θ.
    pub(super) offset: usize,
}

impl Layer {
    /// W, shape (h_in, h_out).
    pub(super) fn weights<'a>(&self, theta: &'a [f64]) -> MatRef<'a, f64> {
        let slice = &theta[self.offset..self.bias_offset()];
        MatRef::from_column_major_slice(slice, self.inputs, self.outputs)
    }

    /// Where b begins in θ.
    pub(super) fn bias_offset(&self) -> usize {
        self.offset + self.inputs * self.outputs
    }

    /// b.
    pub(super) fn bias<'a>(&self, theta: &'a [f64]) -> &'a [f64] {
        &theta[self.bias_offset()..self.bias_offset() + self.outputs]
    }
}
