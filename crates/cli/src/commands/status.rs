//! `status`: where one operation stands.

use aurora_restore_app::{Follower, LATEST};
use aurora_restore_core::{
    journal::StateItem,
    operation::{Failure, Operation, StepKind, StepStatus},
    ports::Journal,
};
use clap::Args;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

#[cfg(feature = "stack")]
use super::on_stack;
use super::operation_services::{Patience, find};
use crate::{
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
    render::status_text,
    ui::Format,
};

/// Show where an operation stands
#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    /// The operation: its id, the beginning of its id, or `latest`
    #[arg(value_name = "OPERATION", default_value = LATEST)]
    operation: String,
}

#[derive(Serialize)]
struct StatusDocument<'a> {
    version: u32,
    state: &'a StateItem,
    failure: Option<&'a Failure>,
    steps: Vec<StepDocument<'a>>,
    /// The execution of a stack that has ended in the middle of the operation, or is not known any more: nobody goes on with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    left_by: Option<LeftBy>,
}

/// An execution that has ended before its operation.
#[derive(Serialize)]
struct LeftBy {
    execution: String,
    status: &'static str,
    why: Option<String>,
}

impl LeftBy {
    /// The line on the screen.
    fn line(&self, operation: &Operation) -> String {
        let Self { execution, status, why } = self;
        let why = why.as_ref().map_or_else(String::new, |why| format!(" ({why})"));
        format!("its execution {execution} is {status}{why}: `aurora-restore resume {}`", operation.id)
    }
}

#[derive(Serialize)]
struct StepDocument<'a> {
    step: StepKind,
    status: StepStatus,
    attempts: u32,
    started_at: Option<Timestamp>,
    took: Option<SignedDuration>,
    note: Option<&'a str>,
}

pub(super) fn run(context: &Context, args: &StatusArgs) -> CommandResult {
    context.block_on(async {
        let journal = context.journal().await?;
        let id = find(context, journal.as_ref(), &args.operation, Patience::None).await?;
        let state = journal.state(&id).await?;
        let mut follower = Follower::new(id);
        follower.news(journal.as_ref()).await?;
        let Some(operation) = follower.operation() else {
            return Err(CommandError::internal("the operation has a state and no journal"));
        };
        let ui = context.ui();
        let left_by = left_by(context, journal.as_ref(), operation).await;
        match ui.format() {
            Format::Text => {
                let left = left_by.as_ref().map(|left| ui.whole(left.line(operation)));
                status_text::write_status(&mut ui.data(), operation, &state, left.as_deref(), context.now())?;
            }
            Format::Json => ui.json(&document(operation, &state, left_by))?,
        }
        Ok(ExitCode::Done)
    })
}

/// Which execution has left the operation in the middle. That it cannot be asked is no reason not to tell the rest.
#[cfg(feature = "stack")]
async fn left_by(context: &Context, journal: &dyn Journal, operation: &Operation) -> Option<LeftBy> {
    context.stack_name()?;
    let left = async {
        let executions = on_stack::executions(context, "StateMachineArn").await?;
        on_stack::left_behind(executions.as_ref(), journal, operation).await
    };
    match left.await {
        Ok(left) => {
            left.map(|left| LeftBy { execution: left.name().to_string(), status: left.status(), why: left.why() })
        }
        Err(error) => {
            let told = error.message();
            context
                .ui()
                .warning(format_args!("whether anybody goes on with operation {} is not known: {told}", operation.id));
            None
        }
    }
}

#[cfg(not(feature = "stack"))]
async fn left_by(_: &Context, _: &dyn Journal, _: &Operation) -> Option<LeftBy> {
    None
}

fn document<'a>(operation: &'a Operation, state: &'a StateItem, left_by: Option<LeftBy>) -> StatusDocument<'a> {
    let steps = operation.steps.iter().map(|step| StepDocument {
        step: step.kind,
        status: step.status,
        attempts: step.attempts,
        started_at: step.started_at,
        took: step.started_at.zip(step.ended_at).map(|(from, to)| to.duration_since(from)),
        note: step.note.as_deref(),
    });
    StatusDocument { version: 1, state, failure: operation.failure.as_ref(), steps: steps.collect(), left_by }
}
