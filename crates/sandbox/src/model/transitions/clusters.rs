//! Clusters: made, backed up, stopped, started, gone.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::model::effect::Work;
use crate::model::faults::Course;
use crate::model::jobs::JobKind;
use crate::model::resources::{ClusterStatus, InstanceStatus, ParameterStatus, SnapshotKind};
use crate::model::state::{Key, Origin, PlaceIx};
use crate::model::world::{Ctx, World};

/// A stopped cluster starts by itself after this time.
const LONGEST_STOP: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How soon a cluster looks again whether its last instance is gone.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_secs(1);

impl World {
    pub(crate) fn cluster_ready(&mut self, place: PlaceIx, key: Key, ends: Timestamp, failure: Option<&str>) {
        let Some(record) = self.cluster_mut(place, key) else {
            return;
        };
        let origin = record.origin;
        let shown = Arc::make_mut(&mut record.shown);
        shown.percent_progress = None;
        shown.status = match (failure, origin) {
            (None, _) => ClusterStatus::Available,
            (Some(_), Origin::Created) => ClusterStatus::Failed,
            (Some(_), Origin::Restored) => ClusterStatus::MigrationFailed,
            (Some(_), Origin::Cloned) => ClusterStatus::CloningFailed,
        };
        match failure {
            None => {
                self.cluster_event(place, key, "creation", "DB cluster created", ends);
                let first_backup = ends + self.config.durations.first_backup;
                self.add_job(first_backup, place, key, JobKind::FirstBackup, Vec::new());
            }
            Some(reason) => {
                let message = format!("DB cluster could not be created: {reason}");
                self.cluster_event(place, key, "failure", &message, ends);
            }
        }
    }

    pub(crate) fn first_backup(&mut self, place: PlaceIx, key: Key, ends: Timestamp) {
        let Some(record) = self.cluster_mut(place, key) else {
            return;
        };
        let shown = Arc::make_mut(&mut record.shown);
        shown.earliest_restorable_time = Some(ends);
        shown.latest_restorable_time = Some(ends);
    }

    pub(crate) fn cluster_parameters_applied(&mut self, place: PlaceIx, key: Key) {
        let Some(record) = self.cluster_mut(place, key) else {
            return;
        };
        for member in &mut Arc::make_mut(&mut record.shown).db_cluster_members {
            if member.db_cluster_parameter_group_status == ParameterStatus::Applying {
                member.db_cluster_parameter_group_status = ParameterStatus::PendingReboot;
            }
        }
    }

    pub(crate) fn cluster_stopped(&mut self, place: PlaceIx, key: Key, ends: Timestamp, failure: Option<&str>) {
        if let Some(reason) = failure {
            let message = format!("DB cluster could not be stopped: {reason}");
            self.cluster_event(place, key, "failure", &message, ends);
            self.set_cluster_and_members(place, key, ClusterStatus::Available, InstanceStatus::Available);
            return;
        }
        self.set_cluster_and_members(place, key, ClusterStatus::Stopped, InstanceStatus::Stopped);
        self.cluster_event(place, key, "notification", "DB cluster stopped", ends);
        self.add_job(ends + LONGEST_STOP, place, key, JobKind::AutomaticStart, Vec::new());
    }

    pub(crate) fn cluster_started(&mut self, place: PlaceIx, key: Key, ends: Timestamp, failure: Option<&str>) {
        if let Some(reason) = failure {
            let message = format!("DB cluster could not be started: {reason}");
            self.cluster_event(place, key, "failure", &message, ends);
            self.set_cluster_and_members(place, key, ClusterStatus::Stopped, InstanceStatus::Stopped);
            return;
        }
        self.set_cluster_and_members(place, key, ClusterStatus::Available, InstanceStatus::Available);
        self.cluster_event(place, key, "notification", "DB cluster started", ends);
    }

    pub(crate) fn automatic_start(&mut self, place: PlaceIx, key: Key, ends: Timestamp) {
        let stopped = self.cluster(place, key).is_some_and(|record| record.shown.status == ClusterStatus::Stopped);
        if stopped {
            let message = "DB cluster is being started due to it exceeding the maximum allowed time being stopped.";
            self.cluster_event(place, key, "notification", message, ends);
            self.begin_start(Ctx { here: place, now: ends, course: Course::default() }, key);
        }
    }

    pub(crate) fn cluster_deleted(&mut self, place: PlaceIx, key: Key, ends: Timestamp, failure: Option<&str>) {
        if self.place(place).members(key).next().is_some() {
            self.add_job(ends + LOOK_AGAIN, place, key, JobKind::ClusterDeleted, Vec::new());
            return;
        }
        if let Some(reason) = failure {
            let message = format!("Storage of the DB cluster could not be freed: {reason}");
            self.cluster_event(place, key, "failure", &message, ends);
        }
        self.cluster_event(place, key, "deletion", "DB cluster deleted", ends);
        self.forget_jobs(place, key);
        let Some(record) = self.place_mut(place).clusters.remove(&key) else {
            return;
        };
        if record.keeps_automated {
            return;
        }
        let gone: Vec<_> = self
            .place(place)
            .snapshots
            .iter()
            .filter(|(_, snapshot)| {
                snapshot.shown.snapshot_type == SnapshotKind::Automated
                    && snapshot.shown.db_cluster_resource_id == record.shown.db_cluster_resource_id
            })
            .map(|(key, snapshot)| (*key, snapshot.image))
            .collect();
        for (snapshot, image) in gone {
            self.remove_snapshot(place, snapshot, ends);
            self.emit(Work::DeleteImage { image }, &mut Vec::new());
        }
    }
}
