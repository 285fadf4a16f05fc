//! Where the rotation of a secret stands, read off the labels of its versions. Pure.

use aurora_restore_core::{
    ids::SecretVersionId,
    ports::{SecretHistory, VersionStage},
};

/// Where a rotation stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stand {
    /// None is under way.
    AtRest,
    /// One was begun and is not finished.
    Cut {
        /// The version that it prepares.
        version: SecretVersionId,
    },
    /// One is finished but for telling people.
    Untold {
        /// The version that it has made current.
        version: SecretVersionId,
    },
}

impl Stand {
    /// Reads it off the labels.
    pub fn of(history: &SecretHistory) -> Self {
        match history.at(VersionStage::Pending).cloned() {
            None => Self::AtRest,
            Some(version) if history.bears(&version, VersionStage::Current) => Self::Untold { version },
            Some(version) => Self::Cut { version },
        }
    }

    /// The version of a rotation that is under way.
    pub fn version(&self) -> Option<&SecretVersionId> {
        match self {
            Self::AtRest => None,
            Self::Cut { version } | Self::Untold { version } => Some(version),
        }
    }
}

#[cfg(test)]
mod tests {
    use aurora_restore_core::ports::{OwnRotation, SecretVersion};

    use super::*;

    fn id(digit: char) -> SecretVersionId {
        SecretVersionId::new(String::from(digit).repeat(32)).unwrap()
    }

    fn stand(versions: &[(char, &[VersionStage])]) -> Stand {
        let version = |(digit, stages): &(char, &[VersionStage])| SecretVersion {
            id: id(*digit),
            stages: stages.iter().copied().collect(),
        };
        Stand::of(&SecretHistory {
            own_rotation: OwnRotation::Off,
            changed: None,
            versions: versions.iter().map(version).collect(),
        })
    }

    #[test]
    fn the_labels_tell_where_a_rotation_stands() {
        use VersionStage::{Current, Pending, Previous};
        assert_eq!(stand(&[('a', &[Current])]), Stand::AtRest);
        assert_eq!(stand(&[('a', &[Previous]), ('b', &[Current])]), Stand::AtRest);
        assert_eq!(stand(&[('a', &[Current]), ('b', &[Pending])]), Stand::Cut { version: id('b') });
        assert_eq!(stand(&[('a', &[Previous]), ('b', &[Current, Pending])]), Stand::Untold { version: id('b') });
    }
}
