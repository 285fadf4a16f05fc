//! On the sandbox, without PostgreSQL: this is about the control plane.

use std::time::Duration;

use async_trait::async_trait;
use aurora_restore_aws::AwsCloud;
use aurora_restore_core::{
    ids::{AccountId, KmsKey, SnapshotId},
    ports::{Cloud, Location, Side},
};
use aurora_restore_sandbox::{
    model::{Caller, SeedSnapshot, config::Durations},
    server::{PostgresMode, Sandbox, SandboxConfig},
};
use aurora_restore_testing::{
    scenario::{FRANKFURT, IRELAND, PROD, STAGING, TARGET_KEY, keys},
    suites::{
        broken,
        rds::{CLUSTER, RdsFixture, run, stage_calls},
    },
};
use jiff::{SignedDuration, Timestamp};

use crate::{cloud, region};

/// The sandbox ticks by itself; this is how long a look waits for it.
const PAUSE: Duration = Duration::from_millis(10);
const LOOKS_MAX: u32 = 1_000;

struct OnSandbox {
    cloud: AwsCloud,
    automated: SnapshotId,
}

#[async_trait]
impl RdsFixture for OnSandbox {
    fn cloud(&self) -> &dyn Cloud {
        &self.cloud
    }

    fn source(&self) -> Location {
        Location { side: Side::Source, region: region(IRELAND) }
    }

    fn target(&self) -> Location {
        Location { side: Side::Target, region: region(FRANKFURT) }
    }

    fn target_account(&self) -> AccountId {
        AccountId::new(STAGING).expect("a constant that is an account")
    }

    fn target_key(&self) -> KmsKey {
        KmsKey::new(format!("arn:aws:kms:{FRANKFURT}:{STAGING}:key/{TARGET_KEY}")).expect("built from constants")
    }

    fn automated(&self) -> Option<SnapshotId> {
        Some(self.automated.clone())
    }

    async fn wait(&self) {
        tokio::time::sleep(PAUSE).await;
    }

    fn skips(&self, case: &str) -> Option<&'static str> {
        (case == "a running cluster is copied as it was").then_some(
            "a young cluster's first and last restorable times lie within one second, and whole ones are sent",
        )
    }
}

/// Sets the stage from behind; each call waits until the world is at rest.
async fn set_stage(sandbox: &Sandbox) -> SnapshotId {
    let place = Caller::new(PROD, IRELAND);
    for call in stage_calls() {
        let mut result = None;
        for _ in 0..LOOKS_MAX {
            let (place, call) = (place.clone(), call.clone());
            let tried = sandbox.change(move |world, now| world.apply(&place, call, now).err()).await;
            result = tried.expect("the state can be saved");
            if result.is_none() {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
        assert_eq!(result, None, "the stage is set");
    }
    let seed = SeedSnapshot {
        place: place.place(),
        db_cluster_identifier: CLUSTER.to_owned(),
        created_at: Timestamp::now() - SignedDuration::from_hours(3),
        name: None,
        tags: Vec::new(),
    };
    for _ in 0..LOOKS_MAX {
        let wish = seed.clone();
        let seeded = sandbox.change(move |world, now| world.seed_snapshot(wish, now)).await;
        if let Ok(snapshot) = seeded.expect("the state can be saved") {
            return SnapshotId::new(&snapshot.db_cluster_snapshot_identifier).expect("the model makes legal names");
        }
        tokio::time::sleep(PAUSE).await;
    }
    panic!("the cluster does not come to rest");
}

#[tokio::test]
async fn the_sandbox_passes_the_suite_of_the_rds_port() {
    let directory = tempfile::tempdir().expect("a directory for the sandbox");
    let mut config = SandboxConfig::new(directory.path().join("sandbox"));
    config.postgres = PostgresMode::None { major: 16 };
    config.durations = Durations::zero();
    config.kms_keys = keys();
    let sandbox = Sandbox::start(config).await.expect("the sandbox starts");
    let automated = set_stage(&sandbox).await;
    let fixture = OnSandbox { cloud: cloud(sandbox.endpoint_url(), PROD, STAGING).await, automated };
    let results = run(&fixture).await;
    sandbox.stop().await.expect("the sandbox stops");
    assert_eq!(broken(&results), Vec::<String>::new());
}
