//! The suite's stage: the calls that set it, and the stage in the simulated cloud.

use std::sync::Arc;

use aurora_restore_core::ids::{AccountId, SnapshotId};
use aurora_restore_sandbox::model::{
    Caller, Secret, SeedSnapshot, World,
    call::{Call, CreateDbCluster, CreateDbClusterSnapshot, CreateDbInstance, NewClusterSettings},
    config::{DataPlaneMode, Durations, WorldConfig},
};
use jiff::{SignedDuration, Timestamp};

use super::{CLASS, CLUSTER, ENGINE, READER, SEALED, SNAPSHOT, WRITER};
use crate::{
    ManualClock, Sim, SimCloud,
    scenario::{IRELAND, PROD, SOURCE_KEY, STAGING, keys, regions},
};

/// The stage in the simulated cloud.
pub struct SimulatedStage {
    /// The cloud.
    pub cloud: SimCloud,
    /// Its clock.
    pub clock: Arc<ManualClock>,
    /// The automated snapshot.
    pub automated: SnapshotId,
}

/// The calls that set the stage, in order; the world must come to rest after each.
pub fn stage_calls() -> Vec<Call> {
    let cluster = |name: &str, key: Option<String>| {
        Call::CreateDbCluster(CreateDbCluster {
            db_cluster_identifier: name.to_owned(),
            engine: ENGINE.to_owned(),
            master_username: Some("postgres".to_owned()),
            master_user_password: Some(Secret::new("first-Password-1")),
            storage_encrypted: Some(key.is_some()),
            settings: NewClusterSettings { kms_key_id: key, ..NewClusterSettings::default() },
            ..CreateDbCluster::default()
        })
    };
    let instance = |name: &str| {
        Call::CreateDbInstance(CreateDbInstance {
            db_instance_identifier: name.to_owned(),
            db_cluster_identifier: Some(CLUSTER.to_owned()),
            db_instance_class: CLASS.to_owned(),
            engine: ENGINE.to_owned(),
            ..CreateDbInstance::default()
        })
    };
    let snapshot = |name: &str, cluster: &str| {
        Call::CreateDbClusterSnapshot(CreateDbClusterSnapshot {
            db_cluster_snapshot_identifier: name.to_owned(),
            db_cluster_identifier: cluster.to_owned(),
            tags: Vec::new(),
        })
    };
    vec![
        cluster(CLUSTER, None),
        instance(WRITER),
        instance(READER),
        snapshot(SNAPSHOT, CLUSTER),
        cluster("suite-vault", Some(SOURCE_KEY.to_owned())),
        snapshot(SEALED, "suite-vault"),
    ]
}

/// Sets the stage in a simulated cloud of its own.
///
/// # Panics
/// If the model refuses a call of the stage.
pub fn simulated_stage() -> SimulatedStage {
    let mut config = WorldConfig::postgresql(16, Durations::realistic());
    config.data_plane = DataPlaneMode::Observed;
    config.kms_keys = keys();
    let start: Timestamp = "2026-11-20T08:00:00Z".parse().expect("a constant that is a time");
    let clock = Arc::new(ManualClock::at(start));
    let sim = Arc::new(Sim::new(World::new(config), Arc::clone(&clock)));
    let place = Caller::new(PROD, IRELAND);
    for call in stage_calls() {
        let refused = sim.with_world(|world, now| world.apply(&place, call, now).err());
        assert_eq!(refused, None, "the stage is set");
        clock.turn(SignedDuration::from_hours(2));
    }
    let seed = SeedSnapshot {
        place: place.place(),
        db_cluster_identifier: CLUSTER.to_owned(),
        created_at: start + SignedDuration::from_hours(1),
        name: None,
        tags: Vec::new(),
    };
    let automated = sim
        .with_world(|world, now| world.seed_snapshot(seed, now))
        .expect("the cluster is available and the name is free");
    let account = |text: &str| AccountId::new(text).expect("a constant that is an account");
    SimulatedStage {
        cloud: SimCloud::new(&sim, &account(PROD), &account(STAGING), &regions()),
        clock,
        automated: SnapshotId::new(&automated.db_cluster_snapshot_identifier).expect("the model makes legal names"),
    }
}
