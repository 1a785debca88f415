//! `[problem]`: the equation or the energy, in which unknowns, and the exact solution if known.

use super::auto::Auto;
use super::cursor::Cursor;
use super::each::Each;
use super::error::DeckError;
use super::read::Read;
use super::text::{Text, Texts, one_or_many};
use serde::Serialize;

/// The highest number of unknowns.
const UNKNOWNS: usize = 100;

/// What is to be solved; a problem that is only data has no law.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Problem {
    /// The names of the unknowns, one network output each.
    pub unknowns: Vec<String>,
    /// The equation or the energy; it needs a domain.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub law: Option<Law>,
    /// The factor of all equations in the energy or of each, above 0.
    #[serde(skip_serializing_if = "Auto::is_auto")]
    pub weight: Auto<Each>,
    /// The exact solution, one expression per unknown; empty when it is not known.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "one_or_many")]
    pub exact: Vec<Text>,
}

/// What holds in the domain.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Law {
    /// Strong form, `left = right`: E is half the integral of the residuals' squares.
    #[serde(serialize_with = "one_or_many")]
    Equation(Vec<Text>),
    /// Variational: E is the integral of this density.
    Energy(Text),
}

impl Law {
    /// Its key in `[problem]`.
    pub fn key(&self) -> &'static str {
        match self {
            Self::Equation(_) => "equation",
            Self::Energy(_) => "energy",
        }
    }
}

impl Read for Problem {
    fn what() -> String {
        "a table, begun by [problem]".to_owned()
    }

    fn read(at: &Cursor<'_>) -> Result<Option<Self>, DeckError> {
        let Some(table) = at.table(&["unknowns", "equation", "energy", "weight", "exact"], &[])?
        else {
            return Ok(None);
        };
        let unknowns = table.or("unknowns", vec!["u".to_owned()])?;
        let right = (1..=UNKNOWNS).contains(&unknowns.len());
        table.check(
            "unknowns",
            right,
            &format!("a list of 1 to {UNKNOWNS} names"),
        )?;

        let equation = table.get::<Texts>("equation")?;
        let law = match (equation, table.get("energy")?) {
            (Some(_), Some(_)) => {
                return Err(table.at("energy").error(
                    "`problem.energy` and `problem.equation` are both given",
                    "keep one: the strong form or the variational energy",
                ));
            }
            (Some(Texts(equation)), None) => Some(Law::Equation(equation)),
            (None, energy) => energy.map(Law::Energy),
        };

        let weight = table.or("weight", Auto::Auto)?;
        if weight != Auto::Auto && !matches!(law, Some(Law::Equation(_))) {
            let message = "`problem.weight` is of equations, and there are none";
            return Err(table.at("weight").error(message, "remove it"));
        }
        let exact = table
            .get::<Texts>("exact")?
            .map_or(Vec::new(), |texts| texts.0);
        if !exact.is_empty() && exact.len() != unknowns.len() {
            let (count, names) = (exact.len(), unknowns.join(", "));
            let message = format!("`problem.exact` has length {count} for the unknowns {names}");
            return Err(table
                .at("exact")
                .error(message, "give one expression per unknown"));
        }
        Ok(Some(Self {
            unknowns,
            law,
            weight,
            exact,
        }))
    }
}
