//! Words of the text: numbers, names, symbols, each with its place.
//!
//! Brackets are matched here, before anything is understood, because a missing bracket is best
//! reported at the one that has no partner, not where the grammar stumbles over it later.

use super::error::ExpressionError;
use std::ops::Range;

/// Longest text that is read.
const LONGEST: usize = 100_000;

/// Longest name, in bytes: `u_ab` is split at every letter, and in every way.
pub(super) const LONGEST_NAME: usize = 200;

/// Symbols, longer ones before their beginnings.
const SYMBOLS: [&str; 17] = [
    "<=", ">=", "==", "!=", "+", "-", "*", "/", "^", "(", ")", "[", "]", ",", "<", ">", "=",
];

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Number(f64),
    Name,
    Symbol(&'static str),
    /// Behind the last word, so that looking ahead always finds something.
    End,
}

#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) span: Range<usize>,
    /// For an opening bracket, which token closes it.
    pub(super) partner: usize,
}

impl Token {
    pub(super) fn is(&self, symbol: &str) -> bool {
        matches!(self.kind, Kind::Symbol(s) if s == symbol)
    }
}

/// The words of `text`, ending with `Kind::End`.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, ExpressionError> {
    if text.len() > LONGEST {
        let message = format!(
            "the expression is longer than {LONGEST} characters; divide it into [functions]"
        );
        return Err(ExpressionError::new(message, text, 0..1));
    }
    if text.trim().is_empty() {
        return Err(ExpressionError::whole(
            "an expression is missing here",
            text,
        ));
    }
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        }
        let (kind, length) = word(text, at, c)?;
        tokens.push(Token {
            kind,
            span: at..at + length,
            partner: 0,
        });
        at += length;
    }
    tokens.push(Token {
        kind: Kind::End,
        span: at..at,
        partner: 0,
    });
    match_brackets(text, &mut tokens)?;
    Ok(tokens)
}

fn word(text: &str, at: usize, c: char) -> Result<(Kind, usize), ExpressionError> {
    let rest = &text[at..];
    let digit_follows = rest[c.len_utf8()..].starts_with(|d: char| d.is_ascii_digit());
    if c.is_ascii_digit() || (c == '.' && digit_follows) {
        let length = number_length(rest.as_bytes());
        return match rest[..length].parse::<f64>() {
            Ok(value) if value.is_finite() => Ok((Kind::Number(value), length)),
            _ => {
                let span = at..at + length;
                Err(ExpressionError::new("this number is too large", text, span))
            }
        };
    }
    if c.is_alphabetic() || c == '_' {
        let end = rest.find(|d: char| !(d.is_alphanumeric() || d == '_'));
        let length = end.unwrap_or(rest.len());
        if length > LONGEST_NAME {
            let message = format!("this name is longer than {LONGEST_NAME} characters");
            return Err(ExpressionError::new(message, text, at..at + length));
        }
        return Ok((Kind::Name, length));
    }
    if rest.starts_with("**") {
        let span = at..at + 2;
        return Err(ExpressionError::new(
            "a power is written ^, as in x^2",
            text,
            span,
        ));
    }
    if let Some(symbol) = SYMBOLS.iter().find(|s| rest.starts_with(**s)) {
        return Ok((Kind::Symbol(symbol), symbol.len()));
    }
    let hint = match c {
        '&' => ": write `and`",
        '|' => ": write `or`, or abs(..) for the absolute value",
        '!' => ": write `not`",
        '\u{b7}' | '\u{d7}' => ": write *",
        '\u{2207}' => ": write grad(..), div(..) or lap(..)",
        _ => "",
    };
    let message = format!("`{c}` is not part of the language{hint}");
    Err(ExpressionError::new(message, text, at..at + c.len_utf8()))
}

/// Length of the number at the beginning: digits, point, digits, and an exponent if digits follow,
/// so that `2exp(x)` is 2 and a name.
fn number_length(bytes: &[u8]) -> usize {
    let digits = |from: usize| {
        let rest = bytes.iter().skip(from);
        from + rest.take_while(|b| b.is_ascii_digit()).count()
    };
    let mut end = digits(0);
    if bytes.get(end) == Some(&b'.') {
        end = digits(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent = digits(end + 1 + sign);
        if exponent > end + 1 + sign {
            end = exponent;
        }
    }
    end
}

fn match_brackets(text: &str, tokens: &mut [Token]) -> Result<(), ExpressionError> {
    let mut open: Vec<usize> = Vec::new();
    for k in 0..tokens.len() {
        let Kind::Symbol(symbol) = tokens[k].kind else {
            continue;
        };
        let wanted = match symbol {
            "(" | "[" => {
                open.push(k);
                continue;
            }
            ")" => "(",
            "]" => "[",
            _ => continue,
        };
        match open.pop() {
            Some(opening) if tokens[opening].is(wanted) => tokens[opening].partner = k,
            _ => {
                let message = format!("this `{symbol}` closes nothing: a `{wanted}` is missing");
                return Err(ExpressionError::new(message, text, tokens[k].span.clone()));
            }
        }
    }
    match open.pop() {
        Some(opening) => {
            let span = tokens[opening].span.clone();
            let message = format!("this `{}` is never closed", &text[span.clone()]);
            Err(ExpressionError::new(message, text, span))
        }
        None => Ok(()),
    }
}
