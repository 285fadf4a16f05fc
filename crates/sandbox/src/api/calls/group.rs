//! Reads the calls on parameter groups, subnet groups and tags.

use super::{filters, page, tags};
use crate::api::query::{ParamError, Params};
use crate::model::call::{
    AddTagsToResource, CreateDbSubnetGroup, CreateParameterGroup, DescribeGroups, ListTagsForResource,
    RemoveTagsFromResource,
};

/// Both kinds of parameter groups differ in how their name is called alone.
pub(super) fn create_parameter_group(p: &mut Params, name: &str) -> Result<CreateParameterGroup, ParamError> {
    Ok(CreateParameterGroup {
        name: p.required(name)?,
        family: p.required("DBParameterGroupFamily")?,
        description: p.required("Description")?,
        tags: tags(p)?,
    })
}

pub(super) fn create_subnet_group(p: &mut Params) -> Result<CreateDbSubnetGroup, ParamError> {
    Ok(CreateDbSubnetGroup {
        name: p.required("DBSubnetGroupName")?,
        description: p.required("DBSubnetGroupDescription")?,
        subnet_ids: p.list("SubnetIds")?,
        tags: tags(p)?,
    })
}

pub(super) fn describe(p: &mut Params, name: &str) -> Result<DescribeGroups, ParamError> {
    Ok(DescribeGroups { name: p.optional(name)?, filters: filters(p)?, page: page(p)? })
}

pub(super) fn add_tags(p: &mut Params) -> Result<AddTagsToResource, ParamError> {
    Ok(AddTagsToResource { resource_name: p.required("ResourceName")?, tags: tags(p)? })
}

pub(super) fn remove_tags(p: &mut Params) -> Result<RemoveTagsFromResource, ParamError> {
    Ok(RemoveTagsFromResource { resource_name: p.required("ResourceName")?, tag_keys: p.list("TagKeys")? })
}

pub(super) fn list_tags(p: &mut Params) -> Result<ListTagsForResource, ParamError> {
    Ok(ListTagsForResource { resource_name: p.required("ResourceName")?, filters: filters(p)? })
}
