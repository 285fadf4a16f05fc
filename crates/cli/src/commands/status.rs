//! `status`: where one operation stands.

use aurora_restore_app::{Follower, LATEST};
use aurora_restore_core::{
    journal::StateItem,
    operation::{Failure, Operation, StepKind, StepStatus},
};
use clap::Args;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

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
        let id = context.find(journal.as_ref(), &args.operation).await?;
        let state = journal.state(&id).await?;
        let mut follower = Follower::new(id);
        follower.news(journal.as_ref()).await?;
        let Some(operation) = follower.operation() else {
            return Err(CommandError::internal("the operation has a state and no journal"));
        };
        let ui = context.ui();
        match ui.format() {
            Format::Text => status_text::write_status(&mut ui.data(), operation, &state, context.now())?,
            Format::Json => ui.json(&document(operation, &state))?,
        }
        Ok(ExitCode::Done)
    })
}

fn document<'a>(operation: &'a Operation, state: &'a StateItem) -> StatusDocument<'a> {
    let steps = operation.steps.iter().map(|step| StepDocument {
        step: step.kind,
        status: step.status,
        attempts: step.attempts,
        started_at: step.started_at,
        took: step.started_at.zip(step.ended_at).map(|(from, to)| to.duration_since(from)),
        note: step.note.as_deref(),
    });
    StatusDocument { version: 1, state, failure: operation.failure.as_ref(), steps: steps.collect() }
}
