//! Where a change stands, and what may follow: the only table of it, which writing and reading both go through.
//!
//! | stands | approve | begin | end |
//! |---|---|---|---|
//! | proposed | approved | applying | – |
//! | approved | approved anew | applying | – |
//! | applying | – | applying: whoever died is followed by another | applied, failed, rolled back |
//! | applied, failed, rolled back | – | – | – |

use serde::{Deserialize, Serialize};

/// Where a change stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Somebody wants it.
    Proposed,
    /// Somebody else has agreed.
    Approved,
    /// It is being applied, or whoever applied it died and nobody knows how far.
    Applying,
    /// It was applied.
    Applied,
    /// It was not applied, or not all of it.
    Failed,
    /// It was applied and taken back.
    RolledBack,
}

impl Stage {
    /// Every stage, in the order in which they come.
    pub const ALL: [Self; 6] =
        [Self::Proposed, Self::Approved, Self::Applying, Self::Applied, Self::Failed, Self::RolledBack];

    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Approved => "approved",
            Self::Applying => "applying",
            Self::Applied => "applied",
            Self::Failed => "failed",
            Self::RolledBack => "rolled-back",
        }
    }

    /// Whether nothing follows.
    pub fn has_ended(self) -> bool {
        match self {
            Self::Proposed | Self::Approved | Self::Applying => false,
            Self::Applied | Self::Failed | Self::RolledBack => true,
        }
    }
}

/// How a change ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// All of it was applied.
    Applied,
    /// It was not applied, or not all of it.
    Failed,
    /// It was applied and taken back.
    RolledBack,
}

impl Outcome {
    /// Where the change stands then.
    pub fn stage(self) -> Stage {
        match self {
            Self::Applied => Stage::Applied,
            Self::Failed => Stage::Failed,
            Self::RolledBack => Stage::RolledBack,
        }
    }
}

/// What can be done with a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    /// Agree to it.
    Approve,
    /// Begin to apply it.
    Begin,
    /// Say how it ended.
    End(Outcome),
}

/// What cannot be done with a change that stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is {} and cannot be {}", .stage.as_str(), .what)]
pub struct IllegalMove {
    /// Where it stands.
    pub stage: Stage,
    /// What was to be done with it.
    pub what: &'static str,
}

/// Where a change stands after a move.
///
/// # Errors
/// [`IllegalMove`] where the table has none.
pub fn next(stage: Stage, what: Move) -> Result<Stage, IllegalMove> {
    match (what, stage) {
        (Move::Approve, Stage::Proposed | Stage::Approved) => Ok(Stage::Approved),
        (Move::Begin, Stage::Proposed | Stage::Approved | Stage::Applying) => Ok(Stage::Applying),
        (Move::End(outcome), Stage::Applying) => Ok(outcome.stage()),
        (Move::Approve, Stage::Applying | Stage::Applied | Stage::Failed | Stage::RolledBack) => {
            Err(IllegalMove { stage, what: "approved" })
        }
        (Move::Begin, Stage::Applied | Stage::Failed | Stage::RolledBack) => {
            Err(IllegalMove { stage, what: "applied" })
        }
        (Move::End(_), Stage::Proposed | Stage::Approved | Stage::Applied | Stage::Failed | Stage::RolledBack) => {
            Err(IllegalMove { stage, what: "ended" })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_table() {
        let moves = [
            Move::Approve,
            Move::Begin,
            Move::End(Outcome::Applied),
            Move::End(Outcome::Failed),
            Move::End(Outcome::RolledBack),
        ];
        let row = |stage: Stage| moves.map(|what| next(stage, what).map_or("-", Stage::as_str));
        let none = ["-"; 5];
        assert_eq!(row(Stage::Proposed), ["approved", "applying", "-", "-", "-"]);
        assert_eq!(row(Stage::Approved), ["approved", "applying", "-", "-", "-"]);
        assert_eq!(row(Stage::Applying), ["-", "applying", "applied", "failed", "rolled-back"]);
        for stage in Stage::ALL.into_iter().filter(|stage| stage.has_ended()) {
            assert_eq!(row(stage), none, "{stage:?}");
        }
    }

    #[test]
    fn a_refusal_says_where_it_stands() {
        let refused = next(Stage::RolledBack, Move::Begin).unwrap_err();
        assert_eq!(refused.to_string(), "it is rolled-back and cannot be applied");
    }
}
