//! `ModifyDBCluster`, always applied at once: what waits for the maintenance window has not happened.

use aurora_restore_core::{
    ids::ClusterId,
    ports::{ClusterModify, RdsError, RdsResult},
};
use aws_sdk_rds::{
    operation::modify_db_cluster::builders::ModifyDBClusterFluentBuilder as Request,
    types::CloudwatchLogsExportConfiguration,
};
use tracing::{instrument::WithSubscriber, subscriber::NoSubscriber};

use super::{AwsRds, sending};
use crate::failure::Call;

const ACTION: &str = "ModifyDBCluster";

/// Changes a cluster.
pub(super) async fn send(rds: &AwsRds, modify: &ClusterModify) -> RdsResult<()> {
    let call = Call::about(ACTION, modify.cluster.as_str());
    let request = request(rds, modify);
    let Some(password) = &modify.master_password else {
        request.send().await.map_err(|error| call.failed(&error))?;
        return Ok(());
    };
    // At its most verbose level the SDK traces what it sends, and this holds a password: nobody listens to it, so that it
    // does not depend on how the SDK shows a body.
    let sent = request.master_user_password(password.expose()).send().with_subscriber(NoSubscriber::default()).await;
    sent.map_err(|error| without(password.expose(), call.failed(&error)))?;
    Ok(())
}

/// Gives a cluster another name.
pub(super) async fn rename(rds: &AwsRds, from: &ClusterId, to: &ClusterId) -> RdsResult<()> {
    let call = Call::about(ACTION, from.as_str());
    rds.client
        .modify_db_cluster()
        .db_cluster_identifier(from.as_str())
        .new_db_cluster_identifier(to.as_str())
        .apply_immediately(true)
        .send()
        .await
        .map_err(|error| call.failed(&error))?;
    Ok(())
}

fn request(rds: &AwsRds, modify: &ClusterModify) -> Request {
    rds.client
        .modify_db_cluster()
        .db_cluster_identifier(modify.cluster.as_str())
        .apply_immediately(true)
        .set_db_cluster_parameter_group_name(modify.parameter_group.clone())
        .set_vpc_security_group_ids(modify.security_groups.clone())
        .set_backup_retention_period(modify.backup_retention_days.map(i32::from))
        .set_preferred_backup_window(modify.backup_window.clone())
        .set_preferred_maintenance_window(modify.maintenance_window.clone())
        .set_deletion_protection(modify.deletion_protection)
        .set_enable_iam_database_authentication(modify.iam_authentication)
        .set_copy_tags_to_snapshot(modify.copy_tags_to_snapshot)
        .set_cloudwatch_logs_export_configuration(log_exports(modify))
        .set_serverless_v2_scaling_configuration(modify.serverless_scaling.map(sending::scaling))
        .set_storage_type(modify.storage_type.clone())
        .set_port(modify.port.map(i32::from))
}

fn log_exports(modify: &ClusterModify) -> Option<CloudwatchLogsExportConfiguration> {
    let list = |types: &Vec<String>| (!types.is_empty()).then(|| types.clone());
    let (enable, disable) = (list(&modify.enable_log_exports), list(&modify.disable_log_exports));
    (enable.is_some() || disable.is_some()).then(|| {
        CloudwatchLogsExportConfiguration::builder().set_enable_log_types(enable).set_disable_log_types(disable).build()
    })
}

/// RDS does not repeat a password in its refusals; should anything on the way do so, it goes no further.
fn without(password: &str, mut error: RdsError) -> RdsError {
    if !password.is_empty() && error.message.contains(password) {
        error.message = error.message.replace(password, "…");
    }
    error
}

#[cfg(test)]
mod tests;
