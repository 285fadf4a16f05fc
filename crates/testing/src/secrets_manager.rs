//! The part of Secrets Manager in a rotation, on a stand-in that keeps versions and labels but calls no function: it announces a
//! version and says what the function is called with.

use serde_json::{Value, json};

use crate::stand_in::StandIn;

/// A secret that is rotated by a function.
#[derive(Debug)]
pub struct RotatedSecret<'s> {
    services: &'s StandIn,
    arn: String,
}

impl<'s> RotatedSecret<'s> {
    /// The stages, as the events name them.
    pub const STEPS: [&'static str; 4] = ["createSecret", "setSecret", "testSecret", "finishSecret"];

    /// Sets a secret up to be rotated by a function. MiniStack takes this for a rotation, too: the content stays, and its version
    /// is a new one.
    pub fn set_up(services: &'s StandIn, name: &str, function: &str) -> Self {
        let asked = json!({
            "SecretId": name,
            "ClientRequestToken": "6ba7b812-9dad-11d1-80b4-00c04fd430c8",
            "RotationLambdaARN": function,
            "RotationRules": { "AutomaticallyAfterDays": 30 },
        });
        let answer = services.json("secretsmanager", "secretsmanager.RotateSecret", &asked);
        let arn = answer["ARN"].as_str().expect("a secret has an ARN").to_owned();
        Self { services, arn }
    }

    /// Its ARN.
    pub fn arn(&self) -> &str {
        &self.arn
    }

    /// The version of that number.
    pub fn token(number: usize) -> String {
        format!("6ba7b813-9dad-11d1-80b4-{number:012}")
    }

    /// Announces a version: it is there and pending, and has no content.
    pub fn announce(&self, token: &str) {
        let version = json!({ "SecretId": self.arn, "ClientRequestToken": token, "VersionStages": ["AWSPENDING"] });
        self.services.json("secretsmanager", "secretsmanager.PutSecretValue", &version);
    }

    /// What the function is called with.
    pub fn event(&self, step: &str, token: &str) -> Value {
        json!({ "Step": step, "SecretId": self.arn, "ClientRequestToken": token })
    }

    /// The document that is current.
    pub fn current(&self) -> Value {
        let asked = json!({ "SecretId": self.arn });
        let found = self.services.json("secretsmanager", "secretsmanager.GetSecretValue", &asked);
        serde_json::from_str(found["SecretString"].as_str().expect("a text")).expect("a document")
    }

    /// The labels of a version.
    pub fn labels(&self, token: &str) -> Vec<String> {
        let asked = json!({ "SecretId": self.arn });
        let found = self.services.json("secretsmanager", "secretsmanager.DescribeSecret", &asked);
        let labels = found["VersionIdsToStages"][token].as_array().cloned().unwrap_or_default();
        labels.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    }
}
