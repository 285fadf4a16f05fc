//! `run`: plans, asks, and restores.

use std::path::{Path, PathBuf};

use aurora_restore_app::{Follower, History, JournalUse, Services, executor};
use aurora_restore_core::{
    catalogue::ErrorCode,
    engine::{BeginOperation, Engine},
    plan::{self, Plan},
    ports::JournalError,
    request::{Request, Strategy},
};
use clap::Args;

use super::{confirm::ConfirmArgs, drive, plan as planning, plan_file, request_args::RequestArgs};
use crate::{
    context::Context,
    error::{CommandError, CommandResult},
    interrupts::Asked,
    render::plan_text,
    ui::Format,
};

/// Restore: plan, ask, and do it
///
/// Shows the plan and asks for the target's name before anything is changed. Ctrl-C detaches: the operation can be
/// watched, resumed and cancelled. With --json, what happens is written as lines of JSON.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    request: RequestArgs,

    /// Run the plan in this file, if it is still true
    ///
    /// What is restored is what stands in the plan, whatever the configuration says by now. A plan that no longer
    /// matches what is found is refused.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["target", "strategy", "selector", "date"])]
    plan: Option<PathBuf>,

    #[command(flatten)]
    confirm: ConfirmArgs,
}

pub(super) fn run(context: &Context, args: &RunArgs) -> CommandResult {
    debug_assert!(args.plan.is_none() || !args.request.any(), "the arguments exclude each other");
    let saved = args.plan.as_deref().map(|path| plan_file::read(path).map(|file| (path, file))).transpose()?;
    let request = match &saved {
        Some((_, file)) => file.request.clone(),
        None => context.request(args.request.flags())?,
    };
    context.block_on(async {
        let services = context.services(&request.target.region, JournalUse::Work).await?;
        let plan = match &saved {
            Some((path, file)) => still_true(&services, &request, &file.plan, path).await?,
            None => planning::make(&services.ports(), &request).await?,
        };
        let history = planning::history(services.ports().journal, &request).await;
        // Whoever runs a saved plan without a question has looked at it already.
        if saved.is_none() || !args.confirm.is_given() {
            show(context, &plan, &request, &history)?;
        }
        confirm(context, args.confirm, &plan, &request)?;
        begin(context, &services, plan, request, &history).await
    })
}

/// Plans anew under the same id and compares.
async fn still_true(services: &Services, request: &Request, saved: &Plan, path: &Path) -> Result<Plan, CommandError> {
    let ports = services.ports();
    let id = &saved.operation_id;
    match ports.journal.head(id).await {
        Err(JournalError::UnknownOperation { .. }) => {}
        Err(error) => return Err(error.into()),
        Ok(_) => {
            let told = format!("the plan in {} was run already, as operation {id}", path.display());
            return Err(CommandError::failed(told).hint(format!(
                "Look at it with `aurora-restore status {id}`, or make a new plan. Nothing was changed."
            )));
        }
    }
    let now = plan::make(&ports, request, id).await?;
    if now.digest == saved.digest {
        return Ok(now);
    }
    let told = format!(
        "the plan in {} no longer matches what is found: {} is {} now",
        path.display(),
        saved.digest,
        now.digest
    );
    Err(CommandError::failed(told)
        .code(ErrorCode::PlanStale)
        .hint("Make a new plan with `aurora-restore plan --out FILE` and look at it. Nothing was changed."))
}

fn show(context: &Context, plan: &Plan, request: &Request, history: &History) -> Result<(), CommandError> {
    let ui = context.ui();
    if ui.format() == Format::Text {
        let mut screen = Vec::new();
        plan_text::write(&mut screen, plan, request, history)?;
        ui.say(String::from_utf8_lossy(&screen));
    }
    Ok(())
}

fn confirm(context: &Context, confirm: ConfirmArgs, plan: &Plan, request: &Request) -> Result<(), CommandError> {
    let ui = context.ui();
    planning::warn(ui, plan);
    let target = request.target.cluster.as_str();
    let question = match (request.strategy, &plan.existing) {
        (Strategy::Swap, Some(_)) => format!("The name {target} will be switched to the restored cluster."),
        (Strategy::Swap, None) => format!("A cluster {target} will be made."),
        (Strategy::SideBySide, _) => format!("A new cluster will be made beside {target}."),
        (Strategy::Replace, Some(_)) => format!("The cluster {target} will be DELETED, then restored."),
        (Strategy::Replace, None) => format!("A cluster {target} will be made."),
    };
    confirm.ask(ui, &question, target)
}

async fn begin(
    context: &Context,
    services: &Services,
    plan: Plan,
    request: Request,
    history: &History,
) -> CommandResult {
    let internal = |error: aurora_restore_core::ids::InvalidId| CommandError::internal(error.to_string());
    let new = BeginOperation {
        id: plan.operation_id,
        request,
        target: plan.target_key,
        executor: executor().map_err(internal)?,
        approved_plan: Some(plan.digest),
    };
    // Before it begins: whoever interrupts from here on is told how to go on.
    let _stop = context.stop(Asked::StopAfterMove)?;
    let mut session = Engine::new(services.ports()).begin(new).await?;
    let follower = Follower::new(session.operation().id.clone());
    let end = drive::drive(context, services, &mut session, follower, history).await?;
    drive::tell_end(context, session.operation(), end)
}
