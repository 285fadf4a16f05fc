//! The phases of modifying a cluster, one after the other.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::model::EffectId;
use crate::model::arn::ArnKind;
use crate::model::effect::{EndpointKind, Work};
use crate::model::faults::Course;
use crate::model::jobs::JobKind;
use crate::model::resources::ClusterStatus;
use crate::model::state::{ClusterPhase, FormerName, Key, PlaceIx};
use crate::model::world::World;

/// How soon a maintenance window that came at a bad moment is tried again.
const TRY_AGAIN: SignedDuration = SignedDuration::from_mins(5);

const CLUSTER_ENDPOINTS: [EndpointKind; 2] = [EndpointKind::ClusterWriter, EndpointKind::ClusterReader];

impl World {
    /// Begins the first phase, if there is one; else the cluster is available again.
    pub(crate) fn begin_cluster_phase(&mut self, place: PlaceIx, key: Key, now: Timestamp, course: Course) {
        let Some(record) = self.cluster_mut(place, key) else {
            return;
        };
        let Some(phase) = record.phases.front().cloned() else {
            if record.shown.status != ClusterStatus::Available {
                Arc::make_mut(&mut record.shown).status = ClusterStatus::Available;
            }
            return;
        };
        let status = match &phase {
            ClusterPhase::Settle | ClusterPhase::SetStorageType(_) => ClusterStatus::Modifying,
            ClusterPhase::SetPassword(_) => ClusterStatus::ResettingMasterCredentials,
            ClusterPhase::SetIamAuthentication(_) => ClusterStatus::UpdateIamDbAuth,
            ClusterPhase::Upgrade(_) => ClusterStatus::Upgrading,
            ClusterPhase::Rename(_) => ClusterStatus::Renaming,
        };
        Arc::make_mut(&mut record.shown).status = status;
        let waits = self.phase_work(place, key, &phase);
        let durations = &self.config.durations;
        let duration = match phase {
            ClusterPhase::Settle | ClusterPhase::SetStorageType(_) | ClusterPhase::SetIamAuthentication(_) => {
                durations.modify_cluster
            }
            ClusterPhase::SetPassword(_) => durations.reset_password,
            ClusterPhase::Upgrade(_) => durations.upgrade_cluster,
            ClusterPhase::Rename(_) => durations.rename_cluster,
        };
        self.add_job(now + course.stretch(duration), place, key, JobKind::ClusterPhaseEnds, waits);
    }

    /// What the data plane has to do for a phase.
    fn phase_work(&mut self, place: PlaceIx, key: Key, phase: &ClusterPhase) -> Vec<EffectId> {
        let mut waits = Vec::new();
        let Some(record) = self.cluster_mut(place, key) else {
            return waits;
        };
        match phase {
            ClusterPhase::SetPassword(password) => {
                let work = Work::SetMasterPassword {
                    volume: record.volume,
                    user: record.shown.master_username.clone(),
                    password: password.clone(),
                };
                self.emit(work, &mut waits);
            }
            ClusterPhase::Rename(name) => {
                let old = record.shown.db_cluster_identifier.clone();
                if record.serving {
                    self.withdraw_cluster(place, key, &old, &mut waits);
                    self.publish_cluster(place, key, name, &mut waits);
                }
            }
            ClusterPhase::Settle
            | ClusterPhase::SetIamAuthentication(_)
            | ClusterPhase::SetStorageType(_)
            | ClusterPhase::Upgrade(_) => {}
        }
        waits
    }

    /// Lets the names of a cluster answer.
    pub(crate) fn publish_cluster(&mut self, place: PlaceIx, key: Key, name: &str, waits: &mut Vec<EffectId>) {
        let Some(volume) = self.cluster(place, key).map(|record| record.volume) else {
            return;
        };
        for kind in CLUSTER_ENDPOINTS {
            let endpoint = self.endpoint_key(place, kind, name);
            self.emit(Work::PublishEndpoint { endpoint, volume }, waits);
        }
    }

    /// Lets the names of a cluster no longer answer.
    pub(crate) fn withdraw_cluster(&mut self, place: PlaceIx, key: Key, name: &str, waits: &mut Vec<EffectId>) {
        let Some(volume) = self.cluster(place, key).map(|record| record.volume) else {
            return;
        };
        for kind in CLUSTER_ENDPOINTS {
            let endpoint = self.endpoint_key(place, kind, name);
            self.emit(Work::WithdrawEndpoint { endpoint, volume }, waits);
        }
    }

    pub(crate) fn cluster_phase_ends(&mut self, place: PlaceIx, key: Key, ends: Timestamp, failure: Option<&str>) {
        let Some(record) = self.cluster_mut(place, key) else {
            return;
        };
        let Some(phase) = record.phases.pop_front() else {
            return;
        };
        match failure {
            None => self.phase_succeeds(place, key, ends, phase),
            Some(reason) => self.phase_fails(place, key, ends, &phase, reason),
        }
        self.note_pending(place, key);
        self.begin_cluster_phase(place, key, ends, Course::default());
    }

    fn phase_succeeds(&mut self, place: PlaceIx, key: Key, ends: Timestamp, phase: ClusterPhase) {
        let Some(record) = self.cluster_mut(place, key) else {
            return;
        };
        let shown = Arc::make_mut(&mut record.shown);
        match phase {
            ClusterPhase::Settle => {}
            ClusterPhase::SetPassword(_) => {
                let message = "The master credentials of the DB cluster have been reset.";
                self.cluster_event(place, key, "configuration change", message, ends);
            }
            ClusterPhase::SetIamAuthentication(enabled) => {
                shown.iam_database_authentication_enabled = enabled;
            }
            ClusterPhase::SetStorageType(kind) => {
                shown.storage_type = crate::model::actions::shown_storage_type(Some(&kind));
            }
            ClusterPhase::Upgrade(version) => {
                shown.engine_version.clone_from(&version);
                let members = self.place_mut(place).instances.values_mut().filter(|member| member.cluster == key);
                for member in members {
                    Arc::make_mut(&mut member.shown).engine_version.clone_from(&version);
                }
                self.cluster_event(place, key, "maintenance", "Database cluster engine version upgraded.", ends);
            }
            ClusterPhase::Rename(name) => self.cluster_renamed(place, key, ends, name),
        }
    }

    fn phase_fails(&mut self, place: PlaceIx, key: Key, ends: Timestamp, phase: &ClusterPhase, reason: &str) {
        let message = format!("DB cluster could not be modified: {reason}");
        self.cluster_event(place, key, "failure", &message, ends);
        let ClusterPhase::Rename(new) = phase else {
            return;
        };
        let Some(record) = self.cluster_mut(place, key) else {
            return;
        };
        record.naming.reserved = None;
        let old = record.shown.db_cluster_identifier.clone();
        if record.serving {
            let mut nobody_waits = Vec::new();
            self.withdraw_cluster(place, key, new, &mut nobody_waits);
            self.publish_cluster(place, key, &old, &mut nobody_waits);
        }
    }

    fn cluster_renamed(&mut self, place: PlaceIx, key: Key, ends: Timestamp, name: String) {
        let lag = self.config.lag.after_rename;
        let visible_from = self.visible_from(place, key, ends, lag);
        let arn = self.place(place).arn(ArnKind::Cluster, &name);
        let Some(record) = self.cluster(place, key) else {
            return;
        };
        let port = record.shown.port;
        let writer = self.endpoint(place, EndpointKind::ClusterWriter, &name, port);
        let reader = self.endpoint(place, EndpointKind::ClusterReader, &name, port);
        for member in self.place_mut(place).instances.values_mut().filter(|member| member.cluster == key) {
            Arc::make_mut(&mut member.shown).db_cluster_identifier.clone_from(&name);
        }
        let Some(record) = self.cluster_mut(place, key) else {
            return;
        };
        let shown = Arc::make_mut(&mut record.shown);
        let old = std::mem::replace(&mut shown.db_cluster_identifier, name);
        shown.db_cluster_arn = arn;
        shown.port = writer.as_ref().map_or(port, |endpoint| endpoint.port);
        shown.endpoint = writer;
        shown.reader_endpoint = reader;
        let message = format!("Renamed cluster from {old} to {}.", shown.db_cluster_identifier);
        record.naming.reserved = None;
        record.naming.visible_from = visible_from;
        record.naming.former = (!lag.is_zero()).then_some(FormerName { name: old, until: visible_from });
        self.cluster_event(place, key, "notification", &message, ends);
    }

    pub(crate) fn cluster_maintenance(&mut self, place: PlaceIx, key: Key, ends: Timestamp) {
        let Some(record) = self.cluster_mut(place, key) else {
            return;
        };
        if record.deferred.is_empty() {
            return;
        }
        if record.shown.status != ClusterStatus::Available {
            self.add_job(ends + TRY_AGAIN, place, key, JobKind::ClusterMaintenance, Vec::new());
            return;
        }
        let deferred = std::mem::take(&mut record.deferred);
        let place_state = self.place(place);
        // The name may have been taken since it was asked for.
        let still_free = |phase: &ClusterPhase| match phase {
            ClusterPhase::Rename(name) => !place_state.cluster_name_is_taken(name),
            _ => true,
        };
        let phases: Vec<_> = deferred.into_iter().filter(still_free).collect();
        if let Some(record) = self.cluster_mut(place, key) {
            record.plan(phases);
        }
        self.note_pending(place, key);
        self.begin_cluster_phase(place, key, ends, Course::default());
    }
}
