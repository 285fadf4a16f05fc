//! Drills that the functions of a stack restore: they are asked for it as for any restore, and asked to take it back once it is
//! proven. Who stops looking stops nothing but that: `drill finish` asks for what is still to be done.

use aurora_restore_app::{DriveEnd, Follower, config::FlagValue};
use aurora_restore_core::{
    engine::look_at,
    ids::OperationId,
    operation::{End, Operation, Phase},
    plan::Plan,
    ports::Journal,
    request::Request,
};
use aurora_restore_ops::{
    drill::{Scenario, scenario_of},
    ports::{Execution, ExecutionName, Executions},
};
use serde_json::{Map, Value, json};

use super::super::{
    on_stack::{self, Kind, Watched},
    operation_services::looked_up,
    plan as planning, start,
};
use super::rehearse::tell;
use crate::{
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
    interrupts::Asked,
    render::json_lines,
    ui::Format,
};

/// More turns than a drill takes: it is restored, perhaps gone on with, and taken back.
const TURNS_MAX: u32 = 10;
/// What to do where the stack has not begun a drill.
const NOT_BEGUN: &str = "Mend the cause and run the drill again. Functions of an older version know no such drills: bring them up to \
                         date with `aurora-restore stack deploy`.";

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
    let event = config.event_of(&request);
    Ok((request, event))
}

/// Has the stack do a drill that was planned and agreed to.
pub(super) async fn begin(
    context: &Context,
    journal: &dyn Journal,
    plan: &Plan,
    event: Map<String, Value>,
) -> CommandResult {
    let id = &plan.operation_id;
    let executions = on_stack::executions(context, "StateMachineArn").await?;
    let name = ExecutionName::of_operation(id);
    let input = json!({ "operation_id": id, "request": event, "approved_plan": plan.digest, "drill": true });
    // The id was made for this drill: an execution that bears it already is ours, and its reply was lost.
    let _ours = start::start(executions.as_ref(), &name, &input).await?;
    context.ui().say(format_args!("stack {} was asked for drill {id}.", context.stack()?.name));
    let mut stop = context.stop(Asked::StopNow)?;
    if !on_stack::begun(journal, id, executions.as_ref(), &name, &mut stop, NOT_BEGUN).await? {
        context.ui().say(format_args!("stopped watching; the stack begins drill {id}."));
        context.ui().hint(format_args!("Once it has: `aurora-restore drill finish {id}`"));
        return Ok(ExitCode::StillRunning);
    }
    let course = Course { context, journal, executions: executions.as_ref(), id };
    course.to_the_end(Follower::new(id.clone())).await
}

/// Goes on with a drill that an execution of the stack moved last. None if it is not one, so that it is driven from here.
pub(super) async fn finish(context: &Context, text: &str) -> Result<Option<ExitCode>, CommandError> {
    if context.stack_name().is_none() {
        return Ok(None);
    }
    let (journal, operation, follower) = looked_up(context, text).await?;
    if !scenario_of(&operation.id).is_some_and(Scenario::is_for_functions) {
        return Ok(None);
    }
    let executions = on_stack::executions(context, "StateMachineArn").await?;
    let course = Course { context, journal: journal.as_ref(), executions: executions.as_ref(), id: &operation.id };
    if course.execution_of(&operation).await?.is_none() {
        return Ok(None);
    }
    course.to_the_end(follower).await.map(Some)
}

/// A drill on its way through executions of the stack.
struct Course<'a> {
    context: &'a Context,
    journal: &'a dyn Journal,
    executions: &'a dyn Executions,
    id: &'a OperationId,
}

impl Course<'_> {
    /// Stays with the drill until it is taken back or stuck, and asks for whatever nobody does.
    async fn to_the_end(&self, mut follower: Follower) -> CommandResult {
        for _ in 0..TURNS_MAX {
            let operation = look_at(self.journal, self.id).await?;
            let kind = match operation.phase {
                Phase::Ended(End::Completed) => Kind::Undo,
                Phase::Ended(End::Failed | End::Cancelled) | Phase::Stuck(_) => {
                    return tell(self.context, self.journal, &operation).await;
                }
                Phase::Forward | Phase::Back | Phase::Retiring => Kind::Resume,
            };
            let end = match self.execution_of(&operation).await? {
                Some(found) if kind == Kind::Resume && !found.status.has_ended() => {
                    self.watch(&operation, &mut follower, &found.name).await?
                }
                Some(_) | None => Some(self.ask(&operation, &mut follower, kind).await?),
            };
            if end == Some(DriveEnd::Detached) {
                return self.left(&operation);
            }
        }
        let id = self.id;
        Err(CommandError::still_running(format!("drill {id} does not come to its end"))
            .hint(format!("Look at it: `aurora-restore report {id}`. Then go on: `aurora-restore drill finish {id}`.")))
    }

    /// Watches an execution. None where it has left the drill in the middle: another one is asked to go on.
    async fn watch(
        &self,
        operation: &Operation,
        follower: &mut Follower,
        name: &ExecutionName,
    ) -> Result<Option<DriveEnd>, CommandError> {
        let history = planning::history(self.journal, &operation.request).await;
        let by = (self.executions, name);
        match on_stack::watched(self.context, self.journal, self.id, (follower, &history), by).await? {
            Watched::End(end) => Ok(Some(end)),
            Watched::Left(told) => {
                self.context.ui().say(format_args!("{told}; the stack is asked to go on."));
                Ok(None)
            }
        }
    }

    async fn ask(&self, operation: &Operation, follower: &mut Follower, kind: Kind) -> Result<DriveEnd, CommandError> {
        let asked = on_stack::ask(self.context, self.journal, operation, follower, kind, None).await;
        let hint = format!("For a drill that is `aurora-restore drill finish {}`.", self.id);
        asked.map(|(_, end)| end).map_err(|error| error.hint(hint))
    }

    /// The execution that the drill was last moved by, if it is one of the stack's.
    async fn execution_of(&self, operation: &Operation) -> Result<Option<Execution>, CommandError> {
        // Whoever drives from elsewhere bears a name that no execution can have, or one that nobody knows here.
        let Ok(name) = ExecutionName::new(operation.executor.as_str()) else { return Ok(None) };
        Ok(self.executions.describe(&name).await?)
    }

    /// Nobody looks any more, and the stack goes on.
    fn left(&self, operation: &Operation) -> CommandResult {
        let (ui, id) = (self.context.ui(), self.id);
        if ui.format() == Format::Json {
            json_lines::end(ui, id, operation.status(), ExitCode::StillRunning);
        }
        ui.say(format_args!(
            "stopped watching drill {id}; the stack goes on with it, and takes it back once it is asked to."
        ));
        ui.hint(format_args!("Ask:    aurora-restore drill finish {id}"));
        Ok(ExitCode::StillRunning)
    }
}
