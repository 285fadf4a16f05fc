//! `DescribeDBInstances`.

use aurora_restore_core::{
    ids::{Arn, ClusterId, InstanceId, ResourceId},
    ports::{Instance, InstanceStatus, RdsResult},
    settings::{InstanceSettings, user_tags},
};
use aws_sdk_rds::types::{DbInstance, Filter};

use super::{
    AwsRds,
    describe_db_clusters::named,
    pages::{self, PAGE_ITEMS, Page},
    reading::{Unreadable, endpoint, number, readable, required, tags, text},
};
use crate::failure::Call;

const ACTION: &str = "DescribeDBInstances";

/// One instance by name.
pub(super) async fn one(rds: &AwsRds, id: &InstanceId) -> RdsResult<Instance> {
    let call = Call::about(ACTION, id.as_str());
    let answer = rds
        .client
        .describe_db_instances()
        .db_instance_identifier(id.as_str())
        .send()
        .await
        .map_err(|error| call.failed(&error))?;
    let found = answer
        .db_instances()
        .iter()
        .find(|instance| named(instance.db_instance_identifier(), id.as_str()))
        .ok_or_else(|| call.not_found("DBInstanceNotFound"))?;
    instance(found).map_err(|reason| call.malformed(reason))
}

/// The instances of a cluster, or all.
pub(super) async fn all(rds: &AwsRds, cluster: Option<&ClusterId>) -> RdsResult<Vec<Instance>> {
    let call = Call::about(ACTION, cluster.map_or("*", ClusterId::as_str));
    let filter = cluster.map(|id| Filter::builder().name("db-cluster-id").values(id.as_str()).build());
    let instances = pages::all(call, async |marker| {
        let answer = rds
            .client
            .describe_db_instances()
            .set_filters(filter.clone().map(|filter| vec![filter]))
            .max_records(PAGE_ITEMS)
            .set_marker(marker)
            .send()
            .await
            .map_err(|error| call.failed(&error))?;
        Ok(Page { items: answer.db_instances, marker: answer.marker })
    })
    .await;
    let instances = match instances {
        // A filter over a cluster that is gone: it has no instances.
        Err(error) if error.code.starts_with("DBClusterNotFound") => Vec::new(),
        other => other?,
    };
    let mut instances = readable(&instances, ACTION, instance);
    if let Some(id) = cluster {
        instances.retain(|instance| instance.cluster.as_ref() == Some(id));
    }
    Ok(instances)
}

fn instance(db: &DbInstance) -> Result<Instance, Unreadable> {
    let endpoint_shown = db.endpoint();
    let tags = tags(db.tag_list());
    Ok(Instance {
        id: InstanceId::new(required(db.db_instance_identifier(), "DBInstanceIdentifier")?)?,
        arn: Arn::new(required(db.db_instance_arn(), "DBInstanceArn")?)?,
        cluster: text(db.db_cluster_identifier()).map(ClusterId::new).transpose()?,
        resource_id: ResourceId::new(required(db.dbi_resource_id(), "DbiResourceId")?)?,
        status: InstanceStatus::from_word(required(db.db_instance_status(), "DBInstanceStatus")?),
        endpoint: endpoint_shown.and_then(|shown| endpoint(shown.address(), shown.port())),
        settings: InstanceSettings {
            class: text(db.db_instance_class()),
            parameter_group: db.db_parameter_groups().first().and_then(|group| text(group.db_parameter_group_name())),
            promotion_tier: number(db.promotion_tier()),
            zone: text(db.availability_zone()),
            publicly_accessible: db.publicly_accessible(),
            monitoring_interval_secs: number(db.monitoring_interval()),
            monitoring_role: text(db.monitoring_role_arn()).map(Arn::new).transpose()?,
            performance_insights: db.performance_insights_enabled(),
            auto_minor_version_upgrade: db.auto_minor_version_upgrade(),
            ca_certificate: text(db.ca_certificate_identifier()),
            maintenance_window: text(db.preferred_maintenance_window()),
            tags: Some(user_tags(&tags)),
        },
        tags,
    })
}

#[cfg(test)]
mod tests;
