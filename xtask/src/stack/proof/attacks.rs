//! Calls that a function in wrong hands, or with a bug, could make, and which its role has to refuse although it knows the
//! action and may do it on something else.

use super::{
    super::place::Place,
    PARAMETERS, TARGET_KEY,
    condition::Keys,
    policy::{Call, Policy},
    role, role_with, seen, without_replace,
};

/// What is in the request or on the thing, as a tag.
#[derive(Clone, Copy)]
enum Tag {
    /// The thing bears it.
    Bears(&'static str, &'static str),
    /// The request sets it.
    Sets(&'static str, &'static str),
    /// The request takes it off.
    Takes(&'static str),
}
use Tag::{Bears, Sets, Takes};

const OURS: &[Tag] = &[Bears("operation-id", "op-1"), Bears("role", "staged")];
const COPY: &[Tag] = &[Bears("operation-id", "op-1"), Bears("role", "copy")];
const RETIRED: &[Tag] = &[Bears("retired-by", "op-1")];
const CLAIMS: &[Tag] = &[Sets("operation-id", "op-1"), Sets("role", "staged")];
const CLAIMS_COPY: &[Tag] = &[Sets("operation-id", "op-1"), Sets("role", "copy")];
const CLAIMS_FINAL: &[Tag] = &[Sets("operation-id", "op-1"), Sets("role", "final-snapshot")];
const CLAIMS_BACK: &[Tag] = &[Sets("operation-id", "op-1"), Sets("role", "brought-back")];
const MARKS: &[Tag] = &[Sets("retired-by", "op-1")];

/// A place, an action of RDS, a thing of the stack's account and Region, and tags.
type Attempt = (&'static str, &'static str, &'static str, &'static [Tag]);

/// Refused although the stack allows `replace`.
const ATTACKS: &[Attempt] = &[
    // The tag of what is ours on what is not: then it could be deleted.
    ("copy-snapshot", "AddTagsToResource", "cluster-snapshot:payroll-nightly", CLAIMS_COPY),
    ("copy-snapshot", "AddTagsToResource", "cluster-snapshot:payroll-copy-0a1b2c3d-1", CLAIMS),
    ("restore-snapshot", "AddTagsToResource", "cluster:payroll", CLAIMS),
    ("restore-snapshot", "RestoreDBClusterFromSnapshot", "cluster:payroll", CLAIMS),
    ("restore-snapshot", "AddTagsToResource", "db:payroll-1", CLAIMS),
    ("create-instances", "AddTagsToResource", "db:payroll-1", CLAIMS),
    ("create-instances", "AddTagsToResource", "cluster:staging", CLAIMS),
    ("switch-over", "AddTagsToResource", "cluster:staging", CLAIMS),
    ("switch-over", "AddTagsToResource", "cluster:payroll", CLAIMS),
    ("switch-over", "AddTagsToResource", "cluster-snapshot:payroll-nightly", CLAIMS_FINAL),
    ("retire", "AddTagsToResource", "cluster-snapshot:payroll-nightly", CLAIMS_FINAL),
    ("retire", "AddTagsToResource", "cluster:staging-old-0a1b2c3d", CLAIMS),
    ("undo", "AddTagsToResource", "cluster:payroll", CLAIMS_BACK),
    ("undo", "AddTagsToResource", "cluster:staging", CLAIMS),
    // Instances in a cluster that is not ours, and under names that are not.
    ("create-instances", "CreateDBInstance", "cluster:payroll", CLAIMS),
    ("create-instances", "CreateDBInstance", "cluster:staging", CLAIMS),
    ("create-instances", "CreateDBInstance", "db:payroll-2", CLAIMS),
    ("undo", "CreateDBInstance", "cluster:payroll", CLAIMS_BACK),
    ("undo", "CreateDBInstance", "db:payroll-2", CLAIMS_BACK),
    // The mark of a switch on what is not its target.
    ("switch-over", "AddTagsToResource", "cluster:payroll", MARKS),
    ("switch-over", "AddTagsToResource", "db:payroll-1", MARKS),
    (
        "apply-settings",
        "AddTagsToResource",
        "cluster:staging-new-0a1b2c3d",
        &[Bears("operation-id", "op-1"), Sets("retired-by", "op-1")],
    ),
    (
        "apply-settings",
        "AddTagsToResource",
        "cluster:staging-new-0a1b2c3d",
        &[Bears("operation-id", "op-1"), Sets("role", "copy")],
    ),
    // The mark taken off, so that a retired cluster of somebody else is never ended.
    ("undo", "RemoveTagsFromResource", "cluster:payroll", &[Takes("retired-by")]),
    ("undo", "RemoveTagsFromResource", "cluster:payroll", &[Bears("retired-by", "op-1"), Takes("retired-by")]),
    ("undo", "RemoveTagsFromResource", "db:payroll-1", &[Bears("retired-by", "op-1"), Takes("retired-by")]),
    ("undo", "RemoveTagsFromResource", "cluster:staging", &[Takes("retired-by")]),
    ("undo", "RemoveTagsFromResource", "cluster:staging", &[Bears("retired-by", "op-1"), Takes("operation-id")]),
    // Changes of what serves: it may bear the tag of the operation that made it long ago.
    ("apply-settings", "ModifyDBCluster", "cluster:payroll", OURS),
    ("apply-settings", "ModifyDBInstance", "db:payroll-1", OURS),
    ("apply-settings", "AddRoleToDBCluster", "cluster:payroll", OURS),
    ("create-instances", "RebootDBInstance", "db:payroll-1", OURS),
    ("switch-over", "ModifyDBCluster", "cluster:payroll", RETIRED),
    ("undo", "ModifyDBCluster", "cluster:payroll", RETIRED),
    ("undo", "ModifyDBInstance", "db:payroll-1", RETIRED),
    // Deletions.
    ("switch-over", "DeleteDBCluster", "cluster:payroll", OURS),
    ("switch-over", "DeleteDBCluster", "cluster:staging-old-0a1b2c3d", RETIRED),
    ("switch-over", "DeleteDBInstance", "db:payroll-1", OURS),
    ("undo", "DeleteDBCluster", "cluster:staging-old-0a1b2c3d", RETIRED),
    ("undo", "DeleteDBClusterSnapshot", "cluster-snapshot:payroll-nightly", OURS),
    ("undo", "DeleteDBClusterSnapshot", "cluster-snapshot:payroll-nightly", COPY),
    ("archive-snapshot", "DeleteDBClusterSnapshot", "cluster-snapshot:payroll-nightly", COPY),
    ("archive-snapshot", "DeleteDBClusterSnapshot", "cluster-snapshot:payroll-copy-0a1b2c3d-1", &[]),
    ("archive-snapshot", "DeleteDBClusterSnapshot", "cluster-snapshot:payroll-copy-0a1b2c3d-1", OURS),
    (
        "archive-snapshot",
        "DeleteDBClusterSnapshot",
        "cluster-snapshot:staging-final-0a1b2c3d",
        &[Bears("operation-id", "op-1"), Bears("role", "final-snapshot")],
    ),
    ("retire", "DeleteDBCluster", "cluster:staging", OURS),
    ("retire", "DeleteDBCluster", "cluster:payroll", RETIRED),
    ("retire", "DeleteDBInstance", "db:payroll-1", RETIRED),
    ("retire", "DeleteDBInstance", "db:payroll-old-20261122-1", &[]),
    (
        "retire",
        "DeleteDBClusterSnapshot",
        "cluster-snapshot:payroll-nightly",
        &[Bears("operation-id", "op-1"), Bears("role", "final-snapshot")],
    ),
    // Data from where they do not belong.
    ("switch-over", "CreateDBClusterSnapshot", "cluster:payroll", CLAIMS_FINAL),
    ("retire", "CreateDBClusterSnapshot", "cluster:staging", OURS),
    ("undo", "RestoreDBClusterFromSnapshot", "cluster-snapshot:payroll-nightly", CLAIMS_BACK),
];

/// Allowed where the stack allows `replace`, and refused where it does not.
const OF_REPLACE: &[Attempt] = &[
    ("restore-snapshot", "RestoreDBClusterFromSnapshot", "cluster:staging", CLAIMS),
    ("restore-snapshot", "AddTagsToResource", "cluster:staging", CLAIMS),
    ("create-instances", "CreateDBInstance", "db:staging-1", CLAIMS),
    ("create-instances", "CreateDBInstance", "cluster:staging", OURS),
    ("apply-settings", "ModifyDBCluster", "cluster:staging", OURS),
    (
        "apply-settings",
        "AddTagsToResource",
        "cluster:staging",
        &[Bears("operation-id", "op-1"), Sets("owner", "somebody")],
    ),
    ("apply-settings", "ModifyDBInstance", "db:staging-1", OURS),
    ("switch-over", "CreateDBClusterSnapshot", "cluster:staging", CLAIMS_FINAL),
    ("switch-over", "DeleteDBCluster", "cluster:staging", &[]),
    ("switch-over", "DeleteDBInstance", "db:staging-1", &[]),
    ("undo", "AddTagsToResource", "cluster:staging", CLAIMS_BACK),
    ("undo", "CreateDBInstance", "cluster:staging", CLAIMS_BACK),
    ("undo", "RestoreDBClusterFromSnapshot", "cluster-snapshot:staging-final-0a1b2c3d", CLAIMS_BACK),
    ("undo", "RebootDBInstance", "db:staging-1", &[]),
];

/// What nobody may do, on anything.
const NEVER: &[&str] = &[
    "dynamodb:DeleteTable",
    "dynamodb:Scan",
    "iam:AttachRolePolicy",
    "iam:CreateRole",
    "kms:PutKeyPolicy",
    "kms:ScheduleKeyDeletion",
    "lambda:InvokeFunction",
    "lambda:UpdateFunctionCode",
    "logs:DeleteLogGroup",
    "rds:CreateDBCluster",
    "rds:DeleteDBClusterAutomatedBackup",
    "rds:FailoverDBCluster",
    "rds:ModifyDBClusterParameterGroup",
    "rds:ModifyDBClusterSnapshotAttribute",
    "rds:StartExportTask",
    "rds:StopDBCluster",
    "secretsmanager:DeleteSecret",
    "secretsmanager:RotateSecret",
    "sns:Subscribe",
    "ssm:PutParameter",
    "states:StopExecution",
];

fn place(name: &str) -> Place {
    Place::all().into_iter().find(|place| place.name() == name).unwrap_or_else(|| panic!("there is no place {name}"))
}

fn call((_, action, thing, tags): &Attempt) -> Call {
    let mut keys = Keys::new();
    let mut of_request = Vec::new();
    for tag in *tags {
        match tag {
            Bears(tag, value) => {
                keys.insert(format!("aws:ResourceTag/aurora-restore:{tag}"), vec![(*value).to_owned()]);
            }
            Sets(tag, value) => {
                keys.insert(format!("aws:RequestTag/aurora-restore:{tag}"), vec![(*value).to_owned()]);
                of_request.push(format!("aurora-restore:{tag}"));
            }
            Takes(tag) => of_request.push(format!("aurora-restore:{tag}")),
        }
    }
    if !of_request.is_empty() {
        keys.insert("aws:TagKeys".to_owned(), of_request);
    }
    Call { action: format!("rds:{action}"), on: format!("arn:aws:rds:eu-central-1:444455556666:{thing}"), keys }
}

#[test]
fn what_a_role_could_do_to_others_is_refused() {
    for attempt in ATTACKS {
        let (role, call) = (role(place(attempt.0)), call(attempt));
        assert!(!role.allows(&call), "{} may {call:#?}", attempt.0);
        // A role that does not know the action at all refuses for another reason than the one that is meant here.
        let knows = role.grants().any(|statement| statement.knows(&call.action));
        assert!(knows, "{} has nothing to do with {}", attempt.0, call.action);
    }
}

/// What the runbook of a permission that is denied says to do.
#[test]
fn an_instance_that_a_person_made_is_touched_by_the_way_back_once_it_bears_the_tag() {
    for action in ["ModifyDBInstance", "DeleteDBInstance"] {
        for parameters in [PARAMETERS, &without_replace()] {
            let may =
                |tags| role_with(place("undo"), parameters).allows(&call(&("undo", action, "db:staging-1", tags)));
            assert!(!may(&[]), "{action}");
            assert!(may(&[Bears("operation-id", "op-1")]), "{action}");
        }
    }
}

#[test]
fn what_replace_needs_is_granted_with_it_and_not_without() {
    for attempt in OF_REPLACE {
        let call = call(attempt);
        let allows = |parameters: &[_]| role_with(place(attempt.0), parameters).allows(&call);
        assert!(allows(PARAMETERS), "{} may not {call:#?}", attempt.0);
        assert!(!allows(&without_replace()), "{} may {call:#?}", attempt.0);
    }
}

#[test]
fn some_things_nobody_may_do() {
    for place in Place::all() {
        for statement in role(place).grants() {
            let may: Vec<_> = NEVER.iter().filter(|action| statement.knows(action)).collect();
            assert!(may.is_empty(), "{} of {} grants {may:?}", statement.sid, place.name());
        }
    }
}

#[test]
fn secrets_are_changed_by_their_rotation_only_and_those_only_that_are_named() {
    let changes = ["secretsmanager:PutSecretValue", "secretsmanager:UpdateSecretVersionStage"];
    let on =
        |name: &str| format!("arn:aws:secretsmanager:eu-central-1:444455556666:secret:aurora-restore/{name}-AbCdEf");
    let call = |action: &str, name: &str| Call { action: action.to_owned(), on: on(name), keys: Keys::new() };
    let unnamed: Vec<_> = PARAMETERS.iter().filter(|(name, _)| !name.ends_with("SecretArn")).copied().collect();
    for place in Place::all() {
        for action in changes {
            let named = ["staging/users", "staging/master"];
            let may = named.map(|name| role(place).allows(&call(action, name)));
            assert_eq!(may, [place == Place::Rotate; 2], "{} {action}", place.name());
            assert!(!role(place).allows(&call(action, "production/master")), "{} {action}", place.name());
            let may = named.map(|name| role_with(place, &unnamed).allows(&call(action, name)));
            assert_eq!(may, [false; 2], "{} {action}: no secret is named", place.name());
        }
    }
}

#[test]
fn who_only_looks_and_tells_changes_nothing_in_rds() {
    for name in ["snapshot-check", "setup-db-users", "verify-restore", "notify", "sweep", "rotate"] {
        for statement in role(place(name)).grants() {
            let changes: Vec<_> = statement
                .actions
                .iter()
                .filter(|action| action.starts_with("rds:") && !action.starts_with("rds:Describe"))
                .collect();
            assert!(changes.is_empty(), "{name} may {changes:?}");
        }
    }
}

#[test]
fn keys_are_used_through_rds_only_and_lent_to_it_only() {
    let call = |action: &str, key: &str, keys: &[(&str, &str)]| Call {
        action: action.to_owned(),
        on: key.to_owned(),
        keys: keys.iter().map(|(key, value)| ((*key).to_owned(), vec![(*value).to_owned()])).collect(),
    };
    let via = ("kms:ViaService", "rds.eu-central-1.amazonaws.com");
    let other = TARGET_KEY.replace("7a1e", "0000");
    for place in Place::all() {
        let role: Policy = role(place);
        let makes = role.allows(&call("kms:GenerateDataKeyWithoutPlaintext", TARGET_KEY, &[via]));
        let lends = role.allows(&call("kms:CreateGrant", TARGET_KEY, &[via, ("kms:GrantIsForAWSResource", "true")]));
        let expected = ["copy-snapshot", "restore-snapshot", "create-instances", "undo"].contains(&place.name());
        assert_eq!((makes, lends), (expected, expected), "{}", place.name());
        for (action, key, keys) in [
            ("kms:GenerateDataKey", TARGET_KEY, vec![]),
            ("kms:Decrypt", TARGET_KEY, vec![("kms:ViaService", "ec2.eu-central-1.amazonaws.com")]),
            ("kms:CreateGrant", TARGET_KEY, vec![via]),
            ("kms:CreateGrant", TARGET_KEY, vec![via, ("kms:GrantIsForAWSResource", "false")]),
            ("kms:Decrypt", other.as_str(), vec![via]),
        ] {
            assert!(!role.allows(&call(action, key, &keys)), "{} may {action} {key} {keys:?}", place.name());
        }
    }
}

#[test]
fn roles_are_passed_to_rds_only() {
    let mut passed = 0;
    for place in Place::all() {
        for mut call in seen("target", place).into_iter().filter(|call| call.action == "iam:PassRole") {
            call.keys.insert("iam:PassedToService".to_owned(), vec!["lambda.amazonaws.com".to_owned()]);
            assert!(!role(place).allows(&call), "{} may {call:#?}", place.name());
            passed += 1;
        }
    }
    assert!(passed > 0, "no role was passed");
}

#[test]
fn the_code_of_a_function_makes_no_network_interface() {
    let call = |from: Option<&str>| Call {
        action: "ec2:CreateNetworkInterface".to_owned(),
        on: "arn:aws:ec2:eu-central-1:444455556666:network-interface/*".to_owned(),
        keys: from.map(|from| ("lambda:SourceFunctionArn".to_owned(), vec![from.to_owned()])).into_iter().collect(),
    };
    let role = role(place("verify-restore"));
    let function = "arn:aws:lambda:eu-central-1:444455556666:function:aurora-restore-verify-restore";
    assert!(role.allows(&call(None)));
    assert!(!role.allows(&call(Some(function))));
}
