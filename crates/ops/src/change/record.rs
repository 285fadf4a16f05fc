//! A record, sealed into the chain of its stack, and its stored form.
//!
//! ```text
//!   {"version":1,"at":"…","previous_kept_until":"…","event":"opened","by":"arn:…","proposal":{…}}
//! ```
//! Whoever changes the form raises [`VERSION`]; a newer form is refused. `previous_kept_until` tells a record that has expired
//! from one that somebody has deleted: no record before that time may be missing.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{
    proposal::{ChangeId, Figures, Proposal, hexadecimal},
    stage::Outcome,
};
use crate::ports::SealedRecord;

/// The version of the form that this program writes.
const VERSION: u32 = 1;

/// What happened to a change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum ChangeEvent {
    /// It was proposed. Its id is the number of this record.
    Opened {
        /// By whom: the ARN of the caller.
        by: String,
        /// What.
        proposal: Proposal,
    },
    /// Somebody agreed.
    Approved {
        /// To which change.
        change: ChangeId,
        /// Who: the ARN of the caller.
        by: String,
        /// To what: the digest of the proposal.
        digest: String,
        /// Until when.
        until: Timestamp,
    },
    /// It is being applied.
    Began {
        /// Which change.
        change: ChangeId,
        /// By whom: the ARN of the caller.
        by: String,
        /// What was measured before.
        before: Figures,
    },
    /// It has come to an end.
    Ended {
        /// Which change.
        change: ChangeId,
        /// Who says so: the ARN of the caller.
        by: String,
        /// How.
        outcome: Outcome,
        /// What there is to say about it.
        note: Option<String>,
        /// What was measured afterwards.
        after: Figures,
    },
}

/// What a record says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Body {
    version: u32,
    pub(super) at: Timestamp,
    /// Until when the record before this one is kept at least; none for the first.
    pub(super) previous_kept_until: Option<Timestamp>,
    #[serde(flatten)]
    pub(super) event: ChangeEvent,
}

#[derive(Deserialize)]
struct VersionOnly {
    version: u32,
}

impl Body {
    pub(super) fn new(at: Timestamp, previous_kept_until: Option<Timestamp>, event: ChangeEvent) -> Self {
        Self { version: VERSION, at, previous_kept_until, event }
    }

    /// Seals it behind the record whose number and hash are given.
    pub(super) fn seal(&self, stack: &str, sequence: u64, previous_hash: &str) -> Result<SealedRecord, String> {
        let body = serde_json::to_string(self).map_err(|error| error.to_string())?;
        let hash = hash(stack, sequence, previous_hash, &body);
        Ok(SealedRecord { stack: stack.to_owned(), sequence, previous_hash: previous_hash.to_owned(), hash, body })
    }

    /// Reads a record whose seal is whole.
    pub(super) fn open(record: &SealedRecord) -> Result<Self, String> {
        let number = record.sequence;
        if record.hash != hash(&record.stack, number, &record.previous_hash, &record.body) {
            return Err(format!("record {number} was altered after it was written"));
        }
        let unreadable = |error: serde_json::Error| format!("record {number} cannot be read: {error}");
        let VersionOnly { version } = serde_json::from_str(&record.body).map_err(unreadable)?;
        if version > VERSION {
            return Err(format!(
                "record {number} was written in form {version} by a newer version; this one knows forms up to {VERSION}"
            ));
        }
        serde_json::from_str(&record.body).map_err(unreadable)
    }
}

fn hash(stack: &str, sequence: u64, previous_hash: &str, body: &str) -> String {
    let mut digest = Sha256::new();
    for part in [stack, previous_hash, body] {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part.as_bytes());
    }
    digest.update(sequence.to_be_bytes());
    hexadecimal(digest.finalize())
}

#[cfg(test)]
mod tests {
    use super::{
        super::proposal::{AliasMove, ChangeKind},
        *,
    };

    /// What was ever written is read for ever.
    #[test]
    fn a_record_has_this_form() {
        let proposal = Proposal {
            kind: ChangeKind::StackDeploy,
            diff: vec!["parameter MemorySize: 256 -> 512".to_owned()],
            digest: "ab".repeat(32),
            why: Some("slow".to_owned()),
            moves: Vec::new(),
        };
        let at: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let body = Body::new(at, None, ChangeEvent::Opened { by: "arn:aws:iam::1:user/a".to_owned(), proposal });
        let sealed = body.seal("ours", 1, "").unwrap();
        let digest = "ab".repeat(32);
        assert_eq!(
            sealed.body,
            format!(
                r#"{{"version":1,"at":"2026-11-22T10:00:00Z","previous_kept_until":null,"event":"opened","by":"arn:aws:iam::1:user/a","proposal":{{"kind":"stack-deploy","diff":["parameter MemorySize: 256 -> 512"],"digest":"{digest}","why":"slow"}}}}"#
            )
        );
        assert_eq!(sealed.hash, "7fc9ad15d9efb9849d0019d363ccfb41a1a567fa4e0c8717b7f683fb424b128a");
        assert_eq!(Body::open(&sealed), Ok(body));
    }

    /// Aliases that are moved stand behind it, and only where there are some: older records are as they were.
    #[test]
    fn the_aliases_that_a_change_moves_are_recorded_with_it() {
        let moves = vec![
            AliasMove { function: "f".to_owned(), from: 6, to: Some(5) },
            AliasMove { function: "g".to_owned(), from: 6, to: None },
        ];
        let proposal = Proposal::new(ChangeKind::FunctionsRollback, Vec::new(), "", None).moving(moves);
        let opened = ChangeEvent::Opened { by: "me".to_owned(), proposal };
        let body = Body::new(Timestamp::UNIX_EPOCH, None, opened);
        let sealed = body.seal("ours", 1, "").unwrap();
        let expected = r#""moves":[{"function":"f","from":6,"to":5},{"function":"g","from":6}]"#;
        assert!(sealed.body.contains(expected), "{}", sealed.body);
        assert_eq!(Body::open(&sealed), Ok(body));
    }

    #[test]
    fn what_was_altered_or_is_newer_is_refused() {
        let ended = ChangeEvent::Ended {
            change: ChangeId(1),
            by: "me".to_owned(),
            outcome: Outcome::Applied,
            note: None,
            after: Figures::new(),
        };
        let sealed = Body::new(Timestamp::UNIX_EPOCH, None, ended).seal("ours", 2, "h").unwrap();
        let altered = SealedRecord { body: sealed.body.replace("applied", "failed"), ..sealed.clone() };
        assert_eq!(Body::open(&altered).unwrap_err(), "record 2 was altered after it was written");
        let newer = sealed.body.replace(r#""version":1"#, r#""version":2"#);
        let newer = SealedRecord { hash: hash("ours", 2, "h", &newer), body: newer, ..sealed };
        assert!(Body::open(&newer).unwrap_err().contains("by a newer version"));
    }
}
