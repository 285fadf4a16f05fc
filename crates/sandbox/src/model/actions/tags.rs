//! AddTagsToResource, RemoveTagsFromResource and ListTagsForResource.

use std::sync::Arc;

use super::lookup::{cluster_not_found, instance_not_found, snapshot_not_found};
use crate::model::arn::{Arn, ArnKind};
use crate::model::call::{AddTagsToResource, ListTagsForResource, RemoveTagsFromResource};
use crate::model::error::{RdsError, RdsErrorCode};
use crate::model::identifier::checked_tags;
use crate::model::listing::check_filters;
use crate::model::reply::Reply;
use crate::model::resources::Tag;
use crate::model::state::PlaceState;
use crate::model::world::{Ctx, World};

impl World {
    pub(crate) fn add_tags(&mut self, ctx: Ctx, input: &AddTagsToResource) -> Result<Reply, RdsError> {
        let news = checked_tags(&input.tags)?;
        let tags = tags_of(self.place_mut(ctx.here), &input.resource_name)?;
        let mut merged: Vec<Tag> =
            tags.iter().filter(|old| !news.iter().any(|new| new.key == old.key)).cloned().collect();
        let reserved: Vec<Tag> = merged.iter().filter(|tag| tag.key.starts_with("aws:")).cloned().collect();
        merged.retain(|tag| !tag.key.starts_with("aws:"));
        merged.extend(news);
        let mut merged = checked_tags(&merged)?;
        merged.extend(reserved);
        merged.sort();
        *tags = merged;
        Ok(Reply::Done)
    }

    pub(crate) fn remove_tags(&mut self, ctx: Ctx, input: &RemoveTagsFromResource) -> Result<Reply, RdsError> {
        let tags = tags_of(self.place_mut(ctx.here), &input.resource_name)?;
        tags.retain(|tag| !input.tag_keys.contains(&tag.key));
        Ok(Reply::Done)
    }

    pub(crate) fn list_tags(&mut self, ctx: Ctx, input: &ListTagsForResource) -> Result<Reply, RdsError> {
        check_filters(&input.filters, &[])?;
        Ok(Reply::Tags(tags_of(self.place_mut(ctx.here), &input.resource_name)?.clone()))
    }
}

/// The tags of the resource with this ARN, which must be of this place.
fn tags_of<'a>(place: &'a mut PlaceState, text: &str) -> Result<&'a mut Vec<Tag>, RdsError> {
    let arn = Arn::parse(text)?;
    if arn.account != place.account.as_str() || arn.region != place.region.as_str() {
        return Err(RdsError::invalid_value(format!(
            "The specified resource name does not match an RDS resource here: {text}"
        )));
    }
    let name = arn.name.to_ascii_lowercase();
    let group_not_found = |code: RdsErrorCode| RdsError::new(code, format!("{name} not found."));
    match arn.kind {
        ArnKind::Cluster => {
            let mut clusters = place.clusters.values_mut();
            let found = clusters.find(|record| record.shown.db_cluster_identifier == name);
            found.map(|record| &mut Arc::make_mut(&mut record.shown).tag_list).ok_or_else(|| cluster_not_found(&name))
        }
        ArnKind::Instance => {
            let mut instances = place.instances.values_mut();
            let found = instances.find(|record| record.shown.db_instance_identifier == name);
            found.map(|record| &mut Arc::make_mut(&mut record.shown).tag_list).ok_or_else(|| instance_not_found(&name))
        }
        ArnKind::ClusterSnapshot => {
            let mut snapshots = place.snapshots.values_mut();
            let found = snapshots.find(|record| record.shown.db_cluster_snapshot_identifier == name);
            found.map(|record| &mut Arc::make_mut(&mut record.shown).tag_list).ok_or_else(|| snapshot_not_found(&name))
        }
        ArnKind::ClusterParameterGroup => {
            let found = place.cluster_parameter_groups.get_mut(&name);
            found
                .map(|group| &mut Arc::make_mut(group).tag_list)
                .ok_or_else(|| group_not_found(RdsErrorCode::DbClusterParameterGroupNotFound))
        }
        ArnKind::ParameterGroup => {
            let found = place.parameter_groups.get_mut(&name);
            found
                .map(|group| &mut Arc::make_mut(group).tag_list)
                .ok_or_else(|| group_not_found(RdsErrorCode::DbParameterGroupNotFound))
        }
        ArnKind::SubnetGroup => {
            let found = place.subnet_groups.get_mut(&name);
            found
                .map(|group| &mut Arc::make_mut(group).tag_list)
                .ok_or_else(|| group_not_found(RdsErrorCode::DbSubnetGroupNotFound))
        }
    }
}
