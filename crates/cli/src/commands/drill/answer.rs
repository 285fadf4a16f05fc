//! `drill answer`: hands the verdict of a drill in to a restore test of AWS Backup.

use std::io::Write as _;

use aurora_restore_app::open_restore_tests;
use aurora_restore_core::ids::Arn;
use aurora_restore_ops::{
    drill::{self, Answer, AnswerError, Course, Refusal},
    ports::{RestoreJobId, TestVerdict},
};
use clap::Args;
use serde::Serialize;

use super::super::operation_services::looked_up;
use super::{finish::not_a_drill, rehearse::record_of};
use crate::{
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
    render::printable::printable,
    ui::{Format, unless_gone},
};

/// The version of the JSON form.
const VERSION: u32 = 1;

/// Answer a restore test of AWS Backup with the verdict of a drill
///
/// A restore testing plan of AWS Backup restores a recovery point and waits for a verdict on it. A drill that restored the same snapshot
/// has one: SUCCESSFUL if it has passed, FAILED if it has not. The verdict is about the recovery point; the cluster that AWS Backup
/// made is not looked at. The job must be completed, of an Aurora cluster, and made by a restore testing plan.
///
/// Ends with 0 if the job holds the verdict, whichever it is. A job that holds it already is left as it is; one that holds another is
/// refused. AWS Backup may delete what it restored once it is answered.
#[derive(Debug, Args)]
pub(super) struct AnswerArgs {
    /// The drill: the id of its operation, the beginning of it, or `latest`
    #[arg(value_name = "DRILL")]
    drill: String,

    /// The job, in the account and Region of the snapshot
    #[arg(long, value_name = "JOB")]
    restore_job: RestoreJobId,

    /// Show what would be answered and send nothing
    #[arg(long)]
    plan: bool,
}

/// What became of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Outcome {
    /// It holds the verdict now.
    Answered,
    /// It held it before.
    AnsweredAlready,
    /// It would be answered.
    Planned,
}

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    drill: &'a str,
    restore_job: &'a RestoreJobId,
    snapshot: &'a Arn,
    verdict: TestVerdict,
    message: &'a str,
    outcome: Outcome,
}

pub(super) fn run(context: &Context, args: &AnswerArgs) -> CommandResult {
    context.block_on(async {
        let (journal, operation, _) = looked_up(context, &args.drill).await?;
        let record = record_of(context, journal.as_ref(), &operation.id).await?;
        let record = record.ok_or_else(|| not_a_drill(&operation.id))?;
        let answer = Answer::of(&record).map_err(AnswerError::from)?;
        let environment = context.config()?.environment();
        let tests = open_restore_tests(environment, &answer.snapshot.location).await?;
        let outcome = match drill::look(tests.as_ref(), &args.restore_job, &answer).await? {
            Course::AnsweredAlready => Outcome::AnsweredAlready,
            Course::Answer if args.plan => Outcome::Planned,
            Course::Answer => {
                drill::give(tests.as_ref(), &args.restore_job, &answer).await?;
                Outcome::Answered
            }
        };
        tell(context, &args.restore_job, &answer, outcome)?;
        Ok(ExitCode::Done)
    })
}

fn tell(context: &Context, job: &RestoreJobId, answer: &Answer, outcome: Outcome) -> Result<(), CommandError> {
    let ui = context.ui();
    let Answer { drill, snapshot, verdict, message } = answer;
    if ui.format() == Format::Json {
        let (restore_job, snapshot) = (job, &snapshot.arn);
        let document = Document { version: VERSION, drill, restore_job, snapshot, verdict: *verdict, message, outcome };
        return unless_gone(ui.json(&document));
    }
    let word = verdict.as_str();
    match outcome {
        Outcome::Answered => ui.done(format_args!("restore job {job} is answered with {word}.")),
        Outcome::AnsweredAlready => {
            ui.done(format_args!("restore job {job} holds {word} already: nothing was sent."));
            return Ok(());
        }
        Outcome::Planned => ui.say(format_args!("restore job {job} would be answered with {word}; nothing was sent.")),
    }
    unless_gone(writeln!(ui.data(), "{}", printable(message)).map_err(CommandError::from))
}

impl From<AnswerError> for CommandError {
    fn from(error: AnswerError) -> Self {
        match error {
            AnswerError::Service(error) => error.into(),
            AnswerError::Refused(refusal) => refused(&refusal),
        }
    }
}

fn refused(refusal: &Refusal) -> CommandError {
    let text = printable(&refusal.to_string()).into_owned();
    let told = match refusal {
        Refusal::NotWhole { .. } | Refusal::NoJob { .. } | Refusal::NotAurora { .. } | Refusal::NotATest { .. } => {
            CommandError::usage(text)
        }
        Refusal::Unfinished { .. }
        | Refusal::NoSnapshot { .. }
        | Refusal::NotCompleted { .. }
        | Refusal::OtherSnapshot { .. }
        | Refusal::AnsweredOtherwise { .. } => CommandError::failed(text),
    };
    told.hint(format!("{} Nothing was sent.", what_to_do(refusal)))
}

fn what_to_do(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Unfinished { drill, .. } => format!("`aurora-restore drill finish {drill}` goes on with it."),
        Refusal::NotWhole { .. } => {
            "Answer with a drill that restored a snapshot to the end, such as one of `--scenario restore`.".to_owned()
        }
        Refusal::NoSnapshot { .. } => {
            "Rehearse the recovery point: `aurora-restore drill run --snapshot ARN` with the ARN that the job names."
                .to_owned()
        }
        Refusal::NoJob { location, .. } => format!(
            "Look at the id, and at how that account is entered: `aws backup list-restore-jobs --region {}`.",
            location.region
        ),
        Refusal::NotAurora { .. } => "Name a job that restored an Aurora cluster.".to_owned(),
        Refusal::NotCompleted { .. } => {
            "Only what was restored waits for a verdict; a job that failed or was aborted has told its own.".to_owned()
        }
        Refusal::NotATest { .. } => "Only a job that a restore testing plan made waits for a verdict.".to_owned(),
        Refusal::OtherSnapshot { recovery_point, .. } if recovery_point.is_cluster_snapshot() => {
            format!("Rehearse that one: `aurora-restore drill run --snapshot {recovery_point}`.")
        }
        Refusal::OtherSnapshot { .. } => {
            "That recovery point is no cluster snapshot, and no drill can restore it: have the plan choose recovery points of \
             the type SNAPSHOT."
                .to_owned()
        }
        Refusal::AnsweredOtherwise { job, .. } => {
            format!("It is left as it is: `aws backup describe-restore-job --restore-job-id {job}`.")
        }
    }
}
