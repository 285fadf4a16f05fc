//! Parameter groups and subnet groups: what clusters and instances refer to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::arn::ArnKind;
use crate::model::call::{CreateDbSubnetGroup, CreateParameterGroup, DescribeGroups};
use crate::model::error::{RdsError, RdsErrorCode};
use crate::model::identifier::{checked_tags, normalise_group};
use crate::model::listing::{check_filters, page};
use crate::model::reply::{Page, Reply};
use crate::model::resources::{ParameterGroup, Subnet, SubnetGroup};
use crate::model::state::{PlaceIx, PlaceState};
use crate::model::world::{Ctx, World};

impl World {
    /// Each family on offer has a default group of both kinds everywhere.
    pub(crate) fn add_default_groups(&self, place: &mut PlaceState) {
        let families: BTreeSet<_> =
            self.config.engine_versions.iter().map(|offer| &offer.db_parameter_group_family).collect();
        for family in families {
            let name = format!("default.{family}");
            for kind in [ArnKind::ClusterParameterGroup, ArnKind::ParameterGroup] {
                let group = ParameterGroup {
                    name: name.clone(),
                    family: family.clone(),
                    description: format!("Default parameter group for {family}"),
                    arn: place.arn(kind, &name),
                    tag_list: Vec::new(),
                };
                groups_mut(place, kind).insert(name.clone(), Arc::new(group));
            }
        }
    }

    pub(crate) fn create_cluster_parameter_group(
        &mut self,
        ctx: Ctx,
        input: CreateParameterGroup,
    ) -> Result<Reply, RdsError> {
        self.create_group(ctx, ArnKind::ClusterParameterGroup, input).map(Reply::ClusterParameterGroup)
    }

    pub(crate) fn create_parameter_group(&mut self, ctx: Ctx, input: CreateParameterGroup) -> Result<Reply, RdsError> {
        self.create_group(ctx, ArnKind::ParameterGroup, input).map(Reply::ParameterGroup)
    }

    fn create_group(
        &mut self,
        ctx: Ctx,
        kind: ArnKind,
        input: CreateParameterGroup,
    ) -> Result<Arc<ParameterGroup>, RdsError> {
        let parameter = match kind {
            ArnKind::ClusterParameterGroup => "DBClusterParameterGroupName",
            _ => "DBParameterGroupName",
        };
        let name = normalise_group(parameter, &input.name)?;
        let offered = &self.config.engine_versions;
        if !offered.iter().any(|offer| offer.db_parameter_group_family == input.family) {
            return Err(RdsError::invalid_value(format!(
                "ParameterGroupFamily {} is not a valid parameter group family",
                input.family
            )));
        }
        let quota = self.config.quotas.cluster_parameter_groups;
        let tag_list = checked_tags(&input.tags)?;
        let place = self.place_mut(ctx.here);
        let arn = place.arn(kind, &name);
        let groups = groups_mut(place, kind);
        if groups.contains_key(&name) {
            return Err(RdsError::new(
                RdsErrorCode::DbParameterGroupAlreadyExists,
                format!("Parameter group {name} already exists"),
            ));
        }
        if groups.keys().filter(|name| !name.starts_with("default.")).count() >= quota {
            return Err(RdsError::new(
                RdsErrorCode::DbParameterGroupQuotaExceeded,
                format!("Cannot create more than {quota} parameter groups"),
            ));
        }
        let group =
            ParameterGroup { name: name.clone(), family: input.family, description: input.description, arn, tag_list };
        let group = Arc::new(group);
        groups.insert(name, Arc::clone(&group));
        Ok(group)
    }

    pub(crate) fn describe_cluster_parameter_groups(
        &self,
        ctx: Ctx,
        input: &DescribeGroups,
    ) -> Result<Reply, RdsError> {
        let groups = &self.place(ctx.here).cluster_parameter_groups;
        let not_found = RdsErrorCode::DbClusterParameterGroupNotFound;
        list(groups, input, |name| RdsError::new(not_found, format!("DBClusterParameterGroup not found: {name}")))
            .map(Reply::ClusterParameterGroups)
    }

    pub(crate) fn describe_parameter_groups(&self, ctx: Ctx, input: &DescribeGroups) -> Result<Reply, RdsError> {
        let groups = &self.place(ctx.here).parameter_groups;
        let not_found = RdsErrorCode::DbParameterGroupNotFound;
        list(groups, input, |name| RdsError::new(not_found, format!("DBParameterGroup not found: {name}")))
            .map(Reply::ParameterGroups)
    }

    pub(crate) fn create_subnet_group(&mut self, ctx: Ctx, input: &CreateDbSubnetGroup) -> Result<Reply, RdsError> {
        let name = normalise_group("DBSubnetGroupName", &input.name)?;
        let place = self.place_mut(ctx.here);
        if place.subnet_groups.contains_key(&name) {
            return Err(RdsError::new(
                RdsErrorCode::DbSubnetGroupAlreadyExists,
                format!("The DB subnet group '{name}' already exists."),
            ));
        }
        if let Some(id) = input.subnet_ids.iter().find(|id| !id.starts_with("subnet-")) {
            return Err(RdsError::new(RdsErrorCode::InvalidSubnet, format!("Invalid subnet: {id}")));
        }
        if input.subnet_ids.len() < 2 {
            return Err(RdsError::new(
                RdsErrorCode::DbSubnetGroupDoesNotCoverEnoughAzs,
                "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Please add subnets to \
                 cover at least 2 AZs.",
            ));
        }
        let zones = place.zones();
        let subnet = |(id, zone): (&String, &String)| Subnet {
            subnet_identifier: id.clone(),
            availability_zone: zone.clone(),
            status: "Active".to_owned(),
        };
        let group = Arc::new(SubnetGroup {
            description: input.description.clone(),
            arn: place.arn(ArnKind::SubnetGroup, &name),
            vpc_id: place.vpc_id(),
            status: "Complete".to_owned(),
            subnets: input.subnet_ids.iter().zip(zones.iter().cycle()).map(subnet).collect(),
            tag_list: checked_tags(&input.tags)?,
            name: name.clone(),
        });
        place.subnet_groups.insert(name, Arc::clone(&group));
        Ok(Reply::SubnetGroup(group))
    }

    pub(crate) fn describe_subnet_groups(&self, ctx: Ctx, input: &DescribeGroups) -> Result<Reply, RdsError> {
        list(&self.place(ctx.here).subnet_groups, input, subnet_group_not_found).map(Reply::SubnetGroups)
    }

    /// The named subnet group, or the default one.
    pub(crate) fn subnet_group(&self, here: PlaceIx, name: Option<&str>) -> Result<&Arc<SubnetGroup>, RdsError> {
        let name = name.unwrap_or("default").to_ascii_lowercase();
        self.place(here).subnet_groups.get(&name).ok_or_else(|| subnet_group_not_found(&name))
    }
}

fn subnet_group_not_found(name: &str) -> RdsError {
    RdsError::new(RdsErrorCode::DbSubnetGroupNotFound, format!("DB subnet group '{name}' does not exist."))
}

fn groups_mut(place: &mut PlaceState, kind: ArnKind) -> &mut BTreeMap<String, Arc<ParameterGroup>> {
    match kind {
        ArnKind::ClusterParameterGroup => &mut place.cluster_parameter_groups,
        _ => &mut place.parameter_groups,
    }
}

fn list<T>(
    groups: &BTreeMap<String, Arc<T>>,
    input: &DescribeGroups,
    not_found: impl Fn(&str) -> RdsError,
) -> Result<Page<Arc<T>>, RdsError> {
    check_filters(&input.filters, &[])?;
    if let Some(name) = input.name.as_deref() {
        let group = groups.get(&name.to_ascii_lowercase()).ok_or_else(|| not_found(name))?;
        return Ok(Page { items: vec![Arc::clone(group)], marker: None });
    }
    let all: Vec<_> = groups.iter().collect();
    let cut = page(all, &input.page, 100, |(name, _)| (*name).clone())?;
    Ok(Page { items: cut.items.into_iter().map(|(_, group)| Arc::clone(group)).collect(), marker: cut.marker })
}
