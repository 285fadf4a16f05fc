//! The reference of permissions: what each function may do and why, and what the deploying person needs.

use std::fmt::Write as _;

use super::{
    deployer, grants,
    permissions::{Grant, If},
    place::{Place, Reach},
};

const HEAD: &str = "\
# Permissions

What the functions of the stack may do, each with a role of its own. Every call that a place makes was recorded while whole
operations were played, and the roles are held against that record: none lacks a call, and none grants one that is not used.
What stands in `code` are resources of RDS in the stack's account and Region unless said otherwise.

A deletion, and a change of a cluster or an instance, needs a tag that this product sets in the very call that makes the
thing. Only the target itself bears none: `TargetClusters` and `TargetInstances` say by their names which targets there are,
and nothing of them can be deleted unless `AllowReplace` is `yes`.

Besides, every function writes its own log group and sends traces.
";

/// The page.
pub(crate) fn page() -> String {
    let mut text = HEAD.to_owned();
    for place in Place::all() {
        let _ = write!(text, "\n## `{}`\n\n| may | on | if | why |\n|---|---|---|---|\n", place.name());
        for grant in grants::of(place) {
            text.push_str(&row(&grant));
        }
        if place.reach() == Reach::Database {
            text.push_str("\nIn a VPC, Lambda itself makes and removes the function's network interfaces with this role; the function's code may not.\n");
        }
    }
    text.push_str(&deployer::chapter());
    text
}

fn row(grant: &Grant) -> String {
    let actions = grant.actions.iter().map(|action| format!("`{action}`")).collect::<Vec<_>>().join(", ");
    let on = grant.on.iter().map(|on| on.words()).collect::<Vec<_>>().join(", ");
    let condition = match (grant.only_if, grant.when) {
        (If::Always, None) => String::new(),
        (If::Always, Some(when)) => parameter(when).to_owned(),
        (only_if, None) => only_if.words(),
        (only_if, Some(when)) => format!("{}; {}", parameter(when), only_if.words()),
    };
    format!("| {actions} | {on} | {condition} | {} |\n", grant.why)
}

/// What a condition of the template says, in parameters.
fn parameter(condition: &str) -> &'static str {
    match condition {
        "HasKmsKeys" => "`KmsKeyArns` is given",
        "HasPassedRoles" => "`PassRoleArns` is given",
        "HasSourceRole" => "`SourceRoleArn` is given",
        "MayReplace" => "`AllowReplace` is `yes`",
        "MayPassRolesBack" => "`AllowReplace` is `yes` and `PassRoleArns` is given",
        "MayUseKeysBack" => "`AllowReplace` is `yes` and `KmsKeyArns` is given",
        other => unreachable!("the condition {other} has no words"),
    }
}
