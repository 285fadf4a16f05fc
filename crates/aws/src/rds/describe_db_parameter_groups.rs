//! `DescribeDBParameterGroups`.

use aurora_restore_core::ports::{ParameterGroup, RdsResult};

use super::{AwsRds, describe_db_clusters::named, reading::required};
use crate::failure::Call;

/// One instance parameter group.
pub(super) async fn one(rds: &AwsRds, name: &str) -> RdsResult<ParameterGroup> {
    let call = Call::about("DescribeDBParameterGroups", name);
    let answer = rds
        .client
        .describe_db_parameter_groups()
        .db_parameter_group_name(name)
        .send()
        .await
        .map_err(|error| call.failed(&error))?;
    let group = answer
        .db_parameter_groups()
        .iter()
        .find(|group| named(group.db_parameter_group_name(), name))
        .ok_or_else(|| call.not_found("DBParameterGroupNotFound"))?;
    let family = required(group.db_parameter_group_family(), "DBParameterGroupFamily")
        .map_err(|reason| call.malformed(reason))?;
    Ok(ParameterGroup { name: group.db_parameter_group_name().unwrap_or(name).to_owned(), family: family.to_owned() })
}

#[cfg(test)]
mod tests {
    use aurora_restore_core::ports::{RdsErrorKind, RdsReads};

    use crate::rds::replay::{Replay, reply};

    #[tokio::test]
    async fn a_group_has_its_family() {
        let replay = Replay::answering([reply(
            "DescribeDBParameterGroups",
            "<DBParameterGroups><DBParameterGroup>
               <DBParameterGroupName>default.aurora-postgresql16</DBParameterGroupName>
               <DBParameterGroupFamily>aurora-postgresql16</DBParameterGroupFamily>
             </DBParameterGroup></DBParameterGroups>",
        )]);
        let group = replay.rds().instance_parameter_group("default.aurora-postgresql16").await.unwrap();
        assert_eq!(group.name, "default.aurora-postgresql16");
        assert_eq!(group.family, "aurora-postgresql16");
    }

    #[tokio::test]
    async fn an_empty_answer_is_not_found_as_well() {
        let replay = Replay::answering([reply("DescribeDBParameterGroups", "<DBParameterGroups></DBParameterGroups>")]);
        let error = replay.rds().instance_parameter_group("nope").await;
        assert_eq!(error.unwrap_err().kind, RdsErrorKind::NotFound);
    }
}
