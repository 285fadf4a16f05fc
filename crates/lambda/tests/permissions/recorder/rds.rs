//! What RDS asks IAM for each of its actions, as the service authorization reference says: the thing itself, what the call
//! names beside it, the tags that travel in it, and the roles that it hands over.

use std::collections::BTreeMap;

use aurora_restore_core::steps::{OPERATION_TAG, RETIRED_BY_TAG, ROLE_TAG, TARGET_TAG};
use aurora_restore_sandbox::{
    model::{AccountId, Place, RegionName, resources::Tag},
    server::Sandbox,
};
use aurora_restore_testing::way::Form;

use super::question::{Origin, Question};

/// The tags that the thing of an ARN bears at this moment.
pub(super) type Tags<'a> = &'a dyn Fn(&str) -> BTreeMap<String, String>;

/// What a call is about, by kind and by the field that names it.
enum About {
    /// A thing that the call always names.
    Named(&'static str, &'static str),
    /// A thing that the call makes. RDS asks for the tags that it gets, too.
    Made(&'static str, &'static str),
    /// A thing, or all of its kind where the call names none.
    OrAll(&'static str, &'static str),
    /// A group, or RDS's own where the call names none.
    OrDefault(&'static str, &'static str),
    /// A thing for which is asked only where it is named.
    IfNamed(&'static str, &'static str),
    /// A thing of any kind, by its ARN.
    ByArn(&'static str),
    /// A role that is handed to this service, where one is.
    Passed(&'static str, &'static str),
    /// Everything: the action knows nothing narrower.
    Everything,
}

use About::{ByArn, Everything, IfNamed, Made, Named, OrAll, OrDefault, Passed};

const CLUSTER: About = Named("cluster", "DBClusterIdentifier");
const INSTANCE: About = Named("db", "DBInstanceIdentifier");
const SNAPSHOT: About = Named("cluster-snapshot", "DBClusterSnapshotIdentifier");
const MONITORING: About = Passed("monitoring.rds.amazonaws.com", "MonitoringRoleArn");

fn about(action: &str) -> &'static [About] {
    match action {
        "AddRoleToDBCluster" => &[CLUSTER, Passed("rds.amazonaws.com", "RoleArn")],
        "AddTagsToResource" | "RemoveTagsFromResource" => &[ByArn("ResourceName")],
        "CopyDBClusterSnapshot" => &[
            Named("cluster-snapshot", "SourceDBClusterSnapshotIdentifier"),
            Made("cluster-snapshot", "TargetDBClusterSnapshotIdentifier"),
        ],
        "CreateDBClusterSnapshot" => &[CLUSTER, Made("cluster-snapshot", "DBClusterSnapshotIdentifier")],
        "CreateDBInstance" => &[
            Made("db", "DBInstanceIdentifier"),
            CLUSTER,
            IfNamed("pg", "DBParameterGroupName"),
            IfNamed("og", "OptionGroupName"),
            IfNamed("subgrp", "DBSubnetGroupName"),
            MONITORING,
        ],
        "DeleteDBCluster" => &[CLUSTER, OrAll("cluster-snapshot", "FinalDBSnapshotIdentifier")],
        "DeleteDBClusterSnapshot" | "DescribeDBClusterSnapshotAttributes" | "ModifyDBClusterSnapshotAttribute" => {
            &[SNAPSHOT]
        }
        "DeleteDBInstance" | "RebootDBInstance" => &[INSTANCE],
        "DescribeAccountAttributes"
        | "DescribeDBEngineVersions"
        | "DescribeEvents"
        | "DescribeOrderableDBInstanceOptions" => &[Everything],
        "DescribeDBClusterParameterGroups" => &[OrAll("cluster-pg", "DBClusterParameterGroupName")],
        "DescribeDBClusterSnapshots" => {
            &[OrAll("cluster-snapshot", "DBClusterSnapshotIdentifier"), OrAll("cluster", "DBClusterIdentifier")]
        }
        "DescribeDBClusters" => &[OrAll("cluster", "DBClusterIdentifier")],
        "DescribeDBInstances" => &[OrAll("db", "DBInstanceIdentifier")],
        "DescribeDBParameterGroups" => &[OrAll("pg", "DBParameterGroupName")],
        "DescribeDBSubnetGroups" => &[OrAll("subgrp", "DBSubnetGroupName")],
        "ModifyDBCluster" => &[
            CLUSTER,
            IfNamed("cluster-pg", "DBClusterParameterGroupName"),
            IfNamed("pg", "DBInstanceParameterGroupName"),
            IfNamed("og", "OptionGroupName"),
        ],
        "ModifyDBInstance" => &[
            INSTANCE,
            IfNamed("pg", "DBParameterGroupName"),
            IfNamed("og", "OptionGroupName"),
            IfNamed("subgrp", "DBSubnetGroupName"),
            MONITORING,
        ],
        "RestoreDBClusterFromSnapshot" => &[
            Made("cluster", "DBClusterIdentifier"),
            Named("cluster-snapshot", "SnapshotIdentifier"),
            OrDefault("cluster-pg", "DBClusterParameterGroupName"),
            OrDefault("og", "OptionGroupName"),
            OrDefault("subgrp", "DBSubnetGroupName"),
        ],
        "RestoreDBClusterToPointInTime" => &[
            Made("cluster", "DBClusterIdentifier"),
            Named("cluster", "SourceDBClusterIdentifier"),
            OrDefault("cluster-pg", "DBClusterParameterGroupName"),
            OrDefault("og", "OptionGroupName"),
            OrDefault("subgrp", "DBSubnetGroupName"),
        ],
        other => panic!("nobody has said what rds:{other} is about"),
    }
}

/// What is asked before a call of RDS is done.
pub(super) fn questions(form: &Form, from: &Origin<'_>, tags: Tags<'_>) -> Vec<Question> {
    let action = form.get("Action").expect("a call has an action");
    about(action).iter().flat_map(|about| about.questions(action, form, from, tags)).collect()
}

impl About {
    fn questions(&self, action: &str, form: &Form, from: &Origin<'_>, tags: Tags<'_>) -> Vec<Question> {
        let call = format!("rds:{action}");
        let named = |field: &str| form.get(field).unwrap_or_else(|| panic!("{call} without {field}"));
        let ask = |arn: &str| vec![with_tags(Question::new(&call, arn), form, &borne(action, arn, tags))];
        match self {
            Named(kind, field) => ask(&from.rds(kind, named(field))),
            Made(kind, field) => {
                let arn = from.rds(kind, named(field));
                let mut asked = ask(&arn);
                if form.of_list("Tags.").next().is_some() {
                    asked.push(with_tags(Question::new("rds:AddTagsToResource", &arn), form, &BTreeMap::new()));
                }
                asked
            }
            OrAll(kind, field) => ask(&from.rds(kind, form.get(field).unwrap_or("*"))),
            OrDefault(kind, field) => ask(&from.rds(kind, form.get(field).unwrap_or("default"))),
            IfNamed(kind, field) => form.get(field).map_or_else(Vec::new, |name| ask(&from.rds(kind, name))),
            ByArn(field) => ask(named(field)),
            Passed(service, field) => form.get(field).map_or_else(Vec::new, |role| {
                vec![Question::new("iam:PassRole", role).key("iam:PassedToService", [*service])]
            }),
            Everything => ask("*"),
        }
    }
}

/// The tags of a thing. Those of what is only looked at are left out: no role asks for them, and while names change hands the
/// moment decides who is looked at.
fn borne(action: &str, arn: &str, tags: Tags<'_>) -> BTreeMap<String, String> {
    if action.starts_with("Describe") { BTreeMap::new() } else { tags(arn) }
}

fn with_tags(mut question: Question, form: &Form, borne: &BTreeMap<String, String>) -> Question {
    let mut keys: Vec<&str> = form.of_list("TagKeys.member.").map(|(_, key)| key).collect();
    for (number, key) in form.of_list("Tags.Tag.").filter_map(|(rest, key)| Some((rest.strip_suffix(".Key")?, key))) {
        keys.push(key);
        let value = form.get(&format!("Tags.Tag.{number}.Value")).unwrap_or_default();
        question = question.key(&format!("aws:RequestTag/{key}"), [steady(key, value)]);
    }
    if !keys.is_empty() {
        keys.sort_unstable();
        question = question.key("aws:TagKeys", keys);
    }
    for (key, value) in borne {
        question = question.key(&format!("aws:ResourceTag/{key}"), [steady(key, value)]);
    }
    question
}

/// The value of a tag. Times and digests are other ones in every run; of their tags a policy can only ask whether they are there.
fn steady<'v>(key: &str, value: &'v str) -> &'v str {
    if [OPERATION_TAG, RETIRED_BY_TAG, ROLE_TAG, TARGET_TAG].contains(&key) { value } else { "any" }
}

/// The tags that something in the sandbox bears; none where there is no such thing.
pub(super) fn tags_in(sandbox: &Sandbox, arn: &str) -> BTreeMap<String, String> {
    let parts: Vec<&str> = arn.splitn(7, ':').collect();
    let [_, _, _, region, account, kind, name] = parts[..] else { return BTreeMap::new() };
    let place = Place { account: AccountId::new(account), region: RegionName::new(region) };
    let held = sandbox.look(|world| world.holdings(&place));
    let found: Option<Vec<Tag>> = match kind {
        "cluster" => held
            .clusters
            .values()
            .find(|(one, _)| one.db_cluster_identifier == name)
            .map(|(one, _)| one.tag_list.clone()),
        "db" => held
            .instances
            .values()
            .find(|(one, _)| one.db_instance_identifier == name)
            .map(|(one, _)| one.tag_list.clone()),
        "cluster-snapshot" => {
            let mut snapshots = held.snapshots.values().map(|held| &held.shown);
            snapshots.find(|one| one.db_cluster_snapshot_identifier == name).map(|one| one.tag_list.clone())
        }
        // Groups are the customer's.
        "cluster-pg" | "pg" | "og" | "subgrp" => None,
        other => panic!("nobody has said where a {other} is"),
    };
    found.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)).collect()
}
