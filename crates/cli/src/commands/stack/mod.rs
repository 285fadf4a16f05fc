//! `stack`: deploys the pipeline to AWS, and keeps it.

mod backup;
mod beside;
mod bounds;
mod delete;
pub(super) mod deploy;
mod diff;
mod material;
pub(super) mod narrator;
mod restore;
mod show;
mod status;

use aurora_restore_core::ids::Region;
use clap::{Args, Subcommand};

use crate::{
    context::{Context, USUAL_STACK},
    error::CommandResult,
};

/// Deploy the pipeline to AWS, and keep it
///
/// One CloudFormation stack with everything that restores need there: functions, a state machine, tables, a topic. The
/// stack is named by `--stack`, `aurora-restore` without it; its Region is that of `--region`, else target.region, else
/// AWS_REGION.
#[derive(Debug, Args)]
pub(crate) struct StackArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Deploy(deploy::DeployArgs),
    Diff(diff::DiffArgs),
    Status(status::StatusArgs),
    Backup(backup::BackupArgs),
    Restore(restore::RestoreArgs),
    Delete(delete::DeleteArgs),
}

/// Where the stack is.
#[derive(Debug, Clone, Args)]
pub(crate) struct PlaceArgs {
    /// The Region of the stack; target.region without it, else AWS_REGION
    #[arg(long, value_name = "REGION")]
    region: Option<Region>,
}

impl PlaceArgs {
    /// The Region that was given.
    pub(crate) fn region(&self) -> Option<&Region> {
        self.region.as_ref()
    }
}

pub(crate) use material::package_for;
pub(crate) use narrator::Lines;

pub(super) fn run(context: &Context, args: &StackArgs) -> CommandResult {
    match &args.action {
        Action::Deploy(args) => deploy::run(context, args),
        Action::Diff(args) => diff::run(context, args),
        Action::Status(args) => status::run(context, args),
        Action::Backup(args) => backup::run(context, args),
        Action::Restore(args) => restore::run(context, args),
        Action::Delete(args) => delete::run(context, args),
    }
}

/// The name of the stack.
fn name(context: &Context) -> &str {
    context.stack_name().unwrap_or(USUAL_STACK)
}
