//! `AddRoleToDBCluster`.

use aurora_restore_core::{
    ids::{Arn, ClusterId},
    ports::RdsResult,
};

use super::AwsRds;
use crate::failure::Call;

/// Lets a cluster use a role, for one feature where one is named.
pub(super) async fn send(rds: &AwsRds, cluster: &ClusterId, role: &Arn, feature: Option<&str>) -> RdsResult<()> {
    let call = Call::about("AddRoleToDBCluster", cluster.as_str());
    rds.client
        .add_role_to_db_cluster()
        .db_cluster_identifier(cluster.as_str())
        .role_arn(role.as_str())
        .set_feature_name(feature.map(str::to_owned))
        .send()
        .await
        .map_err(|error| call.failed(&error))?;
    Ok(())
}
