//! The input file: TOML text and overrides become one typed, checked [`Deck`], or one clear error.
//!
//! A deck is read in three steps. The text becomes a tree in which every key and value knows its
//! place (`node`, `source`); each section reads itself from a cursor on that tree (one file per
//! section); the rules between sections are checked last (`rules`). Expressions stay strings here, as [`Text`]
//! that keeps its key and line for errors. Sizes and counts are bounded before anything is allocated.
//!
//! ```
//! use ned_dist::deck::{Auto, Deck};
//!
//! let text = r#"
//! [domain]
//! lower = [0.0, 0.0]
//! upper = [1.0, 1.0]
//!
//! [problem]
//! equation = "-lap(u) = 1"
//!
//! [[boundary]]
//! condition = "u = 0"
//! "#;
//! let seed = [("flow.seed".to_owned(), "3".to_owned())];
//! let deck = Deck::from_toml(text, "plate.toml", &seed)?;
//! assert_eq!(deck.coordinates(), ["x", "y"]);
//! assert_eq!((deck.flow.seed, deck.flow.dt), (3, Auto::Auto));
//! assert_eq!(deck, Deck::from_toml(&deck.to_toml()?, "resolved.toml", &[])?);
//!
//! let error = Deck::from_toml(&text.replace("equation", "equaton"), "plate.toml", &[]).unwrap_err();
//! assert!(error.to_string().ends_with("did you mean `equation`?"));
//! # Ok::<(), ned_dist::deck::DeckError>(())
//! ```

mod auto;
mod boundary;
mod catalogue;
mod checkpoint;
mod cursor;
mod data;
mod definitions;
mod domain;
mod each;
mod error;
mod flow;
mod many;
mod network;
mod node;
mod outline;
mod output;
mod problem;
mod read;
mod rules;
mod run;
mod sampling;
mod source;
mod stop;
mod suggest;
#[cfg(test)]
mod tests;
mod text;

pub use auto::Auto;
pub use boundary::{Boundary, BoundaryLaw, Enforce};
pub use catalogue::{Starter, find, starters};
pub use checkpoint::{Checkpoint, Interval, seconds};
pub use data::Data;
pub use definitions::{Constant, Constants, Function, Functions};
pub use domain::{Domain, Shape, ShapeName};
pub use each::Each;
pub use error::DeckError;
pub use flow::{Flow, MethodName, MetricName, SolverName, StepperName};
pub use many::Many;
pub use network::{ActivationName, Fourier, Network};
pub use output::{FieldFormat, Output};
pub use problem::{Law, Problem};
pub use run::{Bytes, Run};
pub use sampling::{GAUSS_NODES, Resample, RuleName, Sampling};
pub use stop::Stop;
pub use text::Text;

use cursor::Cursor;
use node::Node;
use read::Read;
use serde::Serialize;
use source::Source;
use std::io::Read as _;
use std::path::Path;

/// The longest deck, in bytes.
const LONGEST: usize = 10_000_000;

/// The keys of the deck: its sections.
const SECTIONS: &[&str] = &[
    "title",
    "domain",
    "constants",
    "functions",
    "problem",
    "boundary",
    "data",
    "network",
    "sampling",
    "flow",
    "stop",
    "output",
    "checkpoint",
    "run",
];

/// A problem as its deck states it, every default filled in.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Deck {
    /// What the problem is called.
    pub title: String,
    /// Where it is posed; a problem may be data alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<Domain>,
    /// Named numbers.
    #[serde(skip_serializing_if = "Constants::is_empty")]
    pub constants: Constants,
    /// Named expressions of the coordinates.
    #[serde(skip_serializing_if = "Functions::is_empty")]
    pub functions: Functions,
    /// What is to be solved.
    pub problem: Problem,
    /// What holds on the boundary.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub boundary: Vec<Boundary>,
    /// What is to be learned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Data>,
    /// Among which functions.
    pub network: Network,
    /// At which points.
    pub sampling: Sampling,
    /// By which flow.
    pub flow: Flow,
    /// Until when.
    pub stop: Stop,
    /// What is written.
    pub output: Output,
    /// When the state is saved.
    pub checkpoint: Checkpoint,
    /// What it may use of the machine.
    pub run: Run,
}

impl Deck {
    /// Reads a deck's text; `source_name` names it in messages. Each override is a dotted key and
    /// a TOML value, or a bare string: `network.hidden` and `[64,64]`, `boundary.0.weight` and `10`.
    ///
    /// # Errors
    /// When the text is not TOML, a key is unknown or missing, a value is of the wrong type or out
    /// of range, or two sections contradict each other. The message names key, place and cure.
    pub fn from_toml(
        text: &str,
        source_name: &str,
        overrides: &[(String, String)],
    ) -> Result<Self, DeckError> {
        if text.len() > LONGEST {
            return Err(too_long(source_name));
        }
        let source = Source::new(source_name, text, overrides);
        let tree = Node::parse(&source, text)?;
        Cursor::root(&source, &tree).get()
    }

    /// Reads a deck's file, as [`Deck::from_toml`] does its text.
    ///
    /// # Errors
    /// As [`Deck::from_toml`], and as [`Deck::text_of`].
    pub fn open(path: &Path, overrides: &[(String, String)]) -> Result<Self, DeckError> {
        let name = path.display().to_string();
        Self::from_toml(&Self::text_of(path)?, &name, overrides)
    }

    /// The text of a deck's file, of which no more is read than a deck may be long.
    ///
    /// # Errors
    /// If the file cannot be read, is too long or is not UTF-8.
    pub fn text_of(path: &Path) -> Result<String, DeckError> {
        let name = path.display().to_string();
        let wrong = |what: String| DeckError {
            place: Some(name.clone()),
            ..DeckError::new(
                format!("cannot read the deck: {what}"),
                "name a deck; `ned-dist new` lists decks to start from",
            )
        };
        let mut bytes = Vec::new();
        std::fs::File::open(path)
            .and_then(|file| file.take(LONGEST as u64 + 1).read_to_end(&mut bytes))
            .map_err(|error| wrong(error.to_string()))?;
        if bytes.len() > LONGEST {
            return Err(too_long(&name));
        }
        String::from_utf8(bytes).map_err(|error| wrong(format!("it is not UTF-8 text: {error}")))
    }

    /// The deck as text with every default filled in; reading it gives an equal deck.
    ///
    /// # Errors
    /// When the caller has set a value that TOML does not know.
    pub fn to_toml(&self) -> Result<String, DeckError> {
        let deck = toml::to_string(self).map_err(|error| {
            DeckError::new(
                format!("the deck cannot be written: {error}"),
                "set finite values",
            )
        })?;
        Ok(format!(
            "# A ned-dist deck with every default filled in.\n{deck}"
        ))
    }

    /// The deck without what does not change the path of the parameters: its title, when the run
    /// ends, what it writes, when it saves, and what it may use. Runs of equal such decks can continue one another.
    pub fn without_limits(&self) -> Self {
        Self {
            title: String::new(),
            stop: Stop::default(),
            output: Output::default(),
            checkpoint: Checkpoint::default(),
            run: Run::default(),
            ..self.clone()
        }
    }

    /// The file that the domain's outline is still to be read from, relative to the deck.
    pub fn outline(&self) -> Option<&Text> {
        match &self.domain.as_ref()?.shape {
            Shape::Polygon { file, .. } => file.as_ref(),
            _ => None,
        }
    }

    /// Puts the points of that file into the deck; nothing if there is none. The deck then needs it
    /// no more.
    ///
    /// # Errors
    /// If the points are not the outline of a polygon, in order.
    pub fn set_outline(&mut self, points: Vec<[f64; 2]>) -> Result<(), DeckError> {
        match (self.outline().cloned(), &mut self.domain) {
            (Some(file), Some(domain)) => domain::set_outline(&mut domain.shape, &file, points),
            _ => Ok(()),
        }
    }

    /// The names of the coordinates: the domain's, or the data's inputs.
    pub fn coordinates(&self) -> Vec<&str> {
        match (&self.domain, &self.data) {
            (Some(domain), _) => domain.coordinates.iter().map(String::as_str).collect(),
            (None, Some(data)) => data
                .inputs
                .iter()
                .map(|input| input.text.as_str())
                .collect(),
            (None, None) => Vec::new(),
        }
    }
}

impl Read for Deck {
    fn what() -> String {
        "a table".to_owned()
    }

    fn read(at: &Cursor<'_>) -> Result<Option<Self>, DeckError> {
        let Some(root) = at.table(SECTIONS, &[])? else {
            return Ok(None);
        };
        let deck = Self {
            title: root.or("title", String::new())?,
            domain: root.get("domain")?,
            constants: root.or("constants", Constants::default())?,
            functions: root.or("functions", Functions::default())?,
            problem: root.at("problem").get()?,
            boundary: root.or("boundary", Vec::new())?,
            data: root.get("data")?,
            network: root.at("network").get()?,
            sampling: root.at("sampling").get()?,
            flow: root.at("flow").get()?,
            stop: root.at("stop").get()?,
            output: root.at("output").get()?,
            checkpoint: root.at("checkpoint").get()?,
            run: root.at("run").get()?,
        };
        rules::check(&deck, &root)?;
        Ok(Some(deck))
    }
}

fn too_long(name: &str) -> DeckError {
    DeckError {
        place: Some(name.to_owned()),
        ..DeckError::new(
            format!("the deck is longer than {} MB", LONGEST / 1_000_000),
            "a deck states a problem; keep data in files of their own",
        )
    }
}
