//! Products of parameter vectors, in an order of summation that never changes; lengths in the plane.

/// Euclidean inner product in eight interleaved partial sums: vectorised, and the same bits always.
#[inline(always)]
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut lanes = [0.0; 8];
    let (a8, b8) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f64 = (a8.remainder().iter().zip(b8.remainder()))
        .map(|(a, b)| a * b)
        .sum();
    for (a, b) in a8.zip(b8) {
        for k in 0..8 {
            lanes[k] += a[k] * b[k];
        }
    }
    folded(lanes) + rest
}

/// Sum of the numbers, in the order of [`dot`].
#[inline(always)]
pub fn sum(a: &[f64]) -> f64 {
    let mut lanes = [0.0; 8];
    let a8 = a.chunks_exact(8);
    let rest: f64 = a8.remainder().iter().sum();
    for a in a8 {
        for k in 0..8 {
            lanes[k] += a[k];
        }
    }
    folded(lanes) + rest
}

/// Sum of the partial sums, halves onto each other: short columns are many, and this is most of them.
#[inline(always)]
fn folded(l: [f64; 8]) -> f64 {
    let quarter = [l[0] + l[4], l[1] + l[5], l[2] + l[6], l[3] + l[7]];
    (quarter[0] + quarter[2]) + (quarter[1] + quarter[3])
}

/// Euclidean norm.
pub fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}

/// Whether every number is finite.
pub fn finite(a: &[f64]) -> bool {
    a.iter().all(|v| v.is_finite())
}

/// The distance of a point of the plane from the segment between two others.
pub fn distance_from_segment(x: [f64; 2], [a, b]: [[f64; 2]; 2]) -> f64 {
    let [along, from] = [b, x].map(|p| [p[0] - a[0], p[1] - a[1]]);
    let square = along[0].powi(2) + along[1].powi(2);
    let share = (from[0] * along[0] + from[1] * along[1]) / square;
    let share = share.clamp(0.0, 1.0);
    (from[0] - share * along[0]).hypot(from[1] - share * along[1])
}
