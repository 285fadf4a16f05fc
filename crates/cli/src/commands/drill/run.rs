//! `drill run`: plans, asks, restores, and takes it back.

use std::path::PathBuf;

use aurora_restore_app::{Follower, History as StepHistory, JournalUse, Services, executor, new_operation_id};
use aurora_restore_core::{
    engine::{BeginOperation, Engine},
    ids::{ClusterId, InvalidId, Region},
    plan::{self, Plan},
    request::Request,
};
use aurora_restore_ops::drill::{self, History, Period, Record, Scenario};
use clap::{Args, ValueEnum};

use super::super::{confirm::ConfirmArgs, plan as planning, request_args::RequestArgs};
use super::{
    lost_journal::{Loss, Lost},
    rehearse::{Rehearsal, tell},
};
use crate::{
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
    interrupts::Asked,
    render::words,
};

/// Rehearse a restore: restore, verify, time it, and delete it again
///
/// Ends with 0 if the drill has passed and everything is gone again, with 1 if it has not passed. Ctrl-C detaches;
/// `drill finish` goes on.
#[derive(Debug, Args)]
pub(super) struct RunArgs {
    #[command(flatten)]
    request: RequestArgs,

    /// What is rehearsed: restore, handed-over, given-up-in-STEP, unavailable-region, lost-journal, lost-state-table,
    /// or lost-function-version
    ///
    /// With handed-over its executor is lost in every step. With unavailable-region the source's Region counts as lost: it is restored
    /// from snapshots that were copied into the target's Region before. With lost-function-version nothing is restored: of each function
    /// of the stack the version before the one that serves is called once, and has to answer.
    ///
    /// With lost-journal nothing is restored in RDS: the journal is rebuilt beside the real one, which is only read, proven, and
    /// compared with it. Tables are rebuilt as they were at the latest time that can be recovered; a journal in a file from an
    /// export. With lost-state-table the items of its operations alone count as lost, and are rebuilt in memory from their entries.
    #[arg(long, value_name = "SCENARIO", default_value = "restore")]
    scenario: Scenario,

    /// What a lost journal is rebuilt from: an export of it, the newest that would be left
    #[arg(long, value_name = "FILE")]
    export: Option<PathBuf>,

    /// Have the functions of the stack restore it, and take it back; for restore and unavailable-region
    ///
    /// What is restored is what `start --on-aws` would be asked for. It proves the stack as it is deployed: its code, its runtime, and the
    /// roles of its functions. The plan is made here, which needs the rights to look at both accounts.
    #[cfg(feature = "stack")]
    #[arg(long, conflicts_with = "export")]
    on_aws: bool,

    /// Do nothing if this scenario has passed for this target within the period
    #[arg(long, value_name = "PERIOD")]
    schedule: Option<PeriodWord>,

    #[command(flatten)]
    confirm: ConfirmArgs,
}

/// How often, as people type it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PeriodWord {
    /// Every 7 days
    Weekly,
    /// Every 31 days
    Monthly,
    /// Every 90 days
    Quarterly,
}

impl PeriodWord {
    fn period(self) -> Period {
        match self {
            Self::Weekly => Period::Weekly,
            Self::Monthly => Period::Monthly,
            Self::Quarterly => Period::Quarterly,
        }
    }
}

pub(super) fn run(context: &Context, args: &RunArgs) -> CommandResult {
    require_use_of_export(args)?;
    let internal = |error: InvalidId| CommandError::internal(error.to_string());
    let (request, driver) = asked_for(context, args)?;
    context.block_on(async {
        let services = context.services(&request.target.region, JournalUse::Work).await?;
        let ports = services.ports();
        let now = context.now();
        let history = History::read(ports.journal, now).await?;
        // Whoever asks on a schedule has to hear of it, too: its cluster costs money, due or not.
        let target = drill::target_of(&request.target.cluster).map_err(internal)?;
        require_finished(&history, &target)?;
        if let Some(period) = args.schedule
            && let Some(at) = history.passed_within(args.scenario, &target, period.period(), now)
        {
            let ago = words::duration(now.duration_since(at));
            context.ui().done(format_args!(
                "drill `{}` of {} has passed {ago} ago: none is due.",
                args.scenario, request.target.cluster
            ));
            return Ok(ExitCode::Done);
        }
        let id = new_operation_id(now).and_then(|id| drill::operation_id(&id, args.scenario)).map_err(internal)?;
        if let Some(lost) = lost_of_journal(args) {
            return Loss { context, services: &services, id, request, lost }.rehearse(args.confirm).await;
        }
        if args.scenario == Scenario::LostFunctionVersion {
            return lost_version(context, &services, (id, request), args.confirm).await;
        }
        let lost = (args.scenario == Scenario::UnavailableRegion).then(|| request.source.region.clone());
        let request = left_over(request, args.scenario)?;
        let request = drill::isolated(ports.cloud, request).await?;
        let plan =
            plan::make(&ports, &request, &id).await.map_err(|error| told_of_loss(error.into(), lost.as_ref()))?;
        require_free(&plan)?;
        confirm(context, args, &plan, &request)?;
        match driver {
            Driver::Here => begin(context, &services, plan, (request, args.scenario)).await,
            #[cfg(feature = "stack")]
            Driver::Functions { event } => super::by_stack::begin(context, ports.journal, &plan, event).await,
        }
    })
}

/// Who restores.
enum Driver {
    /// This process.
    Here,
    /// The functions of the stack, which are asked for this.
    #[cfg(feature = "stack")]
    Functions {
        /// The request as it is sent: what makes a drill of it is the id.
        event: serde_json::Map<String, serde_json::Value>,
    },
}

/// What is to be rehearsed, and who does it.
fn asked_for(context: &Context, args: &RunArgs) -> Result<(Request, Driver), CommandError> {
    #[cfg(feature = "stack")]
    if args.on_aws {
        let (request, event) = super::by_stack::asked_for(context, args.scenario, args.request.flags())?;
        return Ok((request, Driver::Functions { event }));
    }
    super::rehearse::tell_where(context);
    Ok((context.request(args.request.flags())?, Driver::Here))
}

/// Where nothing is found in the Region that is left, that is what the drill was for.
fn told_of_loss(error: CommandError, lost: Option<&Region>) -> CommandError {
    match lost {
        Some(lost) => error.hint(format!(
            "Region {lost} counts as lost in this drill: somebody has to have copied snapshots out of it before. Nothing was begun."
        )),
        None => error,
    }
}

/// What is left of the request where a part of the world counts as lost.
fn left_over(request: Request, scenario: Scenario) -> Result<Request, CommandError> {
    if scenario != Scenario::UnavailableRegion {
        return Ok(request);
    }
    drill::without_source_region(request)
        .map_err(|lost| CommandError::usage(lost.to_string()).hint("Nothing was changed."))
}

#[cfg(feature = "stack")]
use super::lost_version::rehearse as lost_version;

#[cfg(not(feature = "stack"))]
#[expect(clippy::unused_async, reason = "the shape of the one with stacks")]
async fn lost_version(
    _: &Context,
    _: &Services,
    _: (aurora_restore_core::ids::OperationId, Request),
    _: ConfirmArgs,
) -> CommandResult {
    Err(CommandError::usage("this build knows no stacks, and so no functions").hint("Nothing was changed."))
}

/// How much of the journal the scenario loses; none where it is another one.
fn lost_of_journal(args: &RunArgs) -> Option<Lost<'_>> {
    match args.scenario {
        Scenario::LostJournal => Some(Lost::Whole { export: args.export.as_deref() }),
        Scenario::LostStateTable => Some(Lost::Items),
        Scenario::Restore
        | Scenario::HandedOver
        | Scenario::UnavailableRegion
        | Scenario::GivenUpIn(_)
        | Scenario::LostFunctionVersion => None,
    }
}

fn require_use_of_export(args: &RunArgs) -> Result<(), CommandError> {
    if args.export.is_none() || args.scenario == Scenario::LostJournal {
        return Ok(());
    }
    Err(CommandError::usage(format!("scenario {} does not use an export", args.scenario))
        .hint("Leave --export out, or rehearse `--scenario lost-journal`. Nothing was changed."))
}

/// A drill that was left holds its target, and its cluster costs money: it is finished first.
fn require_finished(history: &History, target: &ClusterId) -> Result<(), CommandError> {
    let unfinished = history.drills.iter().find(|drill| drill.target == target.as_str() && drill.ended_at.is_none());
    let Some(Record { operation_id, .. }) = unfinished else { return Ok(()) };
    Err(CommandError::failed(format!("drill {operation_id} was not finished"))
        .hint(format!("Go on with it: `aurora-restore drill finish {operation_id}`. Nothing was changed.")))
}

/// A drill takes a free name: a cluster that bears it would be switched away.
fn require_free(plan: &Plan) -> Result<(), CommandError> {
    let Some(existing) = &plan.existing else { return Ok(()) };
    Err(CommandError::failed(format!("a cluster {} is there: a drill takes a free name", existing.cluster))
        .hint("Look whose it is. Nothing was changed."))
}

fn confirm(context: &Context, args: &RunArgs, plan: &Plan, request: &Request) -> Result<(), CommandError> {
    planning::warn(context.ui(), plan);
    let target = request.target.cluster.as_str();
    let question = format!("A cluster {target} will be restored, verified, and DELETED again.");
    args.confirm.ask(context.ui(), &question, target)
}

async fn begin(
    context: &Context,
    services: &Services,
    plan: Plan,
    (request, scenario): (Request, Scenario),
) -> CommandResult {
    let internal = |error: InvalidId| CommandError::internal(error.to_string());
    let history: StepHistory = planning::history(services.ports().journal, &request).await;
    let new = BeginOperation {
        id: plan.operation_id,
        request,
        target: plan.target_key,
        executor: executor().map_err(internal)?,
        approved_plan: Some(plan.digest),
    };
    let stop = context.stop(Asked::StopAfterMove)?;
    let session = Engine::new(services.ports()).begin(new).await?;
    let id = session.operation().id.clone();
    let rehearsal = Rehearsal { context, services, history: &history, scenario, stop };
    let operation = rehearsal.to_the_end(session, Follower::new(id)).await?;
    tell(context, services.ports().journal, &operation).await
}
