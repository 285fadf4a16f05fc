//! Instances: made, changed, gone.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::model::EffectId;
use crate::model::arn::ArnKind;
use crate::model::effect::{EndpointKind, Work};
use crate::model::faults::Course;
use crate::model::jobs::JobKind;
use crate::model::resources::{ClusterMember, InstanceStatus, ParameterStatus};
use crate::model::state::{FormerName, InstancePhase, Key, Origin, PlaceIx};
use crate::model::world::World;

/// How soon a maintenance window that came at a bad moment is tried again.
const TRY_AGAIN: SignedDuration = SignedDuration::from_mins(5);

impl World {
    pub(crate) fn instance_ready(&mut self, place: PlaceIx, key: Key, ends: Timestamp, failure: Option<&str>) {
        let Some(record) = self.place(place).instances.get(&key) else {
            return;
        };
        let (cluster, name) = (record.cluster, record.shown.db_instance_identifier.clone());
        let ends_as = record.ends_as;
        let Some((origin, port)) = self.cluster(place, cluster).map(|record| (record.origin, record.shown.port)) else {
            return;
        };
        let status = match (ends_as, failure) {
            (Some(status), _) => status,
            (None, None) => InstanceStatus::Available,
            (None, Some(_)) if origin == Origin::Created => InstanceStatus::Failed,
            (None, Some(_)) => InstanceStatus::IncompatibleRestore,
        };
        let endpoint = self.endpoint(place, EndpointKind::Instance, &name, port);
        let Some(record) = self.instance_mut(place, key) else {
            return;
        };
        let shown = Arc::make_mut(&mut record.shown);
        shown.db_instance_status = status;
        if status == InstanceStatus::Available {
            shown.endpoint = endpoint;
            shown.instance_create_time = Some(ends);
            self.member_in_sync(place, cluster, &name);
            self.instance_event(place, key, "creation", "DB instance created", ends);
        } else {
            if failure.is_some() {
                self.server_did_not_start(place, cluster, key);
            }
            let reason = failure.unwrap_or(status.as_str());
            let message = format!("DB instance could not be created: {reason}");
            self.instance_event(place, key, "failure", &message, ends);
        }
        self.elect_writer(place, cluster, ends);
    }

    /// If no other member runs, the next instance has to start the server again.
    fn server_did_not_start(&mut self, place: PlaceIx, cluster: Key, instance: Key) {
        let runs = |status| status == InstanceStatus::Available;
        let state = self.place(place);
        let served =
            state.members(cluster).any(|(key, member)| key != instance && runs(member.shown.db_instance_status));
        if let Some(record) = self.cluster_mut(place, cluster) {
            record.serving = served;
        }
    }

    /// An instance that has just started runs with the values of the cluster's parameter group.
    fn member_in_sync(&mut self, place: PlaceIx, cluster: Key, name: &str) {
        self.change_member(place, cluster, name, |member| {
            member.db_cluster_parameter_group_status = ParameterStatus::InSync;
        });
    }

    fn change_member(&mut self, place: PlaceIx, cluster: Key, name: &str, change: impl Fn(&mut ClusterMember)) {
        let Some(record) = self.cluster_mut(place, cluster) else {
            return;
        };
        for member in &mut Arc::make_mut(&mut record.shown).db_cluster_members {
            if member.db_instance_identifier == name {
                change(member);
            }
        }
    }

    /// Begins the first phase, if there is one; else the instance is available again.
    pub(crate) fn begin_instance_phase(&mut self, place: PlaceIx, key: Key, now: Timestamp, course: Course) {
        let Some(record) = self.instance_mut(place, key) else {
            return;
        };
        let Some(phase) = record.phases.front().cloned() else {
            if record.shown.db_instance_status != InstanceStatus::Available {
                Arc::make_mut(&mut record.shown).db_instance_status = InstanceStatus::Available;
            }
            return;
        };
        let status = match &phase {
            InstancePhase::Settle | InstancePhase::SetClass(_) => InstanceStatus::Modifying,
            InstancePhase::Rename(_) => InstanceStatus::Renaming,
            InstancePhase::SetCertificate(_) | InstancePhase::Reboot => InstanceStatus::Rebooting,
        };
        Arc::make_mut(&mut record.shown).db_instance_status = status;
        let durations = &self.config.durations;
        let duration = match &phase {
            InstancePhase::Settle | InstancePhase::SetClass(_) => durations.modify_instance,
            InstancePhase::Rename(_) => durations.rename_instance,
            InstancePhase::SetCertificate(_) | InstancePhase::Reboot => durations.reboot_instance,
        };
        let waits = self.instance_phase_work(place, key, &phase);
        self.add_job(now + course.stretch(duration), place, key, JobKind::InstancePhaseEnds, waits);
    }

    /// What the data plane has to do for a phase.
    fn instance_phase_work(&mut self, place: PlaceIx, key: Key, phase: &InstancePhase) -> Vec<EffectId> {
        let mut waits = Vec::new();
        let Some(record) = self.instance_mut(place, key) else {
            return waits;
        };
        let (cluster, old) = (record.cluster, record.shown.db_instance_identifier.clone());
        let Some(volume) = self.cluster(place, cluster).map(|record| record.volume) else {
            return waits;
        };
        match phase {
            InstancePhase::Rename(name) => {
                let endpoint = self.endpoint_key(place, EndpointKind::Instance, &old);
                self.emit(Work::WithdrawEndpoint { endpoint, volume }, &mut waits);
                let endpoint = self.endpoint_key(place, EndpointKind::Instance, name);
                self.emit(Work::PublishEndpoint { endpoint, volume }, &mut waits);
            }
            // All members share one server; it is the writer's.
            InstancePhase::Reboot if self.is_writer(place, cluster, &old) => {
                self.emit(Work::RestartServer { volume }, &mut waits);
            }
            InstancePhase::Reboot
            | InstancePhase::Settle
            | InstancePhase::SetClass(_)
            | InstancePhase::SetCertificate(_) => {}
        }
        waits
    }

    fn is_writer(&self, place: PlaceIx, cluster: Key, name: &str) -> bool {
        self.cluster(place, cluster).is_some_and(|record| {
            let mut members = record.shown.db_cluster_members.iter();
            members.any(|member| member.is_cluster_writer && member.db_instance_identifier == name)
        })
    }

    pub(crate) fn instance_phase_ends(&mut self, place: PlaceIx, key: Key, ends: Timestamp, failure: Option<&str>) {
        let Some(record) = self.instance_mut(place, key) else {
            return;
        };
        let Some(phase) = record.phases.pop_front() else {
            return;
        };
        match failure {
            None => self.instance_phase_succeeds(place, key, ends, phase),
            Some(reason) => self.instance_phase_fails(place, key, ends, &phase, reason),
        }
        self.note_instance_pending(place, key);
        self.begin_instance_phase(place, key, ends, Course::default());
    }

    fn instance_phase_fails(&mut self, place: PlaceIx, key: Key, ends: Timestamp, phase: &InstancePhase, reason: &str) {
        let message = format!("DB instance could not be modified: {reason}");
        self.instance_event(place, key, "failure", &message, ends);
        let InstancePhase::Rename(new) = phase else { return };
        let Some(record) = self.instance_mut(place, key) else { return };
        record.naming.reserved = None;
        let (cluster, old) = (record.cluster, record.shown.db_instance_identifier.clone());
        let Some(volume) = self.cluster(place, cluster).map(|record| record.volume) else { return };
        let mut nobody_waits = Vec::new();
        let endpoint = self.endpoint_key(place, EndpointKind::Instance, new);
        self.emit(Work::WithdrawEndpoint { endpoint, volume }, &mut nobody_waits);
        let endpoint = self.endpoint_key(place, EndpointKind::Instance, &old);
        self.emit(Work::PublishEndpoint { endpoint, volume }, &mut nobody_waits);
    }

    fn instance_phase_succeeds(&mut self, place: PlaceIx, key: Key, ends: Timestamp, phase: InstancePhase) {
        let Some(record) = self.instance_mut(place, key) else {
            return;
        };
        let (cluster, name) = (record.cluster, record.shown.db_instance_identifier.clone());
        let shown = Arc::make_mut(&mut record.shown);
        match phase {
            InstancePhase::Settle => {}
            InstancePhase::SetClass(class) => shown.db_instance_class = class,
            InstancePhase::SetCertificate(certificate) => {
                shown.ca_certificate_identifier = certificate;
            }
            InstancePhase::Reboot => {
                shown.parameter_apply_status = ParameterStatus::InSync;
                self.member_in_sync(place, cluster, &name);
                self.instance_event(place, key, "availability", "DB instance restarted", ends);
            }
            InstancePhase::Rename(new) => {
                self.instance_renamed(place, key, ends, &new);
                self.elect_writer(place, cluster, ends);
            }
        }
    }

    fn instance_renamed(&mut self, place: PlaceIx, key: Key, ends: Timestamp, name: &str) {
        let lag = self.config.lag.after_rename;
        let visible_from = self.visible_from(place, key, ends, lag);
        let arn = self.place(place).arn(ArnKind::Instance, name);
        let Some(cluster) = self.place(place).instances.get(&key).map(|record| record.cluster) else {
            return;
        };
        let port = self.cluster(place, cluster).map_or(self.config.default_port, |record| record.shown.port);
        let endpoint = self.endpoint(place, EndpointKind::Instance, name, port);
        let Some(record) = self.instance_mut(place, key) else {
            return;
        };
        let shown = Arc::make_mut(&mut record.shown);
        let old = std::mem::replace(&mut shown.db_instance_identifier, name.to_owned());
        shown.db_instance_arn = arn;
        shown.endpoint = endpoint;
        // A rename reboots the instance.
        shown.parameter_apply_status = ParameterStatus::InSync;
        record.naming.reserved = None;
        record.naming.visible_from = visible_from;
        record.naming.former = (!lag.is_zero()).then(|| FormerName { name: old.clone(), until: visible_from });
        self.change_member(place, cluster, &old, |member| {
            name.clone_into(&mut member.db_instance_identifier);
            member.db_cluster_parameter_group_status = ParameterStatus::InSync;
        });
        let message = format!("Renamed instance from {old} to {name}.");
        self.instance_event(place, key, "notification", &message, ends);
    }

    pub(crate) fn instance_maintenance(&mut self, place: PlaceIx, key: Key, ends: Timestamp) {
        let Some(record) = self.instance_mut(place, key) else {
            return;
        };
        if record.deferred.is_empty() {
            return;
        }
        if record.shown.db_instance_status != InstanceStatus::Available {
            self.add_job(ends + TRY_AGAIN, place, key, JobKind::InstanceMaintenance, Vec::new());
            return;
        }
        let deferred = std::mem::take(&mut record.deferred);
        let place_state = self.place(place);
        // The name may have been taken since it was asked for.
        let still_free = |phase: &InstancePhase| match phase {
            InstancePhase::Rename(name) => !place_state.instance_name_is_taken(name),
            _ => true,
        };
        let phases: Vec<_> = deferred.into_iter().filter(still_free).collect();
        if let Some(record) = self.instance_mut(place, key) {
            record.plan(phases);
        }
        self.note_instance_pending(place, key);
        self.begin_instance_phase(place, key, ends, Course::default());
    }

    pub(crate) fn instance_deleted(&mut self, place: PlaceIx, key: Key, ends: Timestamp, failure: Option<&str>) {
        if let Some(reason) = failure {
            let message = format!("DB instance could not be shut down: {reason}");
            self.instance_event(place, key, "failure", &message, ends);
        }
        self.instance_event(place, key, "deletion", "DB instance deleted", ends);
        self.forget_jobs(place, key);
        let Some(gone) = self.place_mut(place).instances.remove(&key) else {
            return;
        };
        let Some(record) = self.cluster_mut(place, gone.cluster) else {
            return;
        };
        let name = &gone.shown.db_instance_identifier;
        Arc::make_mut(&mut record.shown).db_cluster_members.retain(|member| member.db_instance_identifier != *name);
        self.elect_writer(place, gone.cluster, ends);
    }
}
