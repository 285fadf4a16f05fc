//! The ports over the AWS SDK for Rust, one Cargo feature for each SDK crate, so that whoever enables one links one:
//!
//! | feature | what | SDK crate |
//! |---|---|---|
//! | `rds` (default) | `AwsCloud`: RDS in both accounts | `aws-sdk-rds` |
//! | `tables` | `DynamoJournal`: the journal in two tables | `aws-sdk-dynamodb` |
//! | `secrets` | `SecretsManagerSecrets`: where passwords are kept | `aws-sdk-secretsmanager` |
//! | `config` | `SsmConfig`: the configuration's text | `aws-sdk-ssm` |
//! | `notices` | `SnsNotifier`: who is told about the end | `aws-sdk-sns` |
//! | `executions` | `StepFunctions`: executions of a state machine | `aws-sdk-sfn` |
//! | `stack` | `CloudFormation`, `S3Artifacts`: stacks, and the bucket with their code; `KmsKeys`: keys, to look at; `Callers`: who changes them | `aws-sdk-cloudformation`, `aws-sdk-s3`, `aws-sdk-kms` |
//! | `logs` | `CloudWatchLogs`: the lines of logs, and queries on them | `aws-sdk-cloudwatchlogs` |
//! | `grants` | `IamGrants`: what roles may do | `aws-sdk-iam` |
//! | `bills` | `CostExplorer`: what was billed | `aws-sdk-costexplorer` |
//! | `restore-tests` | `BackupRestoreTests`: jobs of restore testing | `aws-sdk-backup` |
//! | `safeguards` | `AwsSafeguards`: how tables, topics, logs, buckets and secrets are guarded | those of `tables`, `notices`, `logs`, `stack`, `secrets` |
//! | `metrics` | `CloudWatch`: metrics by the day, and by shorter periods | `aws-sdk-cloudwatch` |
//! | `monitors` | `AwsMonitors`: alarms, dashboards, saved queries | those of `logs`, `metrics` |
//! | `table-settings` | `AwsTables`: how tables are paid for, how they grow, their indexes | that of `tables`, `aws-sdk-applicationautoscaling` |
//! | `functions` | `LambdaFunctions`, `CloudWatchAlarms`: what functions run, and their alarms | `aws-sdk-lambda`, `aws-sdk-cloudwatch` |
//!
//! STS is always there: the SDK's own credentials need it. One adapter talks to AWS and to a stand-in alike: only endpoint
//! and credentials differ. It makes one call for one request of the port, never repeats one (the engine alone owns
//! retries), and says of every refusal what it means. It is not the place for decisions about restores.

#[cfg(feature = "rds")]
mod cloud;
#[cfg(feature = "config")]
mod config;
mod connection;
mod endpoint;
#[cfg(feature = "executions")]
mod executions;
#[cfg(any(
    feature = "rds",
    feature = "tables",
    feature = "secrets",
    feature = "config",
    feature = "notices",
    feature = "executions"
))]
mod failure;
#[cfg(feature = "functions")]
mod functions;
#[cfg(feature = "rds")]
mod identity;
#[cfg(feature = "notices")]
mod notices;
mod options;
mod proxy;
#[cfg(feature = "rds")]
mod rds;
#[cfg(test)]
mod replay;
#[cfg(feature = "secrets")]
mod secrets;
#[cfg(feature = "stack")]
mod stack;
mod table_name;
#[cfg(feature = "tables")]
mod tables;

#[cfg(feature = "rds")]
pub use cloud::{AwsCloud, AwsOptions};
#[cfg(feature = "config")]
pub use config::{ParameterError, ParameterName, SsmConfig};
pub use connection::Connection;
pub use endpoint::{EndpointUrl, HttpHosts, InvalidEndpoint, InvalidHttpHost};
#[cfg(feature = "executions")]
pub use executions::{InvalidMachine, MachineArn, StepFunctions};
#[cfg(feature = "functions")]
pub use functions::{CloudWatchAlarms, LambdaFunctions};
#[cfg(feature = "notices")]
pub use notices::SnsNotifier;
pub use options::{AccountAccess, AssumedRole, CredentialSource, Network};
pub use proxy::{HttpProxy, InvalidProxy};
#[cfg(feature = "secrets")]
pub use secrets::SecretsManagerSecrets;
#[cfg(feature = "monitors")]
pub use stack::AwsMonitors;
#[cfg(feature = "safeguards")]
pub use stack::AwsSafeguards;
#[cfg(feature = "table-settings")]
pub use stack::AwsTables;
#[cfg(feature = "restore-tests")]
pub use stack::BackupRestoreTests;
#[cfg(feature = "metrics")]
pub use stack::CloudWatch;
#[cfg(feature = "logs")]
pub use stack::CloudWatchLogs;
#[cfg(feature = "bills")]
pub use stack::CostExplorer;
#[cfg(feature = "grants")]
pub use stack::IamGrants;
#[cfg(feature = "stack")]
pub use stack::{Callers, CloudFormation, KmsKeys, S3Artifacts};
pub use table_name::{InvalidTableName, TableName};
#[cfg(feature = "tables")]
pub use tables::{DynamoJournal, ID_INDEX, STATUS_INDEX, TablesOptions, needed_indexes};
