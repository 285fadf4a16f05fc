//! `state unlock`: a lock that was left, given up.

use aurora_restore_app::JournalUse;
use aurora_restore_core::{ids::OperationId, ports::TargetKey};
use aurora_restore_ops::{
    ports::Forgotten,
    state::{Locked, look_at_lock, target_of, unlock},
};
use clap::Args;

use super::{Records, findings};
use crate::{
    commands::confirm::ConfirmArgs,
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
    render::printable::printable,
    ui::Format,
};

/// Give up the lock of a target that no operation holds any more
///
/// `state audit` finds such locks. One whose operation has not ended is not given up: `state resolve` decides about that one. What is
/// given up is looked at again in the same moment.
#[derive(Debug, Args)]
pub(super) struct UnlockArgs {
    /// The target, as the audit tells it: ACCOUNT/REGION/CLUSTER
    #[arg(value_name = "TARGET", value_parser = target)]
    target: TargetKey,

    #[command(flatten)]
    confirm: ConfirmArgs,
}

fn target(text: &str) -> Result<TargetKey, String> {
    target_of(text)
        .ok_or_else(|| "it is an account, a Region and a cluster, such as 111122223333/eu-central-1/staging".to_owned())
}

pub(super) fn run(context: &Context, args: &UnlockArgs) -> CommandResult {
    let ui = context.ui();
    let target = &args.target;
    context.block_on(async {
        let store = context.state(JournalUse::Work).await?;
        let (lock, evidence) = match look_at_lock(store.journal.as_ref(), store.states.as_ref(), target).await? {
            Locked::Free => {
                tell(context, target, None, false)?;
                ui.done(format_args!("nothing locks {target}; nothing was changed"));
                return Ok(ExitCode::Done);
            }
            Locked::Held { holder } => return Err(held(target, &holder)),
            Locked::Untrusted(finding) => return Err(findings::as_error(&finding)),
            Locked::Left { lock, evidence } => (lock, evidence),
        };
        ui.say(format_args!("the lock of {target} {}", printable(&evidence)));
        let question = format!("The lock of {target} is given up: the next restore may take it.");
        args.confirm.ask(ui, &question, target.cluster.as_str())?;
        match unlock(store.states.as_ref(), &lock).await? {
            // Somebody else did, at the same time.
            Forgotten::Gone | Forgotten::Missing => {}
            Forgotten::Kept => {
                return Err(CommandError::failed(format!(
                    "the lock of {target} is another one since it was looked at"
                ))
                .hint("Run it again. Nothing was changed."));
            }
        }
        tell(context, target, lock.holder.as_ref(), true)?;
        ui.done(format_args!("the lock of {target} is given up"));
        Ok(ExitCode::Done)
    })
}

fn held(target: &TargetKey, holder: &OperationId) -> CommandError {
    CommandError::failed(format!("the lock of {target} names operation {holder}, which has not ended")).hint(format!(
        "Where nobody goes on with it: `aurora-restore state resolve {holder} --retry --note WHY`. Nothing was changed."
    ))
}

fn tell(
    context: &Context,
    target: &TargetKey,
    holder: Option<&OperationId>,
    given_up: bool,
) -> Result<(), CommandError> {
    let ui = context.ui();
    if ui.format() != Format::Json {
        return Ok(());
    }
    let fields = serde_json::json!({ "target": target.to_string(), "holder": holder, "given_up": given_up });
    Records::begin(ui)?.line("lock", fields)
}
