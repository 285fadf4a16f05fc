//! Whether the policy of a thing is open to everybody: for a key, a topic, or whatever else has one of its own.

use super::{Condition, Statement};

/// Conditions that keep a statement for everybody within accounts or an organisation. `kms:ViaService` is none of them: a service asks
/// for whoever uses it, in any account.
const OF_ACCOUNTS: [&str; 6] = [
    "kms:calleraccount",
    "aws:principalaccount",
    "aws:principalorgid",
    "aws:sourceaccount",
    "aws:sourceorgid",
    // What the default policy of a topic names its account by.
    "aws:sourceowner",
];
/// The same by ARNs, as far as those name an account.
const OF_ARNS: [&str; 2] = ["aws:principalarn", "aws:sourcearn"];
/// The same by places in an organisation, as far as those name one: `o-1/r-2/ou-3/*`.
const OF_PATHS: [&str; 2] = ["aws:principalorgpaths", "aws:sourceorgpaths"];

/// Whether a statement is for everybody, or for everybody but some, conditions apart.
pub fn is_for_everybody(statement: &Statement) -> bool {
    statement.principals.iter().flatten().any(|principal| principal == "*")
        || statement.inversion == Some("NotPrincipal")
}

/// Whether conditions keep within accounts or an organisation what is for everybody. What is true for whoever lacks the key, and
/// what excludes some, narrows nothing.
pub fn is_narrowed(conditions: &[Condition]) -> bool {
    let demands = |operator: &str| {
        !operator.ends_with("IfExists")
            && !operator.contains("Not")
            && !operator.starts_with("ForAllValues:")
            && operator != "Null"
    };
    conditions.iter().filter(|condition| demands(&condition.operator)).any(|condition| {
        let key = condition.key.to_ascii_lowercase();
        let narrows: fn(&str) -> bool = match key.as_str() {
            key if OF_ACCOUNTS.contains(&key) => is_exact,
            key if OF_ARNS.contains(&key) => names_an_owner,
            key if OF_PATHS.contains(&key) => |path| path.split('/').next().is_some_and(is_exact),
            _ => return false,
        };
        !condition.values.is_empty() && condition.values.iter().all(|value| narrows(value))
    })
}

fn is_exact(value: &str) -> bool {
    !value.contains(['*', '?'])
}

/// Whether an ARN, wildcards in it or not, belongs to one account; names of buckets have none and are given once.
fn names_an_owner(arn: &str) -> bool {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", _, "s3", "", "", bucket] => !bucket.starts_with(['*', '?']),
        ["arn", _, _, _, account, _] => account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()),
        _ => false,
    }
}

/// Statements that are open to everybody and that are not: whoever judges policies has to judge them so.
#[cfg(test)]
pub(crate) mod cases {
    use serde_json::{Value, json};

    fn allowing_all(operator: &str, key: &str, value: impl Into<Value>) -> Value {
        let value: Value = value.into();
        json!({"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Condition": {operator: {key: value}}})
    }

    /// What stays within accounts or an organisation, what a service alone may do, and what is denied.
    pub(crate) fn closed() -> Vec<Value> {
        let root = "arn:aws:iam::444455556666:root";
        let mut cases = vec![
            json!({"Effect": "Allow", "Principal": {"AWS": root}, "Action": "kms:*"}),
            json!({"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "kms:Decrypt"}),
            json!({"Effect": "Allow", "Principal": {"AWS": ["*"]}, "Action": "kms:Decrypt", "Condition": {
                "StringEquals": {"kms:CallerAccount": "444455556666", "kms:ViaService": "rds.amazonaws.com"}}}),
            json!({"Effect": "Deny", "Principal": "*", "Action": "kms:*"}),
            json!({"Effect": "Deny", "NotPrincipal": {"AWS": root}, "Action": "kms:*"}),
            // A share for copies is what it is for.
            json!({"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": ["kms:Decrypt"]}),
        ];
        for (operator, key, value) in [
            ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::444455556666:role/*"),
            ("ArnLike", "aws:SourceArn", "arn:aws:s3:::our-bucket"),
            ("StringEquals", "aws:PrincipalOrgID", "o-1"),
            ("StringEquals", "AWS:SourceOwner", "444455556666"),
            ("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-1/r-2/ou-3/*"),
        ] {
            cases.push(allowing_all(operator, key, value));
        }
        cases
    }

    /// What whoever is in no account of ours may do, too.
    pub(crate) fn open() -> Vec<Value> {
        let mut cases = vec![
            json!({"Effect": "Allow", "Principal": "*", "Action": "kms:Decrypt"}),
            json!({"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:Decrypt"}),
            json!({"Effect": "Allow", "Principal": {"AWS": ["111122223333", "*"]}, "Action": "kms:*"}),
            json!({"Effect": "Allow", "NotPrincipal": {"AWS": "111122223333"}, "Action": "kms:*"}),
            json!({"Effect": "Allow", "NotPrincipal": {"AWS": "111122223333"}, "NotAction": "kms:Decrypt"}),
        ];
        for (operator, key, value) in [
            ("StringNotEquals", "aws:PrincipalAccount", "111122223333"),
            ("StringEqualsIfExists", "aws:PrincipalAccount", "444455556666"),
            ("StringLike", "aws:PrincipalArn", "*"),
            ("StringEquals", "kms:ViaService", "rds.eu-central-1.amazonaws.com"),
            ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/restore"),
            ("StringLike", "AWS:SourceOwner", "*"),
            ("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-*/r-2/*"),
            ("Bool", "aws:SecureTransport", "true"),
            ("ForAllValues:StringEquals", "aws:PrincipalOrgID", "o-1"),
            ("Null", "aws:PrincipalOrgID", "true"),
        ] {
            cases.push(allowing_all(operator, key, value));
        }
        cases.push(allowing_all("StringLike", "aws:PrincipalAccount", vec!["444455556666", "1*"]));
        cases
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_for_everybody_is_told_from_what_stays_in_accounts() {
        let is_open = |statement: &serde_json::Value| {
            let read = Statement::read(1, statement);
            read.allows && is_for_everybody(&read) && !is_narrowed(&read.conditions)
        };
        for statement in cases::open() {
            assert!(is_open(&statement), "{statement}");
        }
        for statement in cases::closed() {
            assert!(!is_open(&statement), "{statement}");
        }
    }
}
