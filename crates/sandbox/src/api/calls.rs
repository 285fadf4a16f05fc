//! From the parameters of a request to a call of the model: one function per action, each a struct written out in full, so
//! that a field that the model gains cannot be forgotten here.

mod catalogue;
mod cluster;
mod group;
mod instance;
mod snapshot;

use super::query::{ParamError, Params};
use crate::model::call::{Action, Call, Filter, PageRequest};
use crate::model::resources::Tag;

/// Reads the call of this action from its parameters.
///
/// # Errors
/// The first parameter that is missing, malformed or not the action's.
pub(super) fn read_call(action: Action, mut params: Params) -> Result<Call, ParamError> {
    let call = read(action, &mut params)?;
    params.finish()?;
    Ok(call)
}

fn read(action: Action, p: &mut Params) -> Result<Call, ParamError> {
    Ok(match action {
        Action::CreateDbCluster => Call::CreateDbCluster(cluster::create(p)?),
        Action::DescribeDbClusters => Call::DescribeDbClusters(cluster::describe(p)?),
        Action::ModifyDbCluster => Call::ModifyDbCluster(cluster::modify(p)?),
        Action::DeleteDbCluster => Call::DeleteDbCluster(cluster::delete(p)?),
        Action::StopDbCluster => Call::StopDbCluster(cluster::name(p)?),
        Action::StartDbCluster => Call::StartDbCluster(cluster::name(p)?),
        Action::RestoreDbClusterFromSnapshot => Call::RestoreDbClusterFromSnapshot(cluster::restore(p)?),
        Action::RestoreDbClusterToPointInTime => Call::RestoreDbClusterToPointInTime(cluster::restore_to_time(p)?),
        Action::AddRoleToDbCluster => Call::AddRoleToDbCluster(cluster::role(p)?),
        Action::RemoveRoleFromDbCluster => Call::RemoveRoleFromDbCluster(cluster::role(p)?),
        Action::CreateDbClusterSnapshot => Call::CreateDbClusterSnapshot(snapshot::create(p)?),
        Action::CopyDbClusterSnapshot => Call::CopyDbClusterSnapshot(snapshot::copy(p)?),
        Action::DescribeDbClusterSnapshots => Call::DescribeDbClusterSnapshots(snapshot::describe(p)?),
        Action::DeleteDbClusterSnapshot => Call::DeleteDbClusterSnapshot(snapshot::name(p)?),
        Action::DescribeDbClusterSnapshotAttributes => Call::DescribeDbClusterSnapshotAttributes(snapshot::name(p)?),
        Action::ModifyDbClusterSnapshotAttribute => {
            Call::ModifyDbClusterSnapshotAttribute(snapshot::modify_attribute(p)?)
        }
        Action::CreateDbInstance => Call::CreateDbInstance(instance::create(p)?),
        Action::DescribeDbInstances => Call::DescribeDbInstances(instance::describe(p)?),
        Action::ModifyDbInstance => Call::ModifyDbInstance(instance::modify(p)?),
        Action::DeleteDbInstance => Call::DeleteDbInstance(instance::delete(p)?),
        Action::RebootDbInstance => Call::RebootDbInstance(instance::reboot(p)?),
        Action::AddTagsToResource => Call::AddTagsToResource(group::add_tags(p)?),
        Action::RemoveTagsFromResource => Call::RemoveTagsFromResource(group::remove_tags(p)?),
        Action::ListTagsForResource => Call::ListTagsForResource(group::list_tags(p)?),
        Action::CreateDbClusterParameterGroup => {
            Call::CreateDbClusterParameterGroup(group::create_parameter_group(p, "DBClusterParameterGroupName")?)
        }
        Action::DescribeDbClusterParameterGroups => {
            Call::DescribeDbClusterParameterGroups(group::describe(p, "DBClusterParameterGroupName")?)
        }
        Action::CreateDbParameterGroup => {
            Call::CreateDbParameterGroup(group::create_parameter_group(p, "DBParameterGroupName")?)
        }
        Action::DescribeDbParameterGroups => {
            Call::DescribeDbParameterGroups(group::describe(p, "DBParameterGroupName")?)
        }
        Action::CreateDbSubnetGroup => Call::CreateDbSubnetGroup(group::create_subnet_group(p)?),
        Action::DescribeDbSubnetGroups => Call::DescribeDbSubnetGroups(group::describe(p, "DBSubnetGroupName")?),
        Action::DescribeOrderableDbInstanceOptions => {
            Call::DescribeOrderableDbInstanceOptions(catalogue::orderable_options(p)?)
        }
        Action::DescribeDbEngineVersions => Call::DescribeDbEngineVersions(catalogue::engine_versions(p)?),
        Action::DescribeEvents => Call::DescribeEvents(catalogue::events(p)?),
        Action::DescribeAccountAttributes => Call::DescribeAccountAttributes,
    })
}

fn tags(p: &mut Params) -> Result<Vec<Tag>, ParamError> {
    p.structures("Tags", |tag| Ok(Tag { key: tag.required("Key")?, value: tag.optional("Value")?.unwrap_or_default() }))
}

fn filters(p: &mut Params) -> Result<Vec<Filter>, ParamError> {
    p.structures("Filters", |filter| Ok(Filter { name: filter.required("Name")?, values: filter.list("Values")? }))
}

fn page(p: &mut Params) -> Result<PageRequest, ParamError> {
    // An empty marker is what clients send for the first page.
    let marker: Option<String> = p.optional("Marker")?;
    Ok(PageRequest { marker: marker.filter(|marker| !marker.is_empty()), max_records: p.optional("MaxRecords")? })
}
