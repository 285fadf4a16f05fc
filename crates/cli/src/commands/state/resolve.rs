//! `state resolve`: a person's decision about an operation that nobody goes on with.

use aurora_restore_app::{Follower, Services, caller};
use aurora_restore_core::{
    catalogue::ErrorCode,
    engine::{Engine, look_at, request_cancel},
    operation::{CancelRequest, Operation, Phase},
};
use aurora_restore_ops::{
    executing::Executing,
    state::{Examination, Logged, Resolution, ResolveError, Resolver, Way},
};
use clap::{ArgGroup, Args, builder::NonEmptyStringValueParser};
use jiff::SignedDuration;

use super::age;
use crate::{
    commands::{
        confirm::ConfirmArgs,
        drive,
        operation_services::{require_its_account, take_over, with_operation},
        plan as planning, undo,
    },
    context::Context,
    error::{CommandError, CommandResult},
    render::{fact, printable::printable, words::time},
    ui::Ui,
};

/// Decide about an operation that nobody goes on with: undo it, or have it go on
///
/// Looks first at the journal, at the execution that should go on, at what bears the operation's tag in RDS, and with --stack at
/// the newest errors and warnings of the operation in the log of the function that serves its place; logs that cannot be read are
/// told and change nothing. It refuses while an execution goes on with it, and while a process that nobody can ask had news of it
/// within --older-than. What it decides is done by the engine: --fail cancels or undoes, --retry goes on. Who and why are entries
/// of the journal; of two who decide at once, one does.
///
/// Past the point of no return --fail is refused: let it end with --retry, then undo it with `aurora-restore undo`.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("way").required(true).args(["fail", "retry"])))]
pub(super) struct ResolveArgs {
    /// The operation: its id, the beginning of its id, or `latest`
    #[arg(value_name = "OPERATION")]
    operation: String,

    /// Undo it: what it made is deleted
    #[arg(long)]
    fail: bool,

    /// Have it go on, in the direction that it is on
    #[arg(long)]
    retry: bool,

    /// Why, for the journal
    #[arg(long, value_name = "WHY", value_parser = NonEmptyStringValueParser::new())]
    note: String,

    /// A process of the command without an entry for so long counts as gone
    #[arg(long, value_name = "AGE", value_parser = age, default_value = "24h")]
    older_than: SignedDuration,

    #[command(flatten)]
    confirm: ConfirmArgs,
}

impl ResolveArgs {
    fn way(&self) -> Way {
        if self.fail { Way::Fail } else { Way::Retry }
    }
}

pub(super) fn run(context: &Context, args: &ResolveArgs) -> CommandResult {
    context.block_on(async {
        let (services, operation, follower) = with_operation(context, &args.operation).await?;
        // What has ended is nobody's to decide, whoever answers.
        if !matches!(operation.phase, Phase::Ended(_)) {
            require_its_account(&services, &operation.id).await?;
        }
        let executions = super::executions(context).await?;
        let logs = super::logs(context).await;
        let resolver = Resolver {
            ports: services.ports(),
            executions: executions.as_deref(),
            logs: logs.as_ref().map(|(logs, groups)| (logs.as_ref(), groups.clone())),
            silent_for: args.older_than,
        };
        let examined = resolver.examine(&operation.id).await?;
        let resolution = examined.resolution(args.way())?;
        tell(context, &examined);
        ask(context, args, &examined.operation, resolution)?;
        resolver.claim(&examined, &caller(), &args.note).await?;
        let ports = services.ports();
        if resolution == Resolution::Cancel {
            let request = CancelRequest { by: caller(), reason: Some(args.note.clone()) };
            request_cancel(ports.journal, &operation.id, request, context.now()).await?;
        }
        #[cfg(feature = "stack")]
        if context.stack_name().is_some() {
            return on_stack(context, ports.journal, &operation, follower, resolution).await;
        }
        go_on(context, &services, &operation, follower, resolution).await
    })
}

/// Shows what was found out.
fn tell(context: &Context, examined: &Examination) {
    let ui = context.ui();
    let operation = &examined.operation;
    let executing = match &examined.executing {
        Executing::Ended(name, Some(status)) => format!("execution {name} has ended: {status:?}"),
        Executing::Ended(name, None) => format!("execution {name} is not there any more"),
        Executing::Runs(name) => format!("execution {name} runs"),
        Executing::NobodyKnows => format!("{} has written nothing since", printable(operation.executor.as_str())),
    };
    ui.show(format_args!("operation {} stands {}", operation.id, fact::place(operation)));
    ui.show(format_args!("  executor   {executing}"));
    if let Some(failure) = &operation.failure {
        ui.show(format_args!("  failure    {} [{}]", printable(&failure.message), failure.code));
    }
    if let Some(logged) = &examined.logged {
        tell_logged(ui, logged);
    }
    for thing in &examined.things {
        ui.show(format_args!("  has made   {}", printable(thing)));
    }
}

fn tell_logged(ui: &Ui, logged: &Logged) {
    let (group, since, lines, is_cut) = match logged {
        Logged::Unreadable { reason } => {
            ui.show(format_args!("  logs       cannot be read: {}", printable(reason)));
            return;
        }
        Logged::Read { group, since, lines, is_cut } => (printable(group), time(*since), lines, *is_cut),
    };
    let found = if lines.is_empty() { "no error or warning of it" } else { "the newest errors and warnings of it" };
    ui.show(format_args!("  logs       {found} in {group} since {since}"));
    for line in lines {
        let name = line.name.as_ref().map_or_else(String::new, |name| format!(" [{}]", printable(name)));
        let (at, level) = (time(line.at), line.level);
        ui.show(format_args!("             {at} {level}: {}{name}", printable(&line.text)));
    }
    if is_cut {
        ui.show(format_args!("             there is more in it than was read"));
    }
}

fn ask(
    context: &Context,
    args: &ResolveArgs,
    operation: &Operation,
    resolution: Resolution,
) -> Result<(), CommandError> {
    let what = match resolution {
        Resolution::GoOn | Resolution::Unstick => return Ok(()),
        Resolution::Cancel => "is cancelled and undone: what it made is DELETED",
        Resolution::Undo => "is undone: what it made is DELETED",
    };
    args.confirm.ask(context.ui(), &format!("Operation {} {what}.", operation.id), operation.id.as_str())
}

/// Goes on with it here.
async fn go_on(
    context: &Context,
    services: &Services,
    operation: &Operation,
    follower: Follower,
    resolution: Resolution,
) -> CommandResult {
    let ports = services.ports();
    let engine = Engine::new(ports);
    let mut session = take_over(services, &operation.id).await?;
    match resolution {
        Resolution::GoOn | Resolution::Cancel => {}
        Resolution::Unstick => engine.unstick(&mut session, &caller()).await?,
        Resolution::Undo => engine.undo(&mut session, &caller()).await?,
    }
    let history = planning::history(ports.journal, &operation.request).await;
    let end = drive::drive(context, services, &mut session, follower, &history).await?;
    let operation = look_at(ports.journal, &operation.id).await?;
    match resolution {
        Resolution::Cancel | Resolution::Undo => undo::tell_undone(context, &operation, end),
        Resolution::GoOn | Resolution::Unstick => drive::tell_end(context, &operation, end),
    }
}

/// Has the stack go on with it.
#[cfg(feature = "stack")]
async fn on_stack(
    context: &Context,
    journal: &dyn aurora_restore_core::ports::Journal,
    operation: &Operation,
    mut follower: Follower,
    resolution: Resolution,
) -> CommandResult {
    use crate::commands::on_stack::{Kind, ask, tell_end};

    let kind = match resolution {
        Resolution::GoOn | Resolution::Cancel | Resolution::Unstick => Kind::Resume,
        Resolution::Undo => Kind::Undo,
    };
    // The claim has moved the journal on, and the execution is named after its newest entry.
    let claimed = look_at(journal, &operation.id).await?;
    let (operation, end) = ask(context, journal, &claimed, &mut follower, kind, None).await?;
    match resolution {
        Resolution::Cancel | Resolution::Undo if end != aurora_restore_app::DriveEnd::Detached => {
            undo::tell_undone(context, &operation, end)
        }
        Resolution::Cancel | Resolution::Undo | Resolution::GoOn | Resolution::Unstick => {
            tell_end(context, &operation, end)
        }
    }
}

impl From<ResolveError> for CommandError {
    fn from(error: ResolveError) -> Self {
        let text = error.to_string();
        match error {
            ResolveError::Runs { operation, .. } => Self::still_running(text).code(ErrorCode::StateBusy).hint(format!(
                "Watch it with `aurora-restore watch {operation}`, or ask it to stop with `aurora-restore cancel {operation}`."
            )),
            ResolveError::MayRun { .. } => Self::still_running(text).code(ErrorCode::StateBusy).hint(
                "If you know that the process is gone, say so with `--older-than 0s`. Nothing was changed.",
            ),
            ResolveError::TooLate { operation } => Self::failed(text).code(ErrorCode::StateBusy).hint(format!(
                "Look at what they decided with `aurora-restore watch {operation}`. Nothing was changed by this command."
            )),
            ResolveError::Engine(error) => error.into(),
            ResolveError::Executions(error) => error.into(),
            ResolveError::Things { .. } => {
                Self::failed(text).hint("What cannot be looked at cannot be undone, either. Nothing was changed.")
            }
            ResolveError::Name(error) => Self::usage(error.to_string()),
        }
    }
}
