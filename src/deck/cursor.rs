//! Reading the tree: a cursor stands on one value, knows its key and its place, and words the errors.

use super::error::DeckError;
use super::node::{EMPTY, Entry, Kind, Node};
use super::read::Read;
use super::source::{Place, Source};
use super::suggest::{either, familiar, nearest, shorten};

/// A value of the deck under its full key.
pub(super) struct Cursor<'a> {
    source: &'a Source<'a>,
    key: String,
    /// The place that errors point at: the value's, or the key's for a table.
    place: &'a Place,
    /// The key's place; a list's entry has the value's.
    key_place: &'a Place,
    node: &'a Node,
}

impl<'a> Cursor<'a> {
    pub(super) fn root(source: &'a Source<'a>, node: &'a Node) -> Self {
        Self {
            source,
            key: String::new(),
            place: &node.place,
            key_place: &node.place,
            node,
        }
    }

    pub(super) fn key(&self) -> &str {
        &self.key
    }

    pub(super) fn kind(&self) -> &'a Kind {
        &self.node.kind
    }

    /// `FILE:LINE` of this value.
    pub(super) fn place(&self) -> String {
        self.source.locate(self.place)
    }

    /// An error at this value.
    pub(super) fn error(&self, message: impl Into<String>, cure: impl Into<String>) -> DeckError {
        DeckError {
            key: (!self.key.is_empty()).then(|| self.key.clone()),
            place: Some(self.source.locate(self.place)),
            excerpt: self.source.excerpt(self.place),
            message: message.into(),
            cure: cure.into(),
        }
    }

    /// The error that this value is not what it must be.
    pub(super) fn refuse(&self, must: &str) -> DeckError {
        let message = format!("`{}` cannot be {}", self.key, self.found());
        self.error(message, format!("it must be {must}"))
    }

    /// The value as a `T`.
    ///
    /// # Errors
    /// When it is of another type or out of its range.
    pub(super) fn get<T: Read>(&self) -> Result<T, DeckError> {
        T::read(self)?.ok_or_else(|| self.mismatch::<T>())
    }

    fn mismatch<T: Read>(&self) -> DeckError {
        let mut error = self.refuse(&T::what());
        if let Kind::Text(text) = self.kind() {
            let names = T::names();
            if T::later().contains(&text.as_str()) {
                error.message = format!("`{} = \"{text}\"` is not built in this version", self.key);
                error.cure = format!("available: {}", either(&names));
            } else if let Some(near) = nearest(text, &names) {
                error.cure = format!("did you mean `{near}`? It must be {}", T::what());
            }
        }
        error
    }

    /// The value in words.
    pub(super) fn found(&self) -> String {
        match self.kind() {
            Kind::Text(text) => format!("the string \"{}\"", shorten(text)),
            Kind::Integer(number) => number.to_string(),
            Kind::Float(number) => format!("{number:?}"),
            Kind::Boolean(truth) => truth.to_string(),
            Kind::List(items) if items.is_empty() => "an empty list".to_owned(),
            Kind::List(items) => format!("a list of {}", items.len()),
            Kind::Table(_) => "a table".to_owned(),
            Kind::Other(what) => (*what).to_owned(),
        }
    }

    /// The entries of a list, `key[0]`, `key[1]` ...; nothing if this is no list.
    pub(super) fn items(&self) -> Option<impl Iterator<Item = Cursor<'a>>> {
        let Kind::List(items) = self.kind() else {
            return None;
        };
        Some(items.iter().enumerate().map(|(index, node)| Cursor {
            source: self.source,
            key: format!("{}[{index}]", self.key),
            place: &node.place,
            key_place: &node.place,
            node,
        }))
    }

    /// The same value, but errors point at its key.
    pub(super) fn at_key(self) -> Self {
        Self {
            place: self.key_place,
            ..self
        }
    }

    /// An entry of a list, or this itself if there is none.
    pub(super) fn item(self, index: usize) -> Self {
        let item = self.items().and_then(|mut items| items.nth(index));
        item.unwrap_or(self)
    }

    /// The entries of a table, in the order of the deck; nothing if this is no table.
    pub(super) fn entries(&self) -> Option<impl Iterator<Item = (&'a str, Cursor<'a>)>> {
        let Kind::Table(entries) = self.kind() else {
            return None;
        };
        Some(entries.iter().map(|e| (e.name.as_str(), self.entry(e))))
    }

    fn entry(&self, entry: &'a Entry) -> Cursor<'a> {
        let table = matches!(entry.node.kind, Kind::Table(_));
        Cursor {
            source: self.source,
            key: self.join(&entry.name),
            place: if table {
                &entry.place
            } else {
                &entry.node.place
            },
            key_place: &entry.place,
            node: &entry.node,
        }
    }

    fn join(&self, name: &str) -> String {
        match self.key.as_str() {
            "" => shorten(name),
            key => format!("{key}.{}", shorten(name)),
        }
    }

    /// The table that this is, all of whose keys are among `known`; nothing if this is no table.
    /// Keys of `later` are of the contract but not built.
    ///
    /// # Errors
    /// When a key is not known or not built.
    pub(super) fn table(
        &self,
        known: &'static [&'static str],
        later: &[&str],
    ) -> Result<Option<Table<'a>>, DeckError> {
        let Kind::Table(entries) = self.kind() else {
            return Ok(None);
        };
        for entry in entries {
            if !known.contains(&entry.name.as_str()) {
                return Err(self.unknown(entry, known, later));
            }
        }
        let cursor = Cursor {
            key: self.key.clone(),
            ..*self
        };
        Ok(Some(Table {
            cursor,
            entries,
            known,
        }))
    }

    fn unknown(&self, entry: &'a Entry, known: &[&str], later: &[&str]) -> DeckError {
        let at = self.entry(entry).at_key();
        if later.contains(&entry.name.as_str()) {
            let message = format!("`{}` is not built in this version", at.key);
            return at.error(message, "remove it");
        }
        let table = match self.key.split_once('[') {
            None if self.key.is_empty() => "the deck".to_owned(),
            None => format!("[{}]", self.key),
            Some((list, _)) => format!("[[{list}]]"),
        };
        let cure = match (
            familiar(&self.key, &entry.name),
            nearest(&entry.name, known),
        ) {
            (Some(cure), _) => cure.to_owned(),
            (None, Some(near)) => format!("did you mean `{near}`?"),
            (None, None) => format!("its keys are {}", known.join(", ")),
        };
        at.error(format!("`{}` is not a key of {table}", at.key), cure)
    }
}

/// A table whose keys are all known.
pub(super) struct Table<'a> {
    cursor: Cursor<'a>,
    entries: &'a [Entry],
    known: &'static [&'static str],
}

impl<'a> Table<'a> {
    /// The value of a key, if the deck gives it.
    pub(super) fn find(&self, name: &str) -> Option<Cursor<'a>> {
        debug_assert!(
            self.known.contains(&name),
            "`{name}` is not among the known keys"
        );
        let entry = self.entries.iter().find(|entry| entry.name == name)?;
        Some(self.cursor.entry(entry))
    }

    /// The value of a key, or the place where it is missing, as an empty table.
    pub(super) fn at(&self, name: &str) -> Cursor<'a> {
        self.find(name).unwrap_or_else(|| Cursor {
            key: self.cursor.join(name),
            node: &EMPTY,
            ..self.cursor
        })
    }

    /// The value, if the deck gives it.
    pub(super) fn get<T: Read>(&self, name: &str) -> Result<Option<T>, DeckError> {
        self.find(name).map(|at| at.get()).transpose()
    }

    /// The value or its default.
    pub(super) fn or<T: Read>(&self, name: &str, default: T) -> Result<T, DeckError> {
        Ok(self.get(name)?.unwrap_or(default))
    }

    /// The value of a key that has no default; `example` says how to write it.
    pub(super) fn need<T: Read>(&self, name: &str, example: &str) -> Result<T, DeckError> {
        self.get(name)?.ok_or_else(|| {
            let at = self.at(name);
            let message = format!("`{}` is missing", at.key);
            at.error(message, format!("add it, as in `{name} = {example}`"))
        })
    }

    /// Refuses the value of `name` unless it is right.
    pub(super) fn check(&self, name: &str, right: bool, must: &str) -> Result<(), DeckError> {
        if right {
            return Ok(());
        }
        Err(self.at(name).refuse(must))
    }

    /// Refuses the first entry of the list `name` that is not right.
    pub(super) fn check_each<T>(
        &self,
        name: &str,
        values: &[T],
        right: impl Fn(&T) -> bool,
        must: &str,
    ) -> Result<(), DeckError> {
        let Some(wrong) = values.iter().position(|value| !right(value)) else {
            return Ok(());
        };
        Err(self.at(name).item(wrong).refuse(must))
    }
}
