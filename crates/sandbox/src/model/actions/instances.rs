//! DescribeDBInstances, and what the actions on instances share.

use std::sync::Arc;

use jiff::Timestamp;

use super::lookup::instance_not_found;
use crate::model::arn::Arn;
use crate::model::call::DescribeDbInstances;
use crate::model::error::{RdsError, RdsErrorCode};
use crate::model::listing::{check_filters, page, passes};
use crate::model::reply::{Page, Reply};
use crate::model::resources::{DbInstance, EventSource, InstanceStatus, ParameterGroup};
use crate::model::state::{Key, PlaceIx};
use crate::model::world::{Ctx, World};

const FILTERS: &[&str] = &["db-cluster-id", "db-instance-id", "dbi-resource-id", "domain", "engine"];

/// Order of promotion of an instance for which none is named.
pub(crate) const DEFAULT_TIER: u32 = 1;
/// Last in the order of promotion.
const LAST_TIER: u32 = 15;

impl World {
    pub(crate) fn describe_instances(&self, ctx: Ctx, input: &DescribeDbInstances) -> Result<Reply, RdsError> {
        check_filters(&input.filters, FILTERS)?;
        if let Some(wanted) = input.db_instance_identifier.as_deref() {
            let (_, record) = self.named_instance(ctx.here, wanted, ctx.now)?;
            let matches = passes(&input.filters, |name, value| matches_filter(&record.shown, name, value));
            let items = if matches { vec![Arc::clone(&record.shown)] } else { Vec::new() };
            return Ok(Reply::Instances(Page { items, marker: None }));
        }
        let instances = self.place(ctx.here).instances.values();
        let mut listed: Vec<_> = instances
            .filter(|record| record.naming.is_listed(ctx.now))
            .map(|record| &record.shown)
            .filter(|shown| passes(&input.filters, |name, value| matches_filter(shown, name, value)))
            .cloned()
            .collect();
        listed.sort_by(|one, other| one.db_instance_identifier.cmp(&other.db_instance_identifier));
        page(listed, &input.page, 100, |shown| shown.db_instance_identifier.clone()).map(Reply::Instances)
    }

    /// The named parameter group, or the default one, if it fits the family.
    pub(crate) fn instance_parameter_group(
        &self,
        here: PlaceIx,
        name: Option<&str>,
        family: &str,
    ) -> Result<&Arc<ParameterGroup>, RdsError> {
        let default = format!("default.{family}");
        let name = name.unwrap_or(&default).to_ascii_lowercase();
        let group = self.place(here).parameter_groups.get(&name).ok_or_else(|| {
            RdsError::new(RdsErrorCode::DbParameterGroupNotFound, format!("DBParameterGroup not found: {name}"))
        })?;
        super::cluster_settings::check_family(group, family)?;
        Ok(group)
    }

    /// Refuses a class that cannot be ordered.
    pub(crate) fn check_class(&self, class: &str, engine: &str, version: &str) -> Result<(), RdsError> {
        if self.config.instance_classes.iter().any(|offered| offered == class) {
            return Ok(());
        }
        Err(RdsError::invalid_combination(format!(
            "RDS does not support creating a DB instance with the following combination: DBInstanceClass={class}, \
             Engine={engine}, EngineVersion={version}, LicenseModel=postgresql-license. For supported combinations \
             of instance class and database engine version, see the documentation."
        )))
    }

    pub(crate) fn instance_reply(&self, here: PlaceIx, key: Key, name: &str) -> Result<Reply, RdsError> {
        let record = self.place(here).instances.get(&key).ok_or_else(|| instance_not_found(name))?;
        Ok(Reply::Instance(Arc::clone(&record.shown)))
    }

    pub(crate) fn instance_event(&mut self, place: PlaceIx, key: Key, category: &str, message: &str, date: Timestamp) {
        let Some(record) = self.place(place).instances.get(&key) else {
            return;
        };
        let shown = Arc::clone(&record.shown);
        let source = (EventSource::DbInstance, shown.db_instance_identifier.as_str(), shown.db_instance_arn.as_str());
        self.record_event(place, source, category, message, date);
    }

    /// Lets an available instance write, if the writer is none.
    pub(crate) fn elect_writer(&mut self, place: PlaceIx, cluster: Key, now: Timestamp) {
        let Some(record) = self.cluster(place, cluster) else {
            return;
        };
        let can_write = |status| {
            !matches!(
                status,
                InstanceStatus::Deleting
                    | InstanceStatus::Failed
                    | InstanceStatus::IncompatibleNetwork
                    | InstanceStatus::IncompatibleParameters
                    | InstanceStatus::IncompatibleRestore
                    | InstanceStatus::InsufficientCapacity
                    | InstanceStatus::RestoreError
            )
        };
        let status_of = |name: &str| {
            let mut members = self.place(place).members(cluster);
            members
                .find(|(_, member)| member.shown.db_instance_identifier == name)
                .map(|(_, member)| member.shown.db_instance_status)
        };
        let members = &record.shown.db_cluster_members;
        let writer = members.iter().find(|member| member.is_cluster_writer);
        if writer.and_then(|writer| status_of(&writer.db_instance_identifier)).is_some_and(can_write) {
            return;
        }
        let candidates = members
            .iter()
            .filter(|member| status_of(&member.db_instance_identifier) == Some(InstanceStatus::Available));
        let Some(chosen) = candidates.min_by_key(|member| member.promotion_tier) else {
            return;
        };
        let chosen = chosen.db_instance_identifier.clone();
        if let Some(record) = self.cluster_mut(place, cluster) {
            let members = &mut Arc::make_mut(&mut record.shown).db_cluster_members;
            for member in members.iter_mut() {
                member.is_cluster_writer = member.db_instance_identifier == chosen;
            }
            members.sort_by_key(|member| !member.is_cluster_writer);
        }
        let message = format!("Completed failover to DB instance: {chosen}");
        self.cluster_event(place, cluster, "failover", &message, now);
    }
}

/// Refuses settings that belong to the cluster.
pub(crate) fn check_tier(tier: Option<u32>) -> Result<(), RdsError> {
    match tier {
        Some(tier) if tier > LAST_TIER => {
            Err(RdsError::invalid_value(format!("Invalid promotion tier: {tier}. Must be between 0 and {LAST_TIER}.")))
        }
        _ => Ok(()),
    }
}

fn matches_filter(shown: &DbInstance, name: &str, value: &str) -> bool {
    match name {
        "db-cluster-id" => {
            let wanted =
                if Arn::looks_like(value) { value.rsplit_once(':').map_or(value, |(_, name)| name) } else { value };
            shown.db_cluster_identifier.eq_ignore_ascii_case(wanted)
        }
        "db-instance-id" => shown.db_instance_arn == value || shown.db_instance_identifier.eq_ignore_ascii_case(value),
        "dbi-resource-id" => shown.dbi_resource_id == value,
        "engine" => shown.engine == value,
        // No instance here is in a directory.
        _ => false,
    }
}
