//! AddRoleToDBCluster and RemoveRoleFromDBCluster.

use std::sync::Arc;

use super::lookup::{cluster_not_found, invalid_cluster_state};
use crate::model::call::DbClusterRole;
use crate::model::error::{RdsError, RdsErrorCode};
use crate::model::reply::Reply;
use crate::model::resources::{AssociatedRole, ClusterStatus};
use crate::model::state::ClusterRecord;
use crate::model::world::{Ctx, World};

impl World {
    pub(crate) fn add_role(&mut self, ctx: Ctx, input: DbClusterRole) -> Result<Reply, RdsError> {
        let quota = self.config.quotas.roles_per_cluster;
        let record = self.cluster_for_roles(ctx, &input.db_cluster_identifier)?;
        if !input.role_arn.starts_with("arn:") {
            return Err(RdsError::invalid_value(format!("The role ARN {} is not valid.", input.role_arn)));
        }
        let roles = &record.shown.associated_roles;
        if roles.iter().any(|role| role.role_arn == input.role_arn) {
            return Err(RdsError::new(
                RdsErrorCode::DbClusterRoleAlreadyExists,
                format!("Role ARN {} is already associated with the DB cluster.", input.role_arn),
            ));
        }
        if roles.len() >= quota {
            return Err(RdsError::new(
                RdsErrorCode::DbClusterRoleQuotaExceeded,
                "You have exceeded the maximum number of IAM roles that can be associated with the DB cluster.",
            ));
        }
        Arc::make_mut(&mut record.shown).associated_roles.push(AssociatedRole {
            role_arn: input.role_arn,
            status: "ACTIVE".to_owned(),
            feature_name: input.feature_name.filter(|name| !name.is_empty()),
        });
        Ok(Reply::Done)
    }

    pub(crate) fn remove_role(&mut self, ctx: Ctx, input: &DbClusterRole) -> Result<Reply, RdsError> {
        let record = self.cluster_for_roles(ctx, &input.db_cluster_identifier)?;
        let is_it = |role: &AssociatedRole| role.role_arn == input.role_arn;
        if !record.shown.associated_roles.iter().any(is_it) {
            return Err(RdsError::new(
                RdsErrorCode::DbClusterRoleNotFound,
                format!("Role ARN {} cannot be found for DB cluster.", input.role_arn),
            ));
        }
        Arc::make_mut(&mut record.shown).associated_roles.retain(|role| !is_it(role));
        Ok(Reply::Done)
    }

    fn cluster_for_roles(&mut self, ctx: Ctx, name: &str) -> Result<&mut ClusterRecord, RdsError> {
        let (key, record) = self.named_cluster(ctx.here, name, ctx.now)?;
        if matches!(record.shown.status, ClusterStatus::Deleting | ClusterStatus::Failed) {
            return Err(invalid_cluster_state(format!("DB cluster {name} is in the {} state.", record.shown.status)));
        }
        self.cluster_mut(ctx.here, key).ok_or_else(|| cluster_not_found(name))
    }
}
