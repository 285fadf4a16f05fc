//! The reference of permissions: what each function may do and why, and what the deploying person needs.

use std::fmt::Write as _;

use super::{
    deployer, grants,
    permissions::{Grant, If, OPERATION_TAG, On, RETIRED_BY_TAG, ROLE_TAG},
    place::{Place, Reach},
};

const HEAD: &str = "\
# Permissions

What the functions of the stack may do, each with a role of its own. Every call that a place makes was recorded while whole
operations were played, and the roles are held against that record: none lacks a call, and none grants one that is not used.
What stands in `code` are resources of RDS in the stack's account and Region unless said otherwise.

A deletion, and a change of a cluster or an instance, needs a tag that this product sets: in the very call that makes the thing, or
as the mark of a switch on the cluster and the instances whose names it takes, before it takes them. The instances of a retired cluster
can be deleted only where they bear that mark and one of the names that a switch gives, `…-old-XXXXXXXX-…`. One kind of things bears
neither tag: the target, until it is marked. `TargetClusters` and `TargetInstances` say by their names which targets there are; both
have to be given, and nothing of them can be deleted unless `AllowReplace` is `yes`.

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
    let actions = code(grant.actions);
    let on = grant.on.iter().map(|on| thing(*on)).collect::<Vec<_>>().join(", ");
    let condition = match (grant.only_if, grant.when) {
        (If::Always, None) => String::new(),
        (If::Always, Some(when)) => parameter(when).to_owned(),
        (only_if, None) => requirement(only_if),
        (only_if, Some(when)) => format!("{}; {}", parameter(when), requirement(only_if)),
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

/// What a grant is for.
fn thing(on: On) -> String {
    match on {
        On::Rds(what) => format!("`{what}`"),
        On::RdsEverywhere(what) => format!("`{what}` in every Region"),
        On::RdsOfAnyone(what) => format!("`{what}` of any account and Region"),
        On::StateTable => "the state table".to_owned(),
        On::StatusIndex => "its index by status".to_owned(),
        On::AuditTable => "the audit table".to_owned(),
        On::Topic => "the topic".to_owned(),
        On::Configuration => "the configuration's parameter".to_owned(),
        On::Secrets => "secrets under `SecretsPrefix`".to_owned(),
        On::StackKey => "the stack's key".to_owned(),
        On::DataKeys => "the keys in `KmsKeyArns`".to_owned(),
        On::PassedRoles => "the roles in `PassRoleArns`".to_owned(),
        On::SourceRole => "`SourceRoleArn`".to_owned(),
        On::StateMachine => "the state machine".to_owned(),
        On::Executions => "its executions".to_owned(),
        On::Everything => "`*`".to_owned(),
    }
}

/// What must hold for a grant.
fn requirement(only_if: If) -> String {
    match only_if {
        If::Always => String::new(),
        If::MadeByUs => format!("it bears `{OPERATION_TAG}`"),
        If::MadeAs(role) => format!("it bears `{OPERATION_TAG}`, and `{ROLE_TAG}` is `{role}`"),
        If::RetiredByUs => format!("it bears `{RETIRED_BY_TAG}`"),
        If::TaggedAsOurs => format!("the request sets `{OPERATION_TAG}`"),
        If::OnlyTags(tags) => format!("no tags but {}", code(tags)),
        If::OnlyTagsOnOurs(tags) => format!("it bears `{OPERATION_TAG}`; no tags but {}", code(tags)),
        If::Via(service) => format!("through {service}"),
        If::OnlyTagsOnRetired(tags) => format!("it bears `{RETIRED_BY_TAG}`; no tags but {}", code(tags)),
        If::GrantForRds => "for RDS itself".to_owned(),
        If::PassedTo(services) => format!("to {}", services.join(", ")),
    }
}

fn code(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
