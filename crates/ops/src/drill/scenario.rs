//! What is rehearsed.

use std::{fmt, str::FromStr};

use aurora_restore_core::operation::{Operation, Phase, StepKind, StepStatus};
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
    /// The source's Region counts as lost: it is restored from what the target's Region has, and nobody else is asked.
    UnavailableRegion,
    /// Nothing is restored: the journal counts as lost, and is rebuilt beside the real one from what is kept elsewhere.
    LostJournal,
    /// Nothing is restored: the state table counts as lost, and its items are rebuilt beside it from the entries.
    LostStateTable,
    /// Nothing is restored: of each function the version that serves counts as lost, and the one before it has to answer.
    LostFunctionVersion,
}

impl Scenario {
    /// Every scenario.
    pub const ALL: [Self; 13] = [
        Self::Restore,
        Self::HandedOver,
        Self::GivenUpIn(StepKind::CopySnapshot),
        Self::GivenUpIn(StepKind::RestoreSnapshot),
        Self::GivenUpIn(StepKind::CreateInstances),
        Self::GivenUpIn(StepKind::ApplySettings),
        Self::GivenUpIn(StepKind::SetupDbUsers),
        Self::GivenUpIn(StepKind::VerifyRestore),
        Self::GivenUpIn(StepKind::SwitchOver),
        Self::UnavailableRegion,
        Self::LostJournal,
        Self::LostStateTable,
        Self::LostFunctionVersion,
    ];

    /// Whether it is given up where it stands now: its step was begun, and nobody has said so yet.
    pub fn strikes(self, operation: &Operation) -> bool {
        let Self::GivenUpIn(wanted) = self else { return false };
        let is_begun = operation.steps.iter().any(|step| step.kind == wanted && step.status == StepStatus::Started);
        is_begun && operation.phase == Phase::Forward && operation.cancel.is_none()
    }

    /// Why it is given up where it strikes.
    pub fn reason(self) -> String {
        match self {
            Self::GivenUpIn(step) => format!("the drill gives up in {step}"),
            other => format!("the drill `{other}`"),
        }
    }

    /// Whether nothing is restored in RDS: what was rehearsed is recorded as the reason for which its operation is cancelled.
    pub fn restores_nothing(self) -> bool {
        match self {
            Self::LostJournal | Self::LostStateTable | Self::LostFunctionVersion => true,
            Self::Restore | Self::HandedOver | Self::UnavailableRegion | Self::GivenUpIn(_) => false,
        }
    }

    /// Whether the functions of a stack can rehearse it: it is an ordinary restore, for whoever does it.
    pub fn is_for_functions(self) -> bool {
        match self {
            Self::Restore | Self::UnavailableRegion => true,
            Self::HandedOver
            | Self::GivenUpIn(_)
            | Self::LostJournal
            | Self::LostStateTable
            | Self::LostFunctionVersion => false,
        }
    }

    /// Whether its figures are those of a whole restore.
    pub fn is_whole_restore(self) -> bool {
        match self {
            Self::Restore | Self::HandedOver | Self::UnavailableRegion => true,
            Self::GivenUpIn(_) | Self::LostJournal | Self::LostStateTable | Self::LostFunctionVersion => false,
        }
    }

    /// Whether it says how long a recovery takes: of the data, of the journal, or of the functions.
    pub fn is_timed(self) -> bool {
        match self {
            Self::Restore
            | Self::HandedOver
            | Self::UnavailableRegion
            | Self::LostJournal
            | Self::LostStateTable
            | Self::LostFunctionVersion => true,
            Self::GivenUpIn(_) => false,
        }
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Restore => formatter.write_str("restore"),
            Self::HandedOver => formatter.write_str("handed-over"),
            Self::UnavailableRegion => formatter.write_str("unavailable-region"),
            Self::LostFunctionVersion => formatter.write_str("lost-function-version"),
            Self::LostJournal => formatter.write_str("lost-journal"),
            Self::LostStateTable => formatter.write_str("lost-state-table"),
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
