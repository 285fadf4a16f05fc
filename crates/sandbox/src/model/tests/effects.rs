//! The work that a data plane gets, and what its outcomes do.

use jiff::SignedDuration;

use super::stage::{PASSWORD, Stage};
use crate::model::call::{Call, DeleteDbCluster, DeleteDbInstance, DescribeEvents, ModifyDbCluster, ModifyDbInstance};
use crate::model::config::{DataPlaneMode, Durations, WorldConfig};
use crate::model::effect::{Effect, EffectOutcome, EndpointKind, Work};
use crate::model::reply::Reply;
use crate::model::resources::{ClusterStatus, InstanceStatus, SnapshotStatus};
use crate::model::{Secret, World};

fn attached() -> Stage {
    let mut config = WorldConfig::postgresql(16, Durations::zero());
    config.data_plane = DataPlaneMode::Attached;
    Stage::with(config)
}

/// Does all the work that is waiting, until there is no more.
fn work(stage: &mut Stage) -> Vec<Work> {
    let mut done = Vec::new();
    loop {
        let effects = stage.world.take_effects();
        if effects.is_empty() {
            return done;
        }
        for Effect { id, work } in effects {
            let outcome = match &work {
                Work::PublishEndpoint { endpoint, .. } => {
                    let port = 40_000 + u16::try_from(endpoint.name.len()).unwrap();
                    EffectOutcome::Endpoint { address: "127.0.0.1".to_owned(), port }
                }
                _ => EffectOutcome::Done,
            };
            stage.world.finish_effect(id, Ok(outcome), stage.now);
            done.push(work);
        }
    }
}

fn fail_first(stage: &mut Stage, which: impl Fn(&Work) -> bool) {
    for Effect { id, work } in stage.world.take_effects() {
        let outcome = if which(&work) { Err("the disk is full".to_owned()) } else { Ok(EffectOutcome::Done) };
        stage.world.finish_effect(id, outcome, stage.now);
    }
}

fn failures(stage: &mut Stage) -> Vec<String> {
    let input = DescribeEvents { event_categories: vec!["failure".to_owned()], ..DescribeEvents::default() };
    match stage.ok(Call::DescribeEvents(input)) {
        Reply::Events(page) => page.items.into_iter().map(|event| event.message).collect(),
        other => panic!("not events: {other:?}"),
    }
}

fn serving_cluster(stage: &mut Stage, name: &str) {
    stage.ok(Call::CreateDbCluster(Stage::new_cluster(name)));
    work(stage);
    stage.ok(Call::CreateDbInstance(Stage::new_instance(&format!("{name}-1"), name)));
    work(stage);
}

#[test]
fn a_cluster_is_available_only_when_its_data_is_there() {
    let mut stage = attached();
    stage.ok(Call::CreateDbCluster(Stage::new_cluster("prod")));
    stage.settle();
    assert_eq!(stage.see("prod").status, ClusterStatus::Creating);
    let done = work(&mut stage);
    assert!(matches!(&done[..], [Work::CreateVolume { master_password, .. }] if master_password.expose() == PASSWORD));
    assert_eq!(stage.see("prod").status, ClusterStatus::Available);
}

#[test]
fn endpoints_are_where_the_data_plane_says() {
    let mut stage = attached();
    stage.ok(Call::CreateDbCluster(Stage::new_cluster("prod")));
    work(&mut stage);
    assert_eq!(stage.see("prod").endpoint, None);
    stage.ok(Call::CreateDbInstance(Stage::new_instance("prod-1", "prod")));
    let done = work(&mut stage);
    assert!(matches!(done[0], Work::StartServer { .. }));
    let kinds: Vec<_> = done
        .iter()
        .filter_map(|work| match work {
            Work::PublishEndpoint { endpoint, .. } => Some(endpoint.kind),
            _ => None,
        })
        .collect();
    assert_eq!(kinds, [EndpointKind::ClusterWriter, EndpointKind::ClusterReader, EndpointKind::Instance]);
    let cluster = stage.see("prod");
    assert_eq!((cluster.endpoint.as_ref().unwrap().port, cluster.port), (40_004, 40_004));
    assert_eq!(stage.see_instance("prod-1").endpoint.as_ref().unwrap().port, 40_006);
    stage.ok(Call::CreateDbInstance(Stage::new_instance("prod-2", "prod")));
    assert_eq!(work(&mut stage).len(), 1, "the second instance needs an endpoint only");
}

#[test]
fn a_rename_moves_the_endpoints_of_the_cluster() {
    let mut stage = attached();
    serving_cluster(&mut stage, "prod");
    stage.ok(Call::ModifyDbCluster(ModifyDbCluster {
        db_cluster_identifier: "prod".to_owned(),
        new_db_cluster_identifier: Some("retired".to_owned()),
        apply_immediately: Some(true),
        ..ModifyDbCluster::default()
    }));
    assert_eq!(stage.see("prod").status, ClusterStatus::Renaming);
    let done = work(&mut stage);
    let withdrawn =
        done.iter().filter(|work| matches!(work, Work::WithdrawEndpoint { endpoint, .. } if endpoint.name == "prod"));
    let published =
        done.iter().filter(|work| matches!(work, Work::PublishEndpoint { endpoint, .. } if endpoint.name == "retired"));
    assert_eq!((withdrawn.count(), published.count()), (2, 2));
    assert_eq!(stage.see("retired").endpoint.as_ref().unwrap().port, 40_007);
}

#[test]
fn a_rename_that_fails_leaves_the_old_name_answering() {
    let mut stage = attached();
    serving_cluster(&mut stage, "prod");
    stage.ok(Call::ModifyDbCluster(ModifyDbCluster {
        db_cluster_identifier: "prod".to_owned(),
        new_db_cluster_identifier: Some("retired".to_owned()),
        apply_immediately: Some(true),
        ..ModifyDbCluster::default()
    }));
    fail_first(&mut stage, |work| matches!(work, Work::PublishEndpoint { .. }));
    work(&mut stage);
    let shown = stage.see("prod");
    assert_eq!((shown.status, shown.pending_modified_values.as_ref()), (ClusterStatus::Available, None));
    let endpoint = shown.endpoint.clone().unwrap();
    assert!(stage.world.who_answers(&endpoint.address, endpoint.port).is_some());
    assert_eq!(failures(&mut stage).len(), 1);
}

#[test]
fn work_that_fails_ends_in_the_status_that_fits_with_an_event() {
    let mut stage = attached();
    stage.ok(Call::CreateDbCluster(Stage::new_cluster("broken")));
    fail_first(&mut stage, |_| true);
    assert_eq!(stage.see("broken").status, ClusterStatus::Failed);
    serving_cluster(&mut stage, "prod");
    stage.ok(Stage::new_snapshot("bad", "prod"));
    fail_first(&mut stage, |_| true);
    assert_eq!(stage.see_snapshot("bad").status, SnapshotStatus::Failed);
    assert_eq!(stage.see("prod").status, ClusterStatus::Available);
    stage.ok(Stage::new_snapshot("good", "prod"));
    work(&mut stage);
    stage.ok(Call::RestoreDbClusterFromSnapshot(Stage::restore("staged", "good")));
    fail_first(&mut stage, |_| true);
    assert_eq!(stage.see("staged").status, ClusterStatus::MigrationFailed);
    stage.ok(Call::RestoreDbClusterFromSnapshot(Stage::restore("again", "good")));
    work(&mut stage);
    stage.ok(Call::CreateDbInstance(Stage::new_instance("again-1", "again")));
    fail_first(&mut stage, |work| matches!(work, Work::StartServer { .. }));
    assert_eq!(stage.see_instance("again-1").db_instance_status, InstanceStatus::IncompatibleRestore);
    let messages = failures(&mut stage);
    assert_eq!(messages.len(), 4);
    assert!(messages.iter().any(|message| message.contains("the disk is full")), "{messages:?}");
}

#[test]
fn a_failed_final_snapshot_keeps_the_cluster_and_its_data() {
    let mut stage = attached();
    serving_cluster(&mut stage, "prod");
    stage.ok(Call::DeleteDbInstance(DeleteDbInstance {
        db_instance_identifier: "prod-1".to_owned(),
        ..DeleteDbInstance::default()
    }));
    work(&mut stage);
    let input = DeleteDbCluster {
        db_cluster_identifier: "prod".to_owned(),
        final_db_snapshot_identifier: Some("last".to_owned()),
        ..DeleteDbCluster::default()
    };
    stage.ok(Call::DeleteDbCluster(input));
    fail_first(&mut stage, |work| matches!(work, Work::TakeImage { .. }));
    assert_eq!(work(&mut stage), []);
    assert_eq!(stage.see("prod").status, ClusterStatus::Available);
}

#[test]
fn unfinished_work_is_handed_out_again_after_a_restart_and_only_then() {
    let mut stage = attached();
    stage.ok(Call::CreateDbCluster(Stage::new_cluster("prod")));
    let first = stage.world.take_effects();
    assert_eq!(first.len(), 1);
    assert_eq!(stage.world.take_effects(), []);
    let stored = serde_json::to_string(&stage.world).unwrap();
    stage.world = serde_json::from_str(&stored).unwrap();
    assert_eq!(stage.world.take_effects(), first);
    work(&mut stage);
    stage.world.finish_effect(first[0].id, Ok(EffectOutcome::Done), stage.now);
    assert_eq!(stage.see("prod").status, ClusterStatus::Available);
    let stored = serde_json::to_string(&stage.world).unwrap();
    let mut revived: World = serde_json::from_str(&stored).unwrap();
    assert_eq!(revived.take_effects(), []);
}

#[test]
fn a_password_is_gone_from_the_stored_world_once_it_is_set() {
    let mut stage = attached();
    serving_cluster(&mut stage, "prod");
    stage.ok(Call::ModifyDbCluster(ModifyDbCluster {
        db_cluster_identifier: "prod".to_owned(),
        master_user_password: Some(Secret::new("another-password")),
        ..ModifyDbCluster::default()
    }));
    let stored = |stage: &Stage| serde_json::to_string(&stage.world).unwrap();
    assert!(stored(&stage).contains("another-password"));
    assert!(work(&mut stage).iter().any(|work| matches!(work, Work::SetMasterPassword { .. })));
    assert!(!stored(&stage).contains("another-password"));
    assert!(!stored(&stage).contains(PASSWORD));
}

#[test]
fn the_last_instance_stops_the_server_and_takes_the_names_with_it() {
    let mut stage = attached();
    serving_cluster(&mut stage, "prod");
    stage.ok(Call::DeleteDbInstance(DeleteDbInstance {
        db_instance_identifier: "prod-1".to_owned(),
        ..DeleteDbInstance::default()
    }));
    let done = work(&mut stage);
    assert!(done.iter().any(|work| matches!(work, Work::StopServer { .. })));
    assert_eq!(done.iter().filter(|work| matches!(work, Work::WithdrawEndpoint { .. })).count(), 3);
    stage.ok(Call::DeleteDbCluster(Stage::delete("prod")));
    assert!(matches!(&work(&mut stage)[..], [Work::DeleteVolume { .. }]));
}

#[test]
fn without_a_data_plane_there_is_no_work_and_an_observer_holds_nothing_up() {
    let mut stage = Stage::with(WorldConfig::postgresql(16, Durations::zero()));
    stage.cluster_with("prod", 1);
    assert_eq!(stage.world.take_effects(), []);
    let mut config = WorldConfig::postgresql(16, Durations::zero());
    config.data_plane = DataPlaneMode::Observed;
    let mut stage = Stage::with(config);
    stage.cluster_with("prod", 1);
    assert_eq!(stage.see_instance("prod-1").db_instance_status, InstanceStatus::Available);
    assert!(stage.see("prod").endpoint.as_ref().unwrap().address.ends_with("rds.amazonaws.com"));
    assert_eq!(stage.world.take_effects().len(), 5);
    assert_eq!(stage.world.take_effects(), []);
}

#[test]
fn an_instance_whose_rename_fails_answers_under_its_old_name() {
    let mut stage = attached();
    serving_cluster(&mut stage, "prod");
    stage.ok(Call::ModifyDbInstance(ModifyDbInstance {
        db_instance_identifier: "prod-1".to_owned(),
        new_db_instance_identifier: Some("retired-1".to_owned()),
        apply_immediately: Some(true),
        ..ModifyDbInstance::default()
    }));
    fail_first(&mut stage, |work| matches!(work, Work::PublishEndpoint { .. }));
    let done = work(&mut stage);
    assert!(matches!(&done[..], [
        Work::WithdrawEndpoint { endpoint: new, .. },
        Work::PublishEndpoint { endpoint: old, .. },
    ] if new.name == "retired-1" && old.name == "prod-1"));
    assert_eq!(stage.see_instance("prod-1").db_instance_status, InstanceStatus::Available);
}

#[test]
fn an_instance_that_is_deleted_while_it_is_renamed_leaves_no_name_behind() {
    let mut stage = attached();
    serving_cluster(&mut stage, "prod");
    stage.ok(Call::ModifyDbInstance(ModifyDbInstance {
        db_instance_identifier: "prod-1".to_owned(),
        new_db_instance_identifier: Some("retired-1".to_owned()),
        apply_immediately: Some(true),
        ..ModifyDbInstance::default()
    }));
    stage.ok(Call::DeleteDbInstance(DeleteDbInstance {
        db_instance_identifier: "prod-1".to_owned(),
        ..DeleteDbInstance::default()
    }));
    let done = work(&mut stage);
    let withdrawn = |name: &str| {
        done.iter().any(|work| matches!(work, Work::WithdrawEndpoint { endpoint, .. } if endpoint.name == name))
    };
    assert!(withdrawn("prod-1") && withdrawn("retired-1"));
}

#[test]
fn a_transition_whose_work_is_late_ends_when_the_work_does() {
    let mut config = WorldConfig::postgresql(16, Durations::realistic());
    config.data_plane = DataPlaneMode::Attached;
    let mut stage = Stage::with(config);
    stage.ok(Call::CreateDbCluster(Stage::new_cluster("prod")));
    stage.wait(SignedDuration::from_mins(10));
    assert_eq!((stage.see("prod").status, stage.world.next_change_at()), (ClusterStatus::Creating, None));
    work(&mut stage);
    assert_eq!(stage.see("prod").status, ClusterStatus::Available);
    let first_backup = stage.now + SignedDuration::from_mins(5);
    assert_eq!(stage.world.next_change_at(), Some(first_backup));
}
