//! Who may use a key, as its policy says. Pure.

use super::{KeyFinding, Level};
use crate::{
    policy::{Statement, is_for_everybody, is_narrowed, statements},
    ports::KeyFacts,
};

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
    if is_for_everybody(statement) {
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        policy::cases,
        ports::{KeyManager, KeyRotation, KeyState},
    };

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
        for statement in cases::closed() {
            assert_eq!(found(&statement), None, "{statement}");
        }
    }

    #[test]
    fn what_everybody_may_do_is_an_alarm() {
        for statement in cases::open() {
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
