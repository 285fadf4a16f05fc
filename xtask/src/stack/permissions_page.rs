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
operations were played, with the things that it names, the tags on them and the tags in it. The roles are held against that record as
IAM would do it, by action, resource and condition: none refuses a recorded call, none grants what no call uses unless a reason is
listed, and what the same functions could do to things that are not ours is refused. No condition rests on a key that RDS does not
offer for the action.
What stands in `code` are resources of RDS in the stack's account and Region unless said otherwise.

A deletion, and a change of a cluster or an instance, needs a tag that this product sets: in the very call that makes the thing, or
as the mark of a switch on the cluster and the instances whose names it takes, before it takes them. Names do the rest: what is made
beside the target bears a name like `…-new-XXXXXXXX`, `…-beside-XXXXXXXX`, `…-copy-XXXXXXXX-…` or `…-final-XXXXXXXX`, and only what
bears one can be tagged as made by this product, or worked on before the switch; what is retired bears one like `…-old-XXXXXXXX`,
and only there the mark lets anybody end it. One kind of things bears neither tag nor such a name: the target, until it is marked.
`TargetClusters` and `TargetInstances` say by their names which targets there are; both have to be given. Nothing can be made under
their names, and nothing that bears them can be deleted, unless `AllowReplace` is `yes`.

In the tables the keys tell things apart: operations have their ids, locks begin with `lock#`, the records of changes to the stack with
`change#`. No function may read or write the latter, and none may put an operation's state where there was none but the one that begins
operations. The key of an index is another one, so the sweeper's lists are granted by the index alone.

Besides, every function writes its own log group and sends traces.

## What IAM cannot tell apart

* RDS asks for `rds:AddTagsToResource` when tags travel in the call that makes a thing, and no key tells that from a call of its own. A
  function that makes things could therefore put this product's tag on something that is there already and bears a name of the forms
  above; with `AllowReplace`, on a target, which may be deleted then in any case.
* No key says what a `ModifyDBCluster` or a `ModifyDBInstance` changes. Who may rename a target could change its settings, too.
* A copy and what is copied, a clone and what is cloned are two things of one kind in one call, under one grant. Anything may be read
  that way; the name of what is made is held by its tags, which only go to names of the forms above.
* No key says with which account a snapshot is shared. In the source account `SnapshotNames` says which may be.
* The tags say that an operation made a thing, or took its name, and not which operation: all operations of a place have one role. That
  is for the engine, which compares the operation's id before every change. Two stacks in one account and Region are told apart by
  `TargetClusters` and `TargetInstances`, and their things by nothing.
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
        "MayRotate" => "`UsersSecretArn` or `MasterSecretArn` is given",
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
        On::RotatedSecrets => "the secrets in `UsersSecretArn` and `MasterSecretArn`".to_owned(),
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
        If::TaggedAs(role) => format!("the request sets `{OPERATION_TAG}`, and `{ROLE_TAG}` to `{role}`"),
        If::OnlyTags(tags) => format!("no tags but {}", code(tags)),
        If::OnlyTagsOnOurs(tags) => format!("it bears `{OPERATION_TAG}`; no tags but {}", code(tags)),
        If::OnlyTagsOnRetired(tags) => format!("it bears `{RETIRED_BY_TAG}`; no tags but {}", code(tags)),
        If::OnlyTagsOnOursRetired(tags) => {
            format!("it bears `{OPERATION_TAG}` and `{RETIRED_BY_TAG}`; no tags but {}", code(tags))
        }
        If::OtherTagsOnOurs => {
            let decisive = code(&[OPERATION_TAG, ROLE_TAG, RETIRED_BY_TAG]);
            format!("it bears `{OPERATION_TAG}`; any tags but {decisive}")
        }
        If::Via(service) => format!("through {service}"),
        If::InheritedTags => "the tags are those of the cluster".to_owned(),
        If::GrantForRds => "for RDS itself".to_owned(),
        If::PassedTo(services) => format!("to {}", services.join(", ")),
        If::KeysOfOperations => "the items are operations': no `#` in the key".to_owned(),
        If::KeysOfLocks => "the items are locks of targets in this account and Region".to_owned(),
    }
}

fn code(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
