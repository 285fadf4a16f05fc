//! `CreateDBInstance` in a cluster.

use aurora_restore_core::ports::{InstanceCreate, RdsErrorKind, RdsResult};

use super::{AwsRds, sending};
use crate::failure::{Call, Failure};

/// Makes an instance in a cluster.
pub(super) async fn send(rds: &AwsRds, create: &InstanceCreate) -> RdsResult<()> {
    let call = Call::about("CreateDBInstance", create.instance.as_str());
    let settings = &create.settings;
    let Some(class) = &settings.class else {
        return Err(call.because(Failure {
            kind: RdsErrorKind::InvalidRequest,
            code: "MissingParameter".to_owned(),
            message: "an instance cannot be made without its class".to_owned(),
            request_id: None,
        }));
    };
    let role = settings.monitoring_role.as_ref();
    rds.client
        .create_db_instance()
        .db_instance_identifier(create.instance.as_str())
        .db_cluster_identifier(create.cluster.as_str())
        .engine(&create.engine)
        .db_instance_class(class)
        .set_db_parameter_group_name(settings.parameter_group.clone())
        .set_promotion_tier(settings.promotion_tier.map(i32::from))
        .set_availability_zone(settings.zone.clone())
        .set_publicly_accessible(settings.publicly_accessible)
        .set_monitoring_interval(settings.monitoring_interval_secs.map(i32::from))
        .set_monitoring_role_arn(role.map(|role| role.as_str().to_owned()))
        .set_enable_performance_insights(settings.performance_insights)
        .set_auto_minor_version_upgrade(settings.auto_minor_version_upgrade)
        .set_ca_certificate_identifier(settings.ca_certificate.clone())
        .set_preferred_maintenance_window(settings.maintenance_window.clone())
        .set_tags(sending::tags(&create.tags))
        .send()
        .await
        .map_err(|error| call.failed(&error))?;
    Ok(())
}
