//! Inputs of the actions on parameter groups, subnet groups and tags.

use super::{Filter, PageRequest};
use crate::model::resources::Tag;

/// Input of CreateDBClusterParameterGroup and CreateDBParameterGroup.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CreateParameterGroup {
    /// Name.
    pub name: String,
    /// Family.
    pub family: String,
    /// Description.
    pub description: String,
    /// Tags of the group.
    pub tags: Vec<Tag>,
}

/// Input of the describes of parameter groups and subnet groups.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribeGroups {
    /// One group.
    pub name: Option<String>,
    /// None is supported.
    pub filters: Vec<Filter>,
    /// Which page.
    pub page: PageRequest,
}

/// Input of CreateDBSubnetGroup.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CreateDbSubnetGroup {
    /// Name.
    pub name: String,
    /// Description.
    pub description: String,
    /// Subnets in at least two zones.
    pub subnet_ids: Vec<String>,
    /// Tags of the group.
    pub tags: Vec<Tag>,
}

/// Input of AddTagsToResource.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AddTagsToResource {
    /// ARN of the resource.
    pub resource_name: String,
    /// Tags to set.
    pub tags: Vec<Tag>,
}

/// Input of RemoveTagsFromResource.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RemoveTagsFromResource {
    /// ARN of the resource.
    pub resource_name: String,
    /// Keys to remove; unknown ones are ignored.
    pub tag_keys: Vec<String>,
}

/// Input of ListTagsForResource.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListTagsForResource {
    /// ARN of the resource.
    pub resource_name: String,
    /// None is supported.
    pub filters: Vec<Filter>,
}
