//! Dropping a rotation that was begun and cannot be gone on with.

use aurora_restore_core::{
    ids::SecretVersionId,
    ports::{SecretDocument, VersionStage},
};

use super::{Rotation, RotationError, Stand};

impl Rotation<'_> {
    /// Takes the pending label off the version that a rotation has begun with, so that the next one begins anew; gives that
    /// version, or `None` where no rotation was begun. Changes nothing in the database, and no login that works is lost: where
    /// the database takes the version that was begun and not the current one, it is refused.
    ///
    /// # Errors
    /// [`RotationError`].
    pub async fn discard(&self) -> Result<Option<SecretVersionId>, RotationError> {
        let _turn = self.turn().await?;
        let versions = self.ports.versions;
        let history = versions.history(self.secret).await?;
        let Stand::Cut { version } = Stand::of(&history) else { return Ok(None) };
        if let Some(begun) = versions.value(self.secret, &version).await?
            && !self.takes(&self.current().await?).await?
            && self.takes(&begun).await?
        {
            let secret = self.secret;
            let current = history.at(VersionStage::Current).map(ToString::to_string).unwrap_or_default();
            return Err(self.refused(format!(
                "the database takes the logins of version {version}, which was begun, and not those of the current one: go on with \
                 it by `aurora-restore secrets rotate {secret}`, or, where that is refused, make it the current one by `aws \
                 secretsmanager update-secret-version-stage --secret-id {secret} --version-stage AWSCURRENT --move-to-version-id \
                 {version} --remove-from-version-id {current}`"
            )));
        }
        versions.clear_pending(self.secret, &version).await?;
        Ok(Some(version))
    }

    /// Whether the database takes every login of a document. One that cannot be read has none.
    async fn takes(&self, document: &SecretDocument) -> Result<bool, RotationError> {
        let Ok(logins) = self.logins_of(document) else { return Ok(false) };
        for login in logins {
            if !self.logs_in(&self.login(&login.role, document)).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
