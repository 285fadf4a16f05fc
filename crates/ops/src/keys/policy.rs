//! Who may use a key, as its policy says. Pure.

use super::{KeyFinding, Level};
use crate::{
    policy::{Condition, Statement, statements},
    ports::KeyFacts,
};

/// Conditions that keep a statement for everybody within accounts or an organisation. `kms:ViaService` is none of them: a service asks
/// for whoever uses it, in any account.
const OF_ACCOUNTS: [&str; 5] =
    ["kms:calleraccount", "aws:principalaccount", "aws:principalorgid", "aws:sourceaccount", "aws:sourceorgid"];
/// The same by ARNs, as far as those name an account.
const OF_ARNS: [&str; 2] = ["aws:principalarn", "aws:sourcearn"];

/// Looks at the statements that allow something.
pub(super) fn review(facts: &KeyFacts) -> Vec<KeyFinding> {
    let Some(text) = &facts.policy else {
        return vec![finding(
            facts,
            Level::Note,
            "the key's policy cannot be read",
            "this caller lacks kms:GetKeyPolicy".to_owned(),
        )];
    };
    let Ok(statements) = statements(text) else {
        return vec![finding(facts, Level::Warning, "the key's policy is not JSON", format!("{} bytes", text.len()))];
    };
    let own = facts.arn.split(':').nth(4).unwrap_or_default();
    statements.iter().filter(|one| one.allows).filter_map(|one| of_statement(facts, own, one)).collect()
}

fn of_statement(facts: &KeyFacts, own: &str, statement: &Statement) -> Option<KeyFinding> {
    let principals = || statement.principals.iter().flatten();
    let (name, actions) = (&statement.name, statement.actions.join(", "));
    let for_all = principals().any(|principal| principal == "*") || statement.inversion == Some("NotPrincipal");
    if for_all {
        if is_narrowed(&statement.conditions) {
            return None;
        }
        let evidence = format!("statement {name} allows {actions} to everybody, without a condition on who asks");
        return Some(finding(facts, Level::Alarm, "everybody may use the key", evidence));
    }
    let foreign: Vec<&str> = principals().filter_map(|principal| account(principal)).filter(|id| *id != own).collect();
    if foreign.is_empty() || !statement.actions.iter().any(|action| action == "kms:*" || action == "*") {
        return None;
    }
    let evidence = format!("statement {name} allows {actions} to {}", foreign.join(", "));
    Some(finding(facts, Level::Warning, "another account may do everything with the key", evidence))
}

fn finding(facts: &KeyFacts, level: Level, what: &str, evidence: String) -> KeyFinding {
    let arn = &facts.arn;
    let mend = format!(
        "aws kms get-key-policy --key-id {arn} --policy-name default --query Policy --output text > policy.json && \
         ${{EDITOR:-vi}} policy.json && aws kms put-key-policy --key-id {arn} --policy-name default --policy file://policy.json"
    );
    KeyFinding { level, key: arn.clone(), what: what.to_owned(), evidence, mend }
}

/// The account of a principal: twelve digits, or an ARN.
fn account(principal: &str) -> Option<&str> {
    let account = if principal.starts_with("arn:") { principal.split(':').nth(4)? } else { principal };
    (account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit())).then_some(account)
}

/// What is true for whoever lacks the key, and what excludes some, narrows nothing.
fn is_narrowed(conditions: &[Condition]) -> bool {
    let demands = |operator: &str| {
        !operator.ends_with("IfExists")
            && !operator.contains("Not")
            && !operator.starts_with("ForAllValues:")
            && operator != "Null"
    };
    conditions.iter().filter(|condition| demands(&condition.operator)).any(|condition| {
        let key = condition.key.to_ascii_lowercase();
        let narrows: fn(&str) -> bool = match key.as_str() {
            key if OF_ACCOUNTS.contains(&key) => |value| !value.contains(['*', '?']),
            key if OF_ARNS.contains(&key) => names_an_owner,
            _ => return false,
        };
        !condition.values.is_empty() && condition.values.iter().all(|value| narrows(value))
    })
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::ports::{KeyManager, KeyRotation, KeyState};

    fn found(statement: &Value) -> Option<(Level, String)> {
        let facts = KeyFacts {
            arn: "arn:aws:kms:eu-central-1:444455556666:key/1".to_owned(),
            manager: KeyManager::Customer,
            state: KeyState::Enabled,
            rotation: KeyRotation::On,
            policy: Some(json!({ "Version": "2012-10-17", "Statement": statement }).to_string()),
        };
        let mut findings = review(&facts);
        assert!(findings.len() <= 1, "{findings:?}");
        findings.pop().map(|found| (found.level, found.evidence))
    }

    #[test]
    fn what_stays_in_the_account_is_no_finding() {
        let root =
            json!({"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::444455556666:root"}, "Action": "kms:*"});
        assert_eq!(found(&root), None);
        let service =
            json!({"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "kms:Decrypt"});
        assert_eq!(found(&service), None);
        let through = json!([{"Effect": "Allow", "Principal": {"AWS": ["*"]}, "Action": "kms:Decrypt",
            "Condition": {"StringEquals": {"kms:CallerAccount": "444455556666", "kms:ViaService": "rds.amazonaws.com"}}}]);
        assert_eq!(found(&through), None);
        for (key, value) in [
            ("aws:PrincipalArn", "arn:aws:iam::444455556666:role/*"),
            ("aws:SourceArn", "arn:aws:s3:::our-bucket"),
            ("aws:PrincipalOrgID", "o-1"),
        ] {
            let within = json!({"Effect": "Allow", "Principal": "*", "Action": "kms:Decrypt",
                "Condition": {"ArnLike": {key: value}}});
            assert_eq!(found(&within), None, "{key}");
        }
        let denied = json!({"Effect": "Deny", "Principal": "*", "Action": "kms:*"});
        assert_eq!(found(&denied), None);
        let other = json!({"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": ["kms:Decrypt"]});
        assert_eq!(found(&other), None, "a share for copies is what it is for");
    }

    #[test]
    fn what_everybody_may_do_is_an_alarm() {
        let open = [
            json!({"Effect": "Allow", "Principal": "*", "Action": "kms:Decrypt"}),
            json!({"Effect": "Allow", "Principal": {"AWS": ["111122223333", "*"]}, "Action": "kms:*"}),
            json!({"Effect": "Allow", "NotPrincipal": {"AWS": "111122223333"}, "Action": "kms:*"}),
            json!({"Effect": "Allow", "Principal": "*", "Action": "kms:*",
                   "Condition": {"StringNotEquals": {"aws:PrincipalAccount": "111122223333"}}}),
            json!({"Effect": "Allow", "Principal": "*", "Action": "kms:*",
                   "Condition": {"StringLike": {"aws:PrincipalArn": "*"}}}),
            json!({"Effect": "Allow", "Principal": "*", "Action": "kms:*",
                   "Condition": {"StringEquals": {"kms:ViaService": "rds.eu-central-1.amazonaws.com"}}}),
            json!({"Effect": "Allow", "Principal": "*", "Action": "kms:*",
                   "Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/restore"}}}),
            json!({"Effect": "Allow", "Principal": "*", "Action": "kms:*",
                   "Condition": {"StringLike": {"aws:PrincipalAccount": ["444455556666", "1*"]}}}),
            json!({"Effect": "Allow", "Principal": "*", "Action": "kms:*",
                   "Condition": {"Bool": {"aws:SecureTransport": "true"}}}),
            json!({"Effect": "Allow", "Principal": "*", "Action": "kms:*",
                   "Condition": {"ForAllValues:StringEquals": {"aws:PrincipalOrgID": "o-1"}}}),
            json!({"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Condition": {"Null": {"aws:PrincipalOrgID": "true"}}}),
        ];
        for statement in open {
            assert_eq!(found(&statement).map(|(level, _)| level), Some(Level::Alarm), "{statement}");
        }
    }

    #[test]
    fn another_account_that_may_do_everything_is_named() {
        let other = json!({"Sid": "Partner", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
                           "Action": "kms:*"});
        let (level, evidence) = found(&other).unwrap();
        assert_eq!(level, Level::Warning);
        assert_eq!(evidence, "statement Partner allows kms:* to 111122223333");
    }
}
