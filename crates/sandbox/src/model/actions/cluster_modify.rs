//! ModifyDBCluster.
//!
//! Simple settings change at once. Changes that have a status of their own become phases, which follow
//! each other; those that need `ApplyImmediately` wait for the maintenance window without it.

use std::mem::discriminant;
use std::sync::Arc;

use super::cluster_settings::{
    check_capacity, check_monitoring, check_port, check_retention, check_storage_type, is_log, security_groups,
    shown_storage_type, unknown_log,
};
use super::lookup::{cluster_not_found, invalid_cluster_state, version_order};
use crate::model::call::ModifyDbCluster;
use crate::model::config::DataPlaneMode;
use crate::model::error::{RdsError, RdsErrorCode};
use crate::model::identifier::{check_password, normalise};
use crate::model::jobs::JobKind;
use crate::model::reply::Reply;
use crate::model::resources::{ClusterPendingValues, ClusterStatus, DbCluster, ParameterStatus};
use crate::model::state::{ClusterPhase, Key, PlaceIx};
use crate::model::window::{check_backup_window, check_maintenance_window, next_opening};
use crate::model::world::{Ctx, World};

impl World {
    pub(crate) fn modify_cluster(&mut self, ctx: Ctx, input: &ModifyDbCluster) -> Result<Reply, RdsError> {
        let (key, record) = self.named_cluster(ctx.here, &input.db_cluster_identifier, ctx.now)?;
        if record.shown.status != ClusterStatus::Available {
            return Err(invalid_cluster_state(format!(
                "DB cluster is not available for modification with status {}",
                record.shown.status
            )));
        }
        let before = Arc::clone(&record.shown);
        check_values(&before.engine, input)?;
        let group = self.new_group(ctx.here, input, &before)?;
        let big = self.big_changes(ctx, input, &before)?;
        let regroups = group.is_some();
        let attached = self.config.data_plane == DataPlaneMode::Attached;
        let record = self.cluster_mut(ctx.here, key).ok_or_else(|| cluster_not_found(&input.db_cluster_identifier))?;
        let settles = change_settings(Arc::make_mut(&mut record.shown), input, group, attached);
        if let Some(password) = &input.master_user_password {
            record.phases.push_back(ClusterPhase::SetPassword(password.clone()));
        }
        if settles {
            record.phases.push_back(ClusterPhase::Settle);
        }
        if input.apply_immediately.unwrap_or(false) {
            record.plan(big);
        } else if !big.is_empty() {
            let replaced = |old: &ClusterPhase| big.iter().any(|new| discriminant(new) == discriminant(old));
            record.deferred.retain(|old| !replaced(old));
            record.deferred.extend(big);
            let opens = next_opening(&record.shown.preferred_maintenance_window, ctx.now);
            self.add_job(opens, ctx.here, key, JobKind::ClusterMaintenance, Vec::new());
        }
        if regroups {
            let ends = ctx.now + ctx.course.stretch(self.config.durations.apply_parameters);
            self.add_job(ends, ctx.here, key, JobKind::ClusterParametersApplied, Vec::new());
        }
        self.note_pending(ctx.here, key);
        self.begin_cluster_phase(ctx.here, key, ctx.now, ctx.course);
        let record = self.cluster(ctx.here, key).ok_or_else(|| cluster_not_found(&input.db_cluster_identifier))?;
        Ok(Reply::Cluster(Arc::clone(&record.shown)))
    }

    fn new_group(&self, here: PlaceIx, input: &ModifyDbCluster, shown: &DbCluster) -> Result<Option<String>, RdsError> {
        let Some(name) = input.db_cluster_parameter_group_name.as_deref() else {
            return Ok(None);
        };
        let version = input.engine_version.as_deref().unwrap_or(&shown.engine_version);
        let family = self.offered_version(&shown.engine, Some(version))?.db_parameter_group_family.clone();
        let group = self.cluster_parameter_group(here, Some(name), &family)?;
        Ok(Some(group.name.clone()).filter(|name| *name != shown.db_cluster_parameter_group))
    }

    /// The changes that wait for the maintenance window unless they are to be applied immediately.
    fn big_changes(&self, ctx: Ctx, input: &ModifyDbCluster, shown: &DbCluster) -> Result<Vec<ClusterPhase>, RdsError> {
        let mut changes = Vec::new();
        if let Some(enabled) = input.enable_iam_database_authentication
            && enabled != shown.iam_database_authentication_enabled
        {
            changes.push(ClusterPhase::SetIamAuthentication(enabled));
        }
        if let Some(kind) = &input.storage_type
            && shown_storage_type(Some(kind)) != shown.storage_type
        {
            changes.push(ClusterPhase::SetStorageType(kind.clone()));
        }
        if let Some(version) = &input.engine_version {
            let to = self.upgrade_target(shown, version, input.allow_major_version_upgrade.unwrap_or(false))?;
            changes.extend(to.map(ClusterPhase::Upgrade));
        }
        if let Some(name) = &input.new_db_cluster_identifier {
            let name = normalise("NewDBClusterIdentifier", name)?;
            if name != shown.db_cluster_identifier {
                if self.place(ctx.here).cluster_name_is_taken(&name) {
                    return Err(RdsError::new(RdsErrorCode::DbClusterAlreadyExists, "DB Cluster already exists"));
                }
                changes.push(ClusterPhase::Rename(name));
            }
        }
        Ok(changes)
    }

    fn upgrade_target(
        &self,
        shown: &DbCluster,
        version: &str,
        major_allowed: bool,
    ) -> Result<Option<String>, RdsError> {
        let target = self.offered_version(&shown.engine, Some(version))?;
        let (from, to) = (version_order(&shown.engine_version), version_order(&target.engine_version));
        if from == to {
            return Ok(None);
        }
        if to < from {
            return Err(RdsError::invalid_combination(format!(
                "Cannot upgrade {} from {} to {}",
                shown.engine, shown.engine_version, target.engine_version
            )));
        }
        if from.first() != to.first() && !major_allowed {
            return Err(RdsError::invalid_combination(
                "The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version.",
            ));
        }
        Ok(Some(target.engine_version.clone()))
    }

    /// Shows what waits and what is under way.
    pub(crate) fn note_pending(&mut self, place: PlaceIx, key: Key) {
        let Some(record) = self.cluster_mut(place, key) else {
            return;
        };
        let mut pending = ClusterPendingValues::default();
        for phase in record.phases.iter().chain(&record.deferred) {
            match phase {
                ClusterPhase::Settle => {}
                ClusterPhase::SetPassword(_) => {
                    pending.master_user_password = Some("****".to_owned());
                }
                ClusterPhase::SetIamAuthentication(on) => {
                    pending.iam_database_authentication_enabled = Some(*on);
                }
                ClusterPhase::SetStorageType(kind) => pending.storage_type = Some(kind.clone()),
                ClusterPhase::Upgrade(version) => pending.engine_version = Some(version.clone()),
                ClusterPhase::Rename(name) => pending.db_cluster_identifier = Some(name.clone()),
            }
        }
        let pending = Some(pending).filter(|pending| *pending != ClusterPendingValues::default());
        if record.shown.pending_modified_values != pending {
            Arc::make_mut(&mut record.shown).pending_modified_values = pending;
        }
    }
}

fn check_values(engine: &str, input: &ModifyDbCluster) -> Result<(), RdsError> {
    check_retention(input.backup_retention_period)?;
    check_capacity(input.serverless_v2_scaling_configuration)?;
    check_storage_type(engine, input.storage_type.as_deref())?;
    check_port(input.port)?;
    check_monitoring(input.monitoring_interval, input.monitoring_role_arn.as_deref())?;
    if let Some(password) = &input.master_user_password {
        check_password(password.expose())?;
    }
    if let Some(window) = &input.preferred_backup_window {
        check_backup_window(window)?;
    }
    if let Some(window) = &input.preferred_maintenance_window {
        check_maintenance_window(window)?;
    }
    if let Some(logs) = &input.cloudwatch_logs_export_configuration {
        let mut named = logs.log_types_to_enable.iter().chain(&logs.log_types_to_disable);
        if let Some(log) = named.find(|log| !is_log(log)) {
            return Err(unknown_log(log));
        }
    }
    Ok(())
}

fn set<T: Clone>(place: &mut T, value: &Option<T>) {
    if let Some(value) = value {
        place.clone_from(value);
    }
}

fn set_option<T: Clone>(place: &mut Option<T>, value: &Option<T>) {
    if value.is_some() {
        place.clone_from(value);
    }
}

/// Changes what changes at once. Returns whether the cluster is `modifying` for a while.
fn change_settings(shown: &mut DbCluster, input: &ModifyDbCluster, group: Option<String>, attached: bool) -> bool {
    change_quietly(shown, input);
    let before = shown.clone();
    change_visibly(shown, input);
    // With real servers the port belongs to the name, and the data plane chose it.
    if let Some(port) = input.port.filter(|_| !attached) {
        shown.port = port;
        let endpoints = [&mut shown.endpoint, &mut shown.reader_endpoint];
        for endpoint in endpoints.into_iter().flatten() {
            endpoint.port = port;
        }
    }
    if let Some(group) = group {
        shown.db_cluster_parameter_group = group;
        for member in &mut shown.db_cluster_members {
            member.db_cluster_parameter_group_status = ParameterStatus::Applying;
        }
    }
    *shown != before
}

/// Settings of the control plane alone.
fn change_quietly(shown: &mut DbCluster, input: &ModifyDbCluster) {
    set(&mut shown.auto_minor_version_upgrade, &input.auto_minor_version_upgrade);
    set(&mut shown.backtrack_window, &input.backtrack_window);
    set(&mut shown.backup_retention_period, &input.backup_retention_period);
    set(&mut shown.copy_tags_to_snapshot, &input.copy_tags_to_snapshot);
    set(&mut shown.deletion_protection, &input.deletion_protection);
    set(&mut shown.preferred_backup_window, &input.preferred_backup_window);
    set(&mut shown.preferred_maintenance_window, &input.preferred_maintenance_window);
}

/// Settings that reach the servers.
fn change_visibly(shown: &mut DbCluster, input: &ModifyDbCluster) {
    set(&mut shown.http_endpoint_enabled, &input.enable_http_endpoint);
    set(&mut shown.monitoring_interval, &input.monitoring_interval);
    set(&mut shown.network_type, &input.network_type);
    set(&mut shown.performance_insights_enabled, &input.enable_performance_insights);
    set_option(&mut shown.ca_certificate_identifier, &input.ca_certificate_identifier);
    set_option(&mut shown.database_insights_mode, &input.database_insights_mode);
    set_option(&mut shown.monitoring_role_arn, &input.monitoring_role_arn);
    set_option(&mut shown.performance_insights_kms_key_id, &input.performance_insights_kms_key_id);
    let days = &input.performance_insights_retention_period;
    set_option(&mut shown.performance_insights_retention_period, days);
    let capacity = &input.serverless_v2_scaling_configuration;
    set_option(&mut shown.serverless_v2_scaling_configuration, capacity);
    if !input.vpc_security_group_ids.is_empty() {
        shown.vpc_security_groups = security_groups(&input.vpc_security_group_ids);
    }
    if let Some(logs) = &input.cloudwatch_logs_export_configuration {
        let exports = &mut shown.enabled_cloudwatch_logs_exports;
        exports.retain(|log| !logs.log_types_to_disable.contains(log));
        exports.extend(logs.log_types_to_enable.iter().cloned());
        exports.sort();
        exports.dedup();
    }
}
