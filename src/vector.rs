//! Products of parameter vectors, in an order of summation that never changes; lengths in the plane.

/// Euclidean inner product in eight interleaved partial sums: vectorised, and the same bits always.
#[inline(always)]
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    let b = &b[..a.len()];
    let Some(a_tail) = tail(a) else {
        return a.iter().zip(b).map(|(a, b)| a * b).sum();
    };
    let mut lanes = [0.0; 8];
    for (a, b) in a.as_chunks().0.iter().zip(b.as_chunks().0) {
        accumulate(&mut lanes, a, b);
    }
    accumulate(&mut lanes, &a_tail, last(b));
    folded(lanes)
}

/// The inner products of `a` with all of these, bit for bit those of [`dot`]: four at a time, which hides how
/// long a sum takes to be ready for the next.
#[inline(always)]
pub fn dots<B: AsRef<[f64]>>(a: &[f64], with: &[B], products: &mut [f64]) {
    let (fours, rest) = products.as_chunks_mut();
    let (of_fours, of_rest) = with.as_chunks();
    for (products, with) in fours.iter_mut().zip(of_fours) {
        *products = four_dots(a, with.each_ref().map(|b| &b.as_ref()[..a.len()]));
    }
    for (product, with) in rest.iter_mut().zip(of_rest) {
        *product = dot(a, with.as_ref());
    }
}

#[inline(always)]
fn four_dots(a: &[f64], with: [&[f64]; 4]) -> [f64; 4] {
    let Some(a_tail) = tail(a) else {
        return with.map(|with| dot(a, with));
    };
    let [mut ab, mut ac, mut ad, mut ae] = [[0.0; 8]; 4];
    let [b, c, d, e] = with.map(|with| with.as_chunks().0.iter());
    for ((((a, b), c), d), e) in a.as_chunks().0.iter().zip(b).zip(c).zip(d).zip(e) {
        accumulate(&mut ab, a, b);
        accumulate(&mut ac, a, c);
        accumulate(&mut ad, a, d);
        accumulate(&mut ae, a, e);
    }
    let [b, c, d, e] = with.map(last);
    accumulate(&mut ab, &a_tail, b);
    accumulate(&mut ac, &a_tail, c);
    accumulate(&mut ad, &a_tail, d);
    accumulate(&mut ae, &a_tail, e);
    [folded(ab), folded(ac), folded(ad), folded(ae)]
}

#[inline(always)]
fn accumulate(lanes: &mut [f64; 8], a: &[f64; 8], b: &[f64; 8]) {
    for k in 0..8 {
        lanes[k] += a[k] * b[k];
    }
}

/// What whole chunks of eight leave of `a`, as the last of eight numbers of which the others are zero: so it
/// is multiplied as they are, with the last eight of the other factor. None where `a` is shorter.
#[inline(always)]
fn tail(a: &[f64]) -> Option<[f64; 8]> {
    let last = a.last_chunk::<8>()?;
    let taken = 8 - a.len() % 8;
    Some(std::array::from_fn(
        |k| {
            if k < taken { 0.0 } else { last[k] }
        },
    ))
}

#[inline(always)]
fn last(b: &[f64]) -> &[f64; 8] {
    b.last_chunk().unwrap_or(&[0.0; 8])
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_sums_of_all_terms() {
        for n in 0..40 {
            let a: Vec<f64> = (0..n).map(f64::from).collect();
            let squares: f64 = a.iter().map(|a| a * a).sum();
            assert_eq!(dot(&a, &a), squares, "{n}");
        }
    }

    #[test]
    fn products_with_many_are_those_with_each() {
        let numbers =
            |seed: usize| -> Vec<f64> { (0..37).map(|i| ((i * seed + 1) as f64).sin()).collect() };
        let a = numbers(3);
        for many in 0..10 {
            let with: Vec<Vec<f64>> = (0..many).map(|k| numbers(5 + k)).collect();
            let mut products = vec![0.0; many];
            dots(&a, &with, &mut products);
            for (product, with) in products.iter().zip(&with) {
                assert_eq!(*product, dot(&a, with));
            }
        }
    }
}
