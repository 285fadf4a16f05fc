//! What is there when a sequence begins: the stage of the conformance suite, in the year 2099.
//!
//! A model's time never runs backwards. A sandbox whose world lives in the far future therefore has a clock that stands
//! still until somebody turns it, as the simulated cloud has, and both can be brought to the same moment exactly.

use aurora_restore_core::ids::AccountId;
use aurora_restore_sandbox::model::{
    Caller, SeedSnapshot, World,
    call::Call,
    config::{Durations, WorldConfig},
};
use jiff::{SignedDuration, Timestamp};

use crate::{
    scenario::{IRELAND, keys},
    suites::rds::{CLUSTER, stage_calls},
};

/// Transitions take as long as in a busy Region, so that calls meet things on their way.
pub const REALISTIC: Durations = Durations::realistic();
/// Transitions end at once.
pub const SETTLED: Durations = Durations::zero();

/// The stage and its time.
#[derive(Debug, Clone)]
pub struct Staging {
    /// The world.
    pub world: World,
    /// What its clock shows.
    pub now: Timestamp,
}

/// Sets the stage in an account.
///
/// # Panics
/// If the model refuses a call of the stage.
pub fn staged_world(source: &AccountId, durations: Durations, encrypted_with: Option<&str>) -> Staging {
    let mut config = WorldConfig::postgresql(16, durations);
    config.kms_keys = keys();
    let start: Timestamp = "2099-11-20T08:00:00Z".parse().expect("a constant that is a time");
    let (mut world, mut now) = (World::new(config), start);
    let place = Caller::new(source.as_str(), IRELAND);
    for mut call in stage_calls() {
        if let Call::CreateDbCluster(create) = &mut call
            && create.storage_encrypted == Some(true)
        {
            create.settings.kms_key_id = encrypted_with.map(str::to_owned);
        }
        let refused = world.apply(&place, call, now).err();
        assert_eq!(refused, None, "the stage is set");
        now += SignedDuration::from_hours(2);
        world.tick(now);
    }
    let seed = SeedSnapshot {
        place: place.place(),
        db_cluster_identifier: CLUSTER.to_owned(),
        created_at: start + SignedDuration::from_hours(1),
        name: None,
        tags: Vec::new(),
    };
    if let Err(refused) = world.seed_snapshot(seed, now) {
        panic!("the stage is refused: {refused}");
    }
    Staging { world, now }
}
