//! `DescribeDBClusterSnapshotAttributes`.

use aurora_restore_core::ports::{RdsResult, SnapshotAddress};
use aws_sdk_rds::types::DbClusterSnapshotAttribute;

use super::AwsRds;
use crate::failure::Call;

/// The attribute that lists who may restore a snapshot.
pub(super) const RESTORE: &str = "restore";

/// The accounts that may restore a snapshot of ours; `all` stands for everybody.
pub(super) async fn shared_with(rds: &AwsRds, address: &SnapshotAddress) -> RdsResult<Vec<String>> {
    let name = match address {
        SnapshotAddress::Name(name) => name.as_str(),
        SnapshotAddress::Arn(arn) => arn.resource_name(),
    };
    let call = Call::about("DescribeDBClusterSnapshotAttributes", address.as_str());
    let answer = rds
        .client
        .describe_db_cluster_snapshot_attributes()
        .db_cluster_snapshot_identifier(name)
        .send()
        .await
        .map_err(|error| call.failed(&error))?;
    let result =
        answer.db_cluster_snapshot_attributes_result().ok_or_else(|| call.malformed("the attributes are missing"))?;
    Ok(result
        .db_cluster_snapshot_attributes()
        .iter()
        .filter(|attribute| attribute.attribute_name() == Some(RESTORE))
        .flat_map(DbClusterSnapshotAttribute::attribute_values)
        .cloned()
        .collect())
}

#[cfg(test)]
mod tests {
    use aurora_restore_core::{ids::SnapshotId, ports::RdsReads};

    use super::*;
    use crate::rds::replay::{Replay, reply};

    #[tokio::test]
    async fn only_the_accounts_of_the_restore_attribute_are_listed() {
        let replay = Replay::answering([reply(
            "DescribeDBClusterSnapshotAttributes",
            "<DBClusterSnapshotAttributesResult>
               <DBClusterSnapshotIdentifier>prod-copy</DBClusterSnapshotIdentifier>
               <DBClusterSnapshotAttributes>
                 <DBClusterSnapshotAttribute><AttributeName>restore</AttributeName>
                   <AttributeValues><AttributeValue>444455556666</AttributeValue><AttributeValue>all</AttributeValue>
                   </AttributeValues></DBClusterSnapshotAttribute>
                 <DBClusterSnapshotAttribute><AttributeName>other</AttributeName>
                   <AttributeValues><AttributeValue>777788889999</AttributeValue></AttributeValues>
                 </DBClusterSnapshotAttribute>
               </DBClusterSnapshotAttributes>
             </DBClusterSnapshotAttributesResult>",
        )]);
        let address = SnapshotAddress::Name(SnapshotId::new("prod-copy").unwrap());
        let accounts = replay.rds().snapshot_shared_with(&address).await.unwrap();
        assert_eq!(accounts, ["444455556666", "all"]);
        assert_eq!(
            replay.only_form(),
            "Action=DescribeDBClusterSnapshotAttributes&DBClusterSnapshotIdentifier=prod-copy"
        );
    }
}
