//! What Secrets Manager asks a rotation function for. Closed, and checked against the secret before anything is done.

use aurora_restore_core::{
    ids::{SecretId, SecretVersionId},
    ports::{OwnRotation, VersionStage},
};
use serde::{Deserialize, Serialize};

use super::{Rotation, RotationError, Stage};

/// What Secrets Manager asks for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct RotationEvent {
    /// The stage.
    pub step: Stage,
    /// The secret, by its ARN.
    pub secret_id: SecretId,
    /// The version.
    pub client_request_token: SecretVersionId,
    /// Sent where a function of another account rotates the secret; not used by one that works in its own.
    #[serde(default)]
    pub rotation_token: Option<String>,
}

impl RotationEvent {
    /// Whether it is about the secret that a configuration names, be it by its name or by its ARN.
    pub fn is_about(&self, configured: &SecretId) -> bool {
        self.secret_id.is_same_secret(configured)
    }
}

/// What was done about an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answered {
    /// The stage was done.
    Done,
    /// The version is current already, and the stage comes before that.
    Behind,
}

impl Rotation<'_> {
    /// Does what an event asks for, if the secret agrees: it must be rotated by a function, and the version must be announced.
    ///
    /// # Errors
    /// [`RotationError`].
    pub async fn answer(&self, event: &RotationEvent) -> Result<Answered, RotationError> {
        let history = self.ports.versions.history(self.secret).await?;
        let version = &event.client_request_token;
        match history.own_rotation {
            OwnRotation::Off => return Err(self.refused("it is not set up to be rotated by a function")),
            OwnRotation::On => {}
        }
        if history.bears(version, VersionStage::Current) && event.step != Stage::Finish {
            return Ok(Answered::Behind);
        }
        if !history.bears(version, VersionStage::Current) && !history.bears(version, VersionStage::Pending) {
            return Err(self.refused(format!("version {version} is not announced as pending")));
        }
        self.step(event.step, version).await?;
        Ok(Answered::Done)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const TOKEN: &str = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";

    fn read(event: Value) -> Result<RotationEvent, String> {
        serde_json::from_value(event).map_err(|error| error.to_string())
    }

    #[test]
    fn the_event_of_secrets_manager_is_read() {
        let event = json!({"Step": "testSecret", "SecretId": "arn:x", "ClientRequestToken": TOKEN});
        assert_eq!(read(event).unwrap().step, Stage::Test);
        let event = json!({"Step": "setSecret", "SecretId": "a", "ClientRequestToken": TOKEN, "RotationToken": "t"});
        assert_eq!(read(event).unwrap().step, Stage::Set);
    }

    #[test]
    fn any_other_event_is_refused() {
        let cases = [
            (json!({}), "missing field `Step`"),
            (
                json!({"Step": "dropSecret", "SecretId": "a", "ClientRequestToken": TOKEN}),
                "unknown variant `dropSecret`",
            ),
            (
                json!({"Step": "setSecret", "SecretId": "a b", "ClientRequestToken": TOKEN}),
                "secret id `a b` is not valid",
            ),
            (json!({"Step": "setSecret", "SecretId": "a", "ClientRequestToken": "../x"}), "32 to 64 characters"),
            (
                json!({"Step": "setSecret", "SecretId": "a", "ClientRequestToken": TOKEN, "Force": true}),
                "unknown field `Force`",
            ),
        ];
        for (event, expected) in cases {
            let told = read(event).unwrap_err();
            assert!(told.contains(expected), "{told}");
        }
    }
}
