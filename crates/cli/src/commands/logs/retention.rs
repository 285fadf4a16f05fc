//! `logs retention`: how long the logs of a stack are kept.

use std::{collections::BTreeMap, io::Write as _};

use aurora_restore_app::StackServices;
use aurora_restore_ops::{
    change::ChangeId,
    deploy::{self as deploying, Prepared},
    monitoring::{UnknownRetention, check_retention},
    patiently,
    ports::{Stack, StackResource},
};
use clap::Args;
use serde::Serialize;

use crate::{
    commands::{
        change::{GovernArgs, Governor},
        confirm::ConfirmArgs,
        stack::{deploy, narrator::Lines},
    },
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
    ui::Format,
};

/// The parameter of the stack.
const PARAMETER: &str = "LogRetentionDays";

/// Show or change how long the logs of a stack are kept
///
/// By the stack's parameter LogRetentionDays, so that a later `stack deploy` leaves it as it is. CloudWatch Logs knows certain
/// numbers of days only; others are refused here. Lines that are older are deleted by the service. The change is recorded as one of
/// `stack deploy`.
#[derive(Debug, Args)]
pub(super) struct RetentionArgs {
    /// Keep them for so many days
    #[arg(long, value_name = "DAYS")]
    days: Option<u32>,

    #[command(flatten)]
    confirm: ConfirmArgs,

    #[command(flatten)]
    govern: GovernArgs,
}

#[derive(Serialize)]
struct RetentionDocument<'a> {
    version: u32,
    stack: &'a str,
    parameter_days: Option<u32>,
    /// By group; nothing where lines are kept for ever.
    groups: Groups,
}

/// How long the lines of each group are kept; nothing where for ever.
type Groups = BTreeMap<String, Option<i32>>;

impl From<UnknownRetention> for CommandError {
    fn from(error: UnknownRetention) -> Self {
        Self::usage(error.to_string()).hint("Nothing was changed.")
    }
}

pub(super) fn run(context: &Context, args: &RetentionArgs) -> CommandResult {
    if let Some(days) = args.days {
        check_retention(days)?;
    }
    context.assume_stack();
    context.block_on(async {
        match args.days {
            Some(days) => change(context, days, args).await,
            None => show(context).await,
        }
    })
}

async fn show(context: &Context) -> CommandResult {
    let stack = context.stack()?;
    let services = context.stack_services(&context.stack_region(None)?).await?;
    let groups = groups(&services, stack).await?;
    let parameter_days = stack.parameters.get(PARAMETER).and_then(|days| days.parse().ok());
    let ui = context.ui();
    match ui.format() {
        Format::Json => ui.json(&RetentionDocument { version: 1, stack: &stack.name, parameter_days, groups })?,
        Format::Text => {
            let mut out = ui.data();
            for (group, days) in &groups {
                let kept = days.map_or_else(|| "for ever".to_owned(), |days| format!("{days} days"));
                writeln!(out, "{kept:<9}  {group}")?;
            }
        }
    }
    Ok(ExitCode::Done)
}

async fn groups(services: &StackServices, stack: &Stack) -> Result<Groups, CommandError> {
    let safeguards = services.safeguards()?;
    let resources = patiently(|| services.stacks().resources(&stack.id)).await?;
    let mut groups = Groups::new();
    for group in StackResource::names(&resources, "AWS::Logs::LogGroup") {
        if let Some(guard) = patiently(|| safeguards.log(group)).await? {
            groups.insert(group.to_owned(), guard.retention_days);
        }
    }
    Ok(groups)
}

/// What is told where the stack's parameter says so many days already, and groups do not keep to it: no change of the stack sets
/// them right.
pub(in crate::commands) fn changed_beside(days: u32, other: &Groups) -> CommandError {
    let kept = |days: Option<i32>| days.map_or_else(|| "for ever".to_owned(), |days| format!("for {days} days"));
    let named: Vec<String> = other.iter().map(|(group, days)| format!("{group} {}", kept(*days))).collect();
    let text = format!(
        "logs are kept otherwise than for the {days} days that the stack's parameter says: {}",
        named.join(", ")
    );
    CommandError::failed(text).hint(format!(
        "Somebody changed them beside the stack: `aws logs put-retention-policy --retention-in-days {days} --log-group-name NAME`."
    ))
}

async fn change(context: &Context, days: u32, args: &RetentionArgs) -> CommandResult {
    let stack = context.stack()?;
    let services = context.stack_services(&context.stack_region(None)?).await?;
    let given = [(PARAMETER.to_owned(), days.to_string())].into();
    let mut lines = Lines(context.ui());
    let prepared = deploying::prepare_parameters(services.stacks(), &stack.name, given, &mut lines).await?;
    if prepared.change_set().is_none() {
        // That the parameter says so is not that they are kept so.
        let mut other = groups(&services, stack).await?;
        other.retain(|_, kept| kept.and_then(|kept| u32::try_from(kept).ok()) != Some(days));
        if !other.is_empty() {
            return Err(changed_beside(days, &other));
        }
        context.ui().done(format_args!("nothing to change: logs are kept for {days} days."));
        return Ok(ExitCode::Done);
    }
    let agreed = match agree(context, &services, &prepared, days, args).await {
        Ok(Some(agreed)) => agreed,
        not => {
            deploying::discard(services.stacks(), &prepared).await?;
            return not.map(|_| ExitCode::Done);
        }
    };
    let executed = deploying::execute(services.stacks(), &prepared, &mut lines).await;
    if let Some(ended) = deploy::ending(&executed) {
        agreed.governor.end(agreed.change, &ended).await;
    }
    let _stack = executed?;
    context.ui().done(format_args!("logs are kept for {days} days."));
    Ok(ExitCode::Done)
}

/// What is agreed to, and recorded.
struct Agreed<'c> {
    governor: Governor<'c>,
    change: Option<ChangeId>,
}

/// Everything that may still keep the change from being made. None where it was only to be proposed.
async fn agree<'c>(
    context: &'c Context,
    services: &StackServices,
    prepared: &Prepared,
    days: u32,
    args: &RetentionArgs,
) -> Result<Option<Agreed<'c>>, CommandError> {
    let stack = context.stack()?;
    let governor = Governor::open(context, services, Some(stack), &stack.name).await?;
    let proposal = prepared.proposal(args.govern.why());
    if args.govern.only_proposes() {
        governor.propose(&proposal).await?;
        return Ok(None);
    }
    governor.check(&proposal, &args.govern).await?;
    let before = stack.parameters.get(PARAMETER).map_or("another number of", String::as_str);
    let name = &stack.name;
    let question =
        format!("Logs of stack {name} are kept for {days} days instead of {before}; older lines are DELETED.");
    args.confirm.ask(context.ui(), &question, name)?;
    let change = governor.begin(&proposal, &args.govern).await?;
    Ok(Some(Agreed { governor, change }))
}
