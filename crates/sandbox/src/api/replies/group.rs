//! Parameter groups and subnet groups as elements.

use crate::api::xml::{List, Nested, elements};
use crate::model::resources::{ParameterGroup, Subnet, SubnetGroup};

elements! {
    ClusterParameterGroup(ParameterGroup) as group {
        "DBClusterParameterGroupName" = group.name,
        "DBParameterGroupFamily" = group.family,
        "Description" = group.description,
        "DBClusterParameterGroupArn" = group.arn,
    }

    InstanceParameterGroup(ParameterGroup) as group {
        "DBParameterGroupName" = group.name,
        "DBParameterGroupFamily" = group.family,
        "Description" = group.description,
        "DBParameterGroupArn" = group.arn,
    }

    SubnetGroupElement(SubnetGroup) as group {
        "DBSubnetGroupName" = group.name,
        "DBSubnetGroupDescription" = group.description,
        "VpcId" = group.vpc_id,
        "SubnetGroupStatus" = group.status,
        "Subnets" = List("Subnet", group.subnets.iter().map(SubnetElement)),
        "DBSubnetGroupArn" = group.arn,
    }

    SubnetElement(Subnet) as subnet {
        "SubnetIdentifier" = subnet.subnet_identifier,
        "SubnetAvailabilityZone" = Nested("Name", &subnet.availability_zone),
        "SubnetStatus" = subnet.status,
    }
}
