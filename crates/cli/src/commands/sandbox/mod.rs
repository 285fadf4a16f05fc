//! `sandbox`: the local stand-in for Aurora, with real PostgreSQL behind an RDS-compatible API.
//!
//! The sandbox itself is a library; these commands run it, find it, end it and remove it.

pub(super) mod launch;
pub(super) mod place;
pub(super) mod reset;
mod serve;
mod start;
mod status;
pub(super) mod stop;

use clap::{Args, Subcommand};

use crate::{context::Context, error::CommandResult};

pub(super) use status::shell_word;

/// Run a local stand-in for Aurora: real PostgreSQL behind an RDS-compatible API
///
/// Clusters are PostgreSQL servers on this machine, snapshots are consistent copies of them, and the API speaks RDS's
/// protocol, so `aurora-restore`, the AWS command line and boto3 work on it. It listens on 127.0.0.1 only.
#[derive(Debug, Args)]
#[command(arg_required_else_help = true)]
pub(crate) struct SandboxArgs {
    #[command(subcommand)]
    command: SandboxCommand,
}

#[derive(Debug, Subcommand)]
enum SandboxCommand {
    Start(start::StartArgs),
    Status(status::StatusArgs),
    Stop(stop::StopArgs),
    Reset(reset::ResetArgs),
}

pub(super) fn run(context: &Context, args: &SandboxArgs) -> CommandResult {
    match &args.command {
        SandboxCommand::Start(args) => start::run(context, args),
        SandboxCommand::Status(args) => status::run(context, args),
        SandboxCommand::Stop(args) => stop::run(context, args),
        SandboxCommand::Reset(args) => reset::run(context, args),
    }
}
