//! `resume`: goes on with an operation, wherever it stands.

use aurora_restore_core::{
    engine::{Engine, look_at, undo_can_be_waived},
    operation::Phase,
};
use clap::Args;

#[cfg(feature = "stack")]
use super::on_stack;
use super::{
    drive,
    operation_services::{take_over, with_operation},
    plan as planning,
};
use crate::{context::Context, error::CommandResult};

/// Go on with an operation that was interrupted, or that is stuck
///
/// Takes it over from whoever executed it before; if that process still runs, it stops. A stuck operation goes on in the
/// direction that it was on.
///
/// One that is stuck because a step cannot be undone goes on without undoing that step if you say with `--dealt-with` what
/// you have done instead, or what stays. Your words are part of the journal and of the report.
#[derive(Debug, Args)]
pub(crate) struct ResumeArgs {
    /// The operation: its id, the beginning of its id, or `latest`
    #[arg(value_name = "OPERATION")]
    operation: String,

    /// What you did about the step that cannot be undone, for example "deleted cluster x by hand"
    #[arg(long, value_name = "WORDS", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    dealt_with: Option<String>,
}

pub(super) fn run(context: &Context, args: &ResumeArgs) -> CommandResult {
    #[cfg(feature = "stack")]
    if context.stack_name().is_some() {
        return on_stack::resume(context, &args.operation, args.dealt_with.as_deref());
    }
    context.block_on(async {
        let (services, operation, follower) = with_operation(context, &args.operation).await?;
        let ports = services.ports();
        // Taking an operation over stops its executor: nobody is stopped for words that cannot be taken.
        if args.dealt_with.is_some() {
            undo_can_be_waived(&operation)?;
        }
        if matches!(operation.phase, Phase::Ended(_)) {
            context.ui().say(format_args!("operation {} has ended; there is nothing to go on with.", operation.id));
            return drive::tell_end(context, &operation, aurora_restore_app::DriveEnd::Ended(operation.status()));
        }
        let engine = Engine::new(ports);
        let mut session = take_over(&services, &operation.id).await?;
        let by = aurora_restore_app::caller();
        match (session.operation().phase, &args.dealt_with) {
            (_, Some(words)) => engine.waive_undo(&mut session, &by, words).await?,
            (Phase::Stuck(_), None) => engine.unstick(&mut session, &by).await?,
            (Phase::Forward | Phase::Back | Phase::Retiring | Phase::Ended(_), None) => {}
        }
        let history = planning::history(ports.journal, &operation.request).await;
        let end = drive::drive(context, &services, &mut session, follower, &history).await?;
        // The end of a retirement is not the end of the restore, which has ended long ago.
        let operation = look_at(ports.journal, &operation.id).await?;
        drive::tell_end(context, &operation, end)
    })
}
