//! `DescribeDBClusterParameterGroups`.

use aurora_restore_core::ports::{ParameterGroup, RdsResult};

use super::{AwsRds, describe_db_clusters::named, reading::required};
use crate::failure::Call;

/// One cluster parameter group.
pub(super) async fn one(rds: &AwsRds, name: &str) -> RdsResult<ParameterGroup> {
    let call = Call::about("DescribeDBClusterParameterGroups", name);
    let answer = rds
        .client
        .describe_db_cluster_parameter_groups()
        .db_cluster_parameter_group_name(name)
        .send()
        .await
        .map_err(|error| call.failed(&error))?;
    let group = answer
        .db_cluster_parameter_groups()
        .iter()
        .find(|group| named(group.db_cluster_parameter_group_name(), name))
        .ok_or_else(|| call.not_found("DBParameterGroupNotFound"))?;
    let family = required(group.db_parameter_group_family(), "DBParameterGroupFamily")
        .map_err(|reason| call.malformed(reason))?;
    Ok(ParameterGroup {
        name: group.db_cluster_parameter_group_name().unwrap_or(name).to_owned(),
        family: family.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use aurora_restore_core::ports::{RdsErrorKind, RdsReads};

    use crate::rds::replay::{Replay, refusal, reply};

    #[tokio::test]
    async fn a_group_has_its_family() {
        let replay = Replay::answering([reply(
            "DescribeDBClusterParameterGroups",
            "<DBClusterParameterGroups><DBClusterParameterGroup>
               <DBClusterParameterGroupName>prod-pg16</DBClusterParameterGroupName>
               <DBParameterGroupFamily>aurora-postgresql16</DBParameterGroupFamily>
               <Description>production</Description>
             </DBClusterParameterGroup></DBClusterParameterGroups>",
        )]);
        let group = replay.rds().cluster_parameter_group("prod-pg16").await;
        assert_eq!(group.unwrap().family, "aurora-postgresql16");
    }

    #[tokio::test]
    async fn a_group_that_is_not_there_is_not_found() {
        let replay =
            Replay::answering([refusal(404, "DBParameterGroupNotFound", "DBClusterParameterGroup not found: nope")]);
        let error = replay.rds().cluster_parameter_group("nope").await;
        assert_eq!(error.unwrap_err().kind, RdsErrorKind::NotFound);
    }
}
