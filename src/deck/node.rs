//! The deck as a tree whose every key and value knows where it was written, with overrides laid in.

use super::error::DeckError;
use super::source::{Place, Source};
use super::suggest::shorten;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Deeper keys than this do not exist.
const DEEPEST: usize = 8;

/// A value and its place.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) kind: Kind,
    pub(super) place: Place,
}

/// A key of a table, in the order of the deck.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    /// Where the key was written; the node has the value's place.
    pub(super) place: Place,
    pub(super) node: Node,
}

/// What a value is.
#[derive(Debug)]
pub(super) enum Kind {
    Text(String),
    Integer(i64),
    Float(f64),
    Boolean(bool),
    List(Vec<Node>),
    Table(Vec<Entry>),
    /// What no key takes: a date, a number out of range; in words.
    Other(&'static str),
}

/// The table of a section that the deck leaves out.
pub(super) static EMPTY: Node = Node {
    kind: Kind::Table(Vec::new()),
    place: Place::Whole,
};

impl Node {
    /// Parses the deck's text and lays the overrides over it, in order.
    pub(super) fn parse(source: &Source<'_>, text: &str) -> Result<Self, DeckError> {
        let table = DeTable::parse(text).map_err(|error| syntax(source, &error))?;
        let mut root = Self {
            kind: table_kind(table.get_ref(), &Place::Deck),
            place: Place::Whole,
        };
        for (index, (key, value)) in source.overrides().iter().enumerate() {
            root.set(key, value, index).map_err(|error| DeckError {
                key: Some(key.clone()),
                place: Some(source.locate(&Place::Override(index))),
                ..error
            })?;
        }
        Ok(root)
    }

    /// Sets the value of a dotted key; `boundary.0.weight` and `boundary[0].weight` are the same.
    fn set(&mut self, key: &str, value: &str, index: usize) -> Result<(), DeckError> {
        let dotted = key.trim().replace('[', ".").replace(']', "");
        let path: Vec<&str> = dotted.split('.').collect();
        if path.len() > DEEPEST || path.iter().any(|name| name.is_empty()) {
            return Err(DeckError::new(
                format!("`{}` is not a key", shorten(key)),
                "write it as in `--set network.hidden=[64,64]` or `--set boundary.0.weight=10`",
            ));
        }
        let mut node = self;
        for (depth, name) in path.iter().enumerate() {
            let parent = path[..depth].join(".");
            node = node.child(name, &parent, index)?;
        }
        // What is not TOML is a bare string: `--set flow.method=sgd` needs no quotes.
        node.kind = match DeValue::parse(value.trim()) {
            Ok(value) => kind(value.get_ref(), &|_| Place::Override(index)),
            Err(_) => Kind::Text(value.trim().to_owned()),
        };
        node.place = Place::Override(index);
        Ok(())
    }

    /// The entry of a table, added if new, or of a list, which must exist.
    fn child(&mut self, name: &str, key: &str, index: usize) -> Result<&mut Self, DeckError> {
        match &mut self.kind {
            Kind::Table(entries) => {
                let found = entries.iter().position(|entry| entry.name == name);
                let position = found.unwrap_or(entries.len());
                if found.is_none() {
                    let place = Place::Override(index);
                    entries.push(Entry {
                        name: name.to_owned(),
                        place: place.clone(),
                        node: Self {
                            kind: Kind::Table(Vec::new()),
                            place,
                        },
                    });
                }
                Ok(&mut entries[position].node)
            }
            Kind::List(items) => {
                let count = items.len();
                let item = name.parse().ok().and_then(|i: usize| items.get_mut(i));
                item.ok_or_else(|| {
                    DeckError::new(
                        format!("`{key}` has no entry `{}`", shorten(name)),
                        format!("it has {count}, counted from 0"),
                    )
                })
            }
            _ => Err(DeckError::new(
                format!(
                    "`{key}` is a value, not a table: it has no `{}`",
                    shorten(name)
                ),
                format!("set `{key}` itself"),
            )),
        }
    }
}

/// The TOML parser's own message, at its line.
fn syntax(source: &Source<'_>, error: &toml::de::Error) -> DeckError {
    let place = error.span().map_or(Place::Whole, Place::Deck);
    DeckError {
        key: None,
        place: Some(source.locate(&place)),
        excerpt: source.excerpt(&place),
        message: format!("this is not TOML: {}", error.message().trim()),
        cure: "a deck is TOML: `key = value` lines under [table] headers, strings in quotes".into(),
    }
}

type Placing<'a> = &'a dyn Fn(std::ops::Range<usize>) -> Place;

fn node(value: &Spanned<DeValue<'_>>, place: Placing<'_>) -> Node {
    Node {
        kind: kind(value.get_ref(), place),
        place: place(value.span()),
    }
}

fn kind(value: &DeValue<'_>, place: Placing<'_>) -> Kind {
    match value {
        DeValue::String(text) => Kind::Text(text.to_string()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or(Kind::Other("an integer beyond 2^63"), Kind::Integer),
        DeValue::Float(number) => number
            .as_str()
            .parse()
            .map_or(Kind::Other("a number out of range"), Kind::Float),
        DeValue::Boolean(truth) => Kind::Boolean(*truth),
        DeValue::Datetime(_) => Kind::Other("a date"),
        DeValue::Array(items) => Kind::List(items.iter().map(|item| node(item, place)).collect()),
        DeValue::Table(table) => table_kind(table, place),
    }
}

/// A table's entries as they stand in the deck; the parser keeps them sorted by name.
fn table_kind(table: &DeTable<'_>, place: Placing<'_>) -> Kind {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(name, _)| name.span().start);
    let entries = entries.into_iter().map(|(name, value)| Entry {
        name: name.get_ref().to_string(),
        place: place(name.span()),
        node: node(value, place),
    });
    Kind::Table(entries.collect())
}
