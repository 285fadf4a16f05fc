//! CreateDBClusterSnapshot, DescribeDBClusterSnapshots and DeleteDBClusterSnapshot.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use super::lookup::{cluster_not_found, snapshot_not_found};
use crate::model::ImageId;
use crate::model::arn::ArnKind;
use crate::model::call::{CreateDbClusterSnapshot, NameDbClusterSnapshot};
use crate::model::effect::Work;
use crate::model::error::{RdsError, RdsErrorCode};
use crate::model::identifier::{checked_tags, normalise};
use crate::model::jobs::JobKind;
use crate::model::reply::Reply;
use crate::model::resources::{
    ClusterStatus, DbCluster, DbClusterSnapshot, EventSource, SnapshotKind, SnapshotStatus, Tag,
};
use crate::model::state::{Key, PlaceIx, PlaceState, SnapshotRecord};
use crate::model::world::{Ctx, World};

impl World {
    pub(crate) fn create_snapshot(&mut self, ctx: Ctx, input: &CreateDbClusterSnapshot) -> Result<Reply, RdsError> {
        let name = &input.db_cluster_snapshot_identifier;
        let (cluster, _) = self.named_cluster(ctx.here, &input.db_cluster_identifier, ctx.now)?;
        let (_, shown) = self.take_snapshot(ctx, cluster, name, &input.tags)?;
        let record =
            self.cluster_mut(ctx.here, cluster).ok_or_else(|| cluster_not_found(&input.db_cluster_identifier))?;
        Arc::make_mut(&mut record.shown).status = ClusterStatus::BackingUp;
        Ok(Reply::Snapshot(shown))
    }

    /// Begins a manual snapshot of a cluster, if one may be taken.
    pub(crate) fn take_snapshot(
        &mut self,
        ctx: Ctx,
        cluster: Key,
        name: &str,
        tags: &[Tag],
    ) -> Result<(Key, Arc<DbClusterSnapshot>), RdsError> {
        let name = self.check_new_snapshot(ctx.here, "DBClusterSnapshotIdentifier", name)?;
        let mut tags = checked_tags(tags)?;
        let place = self.place(ctx.here);
        let record = &place.clusters[&cluster];
        if record.shown.status != ClusterStatus::Available || record.shown.earliest_restorable_time.is_none() {
            return Err(RdsError::new(
                RdsErrorCode::InvalidDbClusterState,
                format!(
                    "Can't create a snapshot because the database cluster {} isn't currently in the available state.",
                    record.shown.db_cluster_identifier
                ),
            ));
        }
        if record.shown.copy_tags_to_snapshot && tags.is_empty() {
            tags.clone_from(&record.shown.tag_list);
        }
        let mut shown = describe_new(place, &record.shown, name);
        shown.tag_list = tags;
        let from = record.volume;
        let key = self.new_key();
        let mut waits = Vec::new();
        if !ctx.course.fails {
            self.emit(Work::TakeImage { image: ImageId(key), from }, &mut waits);
        }
        let until = ctx.now + ctx.course.stretch(self.config.durations.take_snapshot);
        if ctx.course.fails {
            self.add_failing_job(until, ctx.here, key, JobKind::SnapshotTaken, "The snapshot could not be taken.");
        } else {
            self.add_job(until, ctx.here, key, JobKind::SnapshotTaken, waits);
        }
        let shown = self.add_snapshot(ctx, key, shown, until);
        Ok((key, shown))
    }

    /// A legal and free name, and room for one more manual snapshot.
    pub(crate) fn check_new_snapshot(&self, here: PlaceIx, parameter: &str, name: &str) -> Result<String, RdsError> {
        let name = normalise(parameter, name)?;
        let place = self.place(here);
        if place.snapshot_named(&name).is_some() {
            return Err(RdsError::new(
                RdsErrorCode::DbClusterSnapshotAlreadyExists,
                format!("Cannot create the cluster snapshot because one with the identifier {name} already exists."),
            ));
        }
        let quota = self.config.quotas.manual_snapshots;
        if place.snapshots.values().filter(|record| record.is_manual()).count() >= quota {
            return Err(RdsError::new(
                RdsErrorCode::SnapshotQuotaExceeded,
                format!("Cannot create more than {quota} manual snapshots"),
            ));
        }
        Ok(name)
    }

    pub(crate) fn add_snapshot(
        &mut self,
        ctx: Ctx,
        key: Key,
        shown: DbClusterSnapshot,
        until: Timestamp,
    ) -> Arc<DbClusterSnapshot> {
        let lag = self.config.lag.after_create;
        let visible_from = self.visible_from(ctx.here, key, ctx.now, lag);
        let shown = Arc::new(shown);
        let record = SnapshotRecord {
            shown: Arc::clone(&shown),
            visible_from,
            image: ImageId(key),
            shared_with: BTreeSet::new(),
            copying_from: None,
            stuck: false,
            since: ctx.now,
            until,
        };
        self.place_mut(ctx.here).snapshots.insert(key, record);
        shown
    }

    pub(crate) fn delete_snapshot(&mut self, ctx: Ctx, input: &NameDbClusterSnapshot) -> Result<Reply, RdsError> {
        let key = self.own_snapshot(ctx, &input.db_cluster_snapshot_identifier)?;
        let record = &self.place(ctx.here).snapshots[&key];
        let refusal = match (record.shown.snapshot_type, record.shown.status) {
            (SnapshotKind::Manual, SnapshotStatus::Available | SnapshotStatus::Copying | SnapshotStatus::Failed) => {
                None
            }
            (SnapshotKind::Manual, status) => Some(format!("it is in the {status} state")),
            (_, _) => Some("it is an automated snapshot".to_owned()),
        };
        if let Some(reason) = refusal {
            return Err(RdsError::new(
                RdsErrorCode::InvalidDbClusterSnapshotState,
                format!("Cannot delete the snapshot {}: {reason}.", record.shown.db_cluster_snapshot_identifier),
            ));
        }
        let image = record.image;
        let mut shown = DbClusterSnapshot::clone(&record.shown);
        shown.status = SnapshotStatus::Deleting;
        self.remove_snapshot(ctx.here, key, ctx.now);
        self.emit(Work::DeleteImage { image }, &mut Vec::new());
        Ok(Reply::Snapshot(Arc::new(shown)))
    }

    /// A snapshot of this place, by name or ARN.
    pub(crate) fn own_snapshot(&self, ctx: Ctx, wanted: &str) -> Result<Key, RdsError> {
        let place = self.place(ctx.here);
        let name = place.local_name(wanted, ArnKind::ClusterSnapshot);
        let key = name.and_then(|name| place.snapshot_named(name));
        key.filter(|key| place.snapshots[key].visible_from <= ctx.now).ok_or_else(|| snapshot_not_found(wanted))
    }

    /// Takes a snapshot out of the world. Copies that were being made of it fail.
    pub(crate) fn remove_snapshot(&mut self, place: PlaceIx, key: Key, now: Timestamp) {
        self.forget_jobs(place, key);
        self.place_mut(place).snapshots.remove(&key);
        let orphans: Vec<_> = self
            .places()
            .flat_map(|(ix, state)| state.snapshots.iter().map(move |(copy, record)| (ix, *copy, record)))
            .filter(|(_, _, record)| record.copying_from == Some((place, key)))
            .map(|(ix, copy, _)| (ix, copy))
            .collect();
        for (ix, copy) in orphans {
            self.forget_jobs(ix, copy);
            self.snapshot_copied(ix, copy, now, Some("The source snapshot was deleted while it was being copied."));
        }
    }

    pub(crate) fn snapshot_event(&mut self, place: PlaceIx, key: Key, category: &str, message: &str, date: Timestamp) {
        let Some(record) = self.place(place).snapshots.get(&key) else {
            return;
        };
        let shown = Arc::clone(&record.shown);
        let source = (
            EventSource::DbClusterSnapshot,
            shown.db_cluster_snapshot_identifier.as_str(),
            shown.db_cluster_snapshot_arn.as_str(),
        );
        self.record_event(place, source, category, message, date);
    }
}

/// A manual snapshot that is just beginning.
pub(crate) fn describe_new(place: &PlaceState, cluster: &DbCluster, name: String) -> DbClusterSnapshot {
    DbClusterSnapshot {
        db_cluster_snapshot_arn: place.arn(ArnKind::ClusterSnapshot, &name),
        db_cluster_snapshot_identifier: name,
        db_cluster_identifier: cluster.db_cluster_identifier.clone(),
        db_cluster_resource_id: cluster.db_cluster_resource_id.clone(),
        snapshot_type: SnapshotKind::Manual,
        status: SnapshotStatus::Creating,
        percent_progress: 0,
        snapshot_create_time: None,
        cluster_create_time: cluster.cluster_create_time,
        engine: cluster.engine.clone(),
        engine_mode: cluster.engine_mode.clone(),
        engine_version: cluster.engine_version.clone(),
        license_model: "postgresql-license".to_owned(),
        master_username: cluster.master_username.clone(),
        port: cluster.port,
        vpc_id: place.vpc_id(),
        availability_zones: cluster.availability_zones.clone(),
        allocated_storage: cluster.allocated_storage,
        storage_type: cluster.storage_type.clone(),
        storage_encrypted: cluster.storage_encrypted,
        kms_key_id: cluster.kms_key_id.clone(),
        iam_database_authentication_enabled: cluster.iam_database_authentication_enabled,
        backup_retention_period: cluster.backup_retention_period,
        preferred_backup_window: cluster.preferred_backup_window.clone(),
        source_db_cluster_snapshot_arn: None,
        tag_list: Vec::new(),
    }
}
