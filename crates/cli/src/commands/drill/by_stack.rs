//! Drills that the functions of a stack restore: they are asked for it as for any restore, and asked to take it back once it is
//! proven. Who stops looking stops nothing but that: `drill finish` asks for what is still to be done.

use aurora_restore_app::{DriveEnd, Follower, Services, config::FlagValue};
use aurora_restore_core::{
    engine::look_at,
    ids::OperationId,
    operation::{End, Operation, Phase},
    plan::Plan,
    request::Request,
};
use aurora_restore_ops::{
    drill::Scenario,
    ports::{ExecutionName, Executions},
};
use serde_json::{Map, Value, json};

use super::super::{
    on_stack::{self, Kind},
    plan as planning, start,
};
use super::rehearse::tell;
use crate::{
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
    interrupts::Asked,
};

/// More turns than a drill takes: it is restored, perhaps gone on with, and taken back.
const TURNS_MAX: u32 = 10;

/// What the stack would be asked to restore, and the event that asks for it. That it is restored under a name of its own is
/// seen to by the function, which knows a drill by its id.
pub(super) fn asked_for(
    context: &Context,
    scenario: Scenario,
    flags: Vec<FlagValue>,
) -> Result<(Request, Map<String, Value>), CommandError> {
    if !scenario.is_for_functions() {
        return Err(CommandError::usage(format!("the functions of a stack cannot rehearse `{scenario}`"))
            .hint("Leave --on-aws out: it is driven from here. Nothing was changed."));
    }
    context.assume_stack();
    let config = context.config_with(flags)?;
    let request = context.request_on_stack(config)?.map_err(start::refused)?;
    Ok((request, config.event()))
}

/// Has the stack do a drill that was planned and agreed to.
pub(super) async fn begin(
    context: &Context,
    services: &Services,
    plan: &Plan,
    event: Map<String, Value>,
) -> CommandResult {
    let id = &plan.operation_id;
    let executions = on_stack::executions(context, "StateMachineArn").await?;
    let name = ExecutionName::of_operation(id);
    let input = json!({ "operation_id": id, "request": event, "approved_plan": plan.digest });
    if let Err(before) = start::start(executions.as_ref(), &name, &input).await? {
        return start::already(id, &before);
    }
    context.ui().say(format_args!("stack {} was asked for drill {id}.", context.stack()?.name));
    let mut stop = context.stop(Asked::StopNow)?;
    if !on_stack::begun(services.ports().journal, id, executions.as_ref(), &name, &mut stop).await? {
        return left(context, id);
    }
    to_the_end(context, services, id, Follower::new(id.clone())).await
}

/// Whether an execution of the stack has this operation, or had it last.
pub(super) async fn is_of_functions(context: &Context, operation: &Operation) -> Result<bool, CommandError> {
    if context.stack_name().is_none() {
        return Ok(false);
    }
    let executions = on_stack::executions(context, "StateMachineArn").await?;
    Ok(execution_of(executions.as_ref(), operation).await?.is_some())
}

/// Stays with a drill until it is taken back or stuck, and asks for whatever nobody does.
pub(super) async fn to_the_end(
    context: &Context,
    services: &Services,
    id: &OperationId,
    mut follower: Follower,
) -> CommandResult {
    let journal = services.ports().journal;
    let executions = on_stack::executions(context, "StateMachineArn").await?;
    for _ in 0..TURNS_MAX {
        let operation = look_at(journal, id).await?;
        let kind = match operation.phase {
            Phase::Ended(End::Completed) => Kind::Undo,
            Phase::Ended(End::Failed | End::Cancelled) | Phase::Stuck(_) => {
                return tell(context, services, &operation).await;
            }
            Phase::Forward | Phase::Back | Phase::Retiring => Kind::Resume,
        };
        let end = match execution_of(executions.as_ref(), &operation).await? {
            Some((name, Runs::Yes)) if kind == Kind::Resume => {
                let history = planning::history(journal, &operation.request).await;
                let by = (executions.as_ref(), &name);
                on_stack::watch_over(context, journal, id, (&mut follower, &history), by).await?
            }
            Some(_) | None => on_stack::ask(context, journal, &operation, &mut follower, kind, None).await?.1,
        };
        if end == DriveEnd::Detached {
            return left(context, id);
        }
    }
    Err(CommandError::still_running(format!("drill {id} does not come to its end"))
        .hint(format!("Look at it: `aurora-restore report {id}`. Then go on: `aurora-restore drill finish {id}`.")))
}

enum Runs {
    Yes,
    No,
}

/// The execution that an operation was last moved by, if it is one of the stack's.
async fn execution_of(
    executions: &dyn Executions,
    operation: &Operation,
) -> Result<Option<(ExecutionName, Runs)>, CommandError> {
    // Whoever drives from elsewhere bears a name that no execution can have, or one that nobody knows here.
    let Ok(name) = ExecutionName::new(operation.executor.as_str()) else { return Ok(None) };
    let found = executions.describe(&name).await?;
    Ok(found.map(|found| (name, if found.status.has_ended() { Runs::No } else { Runs::Yes })))
}

/// Nobody looks any more, and the stack goes on.
fn left(context: &Context, id: &OperationId) -> CommandResult {
    context.ui().say(format_args!("stopped watching: the stack restores drill {id}, and nobody takes it back yet."));
    context.ui().hint(format_args!("Go on:    aurora-restore drill finish {id}"));
    Ok(ExitCode::StillRunning)
}
