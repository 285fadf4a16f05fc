//! What is rehearsed.

use std::{fmt, str::FromStr};

use aurora_restore_core::operation::StepKind;
use serde::{Serialize, Serializer};

/// What happens to the restore of a drill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scenario {
    /// Nothing: it is restored, proven, timed, and taken back.
    Restore,
    /// Its executor is lost in every step, and another one goes on from the journal.
    HandedOver,
    /// It comes as far as this step and is given up there: all that was made has to go.
    GivenUpIn(StepKind),
    /// Nothing is restored: the journal counts as lost, and is rebuilt beside the real one from what is kept elsewhere.
    LostJournal,
}

impl Scenario {
    /// Every scenario.
    pub const ALL: [Self; 10] = [
        Self::Restore,
        Self::HandedOver,
        Self::GivenUpIn(StepKind::CopySnapshot),
        Self::GivenUpIn(StepKind::RestoreSnapshot),
        Self::GivenUpIn(StepKind::CreateInstances),
        Self::GivenUpIn(StepKind::ApplySettings),
        Self::GivenUpIn(StepKind::SetupDbUsers),
        Self::GivenUpIn(StepKind::VerifyRestore),
        Self::GivenUpIn(StepKind::SwitchOver),
        Self::LostJournal,
    ];

    /// Whether its figures are those of a whole restore.
    pub fn is_whole_restore(self) -> bool {
        match self {
            Self::Restore | Self::HandedOver => true,
            Self::GivenUpIn(_) | Self::LostJournal => false,
        }
    }

    /// Whether it says how long a recovery takes: of the data, or of the journal.
    pub fn is_timed(self) -> bool {
        match self {
            Self::Restore | Self::HandedOver | Self::LostJournal => true,
            Self::GivenUpIn(_) => false,
        }
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Restore => formatter.write_str("restore"),
            Self::HandedOver => formatter.write_str("handed-over"),
            Self::LostJournal => formatter.write_str("lost-journal"),
            Self::GivenUpIn(step) => write!(formatter, "given-up-in-{step}"),
        }
    }
}

impl Serialize for Scenario {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A scenario that there is not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no scenario `{text}`; there are {}", Scenario::ALL.map(|known| known.to_string()).join(", "))]
pub struct UnknownScenario {
    text: String,
}

impl FromStr for Scenario {
    type Err = UnknownScenario;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|scenario| scenario.to_string() == text);
        known.ok_or_else(|| UnknownScenario { text: text.to_owned() })
    }
}
