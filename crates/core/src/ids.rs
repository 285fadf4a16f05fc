//! Identifiers: one type for each kind, checked when it is made.
//!
//! RDS stores identifiers in lower case and compares them without regard to case, so the types here hold lower
//! case only. The rules are those of the RDS API reference (`CreateDBCluster`, `CreateDBInstance`,
//! `CreateDBClusterSnapshot`): 1 to 63 letters, digits or hyphens, a letter first, no hyphen last, no two hyphens
//! in a row.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The most characters that RDS takes in the identifier of a cluster, an instance or a cluster snapshot.
pub const RDS_IDENTIFIER_CHARS_MAX: usize = 63;

/// Why a text is not an identifier of its kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} `{text}` is not valid: {reason}")]
pub struct InvalidId {
    /// What the text was meant to name.
    pub kind: &'static str,
    /// The text as given.
    pub text: String,
    /// The rule that it breaks.
    pub reason: &'static str,
}

fn check_rds_identifier(text: &str) -> Result<(), &'static str> {
    let mut chars = text.chars();
    match chars.next() {
        None => return Err("it is empty"),
        Some(first) if !first.is_ascii_lowercase() => return Err("it must begin with a letter"),
        Some(_) => {}
    }
    if text.len() > RDS_IDENTIFIER_CHARS_MAX {
        return Err("it has more than 63 characters");
    }
    if !text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-') {
        return Err("only letters, digits and hyphens are allowed");
    }
    if text.ends_with('-') {
        return Err("it must not end with a hyphen");
    }
    if text.contains("--") {
        return Err("it must not contain two hyphens in a row");
    }
    Ok(())
}

/// The name of an existing snapshot may be one that RDS or AWS Backup gave (`rds:…`, `awsbackup:…`), which has colons.
fn check_snapshot_identifier(text: &str) -> Result<(), &'static str> {
    let stem = text.strip_prefix("rds:").or_else(|| text.strip_prefix("awsbackup:")).unwrap_or(text);
    if stem.len() == text.len() {
        return check_rds_identifier(text);
    }
    if stem.is_empty() {
        return Err("nothing follows its prefix");
    }
    if text.len() > 255 {
        return Err("it has more than 255 characters");
    }
    if !stem.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == ':') {
        return Err("only letters, digits and hyphens are allowed");
    }
    Ok(())
}

fn check_region(text: &str) -> Result<(), &'static str> {
    let parts: Vec<&str> = text.split('-').collect();
    let shaped = parts.len() >= 3
        && parts.iter().all(|part| !part.is_empty())
        && parts[..parts.len() - 1].iter().all(|part| part.chars().all(|c| c.is_ascii_lowercase()))
        && parts[parts.len() - 1].chars().all(|c| c.is_ascii_digit());
    if shaped { Ok(()) } else { Err("a Region looks like eu-central-1") }
}

fn check_account(text: &str) -> Result<(), &'static str> {
    if text.len() == 12 && text.chars().all(|c| c.is_ascii_digit()) { Ok(()) } else { Err("an account is 12 digits") }
}

fn check_operation(text: &str) -> Result<(), &'static str> {
    if text.is_empty() || text.len() > 64 {
        return Err("it must have 1 to 64 characters");
    }
    if !text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-') {
        return Err("only lower-case letters, digits and hyphens are allowed");
    }
    Ok(())
}

fn check_opaque(text: &str) -> Result<(), &'static str> {
    if text.is_empty() {
        return Err("it is empty");
    }
    if text.len() > 2048 {
        return Err("it has more than 2,048 characters");
    }
    // Nearly every text is plain ASCII, and identifiers are read from every answer of RDS.
    let forbidden = if text.is_ascii() {
        text.bytes().any(|byte| byte <= b' ' || byte == 0x7f)
    } else {
        text.chars().any(|c| c.is_control() || c.is_whitespace())
    };
    if forbidden {
        return Err("white space and control characters are not allowed");
    }
    Ok(())
}

macro_rules! id_type {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $check:path, $normalise:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks and wraps the text.
            ///
            /// # Errors
            /// [`InvalidId`] with the rule that the text breaks.
            pub fn new(text: impl AsRef<str>) -> Result<Self, InvalidId> {
                let normalise: fn(&str) -> String = $normalise;
                let text = normalise(text.as_ref());
                match $check(&text) {
                    Ok(()) => Ok(Self(text)),
                    Err(reason) => Err(InvalidId { kind: $kind, text, reason }),
                }
            }

            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::new(text)
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }
    };
}

id_type!(
    /// The identifier of a DB cluster: the name that clients use, or one that this product made.
    ClusterId, "cluster identifier", check_rds_identifier, str::to_ascii_lowercase
);
id_type!(
    /// The identifier of a DB instance.
    InstanceId, "instance identifier", check_rds_identifier, str::to_ascii_lowercase
);
id_type!(
    /// The identifier of a cluster snapshot: one that we make, or an existing one (`rds:…` and `awsbackup:…` included).
    SnapshotId, "snapshot identifier", check_snapshot_identifier, str::to_ascii_lowercase
);
id_type!(
    /// An AWS Region, such as `eu-central-1` or `us-gov-west-1`.
    Region, "Region", check_region, str::to_owned
);
id_type!(
    /// An AWS account: 12 digits.
    AccountId, "account", check_account, str::to_owned
);
id_type!(
    /// The id of an operation: one restore from request to end.
    OperationId, "operation id", check_operation, str::to_owned
);
id_type!(
    /// Who executes an operation: one process of the command, or one execution of a state machine.
    ExecutorId, "executor id", check_opaque, str::to_owned
);
id_type!(
    /// A KMS key: its ARN, its id or an alias. Across accounts only the full ARN resolves.
    KmsKey, "KMS key", check_opaque, str::to_owned
);
id_type!(
    /// The name under which a secret is kept. Never the secret itself.
    SecretId, "secret id", check_opaque, str::to_owned
);
id_type!(
    /// The id of one version of a secret; whoever asks for a version chooses it.
    SecretVersionId, "version of a secret", check_version, str::to_owned
);
id_type!(
    /// The immutable id that RDS gives a cluster (`DbClusterResourceId`). It survives renames, so it says *which*
    /// cluster bears a name.
    ResourceId, "cluster resource id", check_opaque, str::to_owned
);
id_type!(
    /// An Amazon Resource Name.
    Arn, "ARN", check_arn, str::to_owned
);

/// As Secrets Manager takes it for `ClientRequestToken`. Nothing in it leads out of a directory.
fn check_version(text: &str) -> Result<(), &'static str> {
    if !(32..=64).contains(&text.len()) {
        return Err("it must have 32 to 64 characters");
    }
    if !text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        return Err("only letters, digits and hyphens are allowed");
    }
    Ok(())
}

fn check_arn(text: &str) -> Result<(), &'static str> {
    check_opaque(text)?;
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    if parts.len() == 6 && parts[0] == "arn" && !parts[1].is_empty() && !parts[2].is_empty() && !parts[5].is_empty() {
        Ok(())
    } else {
        Err("an ARN looks like arn:aws:rds:REGION:ACCOUNT:cluster-snapshot:NAME")
    }
}

impl Arn {
    /// The Region in the ARN, where it has one.
    pub fn region(&self) -> Option<Region> {
        self.0.split(':').nth(3).and_then(|text| Region::new(text).ok())
    }

    /// The account in the ARN, where it has one.
    pub fn account(&self) -> Option<AccountId> {
        self.0.split(':').nth(4).and_then(|text| AccountId::new(text).ok())
    }

    /// What follows the resource type, for example the name in `…:cluster-snapshot:NAME`.
    pub fn resource_name(&self) -> &str {
        let resource = self.0.splitn(6, ':').nth(5).unwrap_or_default();
        resource.split_once(':').map_or(resource, |(_, name)| name)
    }

    /// Whether this is the ARN of an RDS cluster snapshot.
    pub fn is_cluster_snapshot(&self) -> bool {
        self.0.split(':').nth(2) == Some("rds") && self.0.split(':').nth(5) == Some("cluster-snapshot")
    }
}

impl SecretId {
    /// Whether it is the same secret, be it by its name or by its ARN. Secrets Manager puts a hyphen and six characters of chance behind
    /// the name, says
    /// [`CreateSecret`](https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html).
    pub fn is_same_secret(&self, other: &Self) -> bool {
        let (one, other) = (self.as_str(), other.as_str());
        one == other || is_name_of(one, other) || is_name_of(other, one)
    }
}

/// How many characters stand behind a secret's name in its ARN.
const SECRET_SUFFIX_CHARS: usize = 7;

fn is_name_of(name: &str, arn: &str) -> bool {
    let Some((_, rest)) = arn.split_once(":secret:").filter(|_| arn.starts_with("arn:") && !name.starts_with("arn:"))
    else {
        return false;
    };
    let end = rest.len().checked_sub(SECRET_SUFFIX_CHARS);
    end.and_then(|end| rest.split_at_checked(end))
        .is_some_and(|(of_arn, suffix)| of_arn == name && suffix.starts_with('-'))
}

impl OperationId {
    /// What the id of every drill begins with.
    pub const DRILL_PREFIX: &'static str = "drill-";

    /// Whether it is the id of a drill: a rehearsal, whose record is kept for longer than that of other operations.
    pub fn is_drill(&self) -> bool {
        self.0.starts_with(Self::DRILL_PREFIX)
    }

    /// Eight hexadecimal digits that stand for the operation inside the names it makes.
    ///
    /// Derived, not drawn: whoever resumes the operation computes the same names.
    pub fn tag(&self) -> String {
        let digest = Sha256::digest(self.0.as_bytes());
        digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Makes an RDS identifier from a stem and a suffix, shortening the stem where the 63 characters would not hold both.
///
/// Characters that RDS refuses in a new identifier (the colon of `rds:…`) become hyphens. The result is legal for
/// every stem and for every suffix of at most 40 letters, digits and single hyphens.
pub fn derived_name(stem: &str, suffix: &str) -> String {
    let stem = stem.strip_prefix("rds:").or_else(|| stem.strip_prefix("awsbackup:")).unwrap_or(stem);
    let mut name = String::with_capacity(RDS_IDENTIFIER_CHARS_MAX);
    let room = RDS_IDENTIFIER_CHARS_MAX.saturating_sub(suffix.len() + 1);
    for c in stem.chars() {
        if name.len() >= room {
            break;
        }
        let c = c.to_ascii_lowercase();
        if c.is_ascii_lowercase() || (c.is_ascii_digit() && !name.is_empty()) {
            name.push(c);
        } else if !name.is_empty() && !name.ends_with('-') {
            name.push(if c.is_ascii_digit() { c } else { '-' });
        }
    }
    let kept = name.trim_end_matches('-').len();
    name.truncate(kept);
    if name.is_empty() {
        name.push('r');
    }
    format!("{name}-{suffix}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_that_rds_would_refuse_are_refused_with_the_rule() {
        let cases = [
            ("", "it is empty"),
            ("1abc", "it must begin with a letter"),
            ("abc-", "it must not end with a hyphen"),
            ("a--b", "it must not contain two hyphens in a row"),
            ("a_b", "only letters, digits and hyphens are allowed"),
        ];
        for (text, reason) in cases {
            assert_eq!(ClusterId::new(text).unwrap_err().reason, reason, "{text}");
        }
        assert_eq!(ClusterId::new("a".repeat(64)).unwrap_err().reason, "it has more than 63 characters");
        assert!(ClusterId::new("a".repeat(63)).is_ok());
    }

    #[test]
    fn identifiers_are_held_in_lower_case() {
        assert_eq!(ClusterId::new("Staging").unwrap().as_str(), "staging");
    }

    #[test]
    fn names_of_automated_and_backup_snapshots_are_accepted_for_existing_snapshots() {
        assert!(SnapshotId::new("rds:prod-2026-11-21-03-10").is_ok());
        assert!(SnapshotId::new("awsbackup:job-1f00").is_ok());
        assert!(SnapshotId::new("rds:").is_err());
        assert!(SnapshotId::new("prod:1").is_err());
    }

    #[test]
    fn regions_of_every_partition_are_accepted() {
        for region in ["eu-central-1", "us-gov-west-1", "ap-southeast-3", "cn-north-1"] {
            assert!(Region::new(region).is_ok(), "{region}");
        }
        for text in ["eu", "eu-central", "EU-central-1", "eu-central-1a"] {
            assert!(Region::new(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_arn_gives_region_account_and_name() {
        let arn = Arn::new("arn:aws:rds:eu-west-1:111122223333:cluster-snapshot:rds:prod-2026-11-21").unwrap();
        assert_eq!(arn.region().unwrap().as_str(), "eu-west-1");
        assert_eq!(arn.account().unwrap().as_str(), "111122223333");
        assert_eq!(arn.resource_name(), "rds:prod-2026-11-21");
        assert!(arn.is_cluster_snapshot());
        assert!(Arn::new("arn:aws:rds").is_err());
    }

    #[test]
    fn a_secret_is_the_same_by_its_name_and_by_its_arn_and_no_other() {
        let id = |text: &str| SecretId::new(text).unwrap();
        let (name, arn) =
            (id("staging/users"), id("arn:aws:secretsmanager:eu-west-1:444455556666:secret:staging/users-a1B2c3"));
        for (one, other) in [(&name, &name), (&arn, &arn), (&name, &arn), (&arn, &name)] {
            assert!(one.is_same_secret(other), "{one} {other}");
        }
        for other in [
            "staging/user",
            "staging/users-a1B2c3",
            "users",
            "arn:aws:secretsmanager:eu-west-1:444455556666:secret:-a1B2c3",
        ] {
            assert!(!arn.is_same_secret(&id(other)) && !id(other).is_same_secret(&arn), "{other}");
        }
    }

    #[test]
    fn derived_names_are_legal_for_every_stem() {
        let long = "x".repeat(80);
        let dashed = format!("{}-{}", "a".repeat(48), "b".repeat(20));
        for stem in ["staging", "rds:prod-2026-11-21-03-10", "9lives", "--", "", "Ünïcode", &long, &dashed, "a-:-b"] {
            let name = derived_name(stem, "copy-1a2b3c4d");
            assert!(ClusterId::new(&name).is_ok(), "{stem} -> {name}");
            assert!(name.ends_with("-copy-1a2b3c4d"));
        }
    }

    #[test]
    fn the_tag_of_an_operation_never_changes() {
        let id = OperationId::new("op-20261122-101500-7f3a").unwrap();
        assert_eq!(id.tag(), id.clone().tag());
        assert_eq!(id.tag().len(), 8);
    }
}
