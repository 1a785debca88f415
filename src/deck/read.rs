//! What a value of the deck may be read as: numbers, strings, lists, and names of a closed list.

use super::cursor::Cursor;
use super::error::DeckError;
use super::node::Kind;

/// A type that a value of the deck can be read as.
pub(super) trait Read: Sized {
    /// What must stand in the deck, for messages: "a number".
    fn what() -> String;

    /// What must stand there when it is a list of these.
    fn many() -> String {
        format!("a list, each entry {}", Self::what())
    }

    /// The names that may stand there, if only names may.
    fn names() -> Vec<&'static str> {
        Vec::new()
    }

    /// Names of the contract that are not built yet.
    fn later() -> &'static [&'static str] {
        &[]
    }

    /// The value, or nothing if it is of another type.
    ///
    /// # Errors
    /// When a part of it is wrong.
    fn read(at: &Cursor<'_>) -> Result<Option<Self>, DeckError>;
}

impl Read for f64 {
    fn what() -> String {
        "a finite number".to_owned()
    }

    fn read(at: &Cursor<'_>) -> Result<Option<Self>, DeckError> {
        Ok(match at.kind() {
            Kind::Float(number) if number.is_finite() => Some(*number),
            Kind::Integer(number) => Some(*number as f64),
            _ => None,
        })
    }
}

impl Read for u64 {
    fn what() -> String {
        "a whole number, 0 or more".to_owned()
    }

    fn read(at: &Cursor<'_>) -> Result<Option<Self>, DeckError> {
        Ok(match at.kind() {
            Kind::Integer(number) => Self::try_from(*number).ok(),
            _ => None,
        })
    }
}

impl Read for usize {
    fn what() -> String {
        u64::what()
    }

    fn read(at: &Cursor<'_>) -> Result<Option<Self>, DeckError> {
        Ok(u64::read(at)?.and_then(|number| Self::try_from(number).ok()))
    }
}

impl Read for String {
    fn what() -> String {
        "a string, in quotes".to_owned()
    }

    fn read(at: &Cursor<'_>) -> Result<Option<Self>, DeckError> {
        Ok(match at.kind() {
            Kind::Text(text) => Some(text.clone()),
            _ => None,
        })
    }
}

impl<T: Read> Read for Vec<T> {
    fn what() -> String {
        T::many()
    }

    fn read(at: &Cursor<'_>) -> Result<Option<Self>, DeckError> {
        let items = at.items();
        items
            .map(|items| items.map(|item| item.get()).collect())
            .transpose()
    }
}

/// Defines an enumeration whose variants are names in the deck, and the names that are not built.
macro_rules! names {
    (
        $(#[$doc:meta])*
        $name:ident { $($(#[$about:meta])* $variant:ident = $text:literal),+ $(,)? }
        later [$($later:literal),*]
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
        pub enum $name { $($(#[$about])* #[serde(rename = $text)] $variant),+ }

        impl $name {
            /// Every one that is built.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name in the deck.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.name())
            }
        }

        impl $crate::deck::read::Read for $name {
            fn what() -> String {
                $crate::deck::suggest::either(&Self::names())
            }

            fn names() -> Vec<&'static str> {
                vec![$($text),+]
            }

            fn later() -> &'static [&'static str] {
                &[$($later),*]
            }

            fn read(
                at: &$crate::deck::cursor::Cursor<'_>,
            ) -> Result<Option<Self>, $crate::deck::DeckError> {
                let name = String::read(at)?;
                Ok(Self::ALL.iter().copied().find(|v| name.as_deref() == Some(v.name())))
            }
        }
    };
}
pub(super) use names;
