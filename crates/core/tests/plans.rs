//! Plans as data in, data out: each way of a snapshot, and each refusal with its code, before anything is changed.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::BTreeMap;

use aurora_restore_core::{
    catalogue::ErrorCode,
    ids::{KmsKey, SecretId, SnapshotId},
    plan::{Plan, PlanError, Severity, make},
    ports::{RestoreSource, Side, SnapshotAddress, SnapshotKind},
    request::{CopyRoute, Request, SourceSelector, Strategy},
    steps::{OPERATION_TAG, ROLE_TAG, Role},
};
use aurora_restore_sandbox::model::{
    call::{
        Call, CopyDbClusterSnapshot, CreateDbCluster, CreateDbClusterSnapshot, CreateParameterGroup, ModifyDbCluster,
        NameDbCluster, NameDbClusterSnapshot,
    },
    resources::Tag,
};
use aurora_restore_testing::{
    Witness, block_on,
    scenario::{
        Encryption, IRELAND, NEIGHBOUR, PROD, SOURCE_CLUSTER, STAGING, Scenario, Stage, TARGET, TargetIs, operation,
    },
};

fn planned(scenario: &Scenario, request: &Request) -> Result<Plan, PlanError> {
    block_on(make(&scenario.ports(), request, &operation("op-plan")))
}

/// Checks the way of a snapshot: each hop as `side/region key? share?`, and what is restored from.
fn check_route(stage: Stage, change: impl Fn(&mut Request), expected: &[&str]) {
    let scenario = Scenario::new(stage);
    let mut request = scenario.swap();
    change(&mut request);
    let plan = planned(&scenario, &request).unwrap();
    let hops: Vec<String> = plan
        .hops
        .iter()
        .map(|hop| {
            let side = if hop.location.side == Side::Source { "source" } else { "target" };
            let key = hop.kms_key.as_ref().map_or("no key", |key| {
                if key.as_str().contains(PROD) {
                    "the source's key"
                } else if key.as_str().contains(STAGING) {
                    "the target's key"
                } else {
                    "the default key"
                }
            });
            let share = if hop.share_first.is_some() { ", shared first" } else { "" };
            format!("{side}/{}: {key}{share}", hop.location.region)
        })
        .collect();
    assert_eq!(hops, expected);
    for (before, hop) in plan.hops.iter().zip(plan.hops.iter().skip(1)) {
        let name = hop.from.as_str().rsplit(':').next().unwrap();
        assert_eq!(name, before.to.as_str(), "each hop copies the one before");
    }
}

fn automated(request: &mut Request) {
    request.source.selector =
        SourceSelector::LatestOf { cluster: SOURCE_CLUSTER.parse().unwrap(), kinds: vec![SnapshotKind::Automated] };
}

#[test]
fn in_one_account_and_region_nothing_is_copied() {
    check_route(Stage::default(), |_| (), &[]);
}

#[test]
fn an_unencrypted_snapshot_crosses_without_a_key() {
    let stage = Stage { source_region: IRELAND, ..Stage::default() };
    check_route(stage, |_| (), &["target/eu-central-1: no key"]);
}

#[test]
fn an_encrypted_snapshot_crosses_regions_under_a_key_of_the_target() {
    let stage = Stage { source_region: IRELAND, encryption: Encryption::CustomerKey, ..Stage::default() };
    check_route(stage, |_| (), &["target/eu-central-1: the target's key"]);
}

#[test]
fn a_snapshot_of_another_account_is_shared_and_copied_in_one_call() {
    check_route(Stage::across(), |_| (), &["target/eu-central-1: the target's key, shared first"]);
}

#[test]
fn it_may_go_in_two_hops() {
    let expected = ["target/eu-west-1: the default key, shared first", "target/eu-central-1: the target's key"];
    check_route(Stage::across(), |request| request.copy.route = CopyRoute::TwoHops, &expected);
}

#[test]
fn an_automated_encrypted_snapshot_is_copied_to_a_customers_key_before_it_is_shared() {
    let expected = ["source/eu-west-1: the source's key", "target/eu-central-1: the target's key, shared first"];
    check_route(Stage::across(), automated, &expected);
}

#[test]
fn a_snapshot_under_the_default_key_is_copied_to_a_customers_key_before_it_is_shared() {
    let stage = Stage { encryption: Encryption::DefaultKey, ..Stage::across() };
    let expected = ["source/eu-west-1: the source's key", "target/eu-central-1: the target's key, shared first"];
    check_route(stage, |_| (), &expected);
}

#[test]
fn an_unencrypted_snapshot_is_encrypted_by_the_restore() {
    let scenario = Scenario::new(Stage::default());
    let mut request = scenario.swap();
    request.copy.kms_key = Some(KmsKey::new("alias/aws/rds").unwrap());
    let plan = planned(&scenario, &request).unwrap();
    assert_eq!((plan.hops.len(), plan.restore_kms_key), (0, request.copy.kms_key));
}

#[test]
fn replacing_a_cluster_by_its_own_automated_snapshot_copies_that_first() {
    let scenario = Scenario::new(Stage::default());
    scenario.sim.with_world(|world, now| {
        let seed = aurora_restore_sandbox::model::SeedSnapshot {
            place: scenario.target_place().place(),
            db_cluster_identifier: TARGET.to_owned(),
            created_at: now,
            name: None,
            tags: Vec::new(),
        };
        world.seed_snapshot(seed, now).unwrap();
    });
    let selector = SourceSelector::LatestOf { cluster: TARGET.parse().unwrap(), kinds: vec![SnapshotKind::Automated] };
    let mut request = scenario.request(Strategy::Replace, selector);
    request.secrets.source_master = None;
    let plan = planned(&scenario, &request).unwrap();
    assert_eq!(plan.hops.len(), 1, "it would be gone with its cluster");
    request.strategy = Strategy::Swap;
    assert_eq!(planned(&scenario, &request).unwrap().hops.len(), 0);
}

/// It bore a later date than what it was a copy of, and was gone before the second operation had copied it.
#[test]
fn the_newest_snapshot_is_none_that_another_operation_has_copied() {
    let scenario = Scenario::new(Stage::default());
    let place = scenario.source_place();
    let original = scenario.snapshot();
    let copy = format!("{original}-copy-{}-1", operation("op-other").tag());
    let tag = |key: &str, value: &str| Tag { key: key.to_owned(), value: value.to_owned() };
    scenario.clock.turn(jiff::SignedDuration::from_mins(10));
    scenario.operator(
        &place,
        Call::CopyDbClusterSnapshot(CopyDbClusterSnapshot {
            source_db_cluster_snapshot_identifier: original.to_string(),
            target_db_cluster_snapshot_identifier: copy.clone(),
            tags: vec![tag(OPERATION_TAG, "op-other"), tag(ROLE_TAG, Role::Copy.as_str())],
            ..CopyDbClusterSnapshot::default()
        }),
    );
    scenario.settle();
    let kinds = vec![SnapshotKind::Manual];
    let selector = SourceSelector::LatestOf { cluster: SOURCE_CLUSTER.parse().unwrap(), kinds };
    let request = scenario.request(Strategy::Swap, selector);
    let found = |scenario: &Scenario| planned(scenario, &request).unwrap().snapshot.unwrap().id.to_string();
    assert_eq!(found(&scenario), original.to_string());

    let delete = NameDbClusterSnapshot { db_cluster_snapshot_identifier: original.to_string() };
    scenario.operator(&place, Call::DeleteDbClusterSnapshot(delete));
    scenario.settle();
    assert_eq!(found(&scenario), copy, "there is nothing else");

    // An unrelated one that is older does not win because the copy's origin has gone.
    scenario.sim.with_world(|world, now| {
        let seed = aurora_restore_sandbox::model::SeedSnapshot {
            place: place.place(),
            db_cluster_identifier: SOURCE_CLUSTER.to_owned(),
            created_at: now - jiff::SignedDuration::from_hours(24 * 365),
            name: Some("of-last-year".to_owned()),
            tags: Vec::new(),
        };
        world.seed_snapshot(seed, now).unwrap();
    });
    assert_eq!(found(&scenario), copy);
}

#[test]
fn a_clone_is_restored_from_the_running_cluster() {
    let scenario = Scenario::new(Stage::default());
    let cluster = SOURCE_CLUSTER.parse().unwrap();
    let plan = planned(&scenario, &scenario.request(Strategy::Swap, SourceSelector::Clone { cluster })).unwrap();
    assert!(matches!(plan.restore_source, RestoreSource::LatestOf { .. }) && plan.hops.is_empty());
}

/// Checks that a request is refused with a code and a text, and that planning changed nothing.
fn check_refused(stage: Stage, change: impl Fn(&mut Scenario, &mut Request), code: ErrorCode, text: &str) {
    let mut scenario = Scenario::new(stage);
    let mut request = scenario.swap();
    change(&mut scenario, &mut request);
    let before = scenario.view(Witness::OfIdentity);
    let findings = match planned(&scenario, &request) {
        Err(PlanError::Refused { findings }) => findings,
        other => panic!("{text}: {other:?}"),
    };
    let refusals: Vec<_> = findings.iter().filter(|finding| finding.severity == Severity::Refusal).collect();
    assert!(
        refusals.iter().any(|finding| finding.code == code && finding.message.contains(text)),
        "{text}: {refusals:#?}"
    );
    assert_eq!(before.differences(&scenario.view(Witness::OfIdentity)), Vec::<String>::new());
}

fn snapshot(name: &str) -> SourceSelector {
    SourceSelector::Snapshot(SnapshotAddress::Name(SnapshotId::new(name).unwrap()))
}

fn modify(scenario: &Scenario, input: ModifyDbCluster) {
    let place = scenario.target_place();
    scenario.operator(&place, Call::ModifyDbCluster(ModifyDbCluster { apply_immediately: Some(true), ..input }));
    scenario.settle();
}

#[test]
fn snapshots_that_cannot_be_used_are_refused() {
    let stage = Stage::default;
    let by_date =
        |prefix: &str, date: &str| SourceSelector::ByDate { prefix: prefix.to_owned(), date: date.parse().unwrap() };
    check_refused(
        stage(),
        |_, request| request.source.selector = snapshot("nobody"),
        ErrorCode::SnapshotNotFound,
        "there is no cluster snapshot nobody",
    );
    check_refused(
        stage(),
        |_, request| request.source.selector = by_date("prod", "2026-11-01"),
        ErrorCode::SnapshotNotFound,
        "for 2026-11-01",
    );
    check_refused(
        stage(),
        |_, request| request.source.selector = by_date("prod", "2027-01-01"),
        ErrorCode::SnapshotDate,
        "lies in the future",
    );
    let creating = |scenario: &mut Scenario, request: &mut Request| {
        let call = Call::CreateDbClusterSnapshot(CreateDbClusterSnapshot {
            db_cluster_snapshot_identifier: "prod-young".to_owned(),
            db_cluster_identifier: SOURCE_CLUSTER.to_owned(),
            tags: Vec::new(),
        });
        scenario.operator(&scenario.source_place(), call);
        request.source.selector = snapshot("prod-young");
    };
    check_refused(stage(), creating, ErrorCode::SnapshotNotUsable, "snapshot prod-young is `creating`");
}

#[test]
fn running_sources_that_cannot_be_used_are_refused() {
    let source = |cluster: &str| SourceSelector::Clone { cluster: cluster.parse().unwrap() };
    check_refused(
        Stage::across(),
        |_, request| request.source.selector = source(SOURCE_CLUSTER),
        ErrorCode::SnapshotAccess,
        "across accounts or Regions",
    );
    check_refused(
        Stage::default(),
        |_, request| request.source.selector = source("nobody"),
        ErrorCode::SnapshotNotFound,
        "there is no cluster nobody",
    );
    let stopped = |scenario: &mut Scenario, request: &mut Request| {
        let stop = Call::StopDbCluster(NameDbCluster { db_cluster_identifier: SOURCE_CLUSTER.to_owned() });
        scenario.operator(&scenario.source_place(), stop);
        scenario.settle();
        request.source.selector = source(SOURCE_CLUSTER);
    };
    check_refused(Stage::default(), stopped, ErrorCode::SnapshotNotUsable, "source cluster prod is `stopped`");
    let long_ago = |_: &mut Scenario, request: &mut Request| {
        let at = Some("2020-01-01T00:00:00Z".parse().unwrap());
        request.source.selector = SourceSelector::PointInTime { cluster: SOURCE_CLUSTER.parse().unwrap(), at };
    };
    check_refused(Stage::default(), long_ago, ErrorCode::SnapshotNotUsable, "is outside of what cluster prod");
}

#[test]
fn versions_groups_and_classes_that_do_not_fit_are_refused() {
    type Change = fn(&mut Scenario, &mut Request);
    let cases: [(Change, &str); 9] = [
        (|_, request| request.engine_version = Some("16.3".into()), "is older than the source's 16.4"),
        (|_, request| request.engine_version = Some("16.99".into()), "is not offered in eu-central-1"),
        (|_, request| request.settings.parameter_group = Some("nobody".into()), "nobody does not exist"),
        (|_, request| request.instances.settings.parameter_group = Some("nobody".into()), "nobody does not exist"),
        (|_, request| request.settings.subnet_group = Some("nobody".into()), "subnet group nobody does not exist"),
        (|_, request| request.instances.settings.class = Some("db.none.huge".into()), "db.none.huge cannot be ordered"),
        (|_, request| request.instances.count = Some(0), "0 instances were asked for"),
        (|_, request| request.instances.count = Some(17), "17 instances were asked for"),
        (|_, request| request.instances.settings.class = Some("db.serverless".into()), "needs a capacity"),
    ];
    for (change, text) in cases {
        check_refused(Stage::default(), change, ErrorCode::Preflight, text);
    }
    let no_class = |_: &mut Scenario, request: &mut Request| request.instances.settings.class = None;
    let absent = Stage::default().with_target(TargetIs::Absent);
    check_refused(absent, no_class, ErrorCode::Preflight, "no instance class is known");
}

#[test]
fn parameter_groups_of_another_version_are_refused() {
    let old = |scenario: &Scenario, call: fn(CreateParameterGroup) -> Call| {
        let group = CreateParameterGroup {
            name: "of-yesterday".to_owned(),
            family: "aurora-postgresql15".to_owned(),
            description: "of the version before".to_owned(),
            tags: Vec::new(),
        };
        scenario.operator(&scenario.target_place(), call(group));
    };
    let of_cluster = |scenario: &mut Scenario, request: &mut Request| {
        old(scenario, Call::CreateDbClusterParameterGroup);
        request.settings.parameter_group = Some("of-yesterday".to_owned());
    };
    let text =
        "cluster parameter group of-yesterday is of family aurora-postgresql15 and must be of aurora-postgresql16";
    check_refused(Stage::default(), of_cluster, ErrorCode::Preflight, text);
    let of_instances = |scenario: &mut Scenario, request: &mut Request| {
        old(scenario, Call::CreateDbParameterGroup);
        request.instances.settings.parameter_group = Some("of-yesterday".to_owned());
    };
    check_refused(
        Stage::default(),
        of_instances,
        ErrorCode::Preflight,
        "instance parameter group of-yesterday is of family",
    );
}

#[test]
fn a_side_by_side_restore_leaves_a_global_database_alone_and_is_not_refused() {
    let scenario = Scenario::new(Stage::default());
    scenario.sim.join_global_database(&TARGET.parse().unwrap());
    let beside = scenario.request(Strategy::SideBySide, SourceSelector::Snapshot(scenario.snapshot()));
    assert!(planned(&scenario, &beside).is_ok());
}

#[test]
fn targets_that_may_not_be_switched_are_refused() {
    let stage = Stage::default;
    let tagged = |_: &mut Scenario, request: &mut Request| {
        request.target.require_tags = BTreeMap::from([("team".to_owned(), "billing".to_owned())]);
    };
    check_refused(stage(), tagged, ErrorCode::TargetNotOurs, "must bear tag team=`billing`, which is `data`");
    let protected = |_: &mut Scenario, request: &mut Request| request.strategy = Strategy::Replace;
    let with_protection = stage().with_target(TargetIs::Protected);
    check_refused(with_protection, protected, ErrorCode::TargetProtected, "is protected against deletion");
    let stopped = |scenario: &mut Scenario, _: &mut Request| {
        let stop = Call::StopDbCluster(NameDbCluster { db_cluster_identifier: TARGET.to_owned() });
        scenario.operator(&scenario.target_place(), stop);
        scenario.settle();
    };
    check_refused(stage(), stopped, ErrorCode::TargetUnfit, "cluster staging is `stopped`");
    let global = |scenario: &mut Scenario, _: &mut Request| {
        scenario.sim.join_global_database(&TARGET.parse().unwrap());
    };
    check_refused(stage(), global, ErrorCode::TargetUnfit, "cluster staging is a member of a global database");
    let busy = |scenario: &mut Scenario, _: &mut Request| {
        let engine = aurora_restore_core::engine::Engine::new(scenario.ports());
        block_on(engine.begin(scenario.begin("op-first", scenario.swap()))).unwrap();
    };
    check_refused(stage(), busy, ErrorCode::TargetBusy, "operation op-first is already working on staging");
    let of_another = |scenario: &mut Scenario, request: &mut Request| {
        let staged = scenario.request(Strategy::SideBySide, SourceSelector::Snapshot(scenario.snapshot()));
        let (_, beside) = scenario.run("op-beside", staged).unwrap();
        request.target.cluster = beside.operation().facts.plan.as_ref().unwrap().names.staged.clone();
    };
    check_refused(stage(), of_another, ErrorCode::TargetNotOurs, "was made by operation op-beside for target staging");
}

#[test]
fn secrets_that_are_missing_or_wrong_are_refused() {
    let stage = Stage::default;
    let id = |text: &str| SecretId::new(text).unwrap();
    let missing = |scenario: &mut Scenario, _: &mut Request| scenario.secrets.remove(&id("staging/master"));
    check_refused(stage(), missing, ErrorCode::SecretMissing, "staging/master");
    type Fields = &'static [(&'static str, &'static str)];
    let cases: [(&str, Fields, &str); 7] = [
        ("staging/master", &[("username", "postgres")], "`password` is missing"),
        ("staging/master", &[("username", "postgres"), ("password", "short")], "must have 8 to 41 characters"),
        ("staging/master", &[("username", "postgres"), ("password", "with space 1")], "printable ASCII"),
        ("staging/master", &[("username", "root"), ("password", "long-enough-1")], "is not the source's master user"),
        ("staging/master", &[("username", "postgres"), ("password", "prod-Master-0001")], "is the source's"),
        ("staging/users", &[("app_username", "postgres"), ("app_password", "x")], "is the master user"),
        ("staging/users", &[("app_username", "shop")], "`app_password` is missing"),
    ];
    for (secret, fields, text) in cases {
        let change = |scenario: &mut Scenario, _: &mut Request| scenario.secrets.put(&id(secret), fields);
        check_refused(stage(), change, ErrorCode::SecretMalformed, text);
    }
}

#[test]
fn keys_and_quotas_that_do_not_suffice_are_refused() {
    let no_key = |_: &mut Scenario, request: &mut Request| request.copy.kms_key = None;
    check_refused(Stage::across(), no_key, ErrorCode::KmsDenied, "no key for the copy is given");
    let elsewhere = |_: &mut Scenario, request: &mut Request| {
        request.copy.kms_key = Some(KmsKey::new(format!("arn:aws:kms:{IRELAND}:{STAGING}:key/1")).unwrap());
    };
    check_refused(Stage::across(), elsewhere, ErrorCode::KmsDenied, "is a key of eu-west-1");
    let not_shareable = |_: &mut Scenario, request: &mut Request| {
        automated(request);
        request.copy.source_kms_key = None;
    };
    check_refused(Stage::across(), not_shareable, ErrorCode::SnapshotAccess, "cannot be shared as it is");
    let full = |scenario: &mut Scenario, _: &mut Request| {
        for number in 1..=37 {
            let cluster = CreateDbCluster {
                db_cluster_identifier: format!("other-{number}"),
                engine: "aurora-postgresql".to_owned(),
                master_username: Some("postgres".to_owned()),
                master_user_password: Some(aurora_restore_sandbox::model::Secret::new("first-Password-1")),
                ..CreateDbCluster::default()
            };
            scenario.operator(&scenario.target_place(), Call::CreateDbCluster(cluster));
        }
        scenario.settle();
    };
    check_refused(Stage::default(), full, ErrorCode::Quota, "DBClusters: 40 of 40 are used and 1 more are needed");
}

#[test]
fn a_name_that_somebody_else_has_taken_is_refused() {
    let taken = |scenario: &mut Scenario, _: &mut Request| {
        let name = planned(scenario, &scenario.swap()).unwrap().names.staged.to_string();
        modify(
            scenario,
            ModifyDbCluster {
                db_cluster_identifier: NEIGHBOUR.to_owned(),
                new_db_cluster_identifier: Some(name),
                ..ModifyDbCluster::default()
            },
        );
    };
    check_refused(Stage::default(), taken, ErrorCode::NameTaken, "exists already");
}

#[test]
fn two_plans_of_the_same_request_have_one_digest_until_the_target_changes() {
    let scenario = Scenario::new(Stage::default());
    let request = scenario.swap();
    let first = planned(&scenario, &request).unwrap();
    scenario.clock.turn(jiff::SignedDuration::from_mins(10));
    assert_eq!(planned(&scenario, &request).unwrap().digest, first.digest);
    modify(
        &scenario,
        ModifyDbCluster {
            db_cluster_identifier: TARGET.to_owned(),
            backup_retention_period: Some(9),
            ..ModifyDbCluster::default()
        },
    );
    assert_ne!(planned(&scenario, &request).unwrap().digest, first.digest);
}

#[test]
fn a_stale_approval_ends_the_operation_before_anything_is_made() {
    let scenario = Scenario::new(Stage::default());
    let before = scenario.view(Witness::OfIdentity);
    let status = block_on(async {
        let engine = aurora_restore_core::engine::Engine::new(scenario.ports());
        let mut begin = scenario.begin("op-1", scenario.swap());
        begin.approved_plan = Some("0000000000000000".to_owned());
        let mut session = engine.begin(begin).await.unwrap();
        let status = aurora_restore_testing::run_to_end(&engine, &mut session, &scenario.clock, 100).await.unwrap();
        assert_eq!(session.operation().failure.as_ref().unwrap().code, ErrorCode::PlanStale);
        status
    });
    assert_eq!(status, aurora_restore_core::operation::Status::Failed);
    assert_eq!(before.differences(&scenario.view(Witness::OfIdentity)), Vec::<String>::new());
}
