//! `secrets`: what is done to the passwords that restores and clients log in with.

mod rotate;
mod show;

use clap::{Args, Subcommand};

use crate::{context::Context, error::CommandResult};

/// Give the logins of a cluster new passwords
#[derive(Debug, Args)]
pub(crate) struct SecretsArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Rotate(rotate::RotateArgs),
}

pub(super) fn run(context: &Context, args: &SecretsArgs) -> CommandResult {
    match &args.action {
        Action::Rotate(args) => rotate::run(context, args),
    }
}
