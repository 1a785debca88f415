//! `[stop]`: when the run ends, whichever comes first.

use super::auto::Auto;
use super::cursor::Cursor;
use super::error::DeckError;
use super::read::Read;
use serde::Serialize;

/// The ends of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stop {
    /// After so many steps.
    pub steps: u64,
    /// After so many seconds, above 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// When the energy is at most this; a few fresh points do not say.
    pub energy: Auto<f64>,
    /// When the relative error is at most this; it needs an exact solution.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<f64>,
    /// When the energy's relative change is at most this, 0 or more.
    pub steady: Auto<f64>,
}

impl Default for Stop {
    fn default() -> Self {
        Self {
            steps: 10_000,
            seconds: None,
            energy: Auto::Auto,
            error: None,
            steady: Auto::Auto,
        }
    }
}

impl Read for Stop {
    fn what() -> String {
        "a table, begun by [stop]".to_owned()
    }

    fn read(at: &Cursor<'_>) -> Result<Option<Self>, DeckError> {
        let known = &["steps", "seconds", "energy", "error", "steady"];
        let Some(table) = at.table(known, &[])? else {
            return Ok(None);
        };
        let default = Self::default();
        let stop = Self {
            steps: table.or("steps", default.steps)?,
            seconds: table.get("seconds")?,
            energy: table.or("energy", default.energy)?,
            error: table.get("error")?,
            steady: table.or("steady", default.steady)?,
        };
        let positive = |value: Option<f64>| value.is_none_or(|value| value > 0.0);
        table.check("seconds", positive(stop.seconds), "greater than 0")?;
        table.check("error", positive(stop.error), "greater than 0")?;
        table.check(
            "steady",
            stop.steady.all(|change| *change >= 0.0),
            "0 or more",
        )?;
        Ok(Some(stop))
    }
}
