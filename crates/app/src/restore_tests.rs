//! The restore jobs of AWS Backup, where their recovery points are.

use aurora_restore_aws::BackupRestoreTests;
use aurora_restore_core::ports::Location;
use aurora_restore_ops::ports::RestoreTests;

use crate::{
    config::Environment,
    services::{ServicesError, connect},
};

/// The restore jobs at a place, entered as snapshots are there: AWS Backup tests a recovery point in the account and Region in which it
/// keeps it. Sends nothing.
///
/// # Errors
/// [`ServicesError`] where the account cannot be entered.
pub async fn open_restore_tests(
    environment: &Environment,
    location: &Location,
) -> Result<Box<dyn RestoreTests>, ServicesError> {
    let connection = connect(environment, location).await?;
    Ok(Box::new(BackupRestoreTests::new(&connection, None)?))
}
