//! Statements of the generated policies that grant more than they need to.
//!
//! Whether a role grants what nobody uses is proven elsewhere, against recorded calls. Here it is only looked at how wide a
//! statement is written.

use crate::{
    findings::Finding,
    stack::{Statement, node::Node},
};

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
    "ssm:DescribeParameters",
    "states:ValidateStateMachineDefinition",
    "sts:GetCallerIdentity",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
];

/// Statements that are as wide as they are for a reason.
pub(super) const EXCEPTIONS: &[(&str, &str)] = &[
    ("deployer, EndpointsInTheVpc", "the group and its VPC have ids that nobody knows before they are there"),
    ("deployer, Endpoints", "endpoints have ids that nobody knows before they are there"),
];

/// What every statement is held against.
const RULES: [fn(&Statement) -> Option<Finding>; 5] = [inverted, any_action, anybody, everything, unbounded_pass_role];

/// What is too wide, and exceptions that nothing needs.
pub(super) fn findings(statements: &[Statement], exceptions: &[(&str, &str)]) -> Vec<Finding> {
    let allowing = statements.iter().filter(|one| text(one, "Effect") == Some("Allow"));
    let (excused, mut findings): (Vec<Finding>, Vec<Finding>) = allowing
        .flat_map(|statement| RULES.iter().filter_map(|rule| rule(statement)))
        .partition(|finding| exceptions.iter().any(|(place, _)| *place == finding.place));
    let idle = exceptions.iter().filter(|(place, _)| excused.iter().all(|finding| finding.place != *place));
    findings.extend(idle.map(|(place, _)| Finding::fault(*place, "needs no exception any more", "take it away")));
    findings
}

fn text<'a>(statement: &'a Statement, key: &str) -> Option<&'a str> {
    statement.node.get(key).and_then(Node::as_text)
}

/// The texts under a key, one or many.
fn texts<'a>(statement: &'a Statement, key: &str) -> Vec<&'a str> {
    let Some(node) = statement.node.get(key) else { return Vec::new() };
    node.as_text().into_iter().chain(node.members().iter().filter_map(Node::as_text)).collect()
}

/// Everything but some things grows with every new service of AWS.
fn inverted(statement: &Statement) -> Option<Finding> {
    let key = ["NotAction", "NotResource", "NotPrincipal"].into_iter().find(|key| statement.node.get(key).is_some())?;
    Some(Finding::fault(&statement.place, format!("grants by `{key}`"), "name what is granted"))
}

fn any_action(statement: &Statement) -> Option<Finding> {
    // The account itself in the policy of a key: without it nobody could ever change the key again. The policy of an endpoint
    // grants nothing, it limits what goes through.
    let is_of_key = statement.of == "AWS::KMS::Key" && statement.place.ends_with("TheAccountDecidesByItsPolicies");
    let is_limit = statement.of == "AWS::EC2::VPCEndpoint";
    let actions = texts(statement, "Action");
    let action = actions.into_iter().find(|action| *action == "*" || action.ends_with(":*"))?;
    let fault = Finding::fault(&statement.place, format!("grants `{action}`"), "name the actions");
    (!is_of_key && !is_limit).then_some(fault)
}

fn anybody(statement: &Statement) -> Option<Finding> {
    let principal = statement.node.get("Principal")?;
    let everybody = |node: &Node| node.as_text() == Some("*");
    let is_anybody = everybody(principal) || principal.entries().iter().any(|(_, who)| everybody(who));
    (is_anybody && statement.node.get("Condition").is_none())
        .then(|| Finding::fault(&statement.place, "grants it to anybody", "name the principal, or add a condition"))
}

fn everything(statement: &Statement) -> Option<Finding> {
    // In the policy of a thing `*` is that thing; a condition narrows what no name can.
    if statement.node.get("Principal").is_some() || statement.node.get("Condition").is_some() {
        return None;
    }
    if !texts(statement, "Resource").contains(&"*") {
        return None;
    }
    let narrower: Vec<&str> =
        texts(statement, "Action").into_iter().filter(|action| !ONLY_EVERYTHING.contains(action)).collect();
    let what = format!("grants {} on everything", narrower.join(", "));
    (!narrower.is_empty()).then(|| Finding::fault(&statement.place, what, "name the resources, or add a condition"))
}

fn unbounded_pass_role(statement: &Statement) -> Option<Finding> {
    let passes = texts(statement, "Action").contains(&"iam:PassRole");
    let is_bounded = statement.node.get("Condition").is_some_and(|condition| {
        condition.entries().iter().any(|(_, of)| of.entries().iter().any(|(key, _)| key == "iam:PassedToService"))
    });
    (passes && !is_bounded).then(|| {
        Finding::fault(&statement.place, "hands roles to any service", "add a condition on `iam:PassedToService`")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::node::{list, map};

    fn statement(node: Node) -> Statement {
        Statement { place: "here".to_owned(), of: "AWS::IAM::Role".to_owned(), node }
    }

    fn told(node: Node) -> Vec<String> {
        let statement = statement(map! { "Effect" => "Allow" }.with(node));
        findings(&[statement], &[]).into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn every_kind_of_wide_statement_is_found() {
        assert_eq!(told(map! { "NotAction" => "iam:*", "Resource" => "x" }), ["grants by `NotAction`"]);
        assert_eq!(told(map! { "Action" => list!["a:B", "rds:*"], "Resource" => "x" }), ["grants `rds:*`"]);
        assert_eq!(told(map! { "Action" => "*", "Resource" => "x" }), ["grants `*`"]);
        assert_eq!(told(map! { "Principal" => map! { "AWS" => "*" }, "Action" => "a:B" }), ["grants it to anybody"]);
        let on_everything = map! { "Action" => list!["rds:A", "xray:PutTraceSegments"], "Resource" => "*" };
        assert_eq!(told(on_everything), ["grants rds:A on everything"]);
        assert_eq!(told(map! { "Action" => "iam:PassRole", "Resource" => "x" }), ["hands roles to any service"]);
    }

    #[test]
    fn what_is_bounded_or_cannot_be_narrower_is_left_alone() {
        assert_eq!(told(map! { "Action" => "xray:PutTraceSegments", "Resource" => "*" }), [] as [&str; 0]);
        let passed = map! { "StringEquals" => map! { "iam:PassedToService" => "rds.amazonaws.com" } };
        assert_eq!(
            told(map! { "Action" => "iam:PassRole", "Resource" => "x", "Condition" => passed }),
            [] as [&str; 0]
        );
        let denied = statement(map! { "Effect" => "Deny", "Action" => "*", "Resource" => "*" });
        assert_eq!(findings(&[denied], &[]), []);
        let through =
            map! { "Effect" => "Allow", "Principal" => "*", "Action" => "*", "Condition" => map! { "Bool" => "x" } };
        assert_eq!(findings(&[Statement { of: "AWS::EC2::VPCEndpoint".to_owned(), ..statement(through) }], &[]), []);
    }

    #[test]
    fn an_exception_counts_for_its_statement_and_only_while_it_is_needed() {
        let wide = || statement(map! { "Effect" => "Allow", "Action" => "rds:A", "Resource" => "*" });
        assert_eq!(findings(&[wide()], &[("here", "a reason")]), []);
        let elsewhere = findings(&[wide()], &[("there", "a reason")]);
        assert_eq!(elsewhere.len(), 2, "{elsewhere:?}");
    }

    #[test]
    fn the_generated_policies_are_no_wider_than_they_need_be() {
        let statements = crate::stack::statements();
        assert!(statements.len() > 100, "{}", statements.len());
        assert_eq!(findings(&statements, EXCEPTIONS), []);
    }
}
