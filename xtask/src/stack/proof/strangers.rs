//! The same calls on what is not ours. Whatever a function is made to do by a mistake, its role refuses these.

use super::{
    super::{
        permissions::{OPERATION_TAG, RETIRED_BY_TAG},
        place::Place,
    },
    PARAMETERS, TARGET_KEY,
    policy::{Call, Policy},
    role, role_with, seen, source_role,
};

/// A name that nothing of ours has.
const STRANGER: &str = "payroll";

/// The kind of a thing of RDS.
fn kind(call: &Call) -> &str {
    call.on.split(':').nth(5).unwrap_or_default()
}

impl Call {
    /// The same where the thing bears none of these tags, or the request passes none.
    fn without(&self, start: &str) -> Self {
        let mut call = self.clone();
        call.keys.retain(|key, _| !key.starts_with(start));
        call
    }

    /// The same on a thing of another name, which bears no tag of ours.
    fn on_a_stranger(&self) -> Self {
        let mut call = self.without("aws:ResourceTag/");
        let parts: Vec<&str> = self.on.splitn(6, ':').collect();
        let (thing, head) = parts.split_last().expect("an ARN has parts");
        let index = thing.find("/index/").map(|start| &thing[start..]).unwrap_or_default();
        let kind = thing.find([':', '/']).map(|end| &thing[..=end]).unwrap_or_default();
        call.on = format!("{}:{kind}{STRANGER}{index}", head.join(":"));
        call
    }

    /// The same in another account.
    fn elsewhere(&self) -> Self {
        let mut call = self.clone();
        call.on = call.on.replace(":444455556666:", ":999988887777:").replace(":111122223333:", ":999988887777:");
        call
    }

    fn only_looks(&self) -> bool {
        self.action.starts_with("rds:Describe")
    }

    /// Groups are named beside what a call changes, and RDS asks for a final snapshot where none is named.
    fn is_beside(&self) -> bool {
        let is_group = ["cluster-pg", "pg", "og", "subgrp"].contains(&kind(self));
        self.action.starts_with("rds:")
            && (is_group || (self.action == "rds:DeleteDBCluster" && kind(self) == "cluster-snapshot"))
    }

    /// What is made has any name, and what is read for it may be anybody's: there the tags in the request decide.
    fn makes(&self) -> bool {
        match self.action.as_str() {
            "rds:CopyDBClusterSnapshot" | "rds:RestoreDBClusterFromSnapshot" | "rds:RestoreDBClusterToPointInTime" => {
                true
            }
            "rds:CreateDBInstance" => kind(self) == "db",
            "rds:CreateDBClusterSnapshot" => kind(self) == "cluster-snapshot",
            "rds:AddTagsToResource" => self.keys.contains_key(&format!("aws:RequestTag/{OPERATION_TAG}")),
            _ => false,
        }
    }
}

/// Every call that changes something or reads what is kept, with the role that makes it.
fn calls_that_matter() -> Vec<(&'static str, Policy, Call)> {
    let of_functions = Place::all().into_iter().flat_map(|place| {
        let calls = seen("target", place).into_iter();
        calls.map(move |call| (place.name(), role(place), call))
    });
    let in_source = Place::all().into_iter().flat_map(|place| seen("source", place));
    let all = of_functions.chain(in_source.map(|call| ("the source account", source_role(), call)));
    all.filter(|(_, _, call)| !call.only_looks() && !call.is_beside() && call.on != "*").collect()
}

#[test]
fn the_same_call_on_a_thing_of_another_name_and_without_tags_is_refused() {
    for (place, role, call) in calls_that_matter() {
        // Which snapshots may be shared is said by their names alone: a parameter of that stack.
        if call.makes() || call.action == "rds:ModifyDBClusterSnapshotAttribute" {
            continue;
        }
        let stranger = call.on_a_stranger();
        assert!(!role.allows(&stranger), "{place} may {stranger:#?}");
    }
}

#[test]
fn nothing_is_made_without_the_tag_in_the_request() {
    for (place, role, call) in calls_that_matter().into_iter().filter(|(_, _, call)| call.makes()) {
        let untagged = call.without("aws:RequestTag/").without("aws:TagKeys");
        assert!(!role.allows(&untagged), "{place} may {untagged:#?}");
    }
}

#[test]
fn the_same_call_in_another_account_is_refused() {
    for (place, role, call) in calls_that_matter() {
        // A snapshot that is copied may be another account's.
        if call.action == "rds:CopyDBClusterSnapshot" {
            continue;
        }
        let elsewhere = call.elsewhere();
        assert!(elsewhere.on != call.on && !role.allows(&elsewhere), "{place} may {elsewhere:#?}");
    }
}

#[test]
fn nothing_is_deleted_that_bears_no_tag_of_ours() {
    let without_replace: Vec<(&str, &str)> =
        PARAMETERS.iter().filter(|(name, _)| *name != "AllowReplace").copied().collect();
    let is_delete = |call: &Call| call.action.starts_with("rds:Delete") && !call.is_beside();
    let mut deletes = 0;
    for place in Place::all() {
        let (usual, replacing) = (role_with(place, &without_replace), role(place));
        for call in seen("target", place).iter().filter(|call| is_delete(call)) {
            let untagged = call.without("aws:ResourceTag/");
            assert!(!usual.allows(&untagged), "{} may {untagged:#?}", place.name());
            // What `replace` ends is known by its name alone, and only where the stack allows it.
            let is_target = place.name() == "switch-over";
            assert_eq!(replacing.allows(&untagged), is_target, "{}: {untagged:#?}", place.name());
            deletes += 1;
        }
    }
    for call in Place::all().into_iter().flat_map(|place| seen("source", place)).filter(is_delete) {
        assert!(!source_role().allows(&call.without("aws:ResourceTag/")), "{call:#?}");
        deletes += 1;
    }
    assert!(deletes > 20, "{deletes} deletes were recorded");
}

#[test]
fn no_mark_by_which_others_delete_is_put_on_a_stranger() {
    let marks = |call: &Call| call.keys.contains_key(&format!("aws:RequestTag/{RETIRED_BY_TAG}"));
    let of_switch: Vec<Call> = Place::all().into_iter().flat_map(|place| seen("target", place)).filter(marks).collect();
    assert!(!of_switch.is_empty());
    for place in Place::all() {
        for call in &of_switch {
            assert!(!role(place).allows(&call.on_a_stranger()), "{} marks {call:#?}", place.name());
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
        let role = role(place);
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
            ("kms:ScheduleKeyDeletion", TARGET_KEY, vec![via]),
        ] {
            assert!(!role.allows(&call(action, key, &keys)), "{} may {action} {key} {keys:?}", place.name());
        }
    }
}

#[test]
fn roles_are_passed_to_rds_only() {
    for place in Place::all() {
        for mut call in seen("target", place).into_iter().filter(|call| call.action == "iam:PassRole") {
            call.keys.insert("iam:PassedToService".to_owned(), vec!["lambda.amazonaws.com".to_owned()]);
            assert!(!role(place).allows(&call), "{} may {call:#?}", place.name());
        }
    }
}

#[test]
fn the_code_of_a_function_makes_no_network_interface() {
    let call = |from: Option<&str>| Call {
        action: "ec2:CreateNetworkInterface".to_owned(),
        on: "arn:aws:ec2:eu-central-1:444455556666:network-interface/*".to_owned(),
        keys: from.map(|from| ("lambda:SourceFunctionArn".to_owned(), vec![from.to_owned()])).into_iter().collect(),
    };
    let place = Place::all().into_iter().find(|place| place.name() == "verify-restore").unwrap();
    let function = "arn:aws:lambda:eu-central-1:444455556666:function:aurora-restore-verify-restore";
    assert!(role(place).allows(&call(None)));
    assert!(!role(place).allows(&call(Some(function))));
}
