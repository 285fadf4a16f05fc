//! `DeleteDBInstance`.

use aurora_restore_core::{ids::InstanceId, ports::RdsResult};

use super::AwsRds;
use crate::failure::Call;

/// Deletes an instance of a cluster. It never has a final snapshot of its own, and one that failed can be deleted only if
/// that is said.
pub(super) async fn send(rds: &AwsRds, instance: &InstanceId) -> RdsResult<()> {
    let call = Call::about("DeleteDBInstance", instance.as_str());
    rds.client
        .delete_db_instance()
        .db_instance_identifier(instance.as_str())
        .skip_final_snapshot(true)
        .send()
        .await
        .map_err(|error| call.failed(&error))?;
    Ok(())
}
