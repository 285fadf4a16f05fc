//! `logs query`: has a saved query answered, by the service or on files.

use std::path::PathBuf;

use aurora_restore_app::{LogFiles, config::parse_duration};
use aurora_restore_core::ids::OperationId;
use aurora_restore_ops::{
    insights::{self as asking, Answer, LinesError, parse},
    monitoring::{Declaration, OPERATION_PLACEHOLDER},
    patiently,
    ports::{InsightsQuery, StackResource},
};
use clap::Args;
use jiff::{SignedDuration, Timestamp};

use super::table;
use crate::{
    commands::monitoring::DeclarationArgs,
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
};

/// How far back a stack's logs are asked where nothing is said.
const USUAL_SINCE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Run a saved query on the logs of the stack's functions, or on files
///
/// On a stack, CloudWatch Logs Insights answers, and is paid for by what it reads. With --file the query is answered here, on
/// lines as the functions write them; what is not understood of the language is refused with the place.
#[derive(Debug, Args)]
pub(super) struct QueryArgs {
    /// The query, as `logs queries` names it
    #[arg(value_name = "NAME")]
    name: String,

    /// The operation that the query is about
    #[arg(long, value_name = "OPERATION")]
    operation: Option<OperationId>,

    /// Look so far back; 7d without it on a stack, everything in files
    #[arg(long, value_name = "AGE", value_parser = parse_duration)]
    since: Option<SignedDuration>,

    /// Ask this file, and not a stack
    #[arg(long, value_name = "FILE")]
    file: Vec<PathBuf>,

    #[command(flatten)]
    declaration: DeclarationArgs,
}

pub(super) fn run(context: &Context, args: &QueryArgs) -> CommandResult {
    let (_, declaration) = args.declaration.read()?;
    let text = text(args, &declaration)?;
    let answer = if args.file.is_empty() { of_stack(context, args, &text)? } else { of_files(context, args, &text)? };
    let unlike = answer.looked_at - answer.with_fields;
    if answer.looked_at > 0 && answer.with_fields == 0 {
        return Err(CommandError::failed(format!("none of {unlike} lines is one that the functions write"))
            .hint("Give lines of JSON, one of each, as they stand in CloudWatch: what an export puts around them is not read."));
    }
    if unlike > 0 {
        context.ui().warning(format_args!("{unlike} of {} lines are none that the functions write", answer.looked_at));
    }
    table::tell(context.ui(), &answer)?;
    Ok(ExitCode::Done)
}

/// The query, with the operation in its place.
fn text(args: &QueryArgs, declaration: &Declaration) -> Result<String, CommandError> {
    let Some(query) = declaration.query(&args.name) else {
        let known: Vec<String> = declaration.queries.iter().map(aurora_restore_ops::monitoring::Query::word).collect();
        return Err(CommandError::usage(format!("there is no query `{}`", args.name))
            .hint(format!("There are {}.", known.join(", "))));
    };
    let wants = query.text.contains(OPERATION_PLACEHOLDER);
    match &args.operation {
        Some(id) if wants => Ok(query.text.replace(OPERATION_PLACEHOLDER, id.as_str())),
        None if !wants => Ok(query.text.clone()),
        None => Err(CommandError::usage(format!("the query `{}` is about one operation", args.name))
            .hint("Name it with `--operation OPERATION`; `aurora-restore list` shows them.")),
        Some(_) => Err(CommandError::usage(format!("the query `{}` is about no single operation", args.name))
            .hint("Leave `--operation` out.")),
    }
}

fn of_stack(context: &Context, args: &QueryArgs, text: &str) -> Result<Answer, CommandError> {
    context.assume_stack();
    context.block_on(async {
        let stack = context.stack()?;
        let services = context.stack_services(&context.stack_region(None)?).await?;
        let resources = patiently(|| services.stacks().resources(&stack.id)).await?;
        let is_function =
            |found: &&StackResource| found.kind == "AWS::Logs::LogGroup" && found.physical.starts_with("/aws/lambda/");
        let groups: Vec<String> = resources.iter().filter(is_function).map(|found| found.physical.clone()).collect();
        if groups.is_empty() {
            return Err(CommandError::configuration(format!("stack {} has no logs of functions", stack.name))
                .hint("Is it a stack of aurora-restore?"));
        }
        let until = context.now();
        let query = InsightsQuery { groups: &groups, text, since: until - args.since.unwrap_or(USUAL_SINCE), until };
        Ok(asking::ask(services.insights()?.as_ref(), query).await?)
    })
}

fn of_files(context: &Context, args: &QueryArgs, text: &str) -> Result<Answer, CommandError> {
    let query = parse(text).map_err(|error| {
        CommandError::failed(format!("the query `{}` is not understood {error}", args.name))
            .hint("Ask the stack in place of files: there CloudWatch Logs Insights answers.")
    })?;
    let files: Vec<String> = args.file.iter().map(|path| path.display().to_string()).collect();
    let since = args.since.map_or(Timestamp::MIN, |since| context.now() - since);
    context.block_on(async {
        let asked = asking::ask_lines(&LogFiles, &files, &query, since, Timestamp::MAX).await;
        asked.map_err(|error| match error {
            LinesError::Service(error) => error.into(),
            LinesError::TooMuch(error) => CommandError::failed(error.to_string())
                .hint("Ask about less time with `--since`, or about fewer files."),
        })
    })
}
