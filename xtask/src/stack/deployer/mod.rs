//! What the person needs who deploys the stack: CloudFormation makes everything with their rights.

mod rows;

use std::fmt::Write as _;

use super::node::{Bounds, Node, list, map};
use rows::{ROWS, Row, When};

/// The policy, for the template's default names.
pub(crate) fn policy() -> String {
    document().to_json(Bounds::Numbers)
}

/// The same, as data.
pub(super) fn document() -> Node {
    let statement = |row: &Row| {
        let statement = map! {
            "Sid" => row.sid,
            "Effect" => "Allow",
            "Action" => row.actions.to_vec(),
            "Resource" => row.resources.to_vec(),
        };
        match row.when {
            None => statement,
            Some(when) => statement.with(map! { "Condition" => condition(when) }),
        }
    };
    let statements: Vec<Node> = ROWS.iter().map(statement).collect();
    super::permissions::document(statements)
}

fn condition(when: When) -> Node {
    match when {
        When::HandedToServices => {
            let services = list!["lambda.amazonaws.com", "scheduler.amazonaws.com", "states.amazonaws.com"];
            map! { "StringEquals" => map! { "iam:PassedToService" => services } }
        }
        When::UsedByServices => {
            let services = list!["dynamodb.*.amazonaws.com*", "sns.*.amazonaws.com*"];
            map! { "StringLike" => map! { "kms:ViaService" => services } }
        }
        When::Ours => map! { "StringEquals" => map! { "aws:ResourceTag/Application" => "AuroraRestore" } },
    }
}

/// The chapter of the reference.
pub(crate) fn chapter() -> String {
    let mut text = "\n## The person who deploys\n\nCloudFormation makes everything with the rights of whoever asks it to. \
        [`cloudformation/deployer-policy.json`](../../cloudformation/deployer-policy.json) is the policy, for the template's \
        default names; with another `NamePrefix`, other names of tables or another bucket, those stand in it instead. It is \
        longer than one inline policy of a user may be: attach it as a managed policy in two parts, or to a role.\n\n\
        Unlike what the functions may do, this list is not recorded from calls. It is kept by hand, by what the documentation of each \
        service says that CloudFormation needs there, and it was never tried against AWS. Where something is missing, the \
        deployment is refused with the name of the action, and CloudFormation takes it back: add that action, and tell us.\n\n| for | actions | on |\n|---|---|---|\n"
        .to_owned();
    for row in ROWS {
        let code = |names: &[&str]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" ");
        let kind = row.kind.map_or_else(|| "`stack deploy` itself".to_owned(), |kind| format!("`{kind}`"));
        let _ = writeln!(text, "| {kind} | {} | {} |", code(row.actions), code(row.resources));
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::stack::template;

    #[test]
    fn the_deploying_person_may_make_every_type_of_resource_and_no_other() {
        let made: BTreeSet<String> = template::resources()
            .into_iter()
            .flat_map(|(_, resources)| resources)
            .filter_map(|(_, resource)| resource.get("Type").and_then(Node::as_text).map(str::to_owned))
            .collect();
        let known: BTreeSet<String> = ROWS.iter().filter_map(|row| row.kind).map(str::to_owned).collect();
        assert_eq!(made, known);
    }
}
