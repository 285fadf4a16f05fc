//! `RebootDBInstance`.

use aurora_restore_core::{ids::InstanceId, ports::RdsResult};

use super::AwsRds;
use crate::failure::Call;

/// Reboots an instance.
pub(super) async fn send(rds: &AwsRds, instance: &InstanceId) -> RdsResult<()> {
    let call = Call::about("RebootDBInstance", instance.as_str());
    rds.client
        .reboot_db_instance()
        .db_instance_identifier(instance.as_str())
        .send()
        .await
        .map_err(|error| call.failed(&error))?;
    Ok(())
}
