//! Tags, groups, and what is offered, used up and reported.

use jiff::SignedDuration;

use super::stage::Stage;
use crate::model::call::{
    Action, AddTagsToResource, Call, CreateDbSubnetGroup, CreateParameterGroup, DescribeEngineVersions, DescribeEvents,
    DescribeGroups, DescribeOrderableOptions, Filter, ListTagsForResource, RemoveTagsFromResource,
};
use crate::model::error::RdsErrorCode;
use crate::model::reply::Reply;
use crate::model::resources::{EventSource, Tag};

fn tags(stage: &mut Stage, arn: &str) -> Vec<Tag> {
    let input = ListTagsForResource { resource_name: arn.to_owned(), filters: Vec::new() };
    match stage.ok(Call::ListTagsForResource(input)) {
        Reply::Tags(tags) => tags,
        other => panic!("not tags: {other:?}"),
    }
}

#[test]
fn tags_are_set_replaced_and_removed_by_arn() {
    let mut stage = Stage::new();
    let arn = stage.cluster("prod").db_cluster_arn.clone();
    let add = |arn: &str, tags: &[(&str, &str)]| {
        Call::AddTagsToResource(AddTagsToResource {
            resource_name: arn.to_owned(),
            tags: tags.iter().map(|(key, value)| Tag::new(*key, *value)).collect(),
        })
    };
    stage.ok(add(&arn, &[("team", "data"), ("env", "prod")]));
    stage.ok(add(&arn, &[("team", "core")]));
    assert_eq!(tags(&mut stage, &arn), [Tag::new("env", "prod"), Tag::new("team", "core")]);
    assert_eq!(stage.see("prod").tag_list.len(), 2);
    let keys = vec!["env".to_owned(), "unknown".to_owned()];
    stage.ok(Call::RemoveTagsFromResource(RemoveTagsFromResource { resource_name: arn.clone(), tag_keys: keys }));
    assert_eq!(tags(&mut stage, &arn), [Tag::new("team", "core")]);
    assert_eq!(stage.refused(add(&arn, &[("aws:x", "y")])), RdsErrorCode::InvalidParameterValue);
    assert_eq!(stage.refused(add("prod", &[("a", "b")])), RdsErrorCode::InvalidParameterValue);
    let gone = arn.replace(":prod", ":gone");
    assert_eq!(stage.refused(add(&gone, &[("a", "b")])), RdsErrorCode::DbClusterNotFound);
}

#[test]
fn a_subnet_group_covers_two_zones() {
    let mut stage = Stage::new();
    let group = |subnets: &[&str]| {
        Call::CreateDbSubnetGroup(CreateDbSubnetGroup {
            name: "data".to_owned(),
            description: "data".to_owned(),
            subnet_ids: subnets.iter().map(|id| (*id).to_owned()).collect(),
            tags: Vec::new(),
        })
    };
    assert_eq!(stage.refused(group(&["subnet-1"])), RdsErrorCode::DbSubnetGroupDoesNotCoverEnoughAzs);
    assert_eq!(stage.refused(group(&["subnet-1", "net-2"])), RdsErrorCode::InvalidSubnet);
    stage.ok(group(&["subnet-1", "subnet-2"]));
    assert_eq!(stage.refused(group(&["subnet-1", "subnet-2"])), RdsErrorCode::DbSubnetGroupAlreadyExists);
    let named = |name: &str| {
        Call::DescribeDbSubnetGroups(DescribeGroups { name: Some(name.to_owned()), ..DescribeGroups::default() })
    };
    let Reply::SubnetGroups(page) = stage.ok(named("DATA")) else { panic!("not subnet groups") };
    assert_eq!(page.items[0].subnets.len(), 2);
    assert_eq!(stage.refused(named("nope")), RdsErrorCode::DbSubnetGroupNotFound);
}

#[test]
fn the_fifty_first_parameter_group_of_an_account_is_over_quota() {
    let mut stage = Stage::new();
    let group = |number: usize| {
        Call::CreateDbClusterParameterGroup(CreateParameterGroup {
            name: format!("tuned{number}"),
            family: "aurora-postgresql16".to_owned(),
            ..CreateParameterGroup::default()
        })
    };
    for number in 0..50 {
        stage.ok(group(number));
    }
    assert_eq!(stage.refused(group(50)), RdsErrorCode::DbParameterGroupQuotaExceeded);
}

#[test]
fn each_family_on_offer_has_default_groups() {
    let mut stage = Stage::new();
    let input = DescribeGroups::default();
    let Reply::ClusterParameterGroups(page) = stage.ok(Call::DescribeDbClusterParameterGroups(input.clone())) else {
        panic!("not groups")
    };
    assert_eq!(page.items[0].name, "default.aurora-postgresql16");
    let Reply::ParameterGroups(page) = stage.ok(Call::DescribeDbParameterGroups(input)) else { panic!("not groups") };
    assert_eq!(page.items[0].family, "aurora-postgresql16");
}

#[test]
fn versions_and_classes_on_offer_are_listed() {
    let mut stage = Stage::new();
    let mut versions = |input: DescribeEngineVersions| match stage.ok(Call::DescribeDbEngineVersions(input)) {
        Reply::EngineVersions(page) => page.items.into_iter().map(|offer| offer.engine_version).collect::<Vec<_>>(),
        other => panic!("not versions: {other:?}"),
    };
    let aurora =
        || DescribeEngineVersions { engine: Some("aurora-postgresql".to_owned()), ..DescribeEngineVersions::default() };
    let all = DescribeEngineVersions { engine_version: Some("16".to_owned()), ..aurora() };
    assert_eq!(versions(all), ["16.3", "16.4", "16.5", "16.6", "16.7", "16.8"]);
    let default = DescribeEngineVersions { default_only: Some(true), ..aurora() };
    assert_eq!(versions(default), ["16.6"]);
    let orderable = |class: &str| {
        Call::DescribeOrderableDbInstanceOptions(DescribeOrderableOptions {
            engine: "aurora-postgresql".to_owned(),
            engine_version: Some("16.6".to_owned()),
            db_instance_class: Some(class.to_owned()),
            ..DescribeOrderableOptions::default()
        })
    };
    let mut count = |class: &str| match stage.ok(orderable(class)) {
        Reply::OrderableOptions(page) => page.items.len(),
        other => panic!("not options: {other:?}"),
    };
    assert_eq!((count("db.r6g.large"), count("db.x9.mega")), (1, 0));
}

#[test]
fn quotas_show_what_is_used() {
    let mut stage = Stage::new();
    stage.cluster_with("prod", 2);
    stage.snapshot("nightly", "prod");
    let Reply::AccountQuotas(quotas) = stage.ok(Call::DescribeAccountAttributes) else { panic!("not quotas") };
    let figures = |name: &str| {
        let quota = quotas.iter().find(|quota| quota.account_quota_name == name).unwrap();
        (quota.used, quota.max)
    };
    assert_eq!(figures("DBClusters"), (1, 40));
    assert_eq!(figures("DBInstances"), (2, 40));
    assert_eq!(figures("ManualClusterSnapshots"), (1, 100));
}

#[test]
fn events_are_of_the_last_hour_unless_asked_otherwise() {
    let mut stage = Stage::new();
    stage.cluster("prod");
    stage.wait(SignedDuration::from_hours(2));
    let mut count = |input: DescribeEvents| match stage.ok(Call::DescribeEvents(input)) {
        Reply::Events(page) => page.items.iter().filter(|event| event.source_type == EventSource::DbCluster).count(),
        other => panic!("not events: {other:?}"),
    };
    let day = || DescribeEvents { duration: Some(24 * 60), ..DescribeEvents::default() };
    assert_eq!(count(DescribeEvents::default()), 0);
    assert_eq!(count(day()), 1);
    let named = |kind: &str| DescribeEvents {
        source_identifier: Some("prod".to_owned()),
        source_type: Some(kind.to_owned()),
        ..day()
    };
    assert_eq!((count(named("db-cluster")), count(named("db-instance"))), (1, 0));
    let untyped = DescribeEvents { source_type: None, ..named("db-cluster") };
    assert_eq!(stage.refused(Call::DescribeEvents(untyped)), RdsErrorCode::InvalidParameterCombination);
}

#[test]
fn a_filter_that_an_action_does_not_have_is_refused() {
    let mut stage = Stage::new();
    let filters = vec![Filter { name: "status".to_owned(), values: vec!["available".to_owned()] }];
    let input = DescribeGroups { filters, ..DescribeGroups::default() };
    assert_eq!(stage.refused(Call::DescribeDbSubnetGroups(input)), RdsErrorCode::InvalidParameterValue);
}

#[test]
fn actions_and_codes_have_the_names_of_the_wire() {
    for action in Action::ALL {
        assert_eq!(Action::from_wire(action.as_str()), Some(*action));
    }
    assert_eq!(Action::from_wire("CreateDbCluster"), None);
    let wire: Vec<_> = [
        RdsErrorCode::DbClusterNotFound,
        RdsErrorCode::DbInstanceNotFound,
        RdsErrorCode::DbClusterSnapshotNotFound,
        RdsErrorCode::SnapshotQuotaExceeded,
        RdsErrorCode::InvalidDbInstanceState,
    ]
    .map(RdsErrorCode::as_str)
    .to_vec();
    let expected = [
        "DBClusterNotFoundFault",
        "DBInstanceNotFound",
        "DBClusterSnapshotNotFoundFault",
        "SnapshotQuotaExceeded",
        "InvalidDBInstanceState",
    ];
    assert_eq!(wire, expected);
}
