//! Whatever is called, in whatever order: what always holds.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::strategy::ValueTree;

use super::snapshots::copy;
use super::stage::{FRANKFURT, IRELAND, PROD, STAGING, Stage};
use crate::model::call::{
    Action, Call, DeleteDbCluster, DeleteDbInstance, DescribeDbClusterSnapshots, DescribeDbClusters,
    DescribeDbInstances, ModifyDbCluster, ModifyDbClusterSnapshotAttribute, ModifyDbInstance, NameDbCluster,
    NameDbClusterSnapshot, RebootDbInstance, RestoreDbClusterToPointInTime,
};
use crate::model::config::{DataPlaneMode, Durations, WorldConfig};
use crate::model::effect::{Effect, EffectOutcome, Work};
use crate::model::faults::{Fault, FaultRule};
use crate::model::resources::{ClusterStatus, InstanceStatus, SnapshotStatus};
use crate::model::state::PlaceState;
use crate::model::{Caller, Secret, SeedSnapshot, World};

#[derive(Clone, Debug)]
enum Step {
    Call(usize, Box<Call>),
    Seed(usize, String),
    Wait(i64),
    Jump,
    Fault(FaultRule),
    /// The data plane does its work, some of it badly.
    Work(u8),
    Restart,
}

fn cluster() -> impl Strategy<Value = String> {
    (0..4_u8).prop_map(|number| format!("c{number}"))
}

fn instance() -> impl Strategy<Value = String> {
    (0..5_u8).prop_map(|number| format!("i{number}"))
}

fn snapshot() -> impl Strategy<Value = String> {
    let arn = (0..2_usize, 0..2_usize, 0..4_u8).prop_map(|(account, region, number)| {
        let (account, region) = ([PROD, STAGING][account], [IRELAND, FRANKFURT][region]);
        format!("arn:aws:rds:{region}:{account}:cluster-snapshot:s{number}")
    });
    prop_oneof![3 => (0..4_u8).prop_map(|number| format!("s{number}")), 1 => arn]
}

fn cluster_call() -> impl Strategy<Value = Call> {
    let modify = (cluster(), proptest::option::of(cluster()), any::<[bool; 5]>()).prop_map(|(name, new, flags)| {
        Call::ModifyDbCluster(ModifyDbCluster {
            db_cluster_identifier: name,
            new_db_cluster_identifier: new,
            apply_immediately: Some(flags[0]),
            enable_iam_database_authentication: Some(flags[1]),
            master_user_password: flags[2].then(|| Secret::new("another-password")),
            deletion_protection: Some(flags[3] && flags[4]),
            port: flags[4].then_some(5_433),
            ..ModifyDbCluster::default()
        })
    });
    let delete = (cluster(), proptest::option::of(snapshot())).prop_map(|(name, last)| {
        Call::DeleteDbCluster(DeleteDbCluster {
            db_cluster_identifier: name,
            skip_final_snapshot: Some(last.is_none()),
            final_db_snapshot_identifier: last,
            delete_automated_backups: None,
        })
    });
    let in_time = (cluster(), cluster(), any::<bool>()).prop_map(|(name, source, clones)| {
        Call::RestoreDbClusterToPointInTime(RestoreDbClusterToPointInTime {
            db_cluster_identifier: name,
            source_db_cluster_identifier: Some(source),
            restore_type: clones.then(|| "copy-on-write".to_owned()),
            use_latest_restorable_time: Some(true),
            ..RestoreDbClusterToPointInTime::default()
        })
    });
    let named = |name| NameDbCluster { db_cluster_identifier: name };
    prop_oneof![
        4 => cluster().prop_map(|name| Call::CreateDbCluster(Stage::new_cluster(&name))),
        4 => (cluster(), snapshot()).prop_map(|(name, from)| Call::RestoreDbClusterFromSnapshot(Stage::restore(&name, &from))),
        2 => in_time,
        4 => modify,
        3 => delete,
        1 => cluster().prop_map(move |name| Call::StopDbCluster(named(name))),
        1 => cluster().prop_map(move |name| Call::StartDbCluster(named(name))),
        1 => cluster().prop_map(|name| Stage::describe(&name)),
        1 => Just(Call::DescribeDbClusters(DescribeDbClusters::default())),
    ]
}

fn instance_call() -> impl Strategy<Value = Call> {
    let modify = (instance(), proptest::option::of(instance()), any::<bool>()).prop_map(|(name, new, now)| {
        Call::ModifyDbInstance(ModifyDbInstance {
            db_instance_identifier: name,
            new_db_instance_identifier: new,
            apply_immediately: Some(now),
            promotion_tier: Some(2),
            ..ModifyDbInstance::default()
        })
    });
    let delete = (instance(), any::<bool>()).prop_map(|(name, skip)| {
        Call::DeleteDbInstance(DeleteDbInstance {
            db_instance_identifier: name,
            skip_final_snapshot: Some(skip),
            ..DeleteDbInstance::default()
        })
    });
    let reboot = instance().prop_map(|name| {
        Call::RebootDbInstance(RebootDbInstance { db_instance_identifier: name, force_failover: None })
    });
    prop_oneof![
        4 => (instance(), cluster()).prop_map(|(name, of)| Call::CreateDbInstance(Stage::new_instance(&name, &of))),
        2 => modify,
        3 => delete,
        1 => reboot,
        1 => Just(Call::DescribeDbInstances(DescribeDbInstances::default())),
    ]
}

fn snapshot_call() -> impl Strategy<Value = Call> {
    let share = (snapshot(), any::<bool>()).prop_map(|(name, public)| {
        Call::ModifyDbClusterSnapshotAttribute(ModifyDbClusterSnapshotAttribute {
            db_cluster_snapshot_identifier: name,
            attribute_name: "restore".to_owned(),
            values_to_add: vec![if public { "all" } else { STAGING }.to_owned()],
            values_to_remove: Vec::new(),
        })
    });
    let list = any::<bool>().prop_map(|include| {
        Call::DescribeDbClusterSnapshots(DescribeDbClusterSnapshots {
            include_shared: Some(include),
            ..DescribeDbClusterSnapshots::default()
        })
    });
    prop_oneof![
        4 => (snapshot(), cluster()).prop_map(|(name, of)| Stage::new_snapshot(&name, &of)),
        4 => (snapshot(), snapshot()).prop_map(|(from, to)| Call::CopyDbClusterSnapshot(copy(&from, &to))),
        2 => snapshot().prop_map(|name| {
            Call::DeleteDbClusterSnapshot(NameDbClusterSnapshot { db_cluster_snapshot_identifier: name })
        }),
        2 => share,
        1 => list,
    ]
}

fn fault() -> impl Strategy<Value = FaultRule> {
    let kind = prop_oneof![
        Just(Fault::Throttling),
        Just(Fault::ReplyLost),
        Just(Fault::StuckCopy),
        Just(Fault::FailingCopy),
        Just(Fault::FailingSnapshot),
        Just(Fault::FailingRestore),
        Just(Fault::FailingInstance { status: InstanceStatus::IncompatibleRestore }),
        Just(Fault::Slow { factor: 7 }),
    ];
    (kind, 0..3_u32, 1..3_u32).prop_map(|(kind, skip, times)| FaultRule::once(kind).after(skip).times(times))
}

fn step() -> impl Strategy<Value = Step> {
    let place = || 0..3_usize;
    prop_oneof![
        8 => (place(), cluster_call()).prop_map(|(at, call)| Step::Call(at, Box::new(call))),
        6 => (place(), instance_call()).prop_map(|(at, call)| Step::Call(at, Box::new(call))),
        6 => (place(), snapshot_call()).prop_map(|(at, call)| Step::Call(at, Box::new(call))),
        1 => (place(), cluster()).prop_map(|(at, name)| Step::Seed(at, name)),
        4 => (0..4_000_i64).prop_map(Step::Wait),
        8 => Just(Step::Jump),
        1 => fault().prop_map(Step::Fault),
        6 => any::<u8>().prop_map(Step::Work),
        1 => Just(Step::Restart),
    ]
}

fn config(mode: DataPlaneMode, lag: i64) -> WorldConfig {
    let mut config = WorldConfig::postgresql(16, Durations::realistic());
    config.data_plane = mode;
    config.lag.after_create = SignedDuration::from_secs(lag);
    config.lag.after_rename = SignedDuration::from_secs(lag);
    config.quotas.clusters = 3;
    config.quotas.instances = 4;
    config.quotas.manual_snapshots = 3;
    config.quotas.copies_in_progress = 2;
    config
}

/// Does what the data plane would, and counts it; bit `n` of `bad` makes the `n`th piece of work fail.
fn work(world: &mut World, bad: u8, now: Timestamp) -> usize {
    let effects = world.take_effects();
    let count = effects.len();
    for (number, Effect { id, work }) in effects.into_iter().enumerate() {
        let outcome = match &work {
            _ if number < 8 && bad & bad.rotate_left(3) & (1 << number) != 0 => Err("out of luck".to_owned()),
            Work::PublishEndpoint { .. } => {
                Ok(EffectOutcome::Endpoint { address: "127.0.0.1".to_owned(), port: 4_000 })
            }
            _ => Ok(EffectOutcome::Done),
        };
        world.finish_effect(id, outcome, now);
    }
    count
}

fn perform(world: &mut World, now: &mut Timestamp, step: &Step) {
    let callers = [Caller::new(PROD, IRELAND), Caller::new(STAGING, IRELAND), Caller::new(PROD, FRANKFURT)];
    match step {
        Step::Call(at, call) => {
            world.tick(*now);
            let (jobs, outbox) = world.unfinished();
            if world.apply(&callers[*at], Call::clone(call), *now).is_err() {
                assert_eq!((jobs, outbox), world.unfinished(), "a refused call left work behind: {call:?}");
            }
        }
        Step::Seed(at, name) => {
            let seed = SeedSnapshot {
                place: callers[*at].place(),
                db_cluster_identifier: name.clone(),
                created_at: *now - SignedDuration::from_hours(24),
                name: None,
                tags: Vec::new(),
            };
            let _ = world.seed_snapshot(seed, *now);
        }
        Step::Wait(seconds) => *now += SignedDuration::from_secs(*seconds),
        Step::Jump => *now = world.next_change_at().unwrap_or(*now).max(*now),
        Step::Fault(rule) => world.inject(rule.clone()),
        Step::Work(bad) => {
            work(world, *bad, *now);
        }
        Step::Restart => {
            let stored = serde_json::to_string(&*world).unwrap();
            *world = serde_json::from_str(&stored).unwrap();
            assert_eq!(stored, serde_json::to_string(&*world).unwrap(), "a world comes back as it was");
        }
    }
    world.tick(*now);
}

fn check(world: &World) {
    let quotas = world.config().quotas;
    for (_, place) in world.places() {
        assert!(place.clusters.len() <= quotas.clusters);
        assert!(place.instances.len() <= quotas.instances);
        let manual = place.snapshots.values().filter(|record| record.is_manual());
        assert!(manual.count() <= quotas.manual_snapshots);
        let copying = |status| status == SnapshotStatus::Copying;
        assert!(
            place.snapshots.values().filter(|record| copying(record.shown.status)).count() <= quotas.copies_in_progress
        );
        check_names(place);
        check_members(place);
    }
}

fn check_names(place: &PlaceState) {
    let mut names = BTreeSet::new();
    for record in place.clusters.values() {
        assert!(names.insert(record.shown.db_cluster_identifier.clone()), "two clusters of one name");
        if let Some(reserved) = &record.naming.reserved {
            assert!(names.insert(reserved.clone()), "a name is promised twice");
        }
    }
    let mut names = BTreeSet::new();
    for record in place.instances.values() {
        assert!(names.insert(record.shown.db_instance_identifier.clone()), "two instances of one name");
        if let Some(reserved) = &record.naming.reserved {
            assert!(names.insert(reserved.clone()), "a name is promised twice");
        }
    }
    let names: BTreeSet<_> =
        place.snapshots.values().map(|record| &record.shown.db_cluster_snapshot_identifier).collect();
    assert_eq!(names.len(), place.snapshots.len(), "two snapshots of one name");
}

fn check_members(place: &PlaceState) {
    for record in place.instances.values() {
        assert!(place.clusters.contains_key(&record.cluster), "an instance without a cluster");
    }
    for (key, record) in &place.clusters {
        let shown: BTreeSet<_> =
            record.shown.db_cluster_members.iter().map(|member| &member.db_instance_identifier).collect();
        let real: BTreeSet<_> = place.members(*key).map(|(_, member)| &member.shown.db_instance_identifier).collect();
        assert_eq!(shown, real, "members are not the instances of the cluster");
        let writers = record.shown.db_cluster_members.iter().filter(|member| member.is_cluster_writer);
        assert!(writers.count() <= 1, "two writers");
    }
}

/// With all work done and time enough, nothing is on its way any more.
fn check_rest(world: &mut World, mut now: Timestamp) {
    for _ in 0..500 {
        // Finished work can bring more work.
        if work(world, 0, now) > 0 {
            continue;
        }
        match world.next_change_at() {
            Some(next) if next.duration_since(now) < SignedDuration::from_hours(30 * 24) => now = now.max(next),
            _ => break,
        }
        world.tick(now);
    }
    for (_, place) in world.places() {
        for record in place.clusters.values() {
            let status = record.shown.status;
            let rests = [
                ClusterStatus::Available,
                ClusterStatus::Stopped,
                ClusterStatus::Failed,
                ClusterStatus::MigrationFailed,
                ClusterStatus::CloningFailed,
            ];
            assert!(rests.contains(&status), "{} stays {status}", record.shown.db_cluster_identifier);
        }
        for record in place.instances.values() {
            let status = record.shown.db_instance_status;
            let moves = [
                InstanceStatus::Creating,
                InstanceStatus::Deleting,
                InstanceStatus::Modifying,
                InstanceStatus::Renaming,
            ];
            assert!(!moves.contains(&status), "{} stays {status}", record.shown.db_instance_identifier);
        }
        for record in place.snapshots.values().filter(|record| !record.stuck) {
            let status = record.shown.status;
            let rests = [SnapshotStatus::Available, SnapshotStatus::Failed];
            assert!(rests.contains(&status), "{} stays {status}", record.shown.db_cluster_snapshot_identifier);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_called_the_world_stays_sound_and_comes_to_rest(
        steps in proptest::collection::vec(step(), 1..80),
        mode in prop_oneof![Just(DataPlaneMode::None), Just(DataPlaneMode::Attached)],
        lag in prop_oneof![Just(0), Just(30_i64)],
    ) {
        let mut world = World::new(config(mode, lag));
        let mut now: Timestamp = "2026-03-02T12:00:00Z".parse().unwrap();
        for step in &steps {
            perform(&mut world, &mut now, step);
            check(&world);
        }
        check_rest(&mut world, now);
    }
}

#[test]
fn random_steps_reach_the_interesting_calls() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut accepted = BTreeSet::new();
    for _ in 0..200 {
        let steps = proptest::collection::vec(step(), 60..120).new_tree(&mut runner).unwrap().current();
        let mut world = World::new(config(DataPlaneMode::None, 0));
        let mut now: Timestamp = "2026-03-02T12:00:00Z".parse().unwrap();
        for step in steps {
            if let Step::Call(_, call) = &step {
                world.tick(now);
                let before = world.unfinished();
                perform(&mut world, &mut now, &step);
                if before != world.unfinished() {
                    accepted.insert(call.action());
                }
            } else {
                perform(&mut world, &mut now, &step);
            }
        }
    }
    for action in [
        Action::CreateDbCluster,
        Action::ModifyDbCluster,
        Action::DeleteDbCluster,
        Action::StopDbCluster,
        Action::RestoreDbClusterFromSnapshot,
        Action::RestoreDbClusterToPointInTime,
        Action::CopyDbClusterSnapshot,
        Action::CreateDbClusterSnapshot,
        Action::CreateDbInstance,
        Action::ModifyDbInstance,
        Action::DeleteDbInstance,
    ] {
        assert!(accepted.contains(&action), "{action} is never accepted");
    }
}
