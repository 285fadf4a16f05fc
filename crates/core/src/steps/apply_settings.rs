//! `apply-settings`: what a restore cannot set, and the master password.
//!
//! Idempotent because it compares before it sends and sends only what differs. That the settings were sent is kept as a
//! tag on the cluster, so that a field which RDS shows otherwise than it was given is reported and not sent for ever.
//! The password is proven by logging in: it is sent again only while the login is refused.

use std::collections::BTreeMap;

use crate::{
    engine::pace,
    ids::Arn,
    operation::{SettingsApplied, StepFacts, StepKind},
    plan::Plan,
    ports::{
        Change, Cluster, ClusterModify, ClusterStatus, DatabaseErrorKind, Instance, InstanceModify, InstanceStatus,
        RdsErrorKind, Tags,
    },
    settings::{ClusterSettings, InstanceSettings, SettingComparison, user_tags},
    steps::{StepContext, StepError, StepOutcome, Undo, build, ownership},
};

pub(super) const UNDO: Undo = Undo::Nothing("the new cluster itself is deleted by the undo of restore-snapshot");
const STEP: StepKind = StepKind::ApplySettings;

pub(super) async fn run(context: &StepContext<'_>) -> Result<StepOutcome, StepError> {
    let plan = context.plan()?;
    let after = pace::for_steps(context.limits());
    let rds = context.rds(&plan.target_location);
    let cluster = rds.cluster(&plan.names.staged).await?;
    ownership::require_ours(context.operation(), &cluster.tags, &format!("cluster {}", cluster.id))?;
    if cluster.status != ClusterStatus::Available {
        return Ok(context.wait(STEP, after, format!("cluster {} is `{}`", cluster.id, cluster.status.word())));
    }
    if !cluster.tags.contains_key(ownership::SETTINGS_SENT_TAG) {
        send_cluster_settings(context, plan, &cluster).await?;
        return Ok(context.wait(STEP, after, "the cluster's settings were sent"));
    }
    let instances = rds.instances(Some(&cluster.id)).await?;
    if let Some(instance) = instances.iter().find(|instance| instance.status != InstanceStatus::Available) {
        let text = format!("instance {} is `{}`", instance.id, instance.status.word());
        return Ok(context.wait(STEP, after, text));
    }
    if let Some(text) = build::parameters_not_in_sync(context, &plan.target_location, &cluster).await? {
        return Ok(context.wait(STEP, after, text));
    }
    if let Some(text) = master_password_not_set(context, &cluster).await? {
        return Ok(context.wait(STEP, after, text));
    }
    let comparison = compare(plan, &context.operation().request.tags, &cluster, &instances);
    Ok(StepOutcome::Done(StepFacts::ApplySettings(SettingsApplied { comparison })))
}

/// Sends what differs, and only then the tag that says so. If we die in between, the same is sent again.
async fn send_cluster_settings(context: &StepContext<'_>, plan: &Plan, cluster: &Cluster) -> Result<(), StepError> {
    let place = &plan.target_location;
    let modify = differences(&plan.settings, cluster);
    if !modify.is_empty() {
        context.change(place, Change::ModifyCluster(Box::new(modify))).await??;
    }
    for (role, feature) in missing_roles(&plan.settings, &cluster.settings) {
        let add = Change::AddRole { cluster: cluster.id.clone(), role, feature };
        match context.change(place, add).await? {
            Ok(()) => {}
            Err(error) if error.kind == RdsErrorKind::AlreadyExists => {}
            Err(error) => return Err(error.into()),
        }
    }
    for modify in instance_differences(context, plan, cluster).await? {
        context.change(place, Change::ModifyInstance(Box::new(modify))).await??;
    }
    let mut tags = Tags::from([(ownership::SETTINGS_SENT_TAG.to_owned(), plan.digest.clone())]);
    tags.extend(plan.settings.tags.as_ref().map(user_tags).unwrap_or_default());
    context.change(place, Change::AddTags { resource: cluster.arn.clone(), tags }).await??;
    Ok(())
}

fn differing<T: PartialEq + Clone>(wished: &Option<T>, found: &Option<T>) -> Option<T> {
    wished.as_ref().filter(|wished| found.as_ref() != Some(*wished)).cloned()
}

/// The fields that a restored cluster can still be given. The subnet group and the engine's lifecycle are the restore's.
pub(super) fn differences(wished: &ClusterSettings, cluster: &Cluster) -> ClusterModify {
    let found = &cluster.settings;
    let exports = differing(&wished.log_exports, &found.log_exports);
    let has = found.log_exports.clone().unwrap_or_default();
    let wants = exports.clone().unwrap_or_else(|| has.clone());
    ClusterModify {
        parameter_group: differing(&wished.parameter_group, &found.parameter_group),
        security_groups: differing(&wished.security_groups, &found.security_groups)
            .map(|groups| groups.into_iter().collect()),
        backup_retention_days: differing(&wished.backup_retention_days, &found.backup_retention_days),
        backup_window: differing(&wished.backup_window, &found.backup_window),
        maintenance_window: differing(&wished.maintenance_window, &found.maintenance_window),
        deletion_protection: differing(&wished.deletion_protection, &found.deletion_protection),
        iam_authentication: differing(&wished.iam_authentication, &found.iam_authentication),
        copy_tags_to_snapshot: differing(&wished.copy_tags_to_snapshot, &found.copy_tags_to_snapshot),
        enable_log_exports: wants.difference(&has).cloned().collect(),
        disable_log_exports: has.difference(&wants).cloned().collect(),
        serverless_scaling: differing(&wished.serverless_scaling, &found.serverless_scaling),
        storage_type: differing(&wished.storage_type, &found.storage_type),
        port: differing(&wished.port, &found.port),
        ..ClusterModify::of(cluster.id.clone())
    }
}

pub(super) fn missing_roles(wished: &ClusterSettings, found: &ClusterSettings) -> Vec<(Arn, Option<String>)> {
    let has = found.roles.clone().unwrap_or_default();
    wished
        .roles
        .iter()
        .flatten()
        .filter(|(role, _)| !has.contains_key(*role))
        .map(|(r, f)| (r.clone(), f.clone()))
        .collect()
}

async fn instance_differences(
    context: &StepContext<'_>,
    plan: &Plan,
    cluster: &Cluster,
) -> Result<Vec<InstanceModify>, StepError> {
    let found = context.rds(&plan.target_location).instances(Some(&cluster.id)).await?;
    let mut changes = Vec::new();
    for (name, wished) in plan.names.staged_instances.iter().zip(&plan.instances) {
        let Some(instance) = found.iter().find(|instance| &instance.id == name) else { continue };
        ownership::require_ours(context.operation(), &instance.tags, &format!("instance {name}"))?;
        let modify = instance_difference(instance, wished);
        let nothing = InstanceModify {
            instance: instance.id.clone(),
            parameter_group: None,
            promotion_tier: None,
            maintenance_window: None,
            auto_minor_version_upgrade: None,
            ca_certificate: None,
        };
        if modify != nothing {
            changes.push(modify);
        }
    }
    Ok(changes)
}

fn instance_difference(instance: &Instance, wished: &InstanceSettings) -> InstanceModify {
    let found = &instance.settings;
    InstanceModify {
        instance: instance.id.clone(),
        parameter_group: differing(&wished.parameter_group, &found.parameter_group),
        promotion_tier: differing(&wished.promotion_tier, &found.promotion_tier),
        maintenance_window: differing(&wished.maintenance_window, &found.maintenance_window),
        auto_minor_version_upgrade: differing(&wished.auto_minor_version_upgrade, &found.auto_minor_version_upgrade),
        ca_certificate: differing(&wished.ca_certificate, &found.ca_certificate),
    }
}

/// Proves the master password by logging in, and sends it while the login is refused.
async fn master_password_not_set(context: &StepContext<'_>, cluster: &Cluster) -> Result<Option<String>, StepError> {
    let Some(endpoint) = &cluster.endpoint else {
        return Ok(Some(format!("cluster {} shows no endpoint yet", cluster.id)));
    };
    let login = context.master_login(endpoint).await?;
    match context.database().log_in(&login).await {
        Ok(_) => Ok(None),
        Err(error) if error.kind == DatabaseErrorKind::LoginRefused => {
            let modify =
                ClusterModify { master_password: Some(login.password), ..ClusterModify::of(cluster.id.clone()) };
            let place = &context.plan()?.target_location;
            match context.change(place, Change::ModifyCluster(Box::new(modify))).await? {
                Ok(()) => Ok(Some("the master password was sent".to_owned())),
                Err(error) if error.kind == RdsErrorKind::InvalidState => {
                    Ok(Some(format!("the master password is being set: {}", error.message)))
                }
                Err(error) => Err(error.into()),
            }
        }
        Err(error) if error.kind == DatabaseErrorKind::Unreachable => {
            Ok(Some(format!("the database does not answer yet: {}", error.reason)))
        }
        Err(error) => Err(error.into()),
    }
}

/// Compares what was wished with what RDS shows. The request's own tags were wished, too.
fn compare(
    plan: &Plan,
    request_tags: &BTreeMap<String, String>,
    cluster: &Cluster,
    instances: &[Instance],
) -> Vec<SettingComparison> {
    let with_request = |tags: &Option<BTreeMap<String, String>>| {
        tags.as_ref().map(|tags| tags.iter().chain(request_tags).map(|(k, v)| (k.clone(), v.clone())).collect())
    };
    let wished = ClusterSettings { tags: with_request(&plan.settings.tags), ..plan.settings.clone() };
    let mut rows = wished.compare(&cluster.settings);
    for (index, (name, wished)) in plan.names.staged_instances.iter().zip(&plan.instances).enumerate() {
        if let Some(instance) = instances.iter().find(|instance| &instance.id == name) {
            let wished = InstanceSettings { tags: with_request(&wished.tags), ..wished.clone() };
            rows.extend(wished.compare(&instance.settings, &format!("instance {}", index + 1)));
        }
    }
    rows
}
