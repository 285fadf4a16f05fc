//! `ModifyDBInstance`, always applied at once.

use aurora_restore_core::{
    ids::InstanceId,
    ports::{InstanceModify, RdsResult},
};

use super::AwsRds;
use crate::failure::Call;

const ACTION: &str = "ModifyDBInstance";

/// Changes an instance.
pub(super) async fn send(rds: &AwsRds, modify: &InstanceModify) -> RdsResult<()> {
    let call = Call::about(ACTION, modify.instance.as_str());
    rds.client
        .modify_db_instance()
        .db_instance_identifier(modify.instance.as_str())
        .apply_immediately(true)
        .set_db_parameter_group_name(modify.parameter_group.clone())
        .set_promotion_tier(modify.promotion_tier.map(i32::from))
        .set_preferred_maintenance_window(modify.maintenance_window.clone())
        .set_auto_minor_version_upgrade(modify.auto_minor_version_upgrade)
        .set_ca_certificate_identifier(modify.ca_certificate.clone())
        .send()
        .await
        .map_err(|error| call.failed(&error))?;
    Ok(())
}

/// Gives an instance another name.
pub(super) async fn rename(rds: &AwsRds, from: &InstanceId, to: &InstanceId) -> RdsResult<()> {
    let call = Call::about(ACTION, from.as_str());
    rds.client
        .modify_db_instance()
        .db_instance_identifier(from.as_str())
        .new_db_instance_identifier(to.as_str())
        .apply_immediately(true)
        .send()
        .await
        .map_err(|error| call.failed(&error))?;
    Ok(())
}
