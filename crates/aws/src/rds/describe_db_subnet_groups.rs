//! `DescribeDBSubnetGroups`.

use std::collections::BTreeSet;

use aurora_restore_core::ports::{RdsResult, SubnetGroup};

use super::{AwsRds, describe_db_clusters::named, reading::text};
use crate::failure::Call;

/// One subnet group, with the zones that it covers, sorted.
pub(super) async fn one(rds: &AwsRds, name: &str) -> RdsResult<SubnetGroup> {
    let call = Call::about("DescribeDBSubnetGroups", name);
    let answer = rds
        .client
        .describe_db_subnet_groups()
        .db_subnet_group_name(name)
        .send()
        .await
        .map_err(|error| call.failed(&error))?;
    let group = answer
        .db_subnet_groups()
        .iter()
        .find(|group| named(group.db_subnet_group_name(), name))
        .ok_or_else(|| call.not_found("DBSubnetGroupNotFoundFault"))?;
    let zones: BTreeSet<String> =
        group.subnets().iter().filter_map(|subnet| text(subnet.subnet_availability_zone()?.name())).collect();
    Ok(SubnetGroup {
        name: group.db_subnet_group_name().unwrap_or(name).to_owned(),
        vpc: group.vpc_id().unwrap_or_default().to_owned(),
        zones: zones.into_iter().collect(),
    })
}

#[cfg(test)]
mod tests {
    use aurora_restore_core::ports::{RdsErrorKind, RdsReads};

    use crate::rds::replay::{Replay, refusal, reply};

    #[tokio::test]
    async fn the_zones_of_a_group_are_each_listed_once() {
        let subnet = |zone: &str| {
            format!(
                "<Subnet><SubnetIdentifier>subnet-1</SubnetIdentifier><SubnetStatus>Active</SubnetStatus>
                 <SubnetAvailabilityZone><Name>{zone}</Name></SubnetAvailabilityZone></Subnet>"
            )
        };
        let subnets: String = ["eu-central-1b", "eu-central-1a", "eu-central-1b"].map(subnet).concat();
        let replay = Replay::answering([reply(
            "DescribeDBSubnetGroups",
            &format!(
                "<DBSubnetGroups><DBSubnetGroup><DBSubnetGroupName>private</DBSubnetGroupName>
                 <VpcId>vpc-1</VpcId><Subnets>{subnets}</Subnets></DBSubnetGroup></DBSubnetGroups>"
            ),
        )]);
        let group = replay.rds().subnet_group("private").await.unwrap();
        assert_eq!(group.vpc, "vpc-1");
        assert_eq!(group.zones, ["eu-central-1a", "eu-central-1b"]);
    }

    #[tokio::test]
    async fn a_group_that_is_not_there_is_not_found() {
        let replay =
            Replay::answering([refusal(404, "DBSubnetGroupNotFoundFault", "DB subnet group 'nope' does not exist.")]);
        let error = replay.rds().subnet_group("nope").await.unwrap_err();
        assert_eq!(error.kind, RdsErrorKind::NotFound);
    }
}
