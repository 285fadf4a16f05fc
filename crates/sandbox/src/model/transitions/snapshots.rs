//! Snapshots: taken, copied, failed.

use std::sync::Arc;

use jiff::Timestamp;

use crate::model::faults::Course;
use crate::model::resources::{ClusterStatus, SnapshotKind, SnapshotStatus};
use crate::model::state::{Key, PlaceIx};
use crate::model::world::{Ctx, World};

impl World {
    pub(crate) fn snapshot_taken(&mut self, place: PlaceIx, key: Key, ends: Timestamp, failure: Option<&str>) {
        let Some(record) = self.snapshot_mut(place, key) else {
            return;
        };
        let since = record.since;
        let shown = Arc::make_mut(&mut record.shown);
        shown.snapshot_create_time.get_or_insert(since);
        shown.status = if failure.is_some() { SnapshotStatus::Failed } else { SnapshotStatus::Available };
        if failure.is_none() {
            shown.percent_progress = 100;
        }
        let kind = shown.snapshot_type;
        let resource_id = shown.db_cluster_resource_id.clone();
        match failure {
            None => self.snapshot_event(place, key, "backup", "Manual cluster snapshot created", ends),
            Some(reason) => {
                let message = format!("Cluster snapshot could not be taken: {reason}");
                self.snapshot_event(place, key, "failure", &message, ends);
            }
        }
        if kind == SnapshotKind::Manual {
            self.cluster_was_backed_up(place, key, &resource_id, ends, failure.is_none());
        }
    }

    /// The cluster goes on: it is available again, or its deletion begins, or was in vain.
    fn cluster_was_backed_up(
        &mut self,
        place: PlaceIx,
        snapshot: Key,
        resource_id: &str,
        ends: Timestamp,
        taken: bool,
    ) {
        let clusters = &mut self.place_mut(place).clusters;
        let found = clusters.iter_mut().find(|(_, record)| record.shown.db_cluster_resource_id == resource_id);
        let Some((cluster, record)) = found else {
            return;
        };
        let cluster = *cluster;
        let was_final = record.final_snapshot == Some(snapshot);
        if was_final && taken {
            self.begin_cluster_deletion(Ctx { here: place, now: ends, course: Course::default() }, cluster);
        } else if was_final || record.shown.status == ClusterStatus::BackingUp {
            record.final_snapshot = None;
            Arc::make_mut(&mut record.shown).status = ClusterStatus::Available;
        }
    }

    pub(crate) fn snapshot_copied(&mut self, place: PlaceIx, key: Key, ends: Timestamp, failure: Option<&str>) {
        let Some(record) = self.snapshot_mut(place, key) else {
            return;
        };
        record.copying_from = None;
        let shown = Arc::make_mut(&mut record.shown);
        match failure {
            None => {
                shown.status = SnapshotStatus::Available;
                shown.percent_progress = 100;
                self.snapshot_event(place, key, "notification", "Finished copy of the cluster snapshot", ends);
            }
            Some(reason) => {
                shown.status = SnapshotStatus::Failed;
                let message = format!("Cluster snapshot could not be copied: {reason}");
                self.snapshot_event(place, key, "failure", &message, ends);
            }
        }
    }
}
