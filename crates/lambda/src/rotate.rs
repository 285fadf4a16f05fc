//! The rotation function: what is to be done is decided in `ops`; here the event is read and the secret is found in the
//! configuration. Secrets Manager calls once for each stage, and again where it got no answer.

use aurora_restore_app::config::RotationKeys;
use aurora_restore_core::ids::SecretId;
use aurora_restore_ops::rotation::{Rotation, RotationError, RotationEvent, RotationPorts, Strategy};
use serde_json::{Value, json};

use crate::{failure::FunctionError, payload, variables::Variables, wiring::Wiring};

/// Does what one event asks for.
pub(crate) async fn run(wiring: &Wiring, variables: &Variables, payload: Value) -> Result<Value, FunctionError> {
    let event = read(payload)?;
    let account = wiring.account(variables).await?;
    let prepared = wiring.prepared(variables).await?;
    let keys = prepared.config.rotation()?;
    let strategy = strategy(&event, &keys)?;
    let services = account.rotation(prepared.config.environment(), variables.package.as_deref()).await?;
    let found = services.endpoint(&variables.region, &keys.cluster).await;
    let endpoint = found.map_err(|error| {
        FunctionError::TryAgain(format!("cluster {} cannot be found: {error}. Nothing was changed.", keys.cluster))
    })?;
    let endpoint = endpoint.ok_or_else(|| {
        FunctionError::TryAgain(format!("cluster {} has no endpoint yet. Nothing was changed.", keys.cluster))
    })?;
    let rotation = Rotation {
        secret: &event.secret_id,
        strategy,
        target: &keys.cluster,
        endpoint: &endpoint,
        dependents: keys.dependents(|configured| event.is_about(configured)),
        ports: RotationPorts {
            versions: services.versions(),
            database: services.database(),
            logins: services.logins(),
            notifier: services.notifier(),
        },
    };
    let answered = rotation.answer(&event).await?;
    tracing::info!(secret = %event.secret_id, stage = event.step.as_str(), answered = ?answered, "answered");
    Ok(json!({ "step": "rotate", "stage": event.step.as_str(), "answered": answered }))
}

/// Reads the event, strictly: whoever else may invoke the function does not get a stage of their choice done by accident.
fn read(payload: Value) -> Result<RotationEvent, FunctionError> {
    let foreign = |wrong: String| {
        FunctionError::Refused(format!(
            "the event is not one of a rotation by Secrets Manager: {wrong}; use `aws secretsmanager rotate-secret`, or \
             `aurora-restore secrets rotate`. Nothing was changed."
        ))
    };
    match payload::no_object(&payload, &[""]) {
        Some(wrong) => Err(foreign(wrong)),
        None => serde_json::from_value(payload).map_err(|error| foreign(payload::told(&error))),
    }
}

/// Only what the configuration names is rotated: the function's role could read other secrets of the stack, too.
fn strategy(event: &RotationEvent, keys: &RotationKeys) -> Result<Strategy, FunctionError> {
    let is = |configured: &SecretId| event.is_about(configured);
    if is(&keys.master) {
        return Ok(Strategy::Single);
    }
    if keys.users.as_ref().is_some_and(is) {
        return Ok(Strategy::Alternating { master: keys.master.clone() });
    }
    Err(FunctionError::Refused(format!(
        "secret {} is neither `secrets.master` nor `secrets.users` of the configuration. Nothing was changed.",
        event.secret_id
    )))
}

impl From<RotationError> for FunctionError {
    fn from(error: RotationError) -> Self {
        let text = error.to_string();
        if let RotationError::Unusable { secret, .. } = &error {
            return Self::Refused(format!(
                "{text}. No login was changed. Drop what was begun with `aurora-restore --stack NAME secrets rotate {secret} --discard`."
            ));
        }
        if error.may_pass() {
            Self::TryAgain(format!("{text}; the next call goes on from where it stands."))
        } else {
            Self::Refused(format!("{text}. The logins in use are as they were."))
        }
    }
}

#[cfg(test)]
mod tests {
    use aurora_restore_core::ids::{ClusterId, Region};

    use super::*;

    const TOKEN: &str = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";

    fn id(text: &str) -> SecretId {
        SecretId::new(text).unwrap()
    }

    fn strategy_of(secret: &str) -> Result<Strategy, FunctionError> {
        let keys = RotationKeys {
            region: Region::new("eu-central-1").unwrap(),
            cluster: ClusterId::new("staging").unwrap(),
            master: id("staging/master"),
            users: Some(id("arn:aws:secretsmanager:eu-central-1:444455556666:secret:staging/users-a1B2c3")),
            source_master: Some(id("production/master")),
            master_dependents: Vec::new(),
            users_dependents: Vec::new(),
        };
        let event = json!({"Step": "createSecret", "SecretId": secret, "ClientRequestToken": TOKEN});
        strategy(&read(event).unwrap(), &keys)
    }

    fn arn(name: &str) -> String {
        format!("arn:aws:secretsmanager:eu-central-1:444455556666:secret:{name}")
    }

    #[test]
    fn a_secret_is_known_by_its_name_and_by_its_arn() {
        assert_eq!(strategy_of(&arn("staging/master-x9Y8z7")), Ok(Strategy::Single));
        let alternating = Strategy::Alternating { master: id("staging/master") };
        assert_eq!(strategy_of(&arn("staging/users-a1B2c3")), Ok(alternating));
    }

    #[test]
    fn any_other_secret_is_refused() {
        for name in ["staging/users-a1B2c4", "production/master-x9Y8z7", "staging/master-old-x9Y8z7", "staging/maste"] {
            let error = strategy_of(&arn(name)).unwrap_err();
            assert_eq!(error.name(), "AuroraRestore.Refused");
            assert!(error.to_string().contains("neither `secrets.master` nor `secrets.users`"), "{error}");
        }
    }

    #[test]
    fn an_event_of_somebody_else_is_refused() {
        for event in [
            json!({}),
            json!({"executor": "e"}),
            json!({"Step": "createSecret"}),
            Value::Null,
            json!(["createSecret", arn("a"), TOKEN]),
        ] {
            let error = read(event).unwrap_err().to_string();
            assert!(error.contains("not one of a rotation") && error.contains("Nothing was changed."), "{error}");
        }
    }
}
