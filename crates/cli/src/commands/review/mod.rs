//! `review`: what somebody who keeps a pipeline looks at every week, month and quarter.

mod tell;
mod wired;

pub(super) use wired::logs_of_stack;

use std::path::PathBuf;

use aurora_restore_ops::review::{self as reviewing, Level, Outcome, Period, Reviewed, Selection, UnknownCheck};
use clap::{Args, ValueEnum};

use crate::{
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
    private_file::write_private,
    render::{
        review_html::review_html,
        review_view::{Heading, ReviewView},
    },
    ui::{Format, unless_gone},
};

/// Review the operations and the stack: what is wrong, what shows it, what mends it
///
/// Weekly: logs, state, metrics, leftovers. Monthly: functions, parameters, drift, iam, capacity, cost. Quarterly: runtimes,
/// security, drill, trend. Nothing is changed. With `--stack` the stack is reviewed, without it the operations of this
/// machine. Ends with 1 if there is a finding of the level of `--fail-on`; a check that could not look is an error.
#[derive(Debug, Args)]
pub(crate) struct ReviewArgs {
    /// Which review
    #[arg(value_enum)]
    period: PeriodWord,

    /// Run only these checks
    #[arg(long, value_name = "CHECK", value_delimiter = ',')]
    only: Vec<String>,

    /// Leave these checks out
    #[arg(long, value_name = "CHECK", value_delimiter = ',')]
    skip: Vec<String>,

    /// End with 1 from findings of this level on
    #[arg(long, value_enum, value_name = "LEVEL", default_value = "error")]
    fail_on: FailOn,

    /// Write it as one self-contained HTML page
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    html: Option<PathBuf>,

    /// Read logs from this file of JSON lines, and not from CloudWatch
    #[arg(long, value_name = "FILE")]
    logs: Vec<PathBuf>,
}

/// How often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PeriodWord {
    /// What went wrong in the last 7 days, and what was left over
    Weekly,
    /// Whether what is deployed is what is wanted, and what it costs
    Monthly,
    /// What grows old, whether recovery works, whether it grows slower
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

/// From which level on the command fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// Any finding
    Note,
    /// What somebody should look at before the next review
    Warning,
    /// What is wrong now, or could not be looked at
    Error,
    /// Nothing
    Never,
}

impl FailOn {
    fn level(self) -> Option<Level> {
        match self {
            Self::Note => Some(Level::Note),
            Self::Warning => Some(Level::Warning),
            Self::Error => Some(Level::Error),
            Self::Never => None,
        }
    }

    /// How the command ends.
    fn exit_code(self, reviewed: &[Reviewed]) -> ExitCode {
        let worst = reviewed.iter().filter_map(Reviewed::worst).max();
        match (worst, self.level()) {
            (Some(worst), Some(level)) if worst >= level => ExitCode::Failed,
            (_, _) => ExitCode::Done,
        }
    }
}

impl From<UnknownCheck> for CommandError {
    fn from(unknown: UnknownCheck) -> Self {
        Self::usage(unknown.to_string()).hint(unknown.hint)
    }
}

pub(super) fn run(context: &Context, args: &ReviewArgs) -> CommandResult {
    let period = args.period.period();
    let checks = Selection { only: args.only.clone(), skip: args.skip.clone() }.of(period)?;
    if checks.is_empty() {
        return Err(CommandError::usage("`--only` and `--skip` leave no check").hint("Leave one of them out."));
    }
    if period != Period::Weekly && !args.logs.is_empty() {
        return Err(CommandError::usage("`--logs` is read by `review weekly` alone").hint("Leave it out."));
    }
    context.block_on(async {
        let wired = wired::Wired::open(context, &args.logs).await?;
        let reviewed = reviewing::review(&wired.site(context.now()), &checks).await;
        // Good news about nothing are none.
        if reviewed.iter().all(|one| matches!(one.outcome, Outcome::NotHere { .. })) {
            return Err(CommandError::usage("there is nothing here that these checks look at").hint(match period {
                Period::Weekly => "Name a stack with `--stack NAME`, or files with `--logs FILE`; `review --help` says what each check looks at.",
                Period::Monthly | Period::Quarterly => "Name a stack with `--stack NAME`; `review --help` says what each check looks at.",
            }));
        }
        let exit_code = args.fail_on.exit_code(&reviewed);
        let heading = Heading { period, of: wired.of(), at: context.now() };
        let told = match (&args.html, context.ui().format()) {
            (Some(path), _) => page(context, path, &heading, &reviewed),
            (None, Format::Json) => tell::lines(context.ui(), &heading, &reviewed, exit_code),
            (None, Format::Text) => tell::text(context.ui(), &ReviewView::of(&heading, &reviewed)),
        };
        unless_gone(told)?;
        Ok(exit_code)
    })
}

fn page(
    context: &Context,
    path: &std::path::Path,
    heading: &Heading<'_>,
    reviewed: &[Reviewed],
) -> Result<(), CommandError> {
    let view = ReviewView::of(heading, reviewed);
    let page = review_html(&view).map_err(|error| CommandError::internal("the review has no page").caused_by(error))?;
    write_private(path, page.as_bytes())?;
    context.ui().done(format_args!("the review is in {}: {}", path.display(), view.verdict));
    Ok(())
}
