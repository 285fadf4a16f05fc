//! What a stage is like.

use super::{FRANKFURT, IRELAND, PROD, STAGING};

/// What the stage is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stage {
    /// The account of the source.
    pub source_account: &'static str,
    /// The Region of the source.
    pub source_region: &'static str,
    /// How the source's account is reached.
    pub access: Access,
    /// How the source is encrypted.
    pub encryption: Encryption,
    /// Whether there is a cluster under the target's name.
    pub target: TargetIs,
    /// How long RDS takes.
    pub pace: Pace,
}

/// How the account of the source is reached from the one of the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Through a role in it, or it is the same account.
    Role,
    /// Not at all: its operators have shared the snapshot.
    SharedOnly,
}

/// How the source's data are encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// Not at all.
    None,
    /// With the customer's key.
    CustomerKey,
    /// With the key that RDS makes for itself.
    DefaultKey,
}

/// Whether there is a cluster under the target's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetIs {
    /// Nothing bears the name.
    Absent,
    /// A cluster with two instances.
    Present,
    /// The same, protected against deletion.
    Protected,
}

/// How long RDS takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Hours in all.
    Realistic,
    /// Seconds in all.
    Quick,
}

impl Default for Stage {
    /// One account and Region, unencrypted, with a target.
    fn default() -> Self {
        Self {
            source_account: STAGING,
            source_region: FRANKFURT,
            access: Access::Role,
            encryption: Encryption::None,
            target: TargetIs::Present,
            pace: Pace::Realistic,
        }
    }
}

impl Stage {
    /// Production in another account and Region, under a customer's key.
    pub fn across() -> Self {
        Self { source_account: PROD, source_region: IRELAND, encryption: Encryption::CustomerKey, ..Self::default() }
    }

    /// The same stage with another target.
    #[must_use]
    pub fn with_target(self, target: TargetIs) -> Self {
        Self { target, ..self }
    }
}
