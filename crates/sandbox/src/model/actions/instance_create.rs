//! CreateDBInstance, for members of clusters.

use std::collections::VecDeque;
use std::sync::Arc;

use super::cluster_settings::check_monitoring;
use super::instances::{DEFAULT_TIER, check_tier};
use super::lookup::invalid_cluster_state;
use super::multi_az::check_takes_instances;
use crate::model::EffectId;
use crate::model::arn::ArnKind;
use crate::model::call::CreateDbInstance;
use crate::model::effect::{EndpointKind, Work};
use crate::model::error::{RdsError, RdsErrorCode};
use crate::model::identifier::{checked_tags, normalise};
use crate::model::jobs::JobKind;
use crate::model::reply::Reply;
use crate::model::resources::{
    ClusterMember, ClusterStatus, DbCluster, DbInstance, InstancePendingValues, InstanceStatus, ParameterStatus,
    SubnetGroup,
};
use crate::model::state::{ClusterRecord, InstanceRecord, Key, Naming, PlaceState};
use crate::model::window::{check_maintenance_window, drawn_maintenance_window};
use crate::model::world::{Ctx, World};

impl World {
    pub(crate) fn create_instance(&mut self, ctx: Ctx, input: &CreateDbInstance) -> Result<Reply, RdsError> {
        let name = self.check_new_instance(ctx, input)?;
        let wanted = input.db_cluster_identifier.as_deref().unwrap_or_default();
        let (cluster, record) = self.named_cluster(ctx.here, wanted, ctx.now)?;
        self.check_fits(input, record)?;
        let key = self.new_key();
        let shown = self.design_instance(ctx, key, name, cluster, input)?;
        let mut waits = Vec::new();
        if ctx.course.instance_ends_as.is_none() {
            waits = self.instance_work(ctx, cluster, &shown.db_instance_identifier);
        }
        let ends = ctx.now + ctx.course.stretch(self.config.durations.create_instance);
        self.add_job(ends, ctx.here, key, JobKind::InstanceReady, waits);
        let lag = self.config.lag.after_create;
        let naming = Naming::new(self.visible_from(ctx.here, key, ctx.now, lag));
        if let Some(record) = self.cluster_mut(ctx.here, cluster) {
            let members = &mut Arc::make_mut(&mut record.shown).db_cluster_members;
            members.push(ClusterMember {
                db_instance_identifier: shown.db_instance_identifier.clone(),
                is_cluster_writer: !members.iter().any(|member| member.is_cluster_writer),
                db_cluster_parameter_group_status: ParameterStatus::Applying,
                promotion_tier: shown.promotion_tier,
            });
        }
        let shown = Arc::new(shown);
        let record = InstanceRecord {
            shown: Arc::clone(&shown),
            naming,
            cluster,
            phases: VecDeque::new(),
            deferred: Vec::new(),
            ends_as: ctx.course.instance_ends_as,
        };
        self.place_mut(ctx.here).instances.insert(key, record);
        Ok(Reply::Instance(shown))
    }

    fn check_new_instance(&self, ctx: Ctx, input: &CreateDbInstance) -> Result<String, RdsError> {
        let name = normalise("DBInstanceIdentifier", &input.db_instance_identifier)?;
        let place = self.place(ctx.here);
        if place.instance_name_is_taken(&name) {
            return Err(RdsError::new(RdsErrorCode::DbInstanceAlreadyExists, "DB instance already exists"));
        }
        if place.instances.len() >= self.config.quotas.instances {
            return Err(RdsError::new(
                RdsErrorCode::InstanceQuotaExceeded,
                "You have reached the quota of DB instances for this account in this Region.",
            ));
        }
        if input.db_cluster_identifier.is_none() {
            return Err(RdsError::invalid_combination(
                "DBClusterIdentifier is required to create an Aurora DB instance.",
            ));
        }
        if input.deletion_protection.is_some() {
            return Err(RdsError::invalid_combination(
                "The deletion protection of a DB instance in a DB cluster is managed by the DB cluster.",
            ));
        }
        check_tier(input.promotion_tier)?;
        check_monitoring(input.monitoring_interval, input.monitoring_role_arn.as_deref())?;
        if let Some(window) = &input.preferred_maintenance_window {
            check_maintenance_window(window)?;
        }
        Ok(name)
    }

    /// Refuses an instance that does not fit its cluster.
    fn check_fits(&self, input: &CreateDbInstance, record: &ClusterRecord) -> Result<(), RdsError> {
        let cluster = &record.shown;
        check_takes_instances(&cluster.engine)?;
        if input.engine != cluster.engine {
            return Err(RdsError::invalid_combination(format!(
                "The engine name requested for your DB instance ({}) doesn't match the engine name of your DB cluster ({}).",
                input.engine, cluster.engine
            )));
        }
        if input.engine_version.as_ref().is_some_and(|version| *version != cluster.engine_version) {
            return Err(RdsError::invalid_combination(
                "The engine version that you requested for your DB instance doesn't match the engine version of your \
                 DB cluster.",
            ));
        }
        if input.db_subnet_group_name.as_ref().is_some_and(|group| *group != cluster.db_subnet_group) {
            return Err(RdsError::invalid_combination(
                "The DB subnet group of a DB instance must be the one of its DB cluster.",
            ));
        }
        self.check_class(&input.db_instance_class, &cluster.engine, &cluster.engine_version)?;
        let takes_members = matches!(
            cluster.status,
            ClusterStatus::Available
                | ClusterStatus::BackingUp
                | ClusterStatus::Modifying
                | ClusterStatus::ResettingMasterCredentials
                | ClusterStatus::UpdateIamDbAuth
        );
        if !takes_members {
            return Err(invalid_cluster_state(format!(
                "DB cluster {} isn't in the available state. It is in the {} state.",
                cluster.db_cluster_identifier, cluster.status
            )));
        }
        if input.db_instance_class == "db.serverless" && cluster.serverless_v2_scaling_configuration.is_none() {
            return Err(invalid_cluster_state(
                "Set the Serverless v2 scaling configuration on the parent DB cluster before creating a Serverless v2 \
                 DB instance.",
            ));
        }
        Ok(())
    }

    fn design_instance(
        &self,
        ctx: Ctx,
        key: Key,
        name: String,
        cluster: Key,
        input: &CreateDbInstance,
    ) -> Result<DbInstance, RdsError> {
        let place = self.place(ctx.here);
        let cluster = &place.clusters[&cluster].shown;
        let version = self.offered_version(&cluster.engine, Some(&cluster.engine_version))?;
        let family = &version.db_parameter_group_family;
        let group = self.instance_parameter_group(ctx.here, input.db_parameter_group_name.as_deref(), family)?;
        let subnets = self.subnet_group(ctx.here, Some(&cluster.db_subnet_group))?;
        let mut shown = bare_instance(place, key, name, cluster);
        shown.db_instance_class.clone_from(&input.db_instance_class);
        shown.db_parameter_group.clone_from(&group.name);
        shown.db_subnet_group = subnets.as_ref().clone();
        shown.tag_list = checked_tags(&input.tags)?;
        fill_in(&mut shown, input);
        Ok(shown)
    }

    /// The first instance starts the server and lets the names of the cluster answer.
    fn instance_work(&mut self, ctx: Ctx, cluster: Key, name: &str) -> Vec<EffectId> {
        let mut waits = Vec::new();
        let Some(record) = self.cluster_mut(ctx.here, cluster) else {
            return waits;
        };
        let volume = record.volume;
        if !record.serving {
            record.serving = true;
            let cluster_name = record.shown.db_cluster_identifier.clone();
            self.emit(Work::StartServer { volume }, &mut waits);
            self.publish_cluster(ctx.here, cluster, &cluster_name, &mut waits);
        }
        let endpoint = self.endpoint_key(ctx.here, EndpointKind::Instance, name);
        self.emit(Work::PublishEndpoint { endpoint, volume }, &mut waits);
        waits
    }
}

/// An instance with the settings that it has when none is named: many are those of its cluster.
fn bare_instance(place: &PlaceState, key: Key, name: String, cluster: &DbCluster) -> DbInstance {
    let zones = place.zones();
    DbInstance {
        dbi_resource_id: place.drawn_id("db-", key),
        db_instance_arn: place.arn(ArnKind::Instance, &name),
        db_instance_identifier: name,
        db_instance_status: InstanceStatus::Creating,
        db_instance_class: String::new(),
        db_cluster_identifier: cluster.db_cluster_identifier.clone(),
        engine: cluster.engine.clone(),
        engine_version: cluster.engine_version.clone(),
        engine_lifecycle_support: cluster.engine_lifecycle_support.clone(),
        endpoint: None,
        master_username: cluster.master_username.clone(),
        db_name: cluster.database_name.clone(),
        allocated_storage: 1,
        instance_create_time: None,
        db_parameter_group: String::new(),
        parameter_apply_status: ParameterStatus::InSync,
        vpc_security_groups: cluster.vpc_security_groups.clone(),
        db_subnet_group: SubnetGroup::default(),
        availability_zone: Some(zones[(key % zones.len() as u64) as usize].clone()),
        preferred_backup_window: cluster.preferred_backup_window.clone(),
        preferred_maintenance_window: drawn_maintenance_window(key),
        backup_retention_period: cluster.backup_retention_period,
        auto_minor_version_upgrade: true,
        publicly_accessible: false,
        promotion_tier: DEFAULT_TIER,
        storage_encrypted: cluster.storage_encrypted,
        kms_key_id: cluster.kms_key_id.clone(),
        storage_type: cluster.storage_type.clone().unwrap_or_else(|| "aurora".to_owned()),
        ca_certificate_identifier: "rds-ca-rsa2048-g1".to_owned(),
        copy_tags_to_snapshot: false,
        iam_database_authentication_enabled: cluster.iam_database_authentication_enabled,
        monitoring_interval: cluster.monitoring_interval,
        monitoring_role_arn: cluster.monitoring_role_arn.clone(),
        database_insights_mode: cluster.database_insights_mode.clone(),
        performance_insights_enabled: cluster.performance_insights_enabled,
        performance_insights_kms_key_id: None,
        performance_insights_retention_period: None,
        deletion_protection: false,
        network_type: cluster.network_type.clone(),
        pending_modified_values: InstancePendingValues::default(),
        tag_list: Vec::new(),
    }
}

/// Sets what the call names.
fn fill_in(shown: &mut DbInstance, input: &CreateDbInstance) {
    shown.auto_minor_version_upgrade = input.auto_minor_version_upgrade.unwrap_or(true);
    shown.copy_tags_to_snapshot = input.copy_tags_to_snapshot.unwrap_or(false);
    shown.monitoring_interval = input.monitoring_interval.unwrap_or(shown.monitoring_interval);
    let insights = input.enable_performance_insights;
    shown.performance_insights_enabled = insights.unwrap_or(shown.performance_insights_enabled);
    shown.performance_insights_retention_period = input.performance_insights_retention_period;
    shown.promotion_tier = input.promotion_tier.unwrap_or(DEFAULT_TIER);
    shown.publicly_accessible = input.publicly_accessible.unwrap_or(false);
    if let Some(certificate) = &input.ca_certificate_identifier {
        shown.ca_certificate_identifier.clone_from(certificate);
    }
    if let Some(window) = &input.preferred_maintenance_window {
        shown.preferred_maintenance_window.clone_from(window);
    }
    let options = [
        (&mut shown.availability_zone, &input.availability_zone),
        (&mut shown.database_insights_mode, &input.database_insights_mode),
        (&mut shown.monitoring_role_arn, &input.monitoring_role_arn),
        (&mut shown.performance_insights_kms_key_id, &input.performance_insights_kms_key_id),
    ];
    for (place, named) in options {
        if named.is_some() {
            place.clone_from(named);
        }
    }
}
