//! What a function serves: a step, the way back, the end of a retired cluster, the sweep, or the rotation of secrets.

use aurora_restore_app::SourceIs;
use aurora_restore_core::{engine::Place, operation::StepKind};

/// What a function serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Served {
    /// A step on the way forward.
    Step(StepKind),
    /// The way back.
    Undo,
    /// The end of a retired cluster.
    Retire,
    /// Nothing of one operation: it looks after all of them.
    Sweep,
    /// No operation at all: Secrets Manager has a secret rotated.
    Rotate,
}

impl Served {
    /// The place at which every execution begins, and so the one that begins operations and obeys people.
    pub const FIRST: Self = Self::Step(StepKind::SnapshotCheck);

    /// Reads the word.
    pub fn from_word(word: &str) -> Option<Self> {
        let steps = StepKind::ALL.into_iter().map(Self::Step);
        steps.chain([Self::Undo, Self::Retire, Self::Sweep, Self::Rotate]).find(|served| served.as_str() == word)
    }

    /// Whether it can do nothing without entering the source account: the places that copy, share and look there. The sweeper
    /// looks there, too, but what it cannot see there must not keep it from everything else.
    pub fn source(self) -> SourceIs {
        let enters = match self {
            Self::Step(step) => step.enters_source(),
            Self::Undo => true,
            Self::Retire | Self::Sweep | Self::Rotate => false,
        };
        if enters { SourceIs::Entered } else { SourceIs::LeftAlone }
    }

    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Step(step) => step.as_str(),
            Self::Undo => "undo",
            Self::Retire => "retire",
            Self::Sweep => "sweep",
            Self::Rotate => "rotate",
        }
    }

    /// Whether an operation that stands there is this function's to advance.
    pub fn serves(self, place: Place) -> bool {
        match (self, place) {
            (Self::Step(own), Place::Step(step)) => own == step,
            (Self::Undo, Place::Undo) | (Self::Retire, Place::Retire) => true,
            (Self::Step(_) | Self::Undo | Self::Retire | Self::Sweep | Self::Rotate, _) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_has_a_word_that_reads_back() {
        for word in ["snapshot-check", "notify", "undo", "retire", "sweep", "rotate"] {
            assert_eq!(Served::from_word(word).map(Served::as_str), Some(word));
        }
        assert_eq!(Served::from_word("Undo"), None);
    }
}
