//! The recorded calls, made on what is not ours or without what makes them ours. Whatever a function is made to do by a
//! mistake, its role refuses these.

use super::{
    super::{
        permissions::{OPERATION_TAG, RETIRED_BY_TAG, ROLE_TAG},
        place::Place,
    },
    kind,
    policy::{Call, Policy},
    role, role_with, seen, source_role, without_replace,
};

/// A name that nothing of ours has.
const STRANGER: &str = "payroll";

impl Call {
    /// The same where the thing bears none of these tags, or the request passes none.
    fn without(&self, start: &str) -> Self {
        let mut call = self.clone();
        call.keys.retain(|key, _| !key.starts_with(start));
        call
    }

    /// The same on a thing of another name.
    fn on_a_namesake(&self) -> Self {
        let mut call = self.clone();
        let parts: Vec<&str> = self.on.splitn(6, ':').collect();
        let (thing, head) = parts.split_last().expect("an ARN has parts");
        let index = thing.find("/index/").map(|start| &thing[start..]).unwrap_or_default();
        let kind = thing.find([':', '/']).map(|end| &thing[..=end]).unwrap_or_default();
        call.on = format!("{}:{kind}{STRANGER}{index}", head.join(":"));
        call
    }

    /// The same on a thing of another name, which bears no tag of ours.
    fn on_a_stranger(&self) -> Self {
        self.on_a_namesake().without("aws:ResourceTag/")
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
        let is_group = ["cluster-pg", "pg", "og", "subgrp"].map(Some).contains(&kind(&self.on));
        self.action.starts_with("rds:")
            && (is_group || (self.action == "rds:DeleteDBCluster" && kind(&self.on) == Some("cluster-snapshot")))
    }

    /// What is copied, restored from or cloned may be anybody's. RDS does not tell it from what is made; there, that the tags
    /// in the request may only go to a name of ours has to do.
    fn may_read_anything(&self) -> bool {
        match self.action.as_str() {
            "rds:CopyDBClusterSnapshot" => true,
            "rds:RestoreDBClusterFromSnapshot" => kind(&self.on) == Some("cluster-snapshot"),
            "rds:RestoreDBClusterToPointInTime" => kind(&self.on) == Some("cluster"),
            _ => false,
        }
    }

    /// Whether the request tags something as an operation's.
    fn claims(&self) -> bool {
        self.keys.contains_key(&format!("aws:RequestTag/{OPERATION_TAG}"))
    }

    /// Whether the thing is a cluster in which or of which something else is made. RDS asks for that in the same call.
    fn is_made_from(&self) -> bool {
        let makes = ["rds:CreateDBInstance", "rds:CreateDBClusterSnapshot"].contains(&self.action.as_str());
        makes && kind(&self.on) == Some("cluster")
    }

    fn is_delete(&self) -> bool {
        self.action.starts_with("rds:Delete") && !self.is_beside()
    }
}

/// Every call that changes something or reads what is kept, with the role that makes it.
fn calls_that_matter() -> Vec<(&'static str, Policy, Call)> {
    let of_functions = Place::all().into_iter().flat_map(|place| {
        let role = role(place);
        seen("target", place).into_iter().map(move |call| (place.name(), role.clone(), call))
    });
    let in_source = Place::all().into_iter().flat_map(|place| seen("source", place));
    let all = of_functions.chain(in_source.map(|call| ("the source account", source_role(), call)));
    all.filter(|(_, _, call)| !call.only_looks() && !call.is_beside() && call.on != "*").collect()
}

#[test]
fn the_same_call_on_a_thing_of_another_name_and_without_tags_is_refused() {
    let mut refused = 0;
    for (place, role, call) in calls_that_matter() {
        // Which snapshots may be shared is said by their names alone: a parameter of that stack.
        if call.may_read_anything() || call.action == "rds:ModifyDBClusterSnapshotAttribute" {
            continue;
        }
        let stranger = call.on_a_stranger();
        assert!(!role.allows(&stranger), "{place} may {stranger:#?}");
        refused += 1;
    }
    assert!(refused > 300, "{refused} calls were tried");
}

#[test]
fn our_tags_do_not_help_a_thing_of_another_name_where_the_engine_gives_names() {
    // Clusters hand their tags to the snapshots that are taken of them, and an earlier operation's cluster serves under any name.
    let before_the_switch = ["restore-snapshot", "create-instances", "apply-settings"];
    for (place, role, call) in calls_that_matter() {
        let named_by_us = before_the_switch.contains(&place) || place == "retire" || call.claims();
        let is_of_rds = call.action.starts_with("rds:") && !call.may_read_anything();
        if is_of_rds && (named_by_us || call.action == "rds:DeleteDBClusterSnapshot") {
            let namesake = call.on_a_namesake();
            assert!(!role.allows(&namesake), "{place} may {namesake:#?}");
        }
    }
}

#[test]
fn nothing_is_made_without_the_tags_of_what_it_is_made_as() {
    let mut made = 0;
    for (place, role, call) in calls_that_matter() {
        if !call.claims() || call.is_made_from() {
            continue;
        }
        let untagged = call.without("aws:RequestTag/").without("aws:TagKeys");
        assert!(!role.allows(&untagged), "{place} may {untagged:#?}");
        let mut other = call.clone();
        other.keys.insert(format!("aws:RequestTag/{ROLE_TAG}"), vec!["something-else".to_owned()]);
        assert!(!role.allows(&other), "{place} may {other:#?}");
        made += 1;
    }
    assert!(made > 50, "{made} things were made");
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
    let mut deletes = 0;
    for place in Place::all() {
        let (usual, replacing) = (role_with(place, &without_replace()), role(place));
        for call in seen("target", place).iter().filter(|call| call.is_delete()) {
            let untagged = call.without("aws:ResourceTag/");
            assert!(!usual.allows(&untagged), "{} may {untagged:#?}", place.name());
            // What `replace` ends is known by its name alone, and only where the stack allows it.
            let is_target = place.name() == "switch-over";
            assert_eq!(replacing.allows(&untagged), is_target, "{}: {untagged:#?}", place.name());
            deletes += 1;
        }
    }
    for call in Place::all().into_iter().flat_map(|place| seen("source", place)).filter(Call::is_delete) {
        assert!(!source_role().allows(&call.without("aws:ResourceTag/")), "{call:#?}");
        deletes += 1;
    }
    assert!(deletes > 20, "{deletes} deletes were recorded");
}

#[test]
fn no_mark_by_which_others_delete_is_put_on_a_stranger_or_taken_off_one() {
    let marks = |call: &Call| {
        let keys = call.keys.get("aws:TagKeys");
        keys.is_some_and(|keys| keys.iter().any(|key| key == RETIRED_BY_TAG))
    };
    let of_switch: Vec<Call> = Place::all().into_iter().flat_map(|place| seen("target", place)).filter(marks).collect();
    for action in ["rds:AddTagsToResource", "rds:RemoveTagsFromResource"] {
        assert!(of_switch.iter().any(|call| call.action == action), "no {action} was recorded");
    }
    for place in Place::all() {
        for call in &of_switch {
            assert!(!role(place).allows(&call.on_a_stranger()), "{} marks {call:#?}", place.name());
        }
    }
}

#[test]
fn without_replace_a_target_that_is_not_ours_is_renamed_and_marked_and_nothing_else() {
    let is_target = |call: &Call| call.on.ends_with(":cluster:staging") || call.on.contains(":db:staging-1");
    let mut allowed = Vec::new();
    for place in Place::all() {
        let role = role_with(place, &without_replace());
        let calls = seen("target", place).into_iter().filter(is_target).filter(|call| !call.only_looks());
        let not_ours = calls.map(|call| call.without("aws:ResourceTag/")).filter(|call| !call.may_read_anything());
        allowed.extend(not_ours.filter(|call| role.allows(call)).map(|call| (place.name(), call.action)));
    }
    allowed.sort_unstable();
    allowed.dedup();
    let expected = ["rds:AddTagsToResource", "rds:ModifyDBCluster", "rds:ModifyDBInstance"];
    assert_eq!(allowed, expected.map(|action| ("switch-over", action.to_owned())));
}
