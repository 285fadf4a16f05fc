//! A stage for tests: a world, a clock, and short ways to call.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::model::call::{
    Call, CreateDbCluster, CreateDbClusterSnapshot, CreateDbInstance, DeleteDbCluster, DescribeDbClusterSnapshots,
    DescribeDbClusters, DescribeDbInstances, RestoreDbClusterFromSnapshot,
};
use crate::model::config::{Durations, WorldConfig};
use crate::model::error::{RdsError, RdsErrorCode};
use crate::model::reply::Reply;
use crate::model::resources::{DbCluster, DbClusterSnapshot, DbInstance};
use crate::model::{Caller, Place, Secret, World};

pub(super) const PROD: &str = "111111111111";
pub(super) const STAGING: &str = "222222222222";
pub(super) const IRELAND: &str = "eu-west-1";
pub(super) const FRANKFURT: &str = "eu-central-1";
pub(super) const PASSWORD: &str = "correct-horse-battery";

pub(super) struct Stage {
    pub(super) world: World,
    pub(super) now: Timestamp,
    pub(super) caller: Caller,
}

impl Stage {
    pub(super) fn new() -> Self {
        Self::with(WorldConfig::postgresql(16, Durations::realistic()))
    }

    pub(super) fn with(config: WorldConfig) -> Self {
        let now = "2026-03-02T12:00:00Z".parse().unwrap();
        Self { world: World::new(config), now, caller: Caller::new(PROD, IRELAND) }
    }

    /// Speaks as another account, to another Region, from now on.
    pub(super) fn go(&mut self, account: &str, region: &str) -> &mut Self {
        self.caller = Caller::new(account, region);
        self
    }

    pub(super) fn place(&self) -> Place {
        self.caller.place()
    }

    pub(super) fn call(&mut self, call: Call) -> Result<Reply, RdsError> {
        self.world.apply(&self.caller, call, self.now)
    }

    pub(super) fn refused(&mut self, call: Call) -> RdsErrorCode {
        match self.call(call) {
            Ok(reply) => panic!("should have been refused, but: {reply:?}"),
            Err(error) => error.code,
        }
    }

    pub(super) fn message(&mut self, call: Call) -> String {
        match self.call(call) {
            Ok(reply) => panic!("should have been refused, but: {reply:?}"),
            Err(error) => error.message,
        }
    }

    pub(super) fn ok(&mut self, call: Call) -> Reply {
        self.call(call).unwrap()
    }

    pub(super) fn wait(&mut self, duration: SignedDuration) {
        self.now += duration;
        self.world.tick(self.now);
    }

    /// Lets time pass until nothing more will happen within a day.
    pub(super) fn settle(&mut self) {
        for _ in 0..1_000 {
            match self.world.next_change_at() {
                Some(next) if next.duration_since(self.now) < SignedDuration::from_hours(24) => {
                    self.now = self.now.max(next);
                    self.world.tick(self.now);
                }
                _ => return,
            }
        }
        panic!("the world does not come to rest");
    }

    pub(super) fn new_cluster(name: &str) -> CreateDbCluster {
        CreateDbCluster {
            db_cluster_identifier: name.to_owned(),
            engine: "aurora-postgresql".to_owned(),
            master_username: Some("postgres".to_owned()),
            master_user_password: Some(Secret::new(PASSWORD)),
            ..CreateDbCluster::default()
        }
    }

    /// A cluster at rest, without instances.
    pub(super) fn cluster(&mut self, name: &str) -> Arc<DbCluster> {
        self.ok(Call::CreateDbCluster(Self::new_cluster(name)));
        self.settle();
        self.see(name)
    }

    /// A cluster at rest, with this many instances named after it.
    pub(super) fn cluster_with(&mut self, name: &str, instances: usize) -> Arc<DbCluster> {
        self.cluster(name);
        for number in 1..=instances {
            self.ok(Call::CreateDbInstance(Self::new_instance(&format!("{name}-{number}"), name)));
        }
        self.settle();
        self.see(name)
    }

    pub(super) fn new_instance(name: &str, cluster: &str) -> CreateDbInstance {
        CreateDbInstance {
            db_instance_identifier: name.to_owned(),
            db_cluster_identifier: Some(cluster.to_owned()),
            db_instance_class: "db.r6g.large".to_owned(),
            engine: "aurora-postgresql".to_owned(),
            ..CreateDbInstance::default()
        }
    }

    pub(super) fn new_snapshot(name: &str, cluster: &str) -> Call {
        Call::CreateDbClusterSnapshot(CreateDbClusterSnapshot {
            db_cluster_snapshot_identifier: name.to_owned(),
            db_cluster_identifier: cluster.to_owned(),
            tags: Vec::new(),
        })
    }

    /// A manual snapshot that is available.
    pub(super) fn snapshot(&mut self, name: &str, cluster: &str) -> Arc<DbClusterSnapshot> {
        self.ok(Self::new_snapshot(name, cluster));
        self.settle();
        self.see_snapshot(name)
    }

    /// A restore of a snapshot of default version.
    pub(super) fn restore(name: &str, snapshot: &str) -> RestoreDbClusterFromSnapshot {
        RestoreDbClusterFromSnapshot {
            db_cluster_identifier: name.to_owned(),
            snapshot_identifier: snapshot.to_owned(),
            engine: "aurora-postgresql".to_owned(),
            ..RestoreDbClusterFromSnapshot::default()
        }
    }

    pub(super) fn delete(name: &str) -> DeleteDbCluster {
        DeleteDbCluster {
            db_cluster_identifier: name.to_owned(),
            skip_final_snapshot: Some(true),
            ..DeleteDbCluster::default()
        }
    }

    pub(super) fn describe(name: &str) -> Call {
        Call::DescribeDbClusters(DescribeDbClusters {
            db_cluster_identifier: Some(name.to_owned()),
            ..DescribeDbClusters::default()
        })
    }

    pub(super) fn see(&mut self, name: &str) -> Arc<DbCluster> {
        match self.ok(Self::describe(name)) {
            Reply::Clusters(page) => Arc::clone(&page.items[0]),
            other => panic!("not a list of clusters: {other:?}"),
        }
    }

    pub(super) fn describe_instance(name: &str) -> Call {
        Call::DescribeDbInstances(DescribeDbInstances {
            db_instance_identifier: Some(name.to_owned()),
            ..DescribeDbInstances::default()
        })
    }

    pub(super) fn see_instance(&mut self, name: &str) -> Arc<DbInstance> {
        match self.ok(Self::describe_instance(name)) {
            Reply::Instances(page) => Arc::clone(&page.items[0]),
            other => panic!("not a list of instances: {other:?}"),
        }
    }

    pub(super) fn describe_snapshot(name: &str) -> DescribeDbClusterSnapshots {
        DescribeDbClusterSnapshots {
            db_cluster_snapshot_identifier: Some(name.to_owned()),
            ..DescribeDbClusterSnapshots::default()
        }
    }

    pub(super) fn see_snapshot(&mut self, name: &str) -> Arc<DbClusterSnapshot> {
        match self.ok(Call::DescribeDbClusterSnapshots(Self::describe_snapshot(name))) {
            Reply::Snapshots(page) => Arc::clone(&page.items[0]),
            other => panic!("not a list of snapshots: {other:?}"),
        }
    }

    pub(super) fn list_snapshots(&mut self, input: DescribeDbClusterSnapshots) -> Vec<String> {
        match self.ok(Call::DescribeDbClusterSnapshots(input)) {
            Reply::Snapshots(page) => {
                page.items.iter().map(|shown| shown.db_cluster_snapshot_identifier.clone()).collect()
            }
            other => panic!("not a list of snapshots: {other:?}"),
        }
    }
}
