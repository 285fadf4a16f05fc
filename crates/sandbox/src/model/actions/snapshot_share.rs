//! DescribeDBClusterSnapshotAttributes and ModifyDBClusterSnapshotAttribute.

use super::multi_az::is_aurora;
use crate::model::call::{ModifyDbClusterSnapshotAttribute, NameDbClusterSnapshot};
use crate::model::error::{RdsError, RdsErrorCode};
use crate::model::reply::Reply;
use crate::model::resources::{SnapshotAttribute, SnapshotAttributes, SnapshotStatus};
use crate::model::state::SnapshotRecord;
use crate::model::world::{Ctx, World};

impl World {
    pub(crate) fn describe_snapshot_attributes(
        &self,
        ctx: Ctx,
        input: &NameDbClusterSnapshot,
    ) -> Result<Reply, RdsError> {
        let key = self.own_snapshot(ctx, &input.db_cluster_snapshot_identifier)?;
        Ok(attributes(&self.place(ctx.here).snapshots[&key]))
    }

    pub(crate) fn modify_snapshot_attribute(
        &mut self,
        ctx: Ctx,
        input: &ModifyDbClusterSnapshotAttribute,
    ) -> Result<Reply, RdsError> {
        let key = self.own_snapshot(ctx, &input.db_cluster_snapshot_identifier)?;
        let quota = self.config.quotas.accounts_per_shared_snapshot;
        let record = &self.place(ctx.here).snapshots[&key];
        self.check_sharing(record, input)?;
        let mut shared_with = record.shared_with.clone();
        shared_with.extend(input.values_to_add.iter().cloned());
        shared_with.retain(|account| !input.values_to_remove.contains(account));
        if shared_with.iter().filter(|value| *value != "all").count() > quota {
            return Err(RdsError::new(
                RdsErrorCode::SharedSnapshotQuotaExceeded,
                format!("A snapshot cannot be shared with more than {quota} accounts."),
            ));
        }
        let record = self
            .snapshot_mut(ctx.here, key)
            .ok_or_else(|| super::lookup::snapshot_not_found(&input.db_cluster_snapshot_identifier))?;
        record.shared_with = shared_with;
        Ok(attributes(record))
    }

    fn check_sharing(&self, record: &SnapshotRecord, input: &ModifyDbClusterSnapshotAttribute) -> Result<(), RdsError> {
        if input.attribute_name != "restore" {
            return Err(RdsError::invalid_value(format!("Invalid attribute name: {}", input.attribute_name)));
        }
        let values = input.values_to_add.iter().chain(&input.values_to_remove);
        let is_account = |value: &str| value.len() == 12 && value.bytes().all(|byte| byte.is_ascii_digit());
        if let Some(value) = values.clone().find(|value| *value != "all" && !is_account(value)) {
            return Err(RdsError::invalid_value(format!("Invalid account: {value}")));
        }
        let invalid_state = |message: &str| Err(RdsError::new(RdsErrorCode::InvalidDbClusterSnapshotState, message));
        if !is_aurora(&record.shown.engine) {
            return invalid_state("Snapshots of Multi-AZ DB clusters cannot be shared.");
        }
        if !record.is_manual() {
            return invalid_state("Only manual snapshots can be shared.");
        }
        if record.shown.status != SnapshotStatus::Available {
            return invalid_state("A snapshot can be shared only when it is available.");
        }
        let Some(key) = record.shown.kms_key_id.as_deref() else {
            return Ok(());
        };
        if !input.values_to_add.is_empty() && self.is_default_key(key) {
            return invalid_state("Snapshots encrypted with the default key of RDS cannot be shared.");
        }
        if input.values_to_add.iter().any(|value| value == "all") {
            return invalid_state("Encrypted snapshots cannot be made public.");
        }
        Ok(())
    }
}

fn attributes(record: &SnapshotRecord) -> Reply {
    Reply::SnapshotAttributes(SnapshotAttributes {
        db_cluster_snapshot_identifier: record.shown.db_cluster_snapshot_identifier.clone(),
        attributes: vec![SnapshotAttribute {
            attribute_name: "restore".to_owned(),
            attribute_values: record.shared_with.iter().cloned().collect(),
        }],
    })
}
