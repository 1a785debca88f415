//! Hostile variants of good input: the same ones in every run, from a seeded generator.

use rand::RngExt;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;

/// Text that parsers stumble over.
const WORDS: [&str; 24] = [
    "1e18",
    "9223372036854775807",
    "-1",
    "0",
    "1e308",
    "-1e-308",
    "nan",
    "inf",
    "[",
    "]",
    "((((",
    "))",
    "\"",
    "\\",
    "\u{0}",
    "\u{1b}[2J",
    "é",
    "u_xx",
    "lap(",
    "sum(x_i over i)",
    "= =",
    "^-1024",
    "[[boundary]]\n",
    "x-(y-x-y)",
];

/// Numbers at the ends of what machines count with.
const NUMBERS: [u64; 8] = [
    0,
    1,
    0xff,
    0xffff,
    1 << 31,
    1 << 60,
    i64::MAX as u64,
    u64::MAX,
];

pub struct Mutation(Xoshiro256PlusPlus);

impl Mutation {
    pub fn new(seed: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    fn below(&mut self, n: usize) -> usize {
        self.0.random_range(0..n.max(1))
    }

    fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }

    /// Up to three changes of some bytes: flips, cuts, copies, huge numbers.
    pub fn bytes(&mut self, good: &[u8]) -> Vec<u8> {
        let mut bytes = good.to_vec();
        for _ in 0..=self.below(3) {
            let at = self.below(bytes.len());
            let end = (at + 1 + self.below(16)).min(bytes.len());
            match self.below(6) {
                0 | 1 if at < end => bytes[at] ^= 1 << self.below(8),
                2 => drop(bytes.drain(at..end)),
                3 => {
                    let copy = bytes[at..end].to_vec();
                    bytes.splice(at..at, copy);
                }
                4 => {
                    let number = self.pick(&NUMBERS).to_le_bytes();
                    let width = self.pick(&[1, 2, 4, 8]).min(bytes.len() - at);
                    bytes[at..at + width].copy_from_slice(&number[..width]);
                }
                5 => bytes.truncate(at.max(bytes.len() / 2)),
                _ => bytes.push(0),
            }
        }
        bytes
    }

    /// Up to three changes of some text, by lines, values and words.
    pub fn text(&mut self, good: &str) -> String {
        let mut text = good.to_owned();
        for _ in 0..=self.below(3) {
            text = match self.below(5) {
                0 => String::from_utf8_lossy(&self.bytes(text.as_bytes())).into_owned(),
                1 => self.lines(&text),
                2 => self.swapped(&text),
                3 => self.number(&text),
                _ => self.word(&text),
            };
        }
        text
    }

    /// A line goes, comes twice, or trades places.
    fn lines(&mut self, text: &str) -> String {
        let mut lines: Vec<&str> = text.lines().collect();
        let [i, j] = [(); 2].map(|()| self.below(lines.len()));
        match (lines.is_empty(), self.below(3)) {
            (true, _) => {}
            (_, 0) => drop(lines.remove(i)),
            (_, 1) => lines.insert(j, lines[i]),
            _ => lines.swap(i, j),
        }
        lines.join("\n") + "\n"
    }

    /// The values of two keys trade places.
    fn swapped(&mut self, text: &str) -> String {
        let lines: Vec<&str> = text.lines().collect();
        let keys: Vec<usize> = (0..lines.len())
            .filter(|&i| lines[i].contains('='))
            .collect();
        if keys.is_empty() {
            return text.to_owned();
        }
        let (i, j) = (self.pick(&keys), self.pick(&keys));
        let mut new: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        if let (Some((a, x)), Some((b, y))) = (lines[i].split_once('='), lines[j].split_once('=')) {
            (new[i], new[j]) = (format!("{a}={y}"), format!("{b}={x}"));
        }
        new.join("\n") + "\n"
    }

    /// A number becomes another, or a deep list, or a long one.
    fn number(&mut self, text: &str) -> String {
        let digit = |c: char| c.is_ascii_digit() || c == '.';
        let places: Vec<(usize, &str)> = text.match_indices(digit).collect();
        if places.is_empty() {
            return text.to_owned();
        }
        let at = self.pick(&places).0;
        let rest = text[at..].trim_start_matches(digit);
        let new = match self.below(4) {
            0 => self.pick(&NUMBERS).to_string(),
            1 => self.pick(&WORDS).to_owned(),
            2 => "[".repeat(1 + self.below(3000)),
            _ => "1, ".repeat(1 + self.below(3000)),
        };
        format!("{}{new}{rest}", &text[..at])
    }

    /// A word appears somewhere, once or very often.
    fn word(&mut self, text: &str) -> String {
        let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        let at = if places.is_empty() {
            0
        } else {
            self.pick(&places)
        };
        let times = self.pick(&[1, 1, 1, 500]);
        let new = self.pick(&WORDS).repeat(times);
        format!("{}{new}{}", &text[..at], &text[at..])
    }
}
