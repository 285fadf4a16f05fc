//! `change approve`: agrees to what somebody else has proposed.

use aurora_restore_app::config::parse_duration;
use aurora_restore_ops::change::{APPROVAL_GOOD_FOR, ChangeId};
use clap::Args;
use jiff::SignedDuration;

use super::{govern::Governor, show};
use crate::{commands::confirm::ConfirmArgs, error::CommandResult, exit_code::ExitCode, render::words};

/// The longest that an approval is good for.
const GOOD_FOR_MAX: SignedDuration = SignedDuration::from_hours(24 * 30);

/// Approve a change that somebody else has proposed
///
/// Shows what would be applied, and asks. The approval is of just this: if the stack or what is to be applied is another when it is
/// applied, it is stale. Nobody approves what they have opened themselves.
#[derive(Debug, Args)]
pub(super) struct ApproveArgs {
    /// The change, such as chg-17
    #[arg(value_name = "CHANGE", value_parser = super::id)]
    change: ChangeId,

    /// Approve it only if its digest is this one
    #[arg(long, value_name = "SHA256")]
    digest: Option<String>,

    /// How long the approval is good for, at most 30d
    #[arg(long, value_name = "TIME", value_parser = good_for, default_value = "24h")]
    good_for: SignedDuration,

    #[command(flatten)]
    confirm: ConfirmArgs,
}

fn good_for(text: &str) -> Result<SignedDuration, String> {
    match parse_duration(text)? {
        time if time.is_positive() && time <= GOOD_FOR_MAX => Ok(time),
        _ => Err(format!("it is longer than nothing and at most 30d; the usual is {}h", APPROVAL_GOOD_FOR.as_hours())),
    }
}

pub(super) async fn run(governor: &Governor<'_>, args: &ApproveArgs) -> CommandResult {
    let control = governor.control()?;
    let ledger = control.ledger().await?;
    let digest = control.approvable(&ledger, args.change, args.digest.as_deref())?.proposal.digest.clone();
    let ui = governor.context.ui();
    let mut screen = Vec::new();
    show::text(&mut screen, control.known(&ledger, args.change)?)?;
    ui.show(String::from_utf8_lossy(&screen).trim_end());
    let id = args.change.to_string();
    args.confirm.ask(ui, &format!("Change {id} is approved for whoever applies it."), &id)?;
    // What was shown is what is agreed to.
    let change = control.approve(args.change, Some(&digest), args.good_for).await?;
    let until = change.approval.as_ref().map_or_else(String::new, |approval| words::time(approval.until));
    ui.done(format_args!("change {id} is approved until {until}."));
    let command = change.proposal.kind.command();
    ui.hint(format_args!("It is applied by the same `{command}` with `--require-approval {id}`."));
    Ok(ExitCode::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_approval_is_good_for_a_time_that_has_an_end() {
        assert_eq!(good_for("24h"), Ok(APPROVAL_GOOD_FOR));
        assert!(good_for("30d").is_ok());
        for text in ["31d", "0s", "long"] {
            assert!(good_for(text).is_err(), "{text}");
        }
    }
}
