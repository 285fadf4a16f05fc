//! `keys review`: whether the keys that restores depend on can be used, are rotated, and are nobody else's to use.
//!
//! A restore is no better than its key: a copy under a key that is pending deletion is gone with it. Each finding has what
//! was seen, and the command that mends it.

mod policy;
mod subjects;

use std::{collections::BTreeSet, fmt};

use aurora_restore_core::ids::KmsKey;
use serde::Serialize;

pub use self::subjects::of_stack;
use crate::ports::{KeyFacts, KeyManager, KeyRotation, KeyState, Keys, ServiceError};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Worth knowing.
    Note,
    /// To be mended.
    Warning,
    /// Restores fail, data will be lost, or others can read them.
    Alarm,
}

impl fmt::Display for Level {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Alarm => "alarm",
        })
    }
}

/// Something about a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyFinding {
    /// How bad it is.
    pub level: Level,
    /// The key, as it was named.
    pub key: String,
    /// What is wrong.
    pub what: String,
    /// What was seen.
    pub evidence: String,
    /// The command that mends it.
    pub mend: String,
}

/// A key that is looked at, and what it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The key.
    pub key: KmsKey,
    /// What it is for, such as `copies`.
    pub purpose: String,
}

/// What was looked at and found.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct KeysReview {
    /// The keys that were looked at, each with what it is for.
    pub looked_at: Vec<String>,
    /// What was found, the worst first.
    pub findings: Vec<KeyFinding>,
}

/// Looks at each key, and at one that has several names once: by the first of them.
///
/// # Errors
/// [`ServiceError`] where the service does not answer. That a key does not exist, or may not be looked at, is a finding: it hides no
/// other one.
pub async fn review(keys: &dyn Keys, subjects: &[Subject]) -> Result<KeysReview, ServiceError> {
    let mut review = KeysReview::default();
    let mut seen = BTreeSet::new();
    for subject in subjects {
        let found = keys.key(&subject.key).await;
        if matches!(&found, Ok(Some(facts)) if !seen.insert(facts.arn.clone())) {
            continue;
        }
        review.looked_at.push(format!("{} ({})", subject.key, subject.purpose));
        match found {
            Ok(Some(facts)) => review.findings.extend(of_key(&facts, subject)),
            Ok(None) => review.findings.push(missing(subject)),
            Err(error @ ServiceError::Unavailable { .. }) => return Err(error),
            Err(error) => review.findings.push(hidden(subject, &error)),
        }
    }
    review.findings.sort_by(|a, b| b.level.cmp(&a.level).then_with(|| a.key.cmp(&b.key)));
    Ok(review)
}

fn hidden(subject: &Subject, error: &ServiceError) -> KeyFinding {
    let mend = match error {
        ServiceError::Denied { action, .. } => format!("allow whoever runs the review {action}"),
        ServiceError::Missing { .. } | ServiceError::Refused { .. } | ServiceError::Unavailable { .. } => {
            format!("aws kms describe-key --key-id {}", subject.key)
        }
    };
    KeyFinding {
        level: Level::Warning,
        key: subject.key.to_string(),
        what: "the key cannot be looked at".to_owned(),
        evidence: format!("it is for {}; {error}", subject.purpose),
        mend,
    }
}

fn missing(subject: &Subject) -> KeyFinding {
    KeyFinding {
        level: Level::Alarm,
        key: subject.key.to_string(),
        what: "the key does not exist".to_owned(),
        evidence: format!("it is named for {}", subject.purpose),
        mend: "aws kms list-aliases".to_owned(),
    }
}

/// Everything about one key. Pure.
fn of_key(facts: &KeyFacts, subject: &Subject) -> Vec<KeyFinding> {
    let finding = |level, what: &str, evidence: String, mend: String| KeyFinding {
        level,
        key: facts.arn.clone(),
        what: what.to_owned(),
        evidence,
        mend,
    };
    let (arn, purpose) = (&facts.arn, &subject.purpose);
    let mut findings = Vec::new();
    match &facts.state {
        KeyState::Enabled => {}
        KeyState::Disabled => findings.push(finding(
            Level::Alarm,
            "the key is disabled",
            format!("it is for {purpose}"),
            format!("aws kms enable-key --key-id {arn}"),
        )),
        KeyState::PendingDeletion { at } => findings.push(finding(
            Level::Alarm,
            "the key will be deleted, and what is under it with it",
            format!("it is for {purpose}; {}", at.map_or("no date is given".to_owned(), |at| format!("on {at}"))),
            format!("aws kms cancel-key-deletion --key-id {arn} && aws kms enable-key --key-id {arn}"),
        )),
        KeyState::Other(word) => findings.push(finding(
            Level::Warning,
            "the key is in an unusual state",
            format!("its state is {word}"),
            format!("aws kms describe-key --key-id {arn}"),
        )),
    }
    match (facts.manager, facts.rotation) {
        (KeyManager::Customer, KeyRotation::Off) => findings.push(finding(
            Level::Warning,
            "the key is not rotated",
            format!("it is for {purpose}, and its yearly rotation is off"),
            format!("aws kms enable-key-rotation --key-id {arn}"),
        )),
        (KeyManager::Customer, KeyRotation::On | KeyRotation::Unknown) | (KeyManager::Aws, _) => {}
    }
    if facts.manager == KeyManager::Customer {
        findings.extend(policy::review(facts));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:kms:eu-central-1:444455556666:key/7a1e9b52-3c44-4f0d-8b7a-9d2e5c6f2b22";

    fn facts(state: KeyState, rotation: KeyRotation) -> KeyFacts {
        KeyFacts {
            arn: ARN.to_owned(),
            manager: KeyManager::Customer,
            state,
            rotation,
            policy: Some(r#"{"Statement":[]}"#.to_owned()),
        }
    }

    /// Keys of which the caller may look at one.
    struct OneOf(KeyFacts);

    #[async_trait::async_trait]
    impl Keys for OneOf {
        async fn key(&self, key: &KmsKey) -> Result<Option<KeyFacts>, ServiceError> {
            match key.as_str() {
                "alias/ours" | ARN => Ok(Some(self.0.clone())),
                "alias/gone" => Ok(None),
                other => Err(ServiceError::Denied {
                    action: "kms:DescribeKey",
                    object: other.to_owned(),
                    reason: "not authorized".to_owned(),
                }),
            }
        }
    }

    #[tokio::test]
    async fn a_key_that_may_not_be_looked_at_hides_no_other() {
        let keys = OneOf(facts(KeyState::Disabled, KeyRotation::On));
        let subject = |key: &str| Subject { key: KmsKey::new(key).unwrap(), purpose: "copies".to_owned() };
        let subjects = ["alias/theirs", "alias/ours", "alias/gone"].map(subject);
        let review = review(&keys, &subjects).await.unwrap();
        let told: Vec<_> = review.findings.iter().map(|found| (found.level, found.what.as_str())).collect();
        let expected = [
            (Level::Alarm, "the key does not exist"),
            (Level::Alarm, "the key is disabled"),
            (Level::Warning, "the key cannot be looked at"),
        ];
        assert_eq!(told, expected);
        assert_eq!(review.findings[2].mend, "allow whoever runs the review kms:DescribeKey");
        assert_eq!(review.looked_at.len(), 3);
    }

    #[tokio::test]
    async fn a_key_with_two_names_is_looked_at_once() {
        let keys = OneOf(facts(KeyState::Disabled, KeyRotation::On));
        let subject =
            |key: &str, purpose: &str| Subject { key: KmsKey::new(key).unwrap(), purpose: purpose.to_owned() };
        let review = review(&keys, &[subject("alias/ours", "copies"), subject(ARN, "you")]).await.unwrap();
        assert_eq!((review.looked_at, review.findings.len()), (vec!["alias/ours (copies)".to_owned()], 1));
    }

    fn found(facts: &KeyFacts) -> Vec<(Level, String, String)> {
        let subject = Subject { key: KmsKey::new("alias/staging").unwrap(), purpose: "copies".to_owned() };
        of_key(facts, &subject).into_iter().map(|found| (found.level, found.what, found.mend)).collect()
    }

    #[test]
    fn a_key_that_is_as_it_should_be_gives_no_finding() {
        assert_eq!(found(&facts(KeyState::Enabled, KeyRotation::On)), []);
        let of_aws = KeyFacts { manager: KeyManager::Aws, ..facts(KeyState::Enabled, KeyRotation::Off) };
        assert_eq!(found(&of_aws), []);
    }

    #[test]
    fn each_fault_is_found_with_the_command_that_mends_it() {
        let cases = [
            (facts(KeyState::Disabled, KeyRotation::On), Level::Alarm, format!("aws kms enable-key --key-id {ARN}")),
            (
                facts(KeyState::PendingDeletion { at: None }, KeyRotation::Unknown),
                Level::Alarm,
                format!("aws kms cancel-key-deletion --key-id {ARN} && aws kms enable-key --key-id {ARN}"),
            ),
            (
                facts(KeyState::Enabled, KeyRotation::Off),
                Level::Warning,
                format!("aws kms enable-key-rotation --key-id {ARN}"),
            ),
        ];
        for (facts, level, mend) in cases {
            let found = found(&facts);
            assert_eq!(found.len(), 1, "{found:?}");
            assert_eq!((found[0].0, &found[0].2), (level, &mend));
        }
    }
}
