//! `start --on-aws`: asks the stack for a restore. Nothing is planned or done here; the functions do it.

use aurora_restore_app::{Follower, JournalUse, config::ConfigError, new_operation_id};
use aurora_restore_core::{
    engine::look_at,
    ids::OperationId,
    ports::{Journal, JournalError},
    request::Request,
};
use aurora_restore_ops::ports::{Execution, ExecutionName, Executions, Started};
use clap::Args;
use serde::Serialize;
use serde_json::json;

use super::{confirm::ConfirmArgs, drive, on_stack, plan as planning, request_args::RequestArgs};
use crate::{
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
    interrupts::Asked,
    render::plan_text,
    ui::Format,
};

/// Have the stack do a restore
///
/// What is asked for is what `run` would be asked for: the configuration here with these arguments, laid over the stack's
/// own. It is checked as the functions will, and an execution of the state machine is started under the operation's id:
/// starting the same id twice does not run it twice.
#[derive(Debug, Args)]
pub(crate) struct StartArgs {
    /// On AWS, by the stack that `--stack` names; `run` restores from here
    #[arg(long, required = true)]
    on_aws: bool,

    #[command(flatten)]
    request: RequestArgs,

    /// The id of the operation; one is made without it
    #[arg(long, value_name = "ID")]
    id: Option<OperationId>,

    /// Show the plan first; needs the rights to look at both accounts
    #[arg(long)]
    plan: bool,

    /// Stay with the operation until it ends
    #[arg(long)]
    watch: bool,

    #[command(flatten)]
    confirm: ConfirmArgs,
}

#[derive(Serialize)]
struct StartDocument<'a> {
    version: u32,
    stack: &'a str,
    operation_id: &'a OperationId,
    /// Whether it was started by this command.
    started: bool,
}

pub(super) fn run(context: &Context, args: &StartArgs) -> CommandResult {
    debug_assert!(args.on_aws, "the argument is required");
    context.assume_stack();
    let config = context.config_with(args.request.flags())?;
    let event = config.event();
    let stack = context.stack()?;
    let region = context.stack_region(None)?;
    let request = context.request_on_stack(config)?.map_err(refused)?;
    let made = || new_operation_id(context.now()).map_err(|error| CommandError::internal(error.to_string()));
    let id = args.id.clone().map_or_else(made, Ok)?;
    context.block_on(async {
        let executions = on_stack::executions(context, "StateMachineArn").await?;
        let journal = context.journal().await?;
        let name = ExecutionName::of_operation(&id);
        let before = executions.describe(&name).await?;
        if before.is_none() {
            require_unknown(journal.as_ref(), &id).await?;
            if args.plan {
                show_plan(context, &request).await?;
            }
            let target = request.target.cluster.as_str();
            let question = format!("Stack {} in {region} restores {target}.", stack.name);
            args.confirm.ask(context.ui(), &question, target)?;
        }
        let input = json!({ "operation_id": id, "request": event });
        if args.id.is_none() {
            // Told before anything is sent: whoever asks again must be able to ask for the same.
            context
                .ui()
                .say(format_args!("asking for operation {id}; if this is cut off, ask again with `--id {id}`."));
        }
        let started = match before {
            Some(before) => Err(before),
            None => start(executions.as_ref(), &name, &input).await?,
        };
        tell(context, &stack.name, &id, started.is_ok())?;
        if args.watch {
            return watch(context, journal.as_ref(), &id, executions.as_ref(), &name).await;
        }
        started.map_or_else(|before| already(&id, &before), |()| Ok(ExitCode::Done))
    })
}

/// What is wrong with the request stands in the configuration here, or in the stack's own.
fn refused(error: ConfigError) -> CommandError {
    CommandError::from(error).hint("The request is this configuration with its flags, laid over the stack's own.")
}

/// The id must not be one of an operation that was begun elsewhere.
async fn require_unknown(journal: &dyn Journal, id: &OperationId) -> Result<(), CommandError> {
    match journal.head(id).await {
        Err(JournalError::UnknownOperation { .. }) => Ok(()),
        Err(error) => Err(error.into()),
        Ok(_) => Err(CommandError::failed(format!("operation {id} exists already, and was not started on the stack"))
            .hint(format!("Look at it with `aurora-restore status {id}`, or choose another id. Nothing was started."))),
    }
}

/// Shows what would be made, with the rights of whoever asks.
async fn show_plan(context: &Context, request: &Request) -> Result<(), CommandError> {
    let services = context.services(&request.target.region, JournalUse::Read).await?;
    let plan = planning::make(&services.ports(), request).await?;
    let history = planning::history(services.ports().journal, request).await;
    let mut screen = Vec::new();
    plan_text::write(&mut screen, &plan, request, &history)?;
    context.ui().say(String::from_utf8_lossy(&screen));
    planning::warn(context.ui(), &plan);
    Ok(())
}

/// Starts the execution. Another one of that name, if somebody was faster.
async fn start(
    executions: &dyn Executions,
    name: &ExecutionName,
    input: &serde_json::Value,
) -> Result<Result<(), Execution>, CommandError> {
    match executions.start(name, input).await? {
        Started::Started => Ok(Ok(())),
        Started::NameTaken => match executions.describe(name).await? {
            Some(before) => Ok(Err(before)),
            None => Err(CommandError::failed(format!("the name {name} was given to an execution that is forgotten"))
                .hint("Choose another id. Nothing was started.")),
        },
    }
}

fn tell(context: &Context, stack: &str, id: &OperationId, started: bool) -> Result<(), CommandError> {
    let ui = context.ui();
    match ui.format() {
        Format::Json => ui.json_line(&StartDocument { version: 1, stack, operation_id: id, started })?,
        Format::Text => {
            use std::io::Write as _;
            writeln!(ui.data(), "{id}")?;
        }
    }
    if started {
        ui.done(format_args!("stack {stack} was asked for operation {id}."));
    }
    ui.hint(format_args!("Watch it:  aurora-restore --stack {stack} watch {id}"));
    ui.hint(format_args!("Stop it:   aurora-restore --stack {stack} cancel {id}"));
    Ok(())
}

/// It was started before: told, and not done twice.
fn already(id: &OperationId, before: &Execution) -> CommandResult {
    if before.status.has_ended() {
        return Err(CommandError::failed(format!("operation {id} was started before, and its execution has ended"))
            .hint("An id is used once: look at it with `status`, go on with it with `resume`, or choose another id."));
    }
    Err(CommandError::still_running(format!("operation {id} was started before, and goes on"))
        .hint("Nothing was started twice."))
}

async fn watch(
    context: &Context,
    journal: &dyn Journal,
    id: &OperationId,
    executions: &dyn Executions,
    name: &ExecutionName,
) -> CommandResult {
    let mut stop = context.stop(Asked::StopNow)?;
    if !on_stack::begun(journal, id, executions, name, &mut stop).await? {
        return Ok(ExitCode::StillRunning);
    }
    let mut follower = Follower::new(id.clone());
    let operation = look_at(journal, id).await?;
    let history = planning::history(journal, &operation.request).await;
    let end = drive::watch_over(context, journal, &mut follower, &history).await?;
    let operation = look_at(journal, id).await?;
    on_stack::tell_end(context, &operation, end)
}
