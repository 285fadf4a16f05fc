//! What RDS lets a policy say about each action: the kinds of things, and whether the tags of a request are told. From the
//! service authorization reference of Amazon RDS. A key that is not offered there is never set in a request, so a statement
//! that rests on it allows nothing, or, where it asks for its absence, everything.

use super::{
    super::{
        node::{list, map},
        place::Place,
    },
    kind,
    policy::{Policy, Statement},
    resolve::Values,
    role, seen, source_role,
};

/// One action.
struct Action {
    name: &'static str,
    /// The kinds of things that it is authorized on. None: it knows nothing narrower than everything. Each kind offers
    /// `aws:ResourceTag/…`.
    kinds: &'static [&'static str],
    /// Whether it offers `aws:RequestTag/…` and `aws:TagKeys`.
    tells_tags: bool,
}

const fn plain(name: &'static str, kinds: &'static [&'static str]) -> Action {
    Action { name, kinds, tells_tags: false }
}

const fn tagging(name: &'static str, kinds: &'static [&'static str]) -> Action {
    Action { name, kinds, tells_tags: true }
}

/// The kinds that the pipeline has to do with; both actions know many more.
const TAGGED: &[&str] = &["cluster", "cluster-pg", "cluster-snapshot", "db", "og", "pg", "subgrp"];

const ACTIONS: &[Action] = &[
    plain("AddRoleToDBCluster", &["cluster"]),
    tagging("AddTagsToResource", TAGGED),
    tagging("CopyDBClusterSnapshot", &["cluster-snapshot"]),
    tagging("CreateDBClusterSnapshot", &["cluster", "cluster-snapshot"]),
    tagging("CreateDBInstance", &["cluster", "db", "og", "pg", "secgrp", "subgrp"]),
    plain("DeleteDBCluster", &["cluster", "cluster-snapshot"]),
    plain("DeleteDBClusterSnapshot", &["cluster-snapshot"]),
    plain("DeleteDBInstance", &["db"]),
    plain("DescribeAccountAttributes", &[]),
    plain("DescribeDBClusterParameterGroups", &["cluster-pg"]),
    plain("DescribeDBClusterSnapshotAttributes", &["cluster-snapshot"]),
    plain("DescribeDBClusterSnapshots", &["cluster", "cluster-snapshot"]),
    plain("DescribeDBClusters", &["cluster"]),
    plain("DescribeDBEngineVersions", &[]),
    plain("DescribeDBInstances", &["db"]),
    plain("DescribeDBParameterGroups", &["pg"]),
    plain("DescribeDBSubnetGroups", &["subgrp"]),
    plain("DescribeEvents", &[]),
    plain("DescribeOrderableDBInstanceOptions", &[]),
    plain("ModifyDBCluster", &["cluster", "cluster-pg", "og", "pg"]),
    plain("ModifyDBClusterSnapshotAttribute", &["cluster-snapshot"]),
    plain("ModifyDBInstance", &["db", "og", "pg", "secgrp", "subgrp"]),
    plain("RebootDBInstance", &["db"]),
    tagging("RemoveTagsFromResource", TAGGED),
    tagging("RestoreDBClusterFromSnapshot", &["cluster", "cluster-pg", "cluster-snapshot", "og", "snapshot", "subgrp"]),
    tagging("RestoreDBClusterToPointInTime", &["cluster", "cluster-auto-backup", "cluster-pg", "og", "subgrp"]),
];

/// An action of RDS; none of another service.
fn action(name: &str) -> Option<&'static Action> {
    let name = name.strip_prefix("rds:")?;
    Some(
        ACTIONS.iter().find(|one| one.name == name).unwrap_or_else(|| panic!("the reference of rds:{name} is missing")),
    )
}

impl Action {
    fn offers(&self, key: &str) -> bool {
        match key {
            "aws:TagKeys" => self.tells_tags,
            "rds:TagsFromRequest" => self.name == "AddTagsToResource",
            _ if key.starts_with("aws:RequestTag/") => self.tells_tags,
            _ if key.starts_with("aws:ResourceTag/") => !self.kinds.is_empty(),
            _ => false,
        }
    }

    fn knows(&self, thing: &str) -> bool {
        match kind(thing) {
            None => self.kinds.is_empty(),
            Some(kind) => self.kinds.contains(&kind),
        }
    }
}

/// What a statement says that RDS does not offer.
fn faults(statement: &Statement) -> Vec<String> {
    let actions: Vec<&Action> = statement.actions.iter().filter_map(|name| action(name)).collect();
    if actions.is_empty() {
        return Vec::new();
    }
    let keys = statement.keys().flat_map(|key| {
        let refusing = actions.iter().filter(move |action| !action.offers(key));
        refusing.map(move |action| format!("{}: {} does not offer {key}", statement.sid, action.name))
    });
    let idle = actions.iter().filter(|action| !statement.resources.iter().any(|thing| action.knows(thing)));
    let unknown = statement.resources.iter().filter(|thing| !actions.iter().any(|action| action.knows(thing)));
    keys.chain(idle.map(|action| format!("{}: {} is on nothing that it knows", statement.sid, action.name)))
        .chain(unknown.map(|thing| format!("{}: none of the actions knows {thing}", statement.sid)))
        .collect()
}

#[test]
fn no_statement_rests_on_what_rds_does_not_offer() {
    let of_functions = Place::all().into_iter().map(|place| (place.name(), role(place)));
    let all = of_functions.chain([("the source account", source_role())]);
    let found = all.flat_map(|(place, role)| {
        role.0.iter().flat_map(faults).map(|fault| format!("{place}: {fault}")).collect::<Vec<_>>()
    });
    assert_eq!(found.collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn the_record_asks_about_nothing_that_rds_does_not_ask_about() {
    let sides = Place::all().into_iter().flat_map(|place| [seen("target", place), seen("source", place)].concat());
    for call in sides {
        let Some(action) = action(&call.action) else { continue };
        assert!(action.knows(&call.on), "{call:#?}");
        assert!(call.keys.keys().all(|key| action.offers(key)), "{call:#?}");
    }
}

#[test]
fn a_statement_that_says_too_much_is_found() {
    let faults = |action: &str, thing: &str, key: &str| {
        let statement = map! {
            "Sid" => "Some",
            "Effect" => "Allow",
            "Action" => action,
            "Resource" => thing,
            "Condition" => map! { "StringLike" => map! { key => "?*" } },
        };
        let document = map! { "Version" => "2012-10-17", "Statement" => list![statement] };
        let policy = Policy::read(&document, &Values::of_pipeline(&[])).expect("a policy");
        policy.0.iter().flat_map(faults).count()
    };
    let cluster = "arn:aws:rds:eu-central-1:444455556666:cluster:*";
    let ours = "aws:ResourceTag/aurora-restore:operation-id";
    let sets = "aws:RequestTag/aurora-restore:operation-id";
    assert_eq!(faults("rds:ModifyDBCluster", cluster, ours), 0);
    assert_eq!(faults("rds:ModifyDBCluster", cluster, sets), 1);
    assert_eq!(faults("rds:DescribeEvents", "*", ours), 1);
    assert_eq!(faults("rds:RebootDBInstance", cluster, ours), 2);
    assert_eq!(faults("rds:DeleteDBCluster", "*", ours), 2);
}
