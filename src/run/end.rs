//! Why a loop of steps ended, and what may follow.

use super::{Finished, Status};
use crate::stepper::Finish;

/// Why the loop ended.
pub(super) struct End {
    pub(super) status: Status,
    pub(super) reason: String,
    pub(super) kind: Kind,
    /// The parameters that a limit of energy or error was met at; the step went on from there.
    pub(super) met: Option<Vec<f64>>,
}

/// Who ended it, and what may follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A limit of the deck or of the process, or a failure: nothing follows.
    Final,
    /// The stage by itself, for good.
    Done,
    /// The same stage, which is far from a solution.
    Far,
    /// The same stage, on more of the problem.
    Widened,
    /// The next stage, if there is one.
    Settled,
    /// The stage before, if there is one.
    Stuck,
    /// The stage before, on points that follow the residual.
    Overfitted,
}

impl End {
    pub(super) fn of(status: Status, reason: String) -> Self {
        Self {
            status,
            reason,
            kind: Kind::Final,
            met: None,
        }
    }

    fn converged(reason: String) -> Self {
        Self::of(Status::Converged, reason)
    }

    pub(super) fn met(reason: String, theta: &[f64]) -> Self {
        Self {
            met: Some(theta.to_vec()),
            ..Self::converged(reason)
        }
    }

    /// That of a run that came to its end, but not to its summary.
    pub(super) fn again(finished: Finished) -> Self {
        Self {
            met: finished.met,
            ..Self::converged(finished.reason)
        }
    }

    /// That of a state which is steady: by itself, unless the deck says what that means.
    pub(super) fn steady(reason: String, as_asked: bool) -> Self {
        Self {
            kind: if as_asked { Kind::Final } else { Kind::Done },
            ..Self::converged(reason)
        }
    }

    /// That of an attempt to finish which has fitted its points alone.
    pub(super) fn overfitted(reason: String) -> Self {
        Self {
            kind: Kind::Overfitted,
            ..Self::converged(reason)
        }
    }

    /// That of a stage that goes on on more of the problem.
    pub(super) fn widened() -> Self {
        Self {
            kind: Kind::Widened,
            ..Self::converged("more of the problem is solved at once".into())
        }
    }

    pub(super) fn of_stepper(finish: &Finish) -> Self {
        let kind = match finish {
            Finish::Done(_) => Kind::Done,
            Finish::Far(_) => Kind::Far,
            Finish::Settled(_) => Kind::Settled,
            Finish::Stuck(_) => Kind::Stuck,
        };
        Self {
            kind,
            ..Self::converged(finish.reason().into())
        }
    }
}
