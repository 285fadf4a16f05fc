//! What makes a statement wider than anything needs.

use std::fmt;

use super::Statement;

/// Actions for which their service knows nothing narrower than everything, by the service authorization reference.
const ONLY_EVERYTHING: &[&str] = &[
    "cloudformation:ValidateTemplate",
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcEndpoints",
    "ec2:DescribeVpcs",
    "ec2:UnassignPrivateIpAddresses",
    "kms:CreateKey",
    "kms:ListAliases",
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DeleteQueryDefinition",
    "logs:DescribeLogGroups",
    "logs:DescribeQueryDefinitions",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutQueryDefinition",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
    "rds:DescribeAccountAttributes",
    "rds:DescribeDBEngineVersions",
    "rds:DescribeEvents",
    "rds:DescribeOrderableDBInstanceOptions",
    "secretsmanager:GetRandomPassword",
    "ssm:DescribeParameters",
    "states:ValidateStateMachineDefinition",
    "sts:GetCallerIdentity",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
];

/// In which way a statement is too wide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TooWide {
    /// Everything but some things: it grows with every new service of AWS.
    Inverted(&'static str),
    /// Every action, or every action of a service.
    AnyAction(String),
    /// To anybody, without a condition.
    ToAnybody,
    /// Actions on everything, although their services know something narrower.
    OnEverything(Vec<String>),
    /// Hands roles to any service.
    PassesRolesToAny,
}

impl TooWide {
    /// What to do about it, as a fragment.
    pub fn mend(&self) -> &'static str {
        match self {
            Self::Inverted(_) => "name what is granted",
            Self::AnyAction(_) => "name the actions",
            Self::ToAnybody => "name the principal, or add a condition",
            Self::OnEverything(_) => "name the resources, or add a condition",
            Self::PassesRolesToAny => "add a condition on `iam:PassedToService`",
        }
    }
}

/// What the statement does, as a fragment.
impl fmt::Display for TooWide {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inverted(key) => write!(formatter, "grants by `{key}`"),
            Self::AnyAction(action) => write!(formatter, "grants `{action}`"),
            Self::ToAnybody => formatter.write_str("grants it to anybody"),
            Self::OnEverything(actions) => write!(formatter, "grants {} on everything", actions.join(", ")),
            Self::PassesRolesToAny => formatter.write_str("hands roles to any service"),
        }
    }
}

/// In which ways a statement is too wide. What it denies is never too wide.
pub fn too_wide(statement: &Statement) -> Vec<TooWide> {
    if !statement.allows {
        return Vec::new();
    }
    let rules = [inverted, any_action, anybody, everything, passes_roles];
    rules.iter().filter_map(|rule| rule(statement)).collect()
}

fn inverted(statement: &Statement) -> Option<TooWide> {
    statement.inversion.map(TooWide::Inverted)
}

fn any_action(statement: &Statement) -> Option<TooWide> {
    let of_whole_service = |action: &&String| *action == "*" || action.ends_with(":*");
    statement.actions.iter().find(of_whole_service).cloned().map(TooWide::AnyAction)
}

/// Any condition counts: in a template most of their values are functions, of which nothing is read. What stands in the account is
/// judged by `is_narrowed`.
fn anybody(statement: &Statement) -> Option<TooWide> {
    let is_anybody = statement.principals.iter().flatten().any(|principal| principal == "*");
    (is_anybody && statement.conditions.is_empty()).then_some(TooWide::ToAnybody)
}

fn everything(statement: &Statement) -> Option<TooWide> {
    // In the policy of a thing `*` is that thing; a condition narrows what no name can.
    let is_narrowed = statement.principals.is_some() || !statement.conditions.is_empty();
    if is_narrowed || !statement.resources.iter().any(|resource| resource == "*") {
        return None;
    }
    let narrower = |action: &&String| !ONLY_EVERYTHING.contains(&action.as_str());
    let actions: Vec<String> = statement.actions.iter().filter(narrower).cloned().collect();
    (!actions.is_empty()).then_some(TooWide::OnEverything(actions))
}

fn passes_roles(statement: &Statement) -> Option<TooWide> {
    let passes = statement.actions.iter().any(|action| action == "iam:PassRole");
    let is_bounded = statement.conditions.iter().any(|condition| condition.key == "iam:PassedToService");
    (passes && !is_bounded).then_some(TooWide::PassesRolesToAny)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn told(mut statement: Value) -> Vec<String> {
        statement["Effect"] = json!("Allow");
        too_wide(&Statement::read(1, &statement)).iter().map(TooWide::to_string).collect()
    }

    #[test]
    fn every_kind_of_wide_statement_is_found() {
        assert_eq!(told(json!({"NotAction": "iam:*", "Resource": "x"})), ["grants by `NotAction`"]);
        assert_eq!(told(json!({"Action": ["a:B", "rds:*"], "Resource": "x"})), ["grants `rds:*`"]);
        assert_eq!(told(json!({"Action": "*", "Resource": "x"})), ["grants `*`"]);
        assert_eq!(told(json!({"Principal": {"AWS": "*"}, "Action": "a:B"})), ["grants it to anybody"]);
        assert_eq!(told(json!({"Principal": "*", "Action": "a:B"})), ["grants it to anybody"]);
        let on_everything = json!({"Action": ["rds:A", "xray:PutTraceSegments"], "Resource": "*"});
        assert_eq!(told(on_everything), ["grants rds:A on everything"]);
        assert_eq!(told(json!({"Action": "iam:PassRole", "Resource": "x"})), ["hands roles to any service"]);
    }

    #[test]
    fn what_is_bounded_or_cannot_be_narrower_is_left_alone() {
        let none: [&str; 0] = [];
        assert_eq!(told(json!({"Action": "xray:PutTraceSegments", "Resource": "*"})), none);
        let passed = json!({"StringEquals": {"iam:PassedToService": "rds.amazonaws.com"}});
        assert_eq!(told(json!({"Action": "iam:PassRole", "Resource": "x", "Condition": passed})), none);
        let denied = Statement::read(1, &json!({"Effect": "Deny", "Action": "*", "Resource": "*"}));
        assert_eq!(too_wide(&denied), []);
    }
}
