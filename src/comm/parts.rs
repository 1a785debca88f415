//! Long messages in parts: MPI counts elements in 32 bits, with a sign.

/// The most elements in one call.
pub const CHUNK: usize = 1 << 30;

/// `data` in parts of `most` elements and a last one of fewer, which tells the receiver that it
/// is the last: nothing is sent as one empty part.
pub fn parts(data: &[f64], most: usize) -> impl Iterator<Item = &[f64]> {
    let part = move |i| &data[i * most..data.len().min((i + 1) * most)];
    (0..=data.len() / most).map(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_full_but_the_last() {
        let data = [0.0; 6];
        for (length, expected) in [
            (0, vec![0]),
            (2, vec![2]),
            (3, vec![3, 0]),
            (6, vec![3, 3, 0]),
        ] {
            let lengths: Vec<usize> = parts(&data[..length], 3).map(<[f64]>::len).collect();
            assert_eq!(lengths, expected);
        }
    }
}
