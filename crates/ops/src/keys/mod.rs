//! `keys review`: whether the keys that restores depend on can be used, are rotated, and are nobody else's to use.
//!
//! A restore is no better than its key: a copy under a key that is pending deletion is gone with it. Each finding has what
//! was seen, and the command that mends it.

mod policy;

use std::fmt;

use aurora_restore_core::ids::KmsKey;
use serde::Serialize;

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

/// Looks at each key.
///
/// # Errors
/// [`ServiceError`] where a key cannot be looked at at all; that one does not exist is a finding.
pub async fn review(keys: &dyn Keys, subjects: &[Subject]) -> Result<KeysReview, ServiceError> {
    let mut review = KeysReview::default();
    for subject in subjects {
        review.looked_at.push(format!("{} ({})", subject.key, subject.purpose));
        match keys.key(&subject.key).await? {
            Some(facts) => review.findings.extend(of_key(&facts, subject)),
            None => review.findings.push(missing(subject)),
        }
    }
    review.findings.sort_by(|a, b| b.level.cmp(&a.level).then_with(|| a.key.cmp(&b.key)));
    Ok(review)
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
