//! ModifyDBInstance and RebootDBInstance.

use std::mem::discriminant;
use std::sync::Arc;

use super::cluster_settings::check_monitoring;
use super::instances::check_tier;
use super::lookup::{instance_not_found, invalid_instance_state};
use crate::model::call::{ModifyDbInstance, RebootDbInstance};
use crate::model::error::{RdsError, RdsErrorCode};
use crate::model::identifier::normalise;
use crate::model::jobs::JobKind;
use crate::model::reply::Reply;
use crate::model::resources::{DbInstance, InstancePendingValues, InstanceStatus, ParameterStatus};
use crate::model::state::{InstancePhase, InstanceRecord, Key, PlaceIx};
use crate::model::window::{check_maintenance_window, next_opening};
use crate::model::world::{Ctx, World};

impl World {
    pub(crate) fn modify_instance(&mut self, ctx: Ctx, input: &ModifyDbInstance) -> Result<Reply, RdsError> {
        let (key, record) = self.named_instance(ctx.here, &input.db_instance_identifier, ctx.now)?;
        require_available(record)?;
        check_values(input)?;
        let (before, cluster) = (Arc::clone(&record.shown), record.cluster);
        let group = self.new_instance_group(ctx.here, input, &before)?;
        let big = self.big_instance_changes(ctx.here, input, &before)?;
        let record =
            self.instance_mut(ctx.here, key).ok_or_else(|| instance_not_found(&input.db_instance_identifier))?;
        if change_settings(Arc::make_mut(&mut record.shown), input, group) {
            record.phases.push_back(InstancePhase::Settle);
        }
        if input.apply_immediately.unwrap_or(false) {
            record.plan(big);
        } else if !big.is_empty() {
            let replaced = |old: &InstancePhase| big.iter().any(|new| discriminant(new) == discriminant(old));
            record.deferred.retain(|old| !replaced(old));
            record.deferred.extend(big);
            let opens = next_opening(&record.shown.preferred_maintenance_window, ctx.now);
            self.add_job(opens, ctx.here, key, JobKind::InstanceMaintenance, Vec::new());
        }
        self.show_promotion_tier(ctx.here, cluster, key);
        self.note_instance_pending(ctx.here, key);
        self.begin_instance_phase(ctx.here, key, ctx.now, ctx.course);
        self.instance_reply(ctx.here, key, &input.db_instance_identifier)
    }

    pub(crate) fn reboot_instance(&mut self, ctx: Ctx, input: &RebootDbInstance) -> Result<Reply, RdsError> {
        let (key, record) = self.named_instance(ctx.here, &input.db_instance_identifier, ctx.now)?;
        require_available(record)?;
        if input.force_failover == Some(true) {
            return Err(RdsError::invalid_combination(
                "ForceFailover can't be specified for a DB instance of a DB cluster.",
            ));
        }
        if let Some(record) = self.instance_mut(ctx.here, key) {
            record.phases.push_back(InstancePhase::Reboot);
        }
        self.begin_instance_phase(ctx.here, key, ctx.now, ctx.course);
        self.instance_reply(ctx.here, key, &input.db_instance_identifier)
    }

    fn new_instance_group(
        &self,
        here: PlaceIx,
        input: &ModifyDbInstance,
        shown: &DbInstance,
    ) -> Result<Option<String>, RdsError> {
        let Some(name) = input.db_parameter_group_name.as_deref() else {
            return Ok(None);
        };
        let family =
            self.offered_version(&shown.engine, Some(&shown.engine_version))?.db_parameter_group_family.clone();
        let group = self.instance_parameter_group(here, Some(name), &family)?;
        Ok(Some(group.name.clone()).filter(|name| *name != shown.db_parameter_group))
    }

    /// The changes that wait for the maintenance window unless they are to be applied immediately.
    fn big_instance_changes(
        &self,
        here: PlaceIx,
        input: &ModifyDbInstance,
        shown: &DbInstance,
    ) -> Result<Vec<InstancePhase>, RdsError> {
        let mut changes = Vec::new();
        if let Some(class) = input.db_instance_class.as_ref().filter(|class| **class != shown.db_instance_class) {
            self.check_class(class, &shown.engine, &shown.engine_version)?;
            changes.push(InstancePhase::SetClass(class.clone()));
        }
        let certificate = input.ca_certificate_identifier.as_ref();
        if let Some(certificate) = certificate.filter(|name| **name != shown.ca_certificate_identifier) {
            if !certificate.starts_with("rds-ca-") {
                return Err(RdsError::new(
                    RdsErrorCode::CertificateNotFound,
                    format!("Certificate {certificate} not found."),
                ));
            }
            changes.push(InstancePhase::SetCertificate(certificate.clone()));
        }
        if let Some(name) = &input.new_db_instance_identifier {
            let name = normalise("NewDBInstanceIdentifier", name)?;
            if name != shown.db_instance_identifier {
                if self.place(here).instance_name_is_taken(&name) {
                    return Err(RdsError::new(RdsErrorCode::DbInstanceAlreadyExists, "DB instance already exists"));
                }
                changes.push(InstancePhase::Rename(name));
            }
        }
        Ok(changes)
    }

    fn show_promotion_tier(&mut self, place: PlaceIx, cluster: Key, instance: Key) {
        let Some(shown) = self.place(place).instances.get(&instance).map(|record| Arc::clone(&record.shown)) else {
            return;
        };
        let Some(record) = self.cluster_mut(place, cluster) else {
            return;
        };
        let is_it = |name: &str| name == shown.db_instance_identifier;
        let stale = record
            .shown
            .db_cluster_members
            .iter()
            .any(|member| is_it(&member.db_instance_identifier) && member.promotion_tier != shown.promotion_tier);
        if !stale {
            return;
        }
        for member in &mut Arc::make_mut(&mut record.shown).db_cluster_members {
            if is_it(&member.db_instance_identifier) {
                member.promotion_tier = shown.promotion_tier;
            }
        }
    }

    /// Shows what waits and what is under way.
    pub(crate) fn note_instance_pending(&mut self, place: PlaceIx, key: Key) {
        let Some(record) = self.instance_mut(place, key) else {
            return;
        };
        let mut pending = InstancePendingValues::default();
        for phase in record.phases.iter().chain(&record.deferred) {
            match phase {
                InstancePhase::Settle | InstancePhase::Reboot => {}
                InstancePhase::SetClass(class) => pending.db_instance_class = Some(class.clone()),
                InstancePhase::SetCertificate(name) => {
                    pending.ca_certificate_identifier = Some(name.clone());
                }
                InstancePhase::Rename(name) => pending.db_instance_identifier = Some(name.clone()),
            }
        }
        if record.shown.pending_modified_values != pending {
            Arc::make_mut(&mut record.shown).pending_modified_values = pending;
        }
    }
}

fn require_available(record: &InstanceRecord) -> Result<(), RdsError> {
    if record.shown.db_instance_status == InstanceStatus::Available {
        return Ok(());
    }
    Err(invalid_instance_state(format!(
        "Database instance {} is not in available state. It is in the {} state.",
        record.shown.db_instance_identifier, record.shown.db_instance_status
    )))
}

fn check_values(input: &ModifyDbInstance) -> Result<(), RdsError> {
    check_tier(input.promotion_tier)?;
    check_monitoring(input.monitoring_interval, input.monitoring_role_arn.as_deref())?;
    if let Some(window) = &input.preferred_maintenance_window {
        check_maintenance_window(window)?;
    }
    let of_cluster = [
        (input.deletion_protection.is_some(), "deletion protection"),
        (!input.vpc_security_group_ids.is_empty(), "VPC security groups"),
    ];
    if let Some((_, what)) = of_cluster.iter().find(|(given, _)| *given) {
        return Err(RdsError::invalid_combination(format!(
            "The {what} of a DB instance in a DB cluster are managed by the DB cluster."
        )));
    }
    Ok(())
}

/// Changes what changes at once. Returns whether the instance is `modifying` for a while.
fn change_settings(shown: &mut DbInstance, input: &ModifyDbInstance, group: Option<String>) -> bool {
    if let Some(value) = input.auto_minor_version_upgrade {
        shown.auto_minor_version_upgrade = value;
    }
    if let Some(value) = input.copy_tags_to_snapshot {
        shown.copy_tags_to_snapshot = value;
    }
    if let Some(value) = input.promotion_tier {
        shown.promotion_tier = value;
    }
    if let Some(value) = &input.preferred_maintenance_window {
        shown.preferred_maintenance_window.clone_from(value);
    }
    if let Some(group) = group {
        shown.db_parameter_group = group;
        shown.parameter_apply_status = ParameterStatus::PendingReboot;
    }
    let before = shown.clone();
    if let Some(value) = input.publicly_accessible {
        shown.publicly_accessible = value;
    }
    if let Some(value) = input.monitoring_interval {
        shown.monitoring_interval = value;
    }
    if let Some(value) = input.enable_performance_insights {
        shown.performance_insights_enabled = value;
    }
    let options = [
        (&mut shown.monitoring_role_arn, &input.monitoring_role_arn),
        (&mut shown.database_insights_mode, &input.database_insights_mode),
        (&mut shown.performance_insights_kms_key_id, &input.performance_insights_kms_key_id),
    ];
    for (place, value) in options {
        if value.is_some() {
            place.clone_from(value);
        }
    }
    if let Some(days) = input.performance_insights_retention_period {
        shown.performance_insights_retention_period = Some(days);
    }
    *shown != before
}
