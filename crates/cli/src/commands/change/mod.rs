//! `change`: what was applied to a stack, by whom and why, and what somebody wants to apply.

mod approve;
mod close;
mod govern;
mod list;
mod open;
mod show;

use aurora_restore_ops::change::{ChangeError, ChangeId};
use clap::{Args, Subcommand};

use super::stack::PlaceArgs;
use crate::{
    context::{Context, USUAL_STACK},
    error::{CommandError, CommandResult},
};

pub(crate) use govern::{Ended, GovernArgs, Governor};

/// Changes to a stack: look at them, propose, approve
///
/// Whatever is applied to a stack by `stack deploy` and its like is recorded beside the entries of its operations: what, by whom, why,
/// who approved it, how it ended. The records are a chain, so that one that is missing or altered shows.
#[derive(Debug, Args)]
pub(crate) struct ChangeArgs {
    #[command(flatten)]
    place: PlaceArgs,

    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    List(list::ListArgs),
    Show(show::ShowArgs),
    Open(open::OpenArgs),
    Approve(approve::ApproveArgs),
    Close(close::CloseArgs),
}

pub(super) fn run(context: &Context, args: &ChangeArgs) -> CommandResult {
    match &args.action {
        Action::Open(args) => open::run(context, args),
        Action::List(list) => context.block_on(async { list::run(&governor(context, args).await?, list).await }),
        Action::Show(show) => context.block_on(async { show::run(&governor(context, args).await?, show).await }),
        Action::Approve(approve) => {
            context.block_on(async { approve::run(&governor(context, args).await?, approve).await })
        }
        Action::Close(close) => context.block_on(async { close::run(&governor(context, args).await?, close).await }),
    }
}

/// The changes of the stack that is meant.
async fn governor<'c>(context: &'c Context, args: &ChangeArgs) -> Result<Governor<'c>, CommandError> {
    let name = context.stack_name().unwrap_or(USUAL_STACK);
    let region = context.stack_region(args.place.region())?;
    let services = context.stack_services(&region).await?;
    let stack = services.find(name).await?;
    Governor::open(context, &services, Some(&stack), name).await
}

/// Reads `chg-17`.
fn id(text: &str) -> Result<ChangeId, String> {
    text.parse().map_err(|invalid: aurora_restore_ops::change::InvalidChangeId| invalid.to_string())
}

impl From<ChangeError> for CommandError {
    fn from(error: ChangeError) -> Self {
        let text = error.to_string();
        let failed = |hint: &str| Self::failed(text.clone()).hint(format!("{hint} Nothing was applied."));
        match error {
            ChangeError::Store(source) => {
                Self::from(source).hint("The change was not recorded, so nothing was applied.")
            }
            ChangeError::Busy => failed("Run the same command again."),
            ChangeError::Unknown { .. } => {
                Self::usage(text).hint("`aurora-restore change list` shows the changes of this stack.")
            }
            ChangeError::Illegal { change, .. } => {
                failed(&format!("`aurora-restore change show {change}` tells where it stands."))
            }
            ChangeError::OtherKind { change, .. } => {
                failed(&format!("`aurora-restore change show {change}` tells what it is about."))
            }
            ChangeError::NothingApproved => failed(
                "Propose it with `aurora-restore change open --why WHY -- COMMAND…`, and have somebody else approve it.",
            ),
            ChangeError::NotApproved { change } | ChangeError::Expired { change, .. } => {
                failed(&format!("Have somebody else approve it with `aurora-restore change approve {change}`."))
            }
            ChangeError::Stale { .. } => failed(
                "Somebody has changed the stack since, or the package, the template or a parameter is another: propose it anew \
                 with `aurora-restore change open`.",
            ),
            ChangeError::Own { .. } => failed("Somebody else has to approve it, with credentials of their own."),
            ChangeError::OtherDigest { change, .. } => {
                failed(&format!("Look at what it is about with `aurora-restore change show {change}`."))
            }
            ChangeError::Broken { .. } => failed(
                "An approval among them proves nothing. Keep them as they are and find out who wrote into the audit table; without \
                 --require-approval the command still works.",
            ),
            ChangeError::Unwritable { .. } => Self::internal(text),
        }
    }
}
