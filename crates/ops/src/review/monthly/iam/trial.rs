//! What IAM would say: to what each role is granted, which a boundary or the organization may deny all the same; and to what
//! no role of a stack may ever, whatever was attached to it.

use std::collections::BTreeMap;

use super::{
    super::super::{finding::Finding, site::Deployed},
    Role,
};
use crate::{
    Level, Unlooked,
    follow::patiently,
    policy::{Condition, Statement},
    ports::{Decision, DeniedBy, Grants, Question},
};

/// Stands for whatever fits `*` in a pattern, and for what is nobody's.
const ANYTHING: &str = "aurora-restore-review";
/// Stands for the one character that fits `?`.
const ONE: &str = "x";

/// What patterns of actions stand for: IAM answers no question about a pattern (`ActionNames` of `SimulatePrincipalPolicy`).
const ACTIONS: [(&str, &[&str]); 2] = [
    ("kms:GenerateDataKey*", &["kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext"]),
    ("kms:ReEncrypt*", &["kms:ReEncryptFrom", "kms:ReEncryptTo"]),
];

/// What no role of a stack may, on things that bear no tag of a restore and that the stack does not own.
const NEVER: [(&str, &str); 14] = [
    ("rds:DeleteDBCluster", "rds:{region}:{account}:cluster:{nobody}"),
    ("rds:ModifyDBCluster", "rds:{region}:{account}:cluster:{nobody}"),
    ("rds:DeleteDBInstance", "rds:{region}:{account}:db:{nobody}"),
    ("rds:DeleteDBClusterSnapshot", "rds:{region}:{account}:cluster-snapshot:{nobody}"),
    ("secretsmanager:GetSecretValue", "secretsmanager:{region}:{account}:secret:{nobody}-AbCdEf"),
    ("secretsmanager:DeleteSecret", "secretsmanager:{region}:{account}:secret:{nobody}-AbCdEf"),
    ("dynamodb:DeleteTable", "dynamodb:{region}:{account}:table/{nobody}"),
    ("kms:ScheduleKeyDeletion", "kms:{region}:{account}:key/{nobody}"),
    ("lambda:UpdateFunctionCode", "lambda:{region}:{account}:function:{nobody}"),
    ("cloudformation:UpdateStack", "cloudformation:{region}:{account}:stack/{nobody}/1"),
    ("logs:DeleteLogGroup", "logs:{region}:{account}:log-group:{nobody}"),
    ("iam:PutRolePolicy", "iam::{account}:role/{nobody}"),
    ("iam:CreateAccessKey", "iam::{account}:user/{nobody}"),
    ("sts:AssumeRole", "iam::{account}:role/{nobody}"),
];

/// Adds what it finds; gives how many questions were put.
pub(super) async fn look(
    grants: &dyn Grants,
    deployed: &Deployed,
    roles: &[Role],
    findings: &mut Vec<Finding>,
) -> Result<usize, Unlooked> {
    let mut asked = 0;
    let never = never(&deployed.stack.id);
    for role in roles {
        let arn = &role.granted.arn;
        for statement in role.grants().filter(|statement| !statement.resources.is_empty()) {
            let question = sample(statement);
            if question.actions.is_empty() {
                continue;
            }
            let decisions = patiently(|| grants.decide(arn, &question)).await?;
            asked += 1;
            findings.extend(decisions.iter().filter_map(|decision| withheld(role, statement, &question, decision)));
        }
        for question in &never {
            let decisions = patiently(|| grants.decide(arn, question)).await?;
            asked += 1;
            findings
                .extend(decisions.iter().filter(|decision| decision.denied.is_none()).map(|one| too_much(role, one)));
        }
    }
    Ok(asked)
}

/// A question that a statement's grant fits: its actions, the first of its resources, and keys that meet its conditions. A pattern of
/// actions that is none of ours is left out: the check that looks for wide statements tells it.
fn sample(statement: &Statement) -> Question {
    let resource = statement.resources.first().map(|pattern| filled(pattern));
    let keys: BTreeMap<String, Vec<String>> = statement.conditions.iter().rev().filter_map(met).collect();
    let actions = statement.actions.iter().flat_map(|action| named(action)).collect();
    Question { actions, resources: resource.into_iter().collect(), keys: keys.into_iter().collect() }
}

/// The actions that a text names.
fn named(action: &str) -> Vec<String> {
    if let Some((_, actions)) = ACTIONS.iter().find(|(pattern, _)| *pattern == action) {
        return actions.iter().map(|action| (*action).to_owned()).collect();
    }
    if action.contains(['*', '?']) { Vec::new() } else { vec![action.to_owned()] }
}

/// What stands for a pattern. Everything stays everything: it is what is asked where a service knows nothing narrower.
fn filled(pattern: &str) -> String {
    if pattern == "*" { pattern.to_owned() } else { fitting(pattern) }
}

/// A text that a pattern fits.
fn fitting(pattern: &str) -> String {
    pattern.replace('*', ANYTHING).replace('?', ONE)
}

/// A key with values for which a condition holds; none where it holds without the key.
fn met(condition: &Condition) -> Option<(String, Vec<String>)> {
    let is_absence = condition.operator == "Null" && condition.values.iter().any(|value| value == "true");
    if is_absence {
        return None;
    }
    let excludes = condition.operator.contains("Not") || condition.operator == "Null";
    let value = match condition.values.first() {
        Some(value) if !excludes => fitting(value),
        Some(_) | None => ANYTHING.to_owned(),
    };
    Some((condition.key.clone(), vec![value]))
}

/// The questions about what no role may, in the stack's own partition, Region and account; one for each kind of thing.
fn never(stack_arn: &str) -> Vec<Question> {
    let mut parts = stack_arn.split(':').skip(1);
    let (partition, region) = (parts.next().unwrap_or("aws"), parts.nth(1).unwrap_or_default());
    let account = parts.next().unwrap_or_default();
    let mut by_resource: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (action, on) in NEVER {
        let on = on.replace("{region}", region).replace("{account}", account).replace("{nobody}", &nobody());
        by_resource.entry(format!("arn:{partition}:{on}")).or_default().push(action.to_owned());
    }
    let question = |(resource, actions)| Question { actions, resources: vec![resource], keys: Vec::new() };
    by_resource.into_iter().map(question).collect()
}

/// No prefix that anybody gives their things fits it.
fn nobody() -> String {
    format!("zz-{ANYTHING}-nobody")
}

fn withheld(role: &Role, statement: &Statement, question: &Question, decision: &Decision) -> Option<Finding> {
    let denied = decision.denied?;
    let level = match denied {
        DeniedBy::Statement | DeniedBy::Boundary | DeniedBy::Organization => Level::Error,
        // A condition that cannot be met with one value for each key: nothing to be sure of.
        DeniedBy::Nothing => Level::Note,
    };
    let (name, action) = (&role.name, &decision.action);
    let what = format!("role {name} is granted {action} and would be refused: {}", denied.as_str());
    let finding = Finding::new(level, what, asked_again(role, decision)).with("statement", &statement.name);
    let finding = finding.with("on", &decision.resource);
    Some(
        question
            .keys
            .iter()
            .fold(finding, |finding, (key, values)| finding.with("key", format!("{key}={}", values.join(",")))),
    )
}

fn too_much(role: &Role, decision: &Decision) -> Finding {
    let what = format!("role {} may {} on what is not the stack's", role.name, decision.action);
    Finding::new(Level::Error, what, asked_again(role, decision)).with("on", &decision.resource)
}

fn asked_again(role: &Role, decision: &Decision) -> String {
    format!(
        "aws iam simulate-principal-policy --policy-source-arn {} --action-names {} --resource-arns '{}'",
        role.granted.arn, decision.action, decision.resource
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_question_fits_the_grant_that_it_is_made_of() {
        let statement = Statement::read(
            1,
            &json!({"Effect": "Allow", "Action": ["rds:A", "rds:B"], "Resource": ["arn:aws:rds:*:1:cluster:a*-??", "arn:b"],
                "Condition": {"StringLike": {"kms:ViaService": "rds.*.amazonaws.com"}, "Null": {"aws:TagKeys": "true"},
                    "StringNotEquals": {"k": "v"}, "Bool": {"b": "true"}}}),
        );
        let question = sample(&statement);
        assert_eq!(question.actions, ["rds:A", "rds:B"]);
        assert_eq!(question.resources, ["arn:aws:rds:aurora-restore-review:1:cluster:aaurora-restore-review-xx"]);
        let keys: Vec<String> =
            question.keys.iter().map(|(key, values)| format!("{key}={}", values.join(","))).collect();
        assert_eq!(
            keys,
            ["b=true", "k=aurora-restore-review", "kms:ViaService=rds.aurora-restore-review.amazonaws.com"]
        );
    }

    /// IAM refuses a question that has one.
    #[test]
    fn no_question_names_a_pattern_of_actions() {
        let statement = |actions: &[&str]| {
            Statement::read(
                1,
                &json!({"Effect": "Allow", "Action": actions, "Resource": "arn:aws:kms:eu-central-1:1:key/1"}),
            )
        };
        let ours = sample(&statement(&["kms:Decrypt", "kms:ReEncrypt*"]));
        assert_eq!(ours.actions, ["kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo"]);
        assert!(sample(&statement(&["s3:Get*"])).actions.is_empty());
    }

    #[test]
    fn what_no_role_may_is_asked_where_the_stack_is() {
        let questions = never("arn:aws-cn:cloudformation:cn-north-1:444455556666:stack/pipeline/1");
        let asked: usize = questions.iter().map(|question| question.actions.len()).sum();
        assert_eq!(asked, NEVER.len());
        let resources: Vec<&str> =
            questions.iter().flat_map(|question| &question.resources).map(String::as_str).collect();
        assert!(resources.contains(&"arn:aws-cn:rds:cn-north-1:444455556666:cluster:zz-aurora-restore-review-nobody"));
        assert!(
            resources.contains(&"arn:aws-cn:iam::444455556666:role/zz-aurora-restore-review-nobody"),
            "{resources:?}"
        );
    }
}
