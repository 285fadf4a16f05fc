//! Whole restores without trouble: the world is exactly as the plan says.

use crate::undone_by_a_person;
use aurora_restore_core::{
    ids::{InstanceId, SnapshotId},
    operation::{Operation, Status},
    ports::{SnapshotAddress, SnapshotKind},
    request::{ArchivePolicy, CopyRoute, Request, SourceSelector, Strategy},
};
use aurora_restore_testing::{
    Witness,
    scenario::{Encryption, FRANKFURT, PROD, SOURCE_CLUSTER, STAGING, Scenario, Stage, TARGET, TargetIs},
};

const NEW: &str = "shop.customers:20000,shop.orders:180000";
const STALE: &str = "shop.customers:10";

/// Runs a request on a stage to its good end.
fn completed(scenario: &Scenario, request: Request) -> Operation {
    let (status, session) = scenario.run("op-1", request).unwrap();
    let operation = session.operation().clone();
    assert_eq!(status, Status::Completed, "{:?}", operation.failure);
    operation
}

fn selector(scenario: &Scenario) -> SourceSelector {
    SourceSelector::Snapshot(scenario.snapshot())
}

/// The names of what is new in the world, and of what is gone.
fn news(scenario: &Scenario, act: impl FnOnce()) -> (Vec<String>, Vec<String>) {
    let before = scenario.view(Witness::OfIdentity);
    act();
    scenario.settle();
    let after = scenario.view(Witness::OfIdentity);
    let only = |one: &aurora_restore_testing::View, other: &aurora_restore_testing::View| {
        let others = other.names();
        let mine = one.names();
        mine.into_iter()
            .filter(|name| !others.contains(name))
            .map(|name| name.rsplit('/').next().unwrap().to_owned())
            .collect()
    };
    (only(&after, &before), only(&before, &after))
}

#[test]
fn a_swap_puts_the_new_cluster_under_the_name_and_keeps_the_old_one() {
    let scenario = Scenario::new(Stage::default());
    let before = scenario.view(Witness::OfIdentity);
    let mut operation = None;
    let (made, gone) = news(&scenario, || operation = Some(completed(&scenario, scenario.swap())));
    let operation = operation.unwrap();
    let names = &operation.facts.plan.as_ref().unwrap().names;
    let mut expected = vec![names.retired.to_string()];
    expected.extend(names.retired_instances.iter().map(ToString::to_string));
    assert_eq!((made, gone), (expected, Vec::new()));
    assert_eq!(scenario.answer_of_target().as_deref(), Some(NEW));

    let after = scenario.view(Witness::OfIdentity);
    let retired = format!("/{}", names.retired);
    let old_id = before.field("/staging", "db_cluster_resource_id").unwrap();
    assert_eq!(after.field(&retired, "db_cluster_resource_id"), Some(old_id));
    assert!(after.field(&retired, "data").unwrap().starts_with(STALE));
    for setting in ["backup_retention_period", "copy_tags_to_snapshot", "db_cluster_parameter_group", "tag team"] {
        assert_eq!(after.field("/staging", setting), before.field("/staging", setting), "{setting}");
    }
    assert_eq!(
        after.field("/staging", "preferred_maintenance_window"),
        before.field("/staging", "preferred_maintenance_window")
    );
    assert_eq!(after.field("/staging", "tag refreshed-by"), Some("nightly"));
    assert_eq!(after.field("/staging-1", "db_parameter_group"), Some("\"staging-instances\""));
    let comparison = &operation.facts.settings.as_ref().unwrap().comparison;
    let different: Vec<_> = comparison.iter().filter(|row| !row.same).collect();
    assert!(different.is_empty(), "{different:#?}");
}

#[test]
fn a_swap_leaves_neighbours_and_source_as_they_were() {
    let scenario = Scenario::new(Stage::across());
    let (before, _) = (scenario.view(Witness::OfIdentity), completed(&scenario, scenario.swap()));
    scenario.settle();
    let after = scenario.view(Witness::OfIdentity);
    let differences: Vec<String> =
        before.differences(&after).into_iter().filter(|line| !line.contains("/staging")).collect();
    assert_eq!(differences, Vec::<String>::new());
}

#[test]
fn who_can_log_in_afterwards_is_what_the_secrets_say() {
    let scenario = Scenario::new(Stage::default());
    let operation = completed(&scenario, scenario.swap());
    let view = scenario.view(Witness::OfIdentity);
    let data = view.field("/staging", "data").unwrap();
    assert!(data.contains("analyst:false:"), "{data}");
    assert!(data.contains("shop:true:shop-of-today"), "{data}");
    assert!(data.contains("postgres:true:fresh-Master-0002"), "{data}");
    assert!(operation.facts.users.unwrap().outcome.proofs.iter().all(|proof| proof.holds));
}

#[test]
fn a_swap_without_a_target_takes_the_name() {
    let scenario = Scenario::new(Stage::default().with_target(TargetIs::Absent));
    let (made, gone) = news(&scenario, || drop(completed(&scenario, scenario.swap())));
    assert_eq!(made, ["staging", "staging-instance-1"]);
    assert_eq!(gone, Vec::<String>::new());
    assert_eq!(scenario.answer_of_target().as_deref(), Some(NEW));
}

#[test]
fn a_protected_target_is_swapped_and_stays_protected_under_its_retired_name() {
    let scenario = Scenario::new(Stage::default().with_target(TargetIs::Protected));
    let operation = completed(&scenario, scenario.swap());
    let view = scenario.view(Witness::OfIdentity);
    let retired = format!("/{}", operation.facts.plan.as_ref().unwrap().names.retired);
    assert_eq!(view.field(&retired, "deletion_protection"), Some("true"));
    assert_eq!(view.field("/staging", "deletion_protection"), Some("true"));
}

#[test]
fn side_by_side_makes_a_cluster_of_its_own_and_touches_nothing() {
    let scenario = Scenario::new(Stage::default());
    let before = scenario.view(Witness::OfIdentity);
    let operation = completed(&scenario, scenario.request(Strategy::SideBySide, selector(&scenario)));
    let names = operation.facts.plan.unwrap().names.clone();
    scenario.settle();
    let after = scenario.view(Witness::OfIdentity).without(names.staged.as_str());
    assert_eq!(before.differences(&after), Vec::<String>::new());
    assert_eq!(scenario.answer_of_target().as_deref(), Some(STALE));
}

#[test]
fn replace_deletes_first_and_keeps_a_final_snapshot() {
    let scenario = Scenario::new(Stage::default());
    let request = scenario.request(Strategy::Replace, selector(&scenario));
    let mut operation = None;
    let (made, gone) = news(&scenario, || operation = Some(completed(&scenario, request)));
    let names = operation.unwrap().facts.plan.unwrap().names.clone();
    assert_eq!((made, gone), (vec![names.final_snapshot.to_string()], Vec::new()));
    assert_eq!(scenario.answer_of_target().as_deref(), Some(NEW));
}

#[test]
fn replace_refuses_a_protected_target_and_changes_nothing() {
    let scenario = Scenario::new(Stage::default().with_target(TargetIs::Protected));
    let before = scenario.view(Witness::OfIdentity);
    let (status, _) = scenario.run("op-1", scenario.request(Strategy::Replace, selector(&scenario))).unwrap();
    assert_eq!(status, Status::Failed);
    assert_eq!(before.differences(&scenario.view(Witness::OfIdentity)), Vec::<String>::new());
}

#[test]
fn every_kind_of_source_ends_under_the_name() {
    let cluster = || SOURCE_CLUSTER.parse().unwrap();
    let day = "2026-11-21".parse().unwrap();
    let kinds = vec![SnapshotKind::Automated];
    let automated = SourceSelector::LatestOf { cluster: cluster(), kinds };
    for selector in [
        SourceSelector::ByDate { prefix: SOURCE_CLUSTER.to_owned(), date: day },
        SourceSelector::LatestOf { cluster: cluster(), kinds: Vec::new() },
        automated,
        SourceSelector::Clone { cluster: cluster() },
        SourceSelector::PointInTime { cluster: cluster(), at: None },
    ] {
        let scenario = Scenario::new(Stage::default());
        completed(&scenario, scenario.request(Strategy::Swap, selector.clone()));
        assert_eq!(scenario.answer_of_target().as_deref(), Some(NEW), "{selector:?}");
    }
}

#[test]
fn data_cross_accounts_and_regions_under_a_key_of_the_target() {
    for (encryption, kinds) in [
        (Encryption::None, vec![SnapshotKind::Manual]),
        (Encryption::CustomerKey, vec![SnapshotKind::Manual]),
        (Encryption::DefaultKey, vec![SnapshotKind::Manual]),
        (Encryption::CustomerKey, vec![SnapshotKind::Automated]),
    ] {
        for route in [CopyRoute::Direct, CopyRoute::TwoHops] {
            let scenario = Scenario::new(Stage { encryption, ..Stage::across() });
            let selector = SourceSelector::LatestOf { cluster: SOURCE_CLUSTER.parse().unwrap(), kinds: kinds.clone() };
            let mut request = scenario.request(Strategy::Swap, selector);
            request.copy.route = route;
            let case = format!("{encryption:?} {kinds:?} {route:?}");
            let (made, _) = news(&scenario, || {
                let (status, session) = scenario.run("op-1", request).unwrap();
                assert_eq!(status, Status::Completed, "{case}: {:?}", session.operation().failure);
            });
            assert_eq!(scenario.answer_of_target().as_deref(), Some(NEW), "{case}");
            let view = scenario.view(Witness::OfIdentity);
            let key = view.field(&format!("{STAGING}/{FRANKFURT}/{TARGET}"), "kms_key_id").map(ToOwned::to_owned);
            assert_eq!(key.is_some_and(|key| key.contains(STAGING)), encryption != Encryption::None, "{case}");
            let left: Vec<&String> = made.iter().filter(|name| name.contains("copy")).collect();
            assert_eq!(left, Vec::<&String>::new(), "{case}: copies stay");
            let shared = view.field(&format!("{PROD}/eu-west-1/prod-2026-11-21"), "shared").unwrap().to_owned();
            assert!(!shared.contains(STAGING), "{case}: {shared}");
        }
    }
}

#[test]
fn copies_are_kept_thinned_out_or_deleted_as_the_request_says() {
    for (policy, expected) in
        [(ArchivePolicy::Delete, [0, 0, 0]), (ArchivePolicy::Keep, [1, 2, 3]), (ArchivePolicy::KeepLast(2), [1, 2, 2])]
    {
        let scenario = Scenario::new(Stage::across());
        for (number, wanted) in expected.into_iter().enumerate() {
            let mut request = scenario.swap();
            request.archive = policy;
            let (status, _) = scenario.run(&format!("op-{number}"), request).unwrap();
            assert_eq!(status, Status::Completed);
            scenario.settle();
            let view = scenario.view(Witness::OfIdentity);
            let copies = view.names().iter().filter(|name| name.contains("-copy-")).count();
            assert_eq!(copies, wanted, "{policy:?} after {}", number + 1);
            assert!(view.field("eu-west-1/prod-2026-11-21", "status").is_some(), "the source is never deleted");
        }
    }
}

#[test]
fn the_same_refresh_twice_in_a_row_replaces_the_first_ones_result() {
    let scenario = Scenario::new(Stage::default());
    let first = completed(&scenario, scenario.swap());
    let (status, session) = scenario.run("op-2", scenario.swap()).unwrap();
    assert_eq!(status, Status::Completed, "{:?}", session.operation().failure);
    let second = session.operation();
    let replaced = second.facts.plan.as_ref().unwrap().existing.as_ref().unwrap();
    assert!(replaced.made_by_us);
    assert_eq!(replaced.resource_id, first.facts.restored.unwrap().resource_id);
    let view = scenario.view(Witness::OfIdentity);
    assert_eq!(view.field("/staging", "tag aurora-restore:operation-id"), Some("op-2"));
    assert_eq!(view.field("/staging", "tag aurora-restore:retired-by"), None);
    assert_eq!(scenario.answer_of_target().as_deref(), Some(NEW));
}

/// What a switch renames away is marked with whose work it is, and what it gives back bears no mark any more: by the mark alone
/// whoever ends a retired cluster may be allowed to delete its instances.
#[test]
fn the_instances_of_a_retired_cluster_are_marked_until_they_have_their_names_back() {
    let scenario = Scenario::new(Stage::default());
    let before = scenario.view(Witness::OfIdentity);
    let (_, mut session) = scenario.run("op-1", scenario.swap()).unwrap();
    scenario.settle();
    let names = session.operation().facts.plan.as_ref().unwrap().names.clone();
    let marks = |names: &[InstanceId]| -> Vec<Option<String>> {
        let view = scenario.view(Witness::OfIdentity);
        let mark =
            |name: &InstanceId| view.field(&format!("/{name}"), "tag aurora-restore:retired-by").map(str::to_owned);
        names.iter().map(mark).collect()
    };
    let old = &names.retired_instances;
    assert!(!old.is_empty());
    assert_eq!(marks(old), vec![Some("op-1".to_owned()); old.len()]);
    assert_eq!(marks(&names.serving_instances), vec![None; names.serving_instances.len()]);
    let _status = undone_by_a_person(&scenario, &mut session);
    scenario.settle();
    assert_eq!(before.differences(&scenario.view(Witness::OfIdentity)), Vec::<String>::new());
}

#[test]
fn a_snapshot_shared_by_another_account_needs_no_role_there() {
    let scenario = Scenario::new(Stage { encryption: Encryption::CustomerKey, ..Stage::across() });
    let address = SnapshotAddress::Name(SnapshotId::new("prod-2026-11-21").unwrap());
    assert_eq!(scenario.snapshot(), address);
    completed(&scenario, scenario.swap());
}
