//! Setting the scene: snapshots that exist already, with a past.

use std::sync::Arc;

use jiff::Timestamp;

use super::lookup::cluster_not_found;
use super::snapshots::describe_new;
use crate::model::arn::ArnKind;
use crate::model::effect::Work;
use crate::model::error::{RdsError, RdsErrorCode};
use crate::model::faults::Course;
use crate::model::jobs::JobKind;
use crate::model::resources::{DbClusterSnapshot, SnapshotKind, Tag};
use crate::model::world::{Ctx, World};
use crate::model::{ImageId, Place};

/// What the names of AWS Backup's snapshots begin with.
const BACKUP_PREFIX: &str = "awsbackup:";

/// A snapshot to be put in place: what no call can make.
#[derive(Clone, Debug, PartialEq)]
pub struct SeedSnapshot {
    /// Where the cluster is.
    pub place: Place,
    /// The cluster, which must be available.
    pub db_cluster_identifier: String,
    /// When the snapshot claims to have been taken; for example yesterday.
    pub created_at: Timestamp,
    /// Name of a manual snapshot, or one of AWS Backup (`awsbackup:…`); without a name it is an automated one.
    pub name: Option<String>,
    /// Tags, those with reserved prefixes included.
    pub tags: Vec<Tag>,
}

impl World {
    /// Puts a snapshot of the present data of a cluster in place, with a time of creation of your choice.
    ///
    /// An automated one is named `rds:<cluster>-YYYY-MM-DD-hh-mm` after that time. It is available at
    /// once, or as soon as an attached data plane has taken its image. The cluster is not disturbed.
    pub fn seed_snapshot(&mut self, seed: SeedSnapshot, now: Timestamp) -> Result<Arc<DbClusterSnapshot>, RdsError> {
        self.tick(now);
        let now = now.max(self.now());
        let here = self.place_ix(&seed.place.account, &seed.place.region);
        let (cluster, record) = self.named_cluster(here, &seed.db_cluster_identifier, now)?;
        record.require_available()?;
        let from = record.volume;
        let (name, kind) = match seed.name {
            // AWS Backup gives names that nobody else may give.
            Some(name) if name.starts_with(BACKUP_PREFIX) => (name, SnapshotKind::Manual),
            Some(name) => (self.check_new_snapshot(here, "DBClusterSnapshotIdentifier", &name)?, SnapshotKind::Manual),
            None => (automated_name(&record.shown.db_cluster_identifier, seed.created_at), SnapshotKind::Automated),
        };
        let place = self.place(here);
        if place.snapshot_named(&name).is_some() {
            return Err(RdsError::new(
                RdsErrorCode::DbClusterSnapshotAlreadyExists,
                format!("A cluster snapshot with the identifier {name} already exists."),
            ));
        }
        let record = place.clusters.get(&cluster).ok_or_else(|| cluster_not_found(&seed.db_cluster_identifier))?;
        let mut shown = describe_new(place, &record.shown, name);
        shown.db_cluster_snapshot_arn = place.arn(ArnKind::ClusterSnapshot, &shown.db_cluster_snapshot_identifier);
        shown.snapshot_type = kind;
        shown.snapshot_create_time = Some(seed.created_at);
        // The cluster is older than its snapshot.
        shown.cluster_create_time = shown.cluster_create_time.min(seed.created_at);
        shown.tag_list = seed.tags;
        shown.tag_list.sort();
        let key = self.new_key();
        let mut waits = Vec::new();
        self.emit(Work::TakeImage { image: ImageId(key), from }, &mut waits);
        let ctx = Ctx { here, now, course: Course::default() };
        let shown = self.add_snapshot(ctx, key, shown, now);
        self.add_job(now, here, key, JobKind::SnapshotTaken, waits);
        if let Some(record) = self.snapshot_mut(here, key) {
            record.visible_from = now;
        }
        self.tick(now);
        Ok(self.place(here).snapshots.get(&key).map_or(shown, |record| Arc::clone(&record.shown)))
    }
}

fn automated_name(cluster: &str, created_at: Timestamp) -> String {
    format!("rds:{cluster}-{}", created_at.strftime("%Y-%m-%d-%H-%M"))
}
