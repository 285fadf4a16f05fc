//! `start --on-aws`: asks the stack for a restore. Nothing is done here; the functions do it. A plan that was looked at here
//! goes along by its digest, and the first function refuses what has become another one.

use std::path::{Path, PathBuf};

use aurora_restore_app::{Follower, JournalUse, config::ConfigError, new_operation_id};
use aurora_restore_core::{
    engine::look_at,
    ids::OperationId,
    plan,
    ports::{Journal, JournalError},
    request::Request,
};
use aurora_restore_ops::ports::{Execution, ExecutionName, Executions, Started};
use clap::Args;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{
    confirm::ConfirmArgs,
    drill::require_no_drill,
    on_stack, plan as planning,
    plan_file::{self, PlanFile},
    request_args::RequestArgs,
};
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
    #[arg(long, value_name = "ID", conflicts_with = "plan")]
    id: Option<OperationId>,

    /// Have the plan in this file done, if it is still true
    ///
    /// What is restored is what stands in the plan, whatever the configuration here says by now. The stack plans anew and
    /// refuses, before it makes anything, if what it finds gives another plan. `plan --on-aws --out FILE` saves one.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["show_plan", "target", "strategy", "selector", "date"])]
    plan: Option<PathBuf>,

    /// Show the plan first, and have the stack do that one or none; needs the rights to look at both accounts
    #[arg(long)]
    show_plan: bool,

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
    /// The digest of the plan that it is bound to.
    approved_plan: Option<&'a str>,
}

/// What the stack is asked for.
struct Wish {
    id: OperationId,
    request: Request,
    /// The request as it is sent.
    event: Map<String, Value>,
    /// The digest of the plan that it has to come to.
    approved_plan: Option<String>,
}

impl Wish {
    fn of(context: &Context, args: &StartArgs) -> Result<Self, CommandError> {
        if let Some(path) = &args.plan {
            return Self::of_plan(path);
        }
        require_no_drill(args.id.as_ref())?;
        let config = context.config_with(args.request.flags())?;
        let request = context.request_on_stack(config)?.map_err(refused)?;
        let made = || new_operation_id(context.now()).map_err(|error| CommandError::internal(error.to_string()));
        let id = args.id.clone().map_or_else(made, Ok)?;
        Ok(Self { id, event: config.event_of(&request), request, approved_plan: None })
    }

    fn of_plan(path: &Path) -> Result<Self, CommandError> {
        let PlanFile { request, event, plan, .. } = plan_file::read(path)?;
        let event = event.ok_or_else(|| {
            CommandError::usage(format!("the plan in {} was not made for a stack", path.display())).hint(
                "Make one with `aurora-restore plan --on-aws --out FILE`, or do this one with `aurora-restore run`.",
            )
        })?;
        Ok(Self { id: plan.operation_id, request, event, approved_plan: Some(plan.digest) })
    }

    /// The input of the execution.
    fn input(&self) -> Value {
        let mut input = json!({ "operation_id": self.id, "request": self.event });
        if let Some(digest) = &self.approved_plan {
            input["approved_plan"] = digest.as_str().into();
        }
        input
    }
}

pub(super) fn run(context: &Context, args: &StartArgs) -> CommandResult {
    debug_assert!(args.on_aws, "the argument is required");
    context.assume_stack();
    let mut wish = Wish::of(context, args)?;
    let stack = context.stack()?;
    let region = context.stack_region(None)?;
    context.block_on(async {
        let executions = on_stack::executions(context, "StateMachineArn").await?;
        let journal = context.journal().await?;
        let name = ExecutionName::of_operation(&wish.id);
        let before = executions.describe(&name).await?;
        if before.is_none() {
            require_unknown(journal.as_ref(), &wish.id).await?;
            if args.show_plan {
                wish.approved_plan = Some(show_plan(context, &wish).await?);
            }
            let target = wish.request.target.cluster.as_str();
            let question = format!("Stack {} in {region} restores {target}.", stack.name);
            args.confirm.ask(context.ui(), &question, target)?;
        }
        if args.id.is_none() && args.plan.is_none() {
            // Told before anything is sent: whoever asks again must be able to ask for the same.
            let id = &wish.id;
            context
                .ui()
                .say(format_args!("asking for operation {id}; if this is cut off, ask again with `--id {id}`."));
        }
        let started = match before {
            Some(before) => Err(before),
            None => start(executions.as_ref(), &name, &wish.input()).await?,
        };
        tell(context, &stack.name, &wish, started.is_ok())?;
        if args.watch {
            return watch(context, journal.as_ref(), &wish.id, executions.as_ref(), &name).await;
        }
        started.map_or_else(|before| already(&wish.id, &before), |()| Ok(ExitCode::Done))
    })
}

/// What is wrong with the request stands in the configuration here, or in the stack's own.
pub(super) fn refused(error: ConfigError) -> CommandError {
    CommandError::from(error).hint("The request is this configuration with its flags, laid over the stack's own.")
}

/// The id must not be one of an operation that was begun elsewhere.
async fn require_unknown(journal: &dyn Journal, id: &OperationId) -> Result<(), CommandError> {
    match journal.head(id).await {
        // Entries are kept longer than states: of an id that was used before they tell.
        Err(JournalError::UnknownOperation { .. }) => match journal.entries(id, 0).await {
            Ok(entries) if !entries.is_empty() => Err(CommandError::failed(format!(
                "operation {id} was here before: its state is gone from the journal, and its entries are kept"
            ))
            .hint("Choose another id, for an id is used once. Nothing was started.")),
            Ok(_) | Err(JournalError::UnknownOperation { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        },
        Err(error) => Err(error.into()),
        Ok(_) => Err(CommandError::failed(format!("operation {id} exists already, and was not started on the stack"))
            .hint(format!("Look at it with `aurora-restore status {id}`, or choose another id. Nothing was started."))),
    }
}

/// Shows what would be made, with the rights of whoever asks. Gives the plan's digest.
async fn show_plan(context: &Context, wish: &Wish) -> Result<String, CommandError> {
    let request = &wish.request;
    let services = context.services(&request.target.region, JournalUse::Read).await?;
    let plan = plan::make(&services.ports(), request, &wish.id).await?;
    let history = planning::history(services.ports().journal, request).await;
    let mut screen = Vec::new();
    plan_text::write(&mut screen, &plan, request, &history)?;
    context.ui().say(String::from_utf8_lossy(&screen));
    planning::warn(context.ui(), &plan);
    Ok(plan.digest)
}

/// Starts the execution. Another one of that name, if somebody was faster.
pub(super) async fn start(
    executions: &dyn Executions,
    name: &ExecutionName,
    input: &Value,
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

fn tell(context: &Context, stack: &str, wish: &Wish, started: bool) -> Result<(), CommandError> {
    let ui = context.ui();
    let id = &wish.id;
    let approved_plan = wish.approved_plan.as_deref().filter(|_| started);
    match ui.format() {
        Format::Json => ui.json_line(&StartDocument { version: 1, stack, operation_id: id, started, approved_plan })?,
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
        let end = before.told();
        return Err(CommandError::failed(format!(
            "operation {id} was started before, and its execution has ended {end}"
        ))
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
    if !on_stack::begun(journal, id, executions, name, &mut stop, on_stack::ANEW).await? {
        return Ok(ExitCode::StillRunning);
    }
    let mut follower = Follower::new(id.clone());
    let operation = look_at(journal, id).await?;
    let history = planning::history(journal, &operation.request).await;
    let end = on_stack::watch_over(context, journal, id, (&mut follower, &history), (executions, name)).await?;
    let operation = look_at(journal, id).await?;
    on_stack::tell_end(context, &operation, end)
}
