//! What a rotation would do, as a value that can be shown. Nothing is changed by making it.

use aurora_restore_core::{
    ids::SecretVersionId,
    ports::{OwnRotation, VersionStage},
};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{GRACE, Rotation, RotationError, stand::Stand};

/// One login, before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LoginChange {
    /// The role that is in use.
    pub from: String,
    /// The role that will be; the same one where its password alone changes.
    pub to: String,
}

/// What a rotation would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RotationPlan {
    /// Where it stands.
    pub stand: Stand,
    /// The version that is current: the logins that would be followed by others.
    pub current: SecretVersionId,
    /// The logins; none where only telling people is left.
    pub changes: Vec<LoginChange>,
    /// When anything of the secret was changed, if the store knows.
    pub changed: Option<Timestamp>,
    /// Whether the store has it rotated by itself.
    pub own_rotation: OwnRotation,
}

impl RotationPlan {
    /// How much of the grace is left, if any: beginning now ends logins that clients may still use. What was begun already is
    /// gone on with in any case.
    pub fn grace_left(&self, now: Timestamp) -> Option<SignedDuration> {
        let age = match (&self.stand, self.changed) {
            (Stand::AtRest, Some(changed)) => now.duration_since(changed),
            (Stand::AtRest, None) | (Stand::Cut { .. } | Stand::Untold { .. }, _) => return None,
        };
        (age < GRACE).then(|| GRACE - age)
    }
}

impl Rotation<'_> {
    /// Looks what a rotation would do. With it the current login of every role is known to be one that can be rotated.
    ///
    /// # Errors
    /// [`RotationError`].
    pub async fn look(&self) -> Result<RotationPlan, RotationError> {
        let history = self.ports.versions.history(self.secret).await?;
        let stand = Stand::of(&history);
        let current = history.at(VersionStage::Current).ok_or_else(|| self.refused("no version is current"))?.clone();
        let now = self.logins_of(&self.required(&current).await?)?;
        let begun = match &stand {
            Stand::Cut { version } => match self.ports.versions.value(self.secret, version).await? {
                // What cannot be gone on with is found here, and not behind a confirmation.
                Some(_) => Some(self.both(version).await?.1),
                None => None,
            },
            Stand::AtRest | Stand::Untold { .. } => None,
        };
        let mut changes = Vec::new();
        if !matches!(stand, Stand::Untold { .. }) {
            for (index, login) in now.iter().enumerate() {
                let from = login.role.username.clone();
                let to = match begun.as_ref().and_then(|begun| begun.logins.get(index)) {
                    Some(next) => next.role.username.clone(),
                    None => self.next_name(&from).await?,
                };
                changes.push(LoginChange { from, to });
            }
        }
        Ok(RotationPlan { stand, current, changes, changed: history.changed, own_rotation: history.own_rotation })
    }
}
