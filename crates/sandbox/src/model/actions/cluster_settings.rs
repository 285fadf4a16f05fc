//! The settings that every new cluster gets, created or restored: checked, with defaults filled in.

use std::sync::Arc;

use super::multi_az::storage_types;
use crate::model::arn::ArnKind;
use crate::model::call::NewClusterSettings;
use crate::model::effect::EndpointKind;
use crate::model::error::{RdsError, RdsErrorCode};
use crate::model::identifier::{checked_tags, normalise};
use crate::model::resources::{
    ClusterStatus, DbCluster, EngineVersion, ParameterGroup, ServerlessV2Scaling, VpcSecurityGroup,
};
use crate::model::state::{Key, PlaceIx};
use crate::model::window::{check_backup_window, drawn_maintenance_window};
use crate::model::world::{Ctx, World};

/// Longest retention of automated backups, in days.
pub(crate) const MAX_RETENTION: u32 = 35;
const LOWEST_PORT: u16 = 1150;

/// What differs between the ways in which a cluster comes to be.
pub(crate) struct Blueprint<'a> {
    pub(crate) identifier: &'a str,
    pub(crate) version: EngineVersion,
    pub(crate) status: ClusterStatus,
    pub(crate) database_name: Option<String>,
    pub(crate) master_username: String,
    pub(crate) kms_key_id: Option<String>,
    pub(crate) port: u16,
    pub(crate) clone_group_id: Option<String>,
}

pub(crate) fn security_groups(ids: &[String]) -> Vec<VpcSecurityGroup> {
    ids.iter().map(|id| VpcSecurityGroup { vpc_security_group_id: id.clone(), status: "active".to_owned() }).collect()
}

pub(crate) fn check_retention(days: Option<u32>) -> Result<(), RdsError> {
    match days {
        Some(days) if !(1..=MAX_RETENTION).contains(&days) => Err(RdsError::invalid_value(format!(
            "Invalid backup retention period: {days}. Must be between 1 and {MAX_RETENTION}."
        ))),
        _ => Ok(()),
    }
}

pub(crate) fn check_capacity(scaling: Option<ServerlessV2Scaling>) -> Result<(), RdsError> {
    let Some(scaling) = scaling else {
        return Ok(());
    };
    let valid = |capacity: f64| (0.0..=256.0).contains(&capacity) && (capacity * 2.0).fract() == 0.0;
    if valid(scaling.min_capacity)
        && valid(scaling.max_capacity)
        && scaling.max_capacity >= scaling.min_capacity.max(1.0)
    {
        return Ok(());
    }
    Err(RdsError::invalid_value(format!(
        "Serverless v2 capacity {} to {} is not valid: use steps of 0.5 up to 256, and a maximum of at least 1 and \
         not below the minimum.",
        scaling.min_capacity, scaling.max_capacity
    )))
}

pub(crate) fn check_storage_type(engine: &str, storage_type: Option<&str>) -> Result<(), RdsError> {
    match storage_type {
        Some(other) if !storage_types(engine).contains(&other) => Err(RdsError::new(
            RdsErrorCode::StorageTypeNotSupported,
            format!("Storage type {other} is not supported for engine {engine}."),
        )),
        _ => Ok(()),
    }
}

pub(crate) fn check_port(port: Option<u16>) -> Result<(), RdsError> {
    match port {
        Some(port) if port < LOWEST_PORT => Err(RdsError::invalid_value(format!(
            "Invalid value {port} for Port. Must be between {LOWEST_PORT} and 65535."
        ))),
        _ => Ok(()),
    }
}

/// Standard storage is not shown.
pub(crate) fn shown_storage_type(storage_type: Option<&str>) -> Option<String> {
    storage_type.filter(|kind| *kind != "aurora").map(str::to_owned)
}

pub(crate) fn check_monitoring(interval: Option<u32>, role: Option<&str>) -> Result<(), RdsError> {
    match interval {
        Some(seconds) if ![0, 1, 5, 10, 15, 30, 60].contains(&seconds) => {
            Err(RdsError::invalid_value(format!("Invalid monitoring interval: {seconds}.")))
        }
        Some(seconds) if seconds > 0 && role.is_none() => Err(RdsError::invalid_combination(
            "A MonitoringRoleARN value is required if you specify a MonitoringInterval value other than 0.",
        )),
        _ => Ok(()),
    }
}

fn check_plain(engine: &str, settings: &NewClusterSettings) -> Result<(), RdsError> {
    check_retention(settings.backup_retention_period)?;
    check_capacity(settings.serverless_v2_scaling_configuration)?;
    check_storage_type(engine, settings.storage_type.as_deref())?;
    check_port(settings.port)?;
    check_monitoring(settings.monitoring_interval, settings.monitoring_role_arn.as_deref())?;
    if let Some(window) = &settings.preferred_backup_window {
        check_backup_window(window)?;
    }
    if let Some(log) = settings.enable_cloudwatch_logs_exports.iter().find(|log| !is_log(log)) {
        return Err(unknown_log(log));
    }
    match settings.engine_mode.as_deref() {
        None | Some("provisioned") => Ok(()),
        Some(mode) => Err(RdsError::invalid_value(format!("The engine mode {mode} isn't supported."))),
    }
}

pub(crate) fn is_log(name: &str) -> bool {
    ["postgresql", "instance", "iam-db-auth-error"].contains(&name)
}

pub(crate) fn unknown_log(name: &str) -> RdsError {
    RdsError::invalid_combination(format!("You cannot use the log type '{name}' with this engine."))
}

/// Sets what the call names.
fn fill_in(shown: &mut DbCluster, settings: &NewClusterSettings) {
    shown.backtrack_window = settings.backtrack_window.unwrap_or(shown.backtrack_window);
    shown.backup_retention_period = settings.backup_retention_period.unwrap_or(shown.backup_retention_period);
    shown.copy_tags_to_snapshot = settings.copy_tags_to_snapshot.unwrap_or(false);
    shown.deletion_protection = settings.deletion_protection.unwrap_or(false);
    shown.enabled_cloudwatch_logs_exports.clone_from(&settings.enable_cloudwatch_logs_exports);
    shown.iam_database_authentication_enabled = settings.enable_iam_database_authentication.unwrap_or(false);
    shown.monitoring_interval = settings.monitoring_interval.unwrap_or(0);
    shown.monitoring_role_arn.clone_from(&settings.monitoring_role_arn);
    shown.performance_insights_enabled = settings.enable_performance_insights.unwrap_or(false);
    shown.performance_insights_kms_key_id.clone_from(&settings.performance_insights_kms_key_id);
    shown.performance_insights_retention_period = settings.performance_insights_retention_period;
    shown.serverless_v2_scaling_configuration = settings.serverless_v2_scaling_configuration;
    shown.storage_type = shown_storage_type(settings.storage_type.as_deref());
    let texts = [
        (&mut shown.engine_lifecycle_support, &settings.engine_lifecycle_support),
        (&mut shown.network_type, &settings.network_type),
        (&mut shown.preferred_backup_window, &settings.preferred_backup_window),
    ];
    for (place, named) in texts {
        if let Some(named) = named {
            place.clone_from(named);
        }
    }
    if !settings.availability_zones.is_empty() {
        shown.availability_zones.clone_from(&settings.availability_zones);
    }
}

impl World {
    /// A legal and free name, and room for one more cluster.
    pub(crate) fn check_new_cluster(&self, here: PlaceIx, identifier: &str) -> Result<String, RdsError> {
        let name = normalise("DBClusterIdentifier", identifier)?;
        let place = self.place(here);
        if place.cluster_name_is_taken(&name) {
            return Err(RdsError::new(RdsErrorCode::DbClusterAlreadyExists, "DB Cluster already exists"));
        }
        if place.clusters.len() >= self.config.quotas.clusters {
            return Err(RdsError::new(
                RdsErrorCode::DbClusterQuotaExceeded,
                "You have reached the quota of DB clusters for this account in this Region.",
            ));
        }
        Ok(name)
    }

    /// The cluster as it will be shown, if its settings are acceptable.
    pub(crate) fn design_cluster(
        &self,
        ctx: Ctx,
        key: Key,
        blueprint: Blueprint<'_>,
        settings: &NewClusterSettings,
    ) -> Result<DbCluster, RdsError> {
        check_plain(&blueprint.version.engine, settings)?;
        let place = self.place(ctx.here);
        let family = &blueprint.version.db_parameter_group_family;
        let group = settings.db_cluster_parameter_group_name.as_deref();
        let group = self.cluster_parameter_group(ctx.here, group, family)?.name.clone();
        let subnets = self.subnet_group(ctx.here, settings.db_subnet_group_name.as_deref())?.name.clone();
        let tags = checked_tags(&settings.tags)?;
        let security = if settings.vpc_security_group_ids.is_empty() {
            security_groups(&[place.default_security_group()])
        } else {
            security_groups(&settings.vpc_security_group_ids)
        };
        let mut shown = self.bare_cluster(ctx, key, blueprint);
        shown.db_cluster_parameter_group = group;
        shown.db_subnet_group = subnets;
        shown.vpc_security_groups = security;
        shown.tag_list = tags;
        fill_in(&mut shown, settings);
        Ok(shown)
    }

    /// A cluster with the settings that it has when none is named.
    fn bare_cluster(&self, ctx: Ctx, key: Key, blueprint: Blueprint<'_>) -> DbCluster {
        let place = self.place(ctx.here);
        let name = blueprint.identifier;
        let endpoint = |kind| self.endpoint(ctx.here, kind, name, blueprint.port);
        DbCluster {
            db_cluster_identifier: name.to_owned(),
            db_cluster_resource_id: place.drawn_id("cluster-", key),
            db_cluster_arn: place.arn(ArnKind::Cluster, name),
            status: blueprint.status,
            percent_progress: None,
            engine: blueprint.version.engine,
            engine_version: blueprint.version.engine_version,
            engine_mode: "provisioned".to_owned(),
            engine_lifecycle_support: "open-source-rds-extended-support".to_owned(),
            endpoint: endpoint(EndpointKind::ClusterWriter),
            reader_endpoint: endpoint(EndpointKind::ClusterReader),
            port: blueprint.port,
            database_name: blueprint.database_name,
            master_username: blueprint.master_username,
            db_cluster_parameter_group: String::new(),
            db_subnet_group: String::new(),
            vpc_security_groups: Vec::new(),
            availability_zones: place.zones(),
            multi_az: false,
            network_type: "IPV4".to_owned(),
            hosted_zone_id: "Z29XKXDKYMONMX".to_owned(),
            db_cluster_members: Vec::new(),
            associated_roles: Vec::new(),
            storage_encrypted: blueprint.kms_key_id.is_some(),
            kms_key_id: blueprint.kms_key_id,
            storage_type: None,
            allocated_storage: 1,
            iam_database_authentication_enabled: false,
            enabled_cloudwatch_logs_exports: Vec::new(),
            serverless_v2_scaling_configuration: None,
            backup_retention_period: 1,
            preferred_backup_window: "06:00-06:30".to_owned(),
            preferred_maintenance_window: drawn_maintenance_window(key),
            earliest_restorable_time: None,
            latest_restorable_time: None,
            cluster_create_time: ctx.now,
            clone_group_id: blueprint.clone_group_id,
            backtrack_window: 0,
            auto_minor_version_upgrade: true,
            deletion_protection: false,
            copy_tags_to_snapshot: false,
            http_endpoint_enabled: false,
            monitoring_interval: 0,
            monitoring_role_arn: None,
            database_insights_mode: None,
            performance_insights_enabled: false,
            performance_insights_kms_key_id: None,
            performance_insights_retention_period: None,
            ca_certificate_identifier: None,
            pending_modified_values: None,
            tag_list: Vec::new(),
        }
    }

    /// The named cluster parameter group, or the default one, if it fits the family.
    pub(crate) fn cluster_parameter_group(
        &self,
        here: PlaceIx,
        name: Option<&str>,
        family: &str,
    ) -> Result<&Arc<ParameterGroup>, RdsError> {
        let groups = &self.place(here).cluster_parameter_groups;
        let default = format!("default.{family}");
        let name = name.unwrap_or(&default).to_ascii_lowercase();
        let group = groups.get(&name).ok_or_else(|| {
            RdsError::new(
                RdsErrorCode::DbClusterParameterGroupNotFound,
                format!("DBClusterParameterGroup not found: {name}"),
            )
        })?;
        check_family(group, family)?;
        Ok(group)
    }
}

/// Refuses a parameter group of another family.
pub(crate) fn check_family(group: &ParameterGroup, family: &str) -> Result<(), RdsError> {
    if group.family == family {
        return Ok(());
    }
    Err(RdsError::invalid_combination(format!(
        "The parameter group {} with DBParameterGroupFamily {} can't be used for this instance. Please use a \
         parameter group with DBParameterGroupFamily {family}",
        group.name, group.family
    )))
}
