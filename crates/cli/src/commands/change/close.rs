//! `change close`: a person's word for how a change ended whose command did not live to say it.

use aurora_restore_ops::change::{ChangeId, Outcome};
use clap::{Args, ValueEnum, builder::NonEmptyStringValueParser};

use super::govern::Governor;
use crate::{error::CommandResult, exit_code::ExitCode};

/// Record how a change ended whose command was killed
#[derive(Debug, Args)]
pub(super) struct CloseArgs {
    /// The change, such as chg-17
    #[arg(value_name = "CHANGE", value_parser = super::id)]
    change: ChangeId,

    /// How it ended
    #[arg(long, value_enum, value_name = "OUTCOME")]
    outcome: Word,

    /// How you know
    #[arg(long, value_name = "NOTE", value_parser = NonEmptyStringValueParser::new())]
    note: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Word {
    Applied,
    Failed,
    RolledBack,
}

impl Word {
    fn outcome(self) -> Outcome {
        match self {
            Self::Applied => Outcome::Applied,
            Self::Failed => Outcome::Failed,
            Self::RolledBack => Outcome::RolledBack,
        }
    }
}

pub(super) async fn run(governor: &Governor<'_>, args: &CloseArgs) -> CommandResult {
    let figures = governor.figures().await;
    let change = governor.control()?.end(args.change, args.outcome.outcome(), Some(&args.note), &figures).await?;
    governor.context.ui().done(format_args!("change {} is recorded as {}.", change.id, change.stage.as_str()));
    Ok(ExitCode::Done)
}
