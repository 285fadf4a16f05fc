//! `plan`: finds out, before anything is changed, what a restore would do and what would refuse it.

use std::path::PathBuf;

use aurora_restore_app::{History, JournalUse, new_operation_id};
use aurora_restore_core::{
    ids::OperationId,
    operation::StepKind,
    plan::{self, Finding, Outline, Plan, PlanError, Verb},
    ports::{Journal, Ports},
    request::Request,
};
use clap::Args;
use jiff::SignedDuration;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{plan_file, request_args::RequestArgs};
use crate::{
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
    render::plan_text,
    ui::{Format, Ui, unless_gone},
};

/// Show what a restore would make, change and delete, without changing anything
///
/// Looks at everything that RDS could refuse later: identifiers, the snapshot, KMS keys, quotas, versions, classes,
/// groups, secrets, the target. What stands in the way is listed as a whole.
#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    request: RequestArgs,

    /// Save the plan for `run --plan`, or with `--on-aws` for `start --on-aws --plan`
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// What the stack would do that `--stack` names: this configuration, laid over the stack's own
    #[cfg(feature = "stack")]
    #[arg(long)]
    on_aws: bool,

    /// End with 6 if the plan makes, changes or deletes anything
    #[arg(long)]
    detailed_exitcode: bool,
}

/// A plan as JSON.
#[derive(Serialize)]
struct PlanDocument<'a> {
    version: u32,
    possible: bool,
    digest: &'a str,
    operation_id: &'a OperationId,
    target: String,
    outline: Outline,
    expected: Vec<ExpectedStep>,
    findings: &'a [Finding],
    plan: &'a Plan,
}

/// What a step took before.
#[derive(Serialize)]
struct ExpectedStep {
    step: StepKind,
    median: SignedDuration,
}

/// Why there is no plan, as JSON.
#[derive(Serialize)]
struct RefusalDocument<'a> {
    version: u32,
    possible: bool,
    findings: &'a [Finding],
}

/// What is planned: the request, and its event where a stack is to do it.
type Asked = (Request, Option<Map<String, Value>>);

#[cfg(feature = "stack")]
fn asked(context: &Context, args: &PlanArgs) -> Result<Asked, CommandError> {
    if !args.on_aws {
        return Ok((context.request(args.request.flags())?, None));
    }
    context.assume_stack();
    let config = context.config_with(args.request.flags())?;
    let request = context.request_on_stack(config)?.map_err(super::start::refused)?;
    let event = config.event_of(&request);
    Ok((request, Some(event)))
}

#[cfg(not(feature = "stack"))]
fn asked(context: &Context, args: &PlanArgs) -> Result<Asked, CommandError> {
    Ok((context.request(args.request.flags())?, None))
}

pub(super) fn run(context: &Context, args: &PlanArgs) -> CommandResult {
    let (request, event) = asked(context, args)?;
    context.block_on(async {
        let services = context.services(&request.target.region, JournalUse::Read).await?;
        let ports = services.ports();
        let plan = match make(&ports, &request).await {
            Ok(plan) => plan,
            Err(error) => return Err(refused(context.ui(), error)?),
        };
        let history = history(ports.journal, &request).await;
        // Saved first: the screen may be closed before it has shown all.
        let command = if event.is_some() { "start --on-aws" } else { "run" };
        if let Some(path) = &args.out {
            plan_file::write(path, &request, event, &plan)?;
        }
        unless_gone(show(context.ui(), &plan, &request, &history))?;
        if let Some(path) = &args.out {
            context.ui().done(format_args!("the plan is in {}.", path.display()));
            context.ui().hint(format_args!("Run it with `aurora-restore {command} --plan {}`.", path.display()));
        }
        let changes = plan.outline(&request).lines.iter().any(|line| line.verb != Verb::Read);
        Ok(if args.detailed_exitcode && changes { ExitCode::PlanHasChanges } else { ExitCode::Done })
    })
}

/// Makes the plan of a new operation.
pub(super) async fn make(ports: &Ports<'_>, request: &Request) -> Result<Plan, PlanError> {
    let id = new_operation_id(ports.clock.now()).map_err(|error| {
        use aurora_restore_core::{catalogue::ErrorCode, operation::Failure};
        PlanError::Failed(Failure::terminal(ErrorCode::Internal, error.to_string()))
    })?;
    plan::make(ports, request, &id).await
}

/// What earlier restores of the target took. An estimate is a comfort, so a journal that cannot be read gives none; what
/// is wrong with it is told by whoever needs it.
pub(super) async fn history(journal: &dyn Journal, request: &Request) -> History {
    History::of_target(journal, &request.target.cluster).await.unwrap_or_default()
}

/// Tells why there is no plan: as data for a program, as an error for a person.
fn refused(ui: &Ui, error: PlanError) -> Result<CommandError, CommandError> {
    if let (Format::Json, PlanError::Refused { findings }) = (ui.format(), &error) {
        unless_gone(ui.json(&RefusalDocument { version: 1, possible: false, findings }))?;
    }
    Ok(error.into())
}

fn show(ui: &Ui, plan: &Plan, request: &Request, history: &History) -> Result<(), CommandError> {
    match ui.format() {
        Format::Text => plan_text::write(&mut ui.data(), plan, request, history)?,
        Format::Json => {
            let expected = StepKind::order(plan.strategy)
                .iter()
                .filter_map(|step| Some(ExpectedStep { step: *step, median: history.step(*step)? }))
                .collect();
            ui.json(&PlanDocument {
                version: 1,
                possible: true,
                digest: &plan.digest,
                operation_id: &plan.operation_id,
                target: plan.target_key.to_string(),
                outline: plan.outline(request),
                expected,
                findings: &plan.warnings,
                plan,
            })?;
        }
    }
    warn(ui, plan);
    Ok(())
}

/// Says what a person should know about a plan.
pub(super) fn warn(ui: &Ui, plan: &Plan) {
    for finding in &plan.warnings {
        ui.warning(format_args!("{} [{}]", finding.message, finding.code));
        if let Some(hint) = &finding.hint {
            ui.hint(hint);
        }
    }
}
