//! Statements of the generated policies that grant more than they need to.
//!
//! Whether a role grants what nobody uses is proven elsewhere, against recorded calls. Here it is only looked at how wide a
//! statement is written.

use aurora_restore_ops::policy::{self, TooWide, too_wide};

use crate::{findings::Finding, stack::Statement};

/// Statements that are as wide as they are for a reason.
pub(super) const EXCEPTIONS: &[(&str, &str)] = &[
    ("deployer, EndpointsInTheVpc", "the group and its VPC have ids that nobody knows before they are there"),
    ("deployer, Endpoints", "endpoints have ids that nobody knows before they are there"),
];

/// What is too wide, and exceptions that nothing needs.
pub(super) fn findings(statements: &[Statement], exceptions: &[(&str, &str)]) -> Vec<Finding> {
    let (excused, mut findings): (Vec<Finding>, Vec<Finding>) = statements
        .iter()
        .flat_map(of_statement)
        .partition(|finding| exceptions.iter().any(|(place, _)| *place == finding.place));
    let idle = exceptions.iter().filter(|(place, _)| excused.iter().all(|finding| finding.place != *place));
    findings.extend(idle.map(|(place, _)| Finding::fault(*place, "needs no exception any more", "take it away")));
    findings
}

fn of_statement(statement: &Statement) -> impl Iterator<Item = Finding> {
    let read = policy::Statement::read(1, &statement.node.to_value());
    let found = too_wide(&read).into_iter().filter(|found| !is_meant(statement, found));
    found.map(|found| Finding::fault(&statement.place, found.to_string(), found.mend()))
}

/// The account itself in the policy of a key: without it nobody could ever change the key again. The policy of an endpoint grants
/// nothing, it limits what goes through.
fn is_meant(statement: &Statement, found: &TooWide) -> bool {
    let is_of_key = statement.of == "AWS::KMS::Key" && statement.place.ends_with("TheAccountDecidesByItsPolicies");
    let is_limit = statement.of == "AWS::EC2::VPCEndpoint";
    match found {
        TooWide::AnyAction(_) => is_of_key || is_limit,
        TooWide::Inverted(_) | TooWide::ToAnybody | TooWide::OnEverything(_) | TooWide::PassesRolesToAny => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::node::{Node, list, map, sub};

    fn statement(node: Node) -> Statement {
        Statement { place: "here".to_owned(), of: "AWS::IAM::Role".to_owned(), node }
    }

    #[test]
    fn what_is_too_wide_is_found_and_the_limit_of_an_endpoint_is_none() {
        let wide = map! { "Effect" => "Allow", "Action" => list!["a:B", "rds:*"], "Resource" => sub("x${Y}") };
        let found = findings(&[statement(wide)], &[]);
        assert_eq!(found.iter().map(|finding| finding.what.as_str()).collect::<Vec<_>>(), ["grants `rds:*`"]);
        let through = map! { "Effect" => "Allow", "Principal" => "*", "Action" => "*", "Condition" => map! { "Bool" => map! { "x" => "true" } } };
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
