//! `functions`: what the functions of a stack run, a new version of one, the way back, and how much memory one needs.

mod deploy;
mod list;
mod rollback;
mod smoke;
mod tune;
mod workshop;

pub(super) use workshop::Workshop;

use std::time::Duration;

use aurora_restore_app::config::parse_duration;
use aurora_restore_core::catalogue::ErrorCode;
use aurora_restore_ops::functions::{FunctionsError, Moved, Watch};
use clap::{Args, Subcommand};

use super::change::Ended;
use crate::{
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
};

/// Functions of the stack: what they run, new code, the way back, memory
///
/// Everything calls a function by its alias `live`. New code becomes a version, which the alias moves to: a tenth of the calls first. The
/// stack itself is changed by `stack deploy`.
#[derive(Debug, Args)]
pub(crate) struct FunctionsArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    List(list::ListArgs),
    Deploy(deploy::DeployArgs),
    Rollback(rollback::RollbackArgs),
    Tune(tune::TuneArgs),
    Smoke(smoke::SmokeArgs),
}

pub(super) fn run(context: &Context, args: &FunctionsArgs) -> CommandResult {
    match &args.action {
        Action::List(args) => context.block_on(list::run(context, args)),
        Action::Deploy(args) => context.block_on(deploy::run(context, args)),
        Action::Rollback(args) => context.block_on(rollback::run(context, args)),
        Action::Tune(args) => context.block_on(tune::run(context, args)),
        Action::Smoke(args) => context.block_on(smoke::run(context, args)),
    }
}

/// Which functions are meant.
#[derive(Debug, Clone, Args)]
#[group(required = true, multiple = false)]
struct WhichArgs {
    /// The function: what it serves, such as snapshot-check
    #[arg(value_name = "NAME")]
    name: Option<String>,

    /// All functions of the stack, together
    #[arg(long)]
    all: bool,
}

/// How a new version is watched.
#[derive(Debug, Clone, Args)]
struct WatchArgs {
    /// How long it is watched: with a tenth of the calls, and again with all of them
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "5m")]
    watch: Duration,

    /// So many failed calls of the new version are borne
    #[arg(long, value_name = "COUNT", default_value_t = 2)]
    errors_max: u32,
}

impl WatchArgs {
    fn watch(&self) -> Watch {
        Watch { lasting: self.watch, errors_max: self.errors_max }
    }
}

/// Reads `90s` or `5m`.
fn time(text: &str) -> Result<Duration, String> {
    Duration::try_from(parse_duration(text)?).map_err(|error| error.to_string())
}

/// How a move ended, for the record.
fn ending(moved: &Result<Moved, FunctionsError>) -> Ended {
    use aurora_restore_ops::change::Outcome;

    match moved {
        Ok(Moved::Arrived) => Ended { outcome: Outcome::Applied, note: None },
        Ok(Moved::Back { why, .. }) => Ended { outcome: Outcome::RolledBack, note: Some(why.clone()) },
        Err(error) => Ended { outcome: Outcome::Failed, note: Some(error.to_string()) },
    }
}

/// How a move ended, for whoever asked for it.
fn end(context: &Context, moved: Result<Moved, FunctionsError>, done: &str) -> CommandResult {
    match moved? {
        Moved::Arrived => {
            context.ui().done(done);
            Ok(ExitCode::Done)
        }
        Moved::Back { why, on_request: true } => {
            Err(CommandError::failed(why).hint("Every alias points to the version that it came from."))
        }
        Moved::Back { why, on_request: false } => {
            Err(CommandError::failed(format!("the new version was taken back: {why}")).hint(
                "Every alias points to the version that it came from. Read the function's log (`/aws/lambda/…`), mend the cause, and deploy \
                 again.",
            ))
        }
    }
}

/// Of a shift that a command left which tunes and finds it: whoever ran `functions tune` would be told to run it for ever.
fn unsettled(function: &str, text: String) -> CommandError {
    CommandError::failed(text)
        .hint("Somebody is at it, or was killed; `aurora-restore change list` tells which command began it. Nothing was changed.")
        .hint("If it was `functions deploy`, the same command ends it.")
        .hint(format!(
            "If it was `functions tune`, go back with `aurora-restore functions rollback {function}`, record that with `aurora-restore \
             change close CHANGE --outcome rolled-back --note NOTE`, then tune again."
        ))
}

impl From<FunctionsError> for CommandError {
    fn from(error: FunctionsError) -> Self {
        let text = error.to_string();
        match error {
            FunctionsError::Service(error) => error.into(),
            FunctionsError::Missing { .. } => {
                Self::configuration(text).hint("Is it the right stack? `aurora-restore stack deploy` makes what is missing.")
            }
            FunctionsError::Shifting { function, .. } => Self::failed(text).hint(format!(
                "Somebody is at it, or was killed. End it with the same `functions deploy`, or go back with `aurora-restore functions rollback {function}`. \
                 Nothing was changed."
            )),
            FunctionsError::Unsettled { function, .. } => unsettled(&function, text),
            FunctionsError::OtherCode { function, .. } => Self::failed(text).hint(format!(
                "Another size of it would put that code live. Give it the code that is to serve with `aurora-restore functions deploy {function}`. \
                 Nothing was changed."
            )),
            FunctionsError::NoVersion { .. } => {
                Self::usage(text).hint("`aurora-restore functions list` shows what there is. Nothing was changed.")
            }
            FunctionsError::Begun { change, left } => {
                let told = Self::failed(text).hint(format!(
                    "Which version is wanted cannot be told from that: look at `aurora-restore functions list`, name it with `--to N`, and record how \
                     the other one ended with `aurora-restore change close {change} --outcome OUTCOME --note NOTE`. Nothing was changed."
                ));
                left.iter().fold(told, |told, leg| told.hint(format!("It goes back with {}", rollback::way(leg))))
            }
            FunctionsError::Deaf { .. } => Self::failed(text)
                .hint("Mend what it rings for, or bring it back with `aurora-restore stack deploy`. No alias was moved."),
            FunctionsError::Moved { .. } => Self::failed(text).hint("Look at `aurora-restore functions list`, then decide anew."),
            FunctionsError::NotReady { .. } => Self::failed(text).hint("No call goes to it: the alias points to where it did."),
            FunctionsError::Astray { after, .. } => Self::stuck(text)
                .code(ErrorCode::InvalidState)
                .hint(format!("It was to be put back because: {after}"))
                .hint("`aurora-restore functions list` shows what is where; go back with `aurora-restore functions rollback NAME --to N`."),
            FunctionsError::Stopped => Self::failed(text).hint("What had been changed was put back."),
        }
    }
}

#[cfg(test)]
mod tests {
    use aurora_restore_ops::{
        change::Outcome,
        functions::{FunctionNames, Leg},
    };
    use clap::Parser as _;

    use super::*;
    use crate::arguments::Cli;

    fn hints(error: CommandError) -> Vec<String> {
        match error {
            CommandError::Told(told) => told.points[0].hints.clone(),
            CommandError::BrokenPipe => panic!("nothing is told"),
        }
    }

    /// Every command that is told can be given so.
    fn assert_known(hints: &[String]) {
        let quoted = hints.iter().flat_map(|hint| hint.split('`').skip(1).step_by(2));
        let whole: Vec<&str> = quoted.filter(|quoted| quoted.starts_with("aurora-restore ")).collect();
        assert!(!whole.is_empty(), "{hints:?}");
        for command in whole {
            let words = command.replace("CHANGE", "chg-3").replace("NOTE", "back");
            let parsed = Cli::try_parse_from(words.split(' '));
            assert!(parsed.is_ok(), "{command}: {parsed:?}");
        }
    }

    #[test]
    fn a_shift_that_was_left_is_ended_by_a_way_that_works_whichever_command_began_it() {
        let error = FunctionsError::Unsettled { function: "ours-undo".to_owned(), version: 2 };
        let hints = hints(error.into());
        assert_known(&hints);
        assert!(hints.iter().any(|hint| hint.contains("`functions deploy`, the same command ends it")), "{hints:?}");
        let of_tune = hints.iter().find(|hint| hint.contains("`functions tune`")).unwrap();
        let places = ["functions rollback ours-undo", "change close CHANGE", "then tune again"];
        let places = places.map(|part| of_tune.find(part).unwrap());
        assert!(places.is_sorted(), "{of_tune}");
    }

    /// Each by itself: of the others, going back would be one version too far.
    #[test]
    fn a_deployment_that_cannot_be_gone_on_with_names_what_is_on_its_way_and_how_that_goes_back() {
        let told = |legs: &[Leg]| {
            let denied = CommandError::failed("lambda:PublishVersion is denied");
            hints(deploy::still_under_way(denied, "chg-3".parse().unwrap(), legs))
        };
        let undo = FunctionNames::of("ours").find("undo").unwrap().clone();
        let hints = told(&[Leg { function: undo, from: 6, to: 5 }]);
        assert_known(&hints);
        assert!(hints[0].contains("a part of the calls may still go to the new version"), "{hints:?}");
        assert!(hints[0].contains("Change chg-3 stays `applying`"), "{hints:?}");
        assert_eq!(hints[1], "Or go back with `aurora-restore functions rollback undo --to 5`");
        assert!(hints[2].contains("`aurora-restore change close chg-3 --outcome rolled-back"), "{hints:?}");
        let none = told(&[]);
        assert!(none.len() == 1 && none[0].contains("no call goes to a new version yet"), "{none:?}");
    }

    #[test]
    fn what_an_earlier_run_left_on_its_way_is_told_by_whoever_moved_nothing() {
        let undo = FunctionNames::of("ours").find("undo").unwrap().clone();
        let denied = || CommandError::failed("lambda:PublishVersion is denied");
        let hints = hints(deploy::left_on_its_way(denied(), &[Leg { function: undo, from: 6, to: 5 }]));
        assert_known(&hints);
        assert!(hints[0].contains("goes to version 6 since an earlier run"), "{hints:?}");
        assert!(hints[0].contains("functions rollback undo --to 5"), "{hints:?}");
    }

    #[test]
    fn what_is_recorded_is_how_it_ended() {
        let outcome = |moved| ending(&moved).outcome;
        assert_eq!(outcome(Ok(Moved::Arrived)), Outcome::Applied);
        assert_eq!(outcome(Ok(Moved::Back { why: "an alarm".to_owned(), on_request: false })), Outcome::RolledBack);
        assert_eq!(outcome(Err(FunctionsError::Stopped)), Outcome::Failed);
    }
}
