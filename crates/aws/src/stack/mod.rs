//! What a stack is made, kept and reviewed with: CloudFormation and S3, one file for each call; logs and metrics; KMS, which is
//! only looked at; AWS Backup, whose jobs are answered; and Cost
//! Explorer, which tells what it all cost.

#[cfg(feature = "restore-tests")]
mod backup;
mod cloudformation;
#[cfg(feature = "metrics")]
mod cloudwatch;
#[cfg(feature = "logs")]
mod cloudwatch_logs;
#[cfg(feature = "bills")]
mod cost_explorer;
#[cfg(feature = "grants")]
mod iam;
mod kms;
#[cfg(feature = "monitors")]
mod monitors;
mod s3;
#[cfg(feature = "safeguards")]
mod safeguards;
mod service;
mod sts;
#[cfg(feature = "table-settings")]
mod table_settings;

#[cfg(feature = "restore-tests")]
pub use backup::BackupRestoreTests;
pub use cloudformation::CloudFormation;
#[cfg(feature = "metrics")]
pub use cloudwatch::CloudWatch;
#[cfg(feature = "logs")]
pub use cloudwatch_logs::CloudWatchLogs;
#[cfg(feature = "bills")]
pub use cost_explorer::CostExplorer;
#[cfg(feature = "grants")]
pub use iam::IamGrants;
pub use kms::KmsKeys;
#[cfg(feature = "monitors")]
pub use monitors::AwsMonitors;
pub use s3::S3Artifacts;
#[cfg(feature = "safeguards")]
pub use safeguards::AwsSafeguards;
pub use sts::Callers;
#[cfg(feature = "table-settings")]
pub use table_settings::AwsTables;

#[cfg(feature = "functions")]
pub(crate) use service::{Asked, PAGES_MAX};
