//! The command line: the arguments that every command has, and the answer to a wrong one.

use std::path::PathBuf;

use clap::{Args, Parser, ValueEnum};

use crate::{commands::Command, exit_code::ExitCode};

/// Turn an Aurora snapshot into a verified cluster under a stable name
///
/// aurora-restore finds the right snapshot, copies and re-encrypts it, restores it beside the cluster that clients use
/// today, gives it the settings, instances, users and passwords it needs, proves that the data are there, and switches
/// the name over. Every step is recorded before it is done: the command can be killed anywhere and resumed, and a
/// failure before the point of no return is undone.
///
/// Exit codes: 0 done, 1 refused or failed (and undone), 2 wrong command line, 3 wrong configuration, 4 stuck, 5 still
/// running, 6 the plan has changes (with --detailed-exitcode), 255 a defect of this program.
#[derive(Debug, Parser)]
#[command(name = "aurora-restore", version, propagate_version = false, disable_help_subcommand = true)]
#[command(arg_required_else_help = true, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: GlobalArgs,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Arguments that every command has.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct GlobalArgs {
    /// Read this configuration file
    ///
    /// Without it: the file that AURORA_RESTORE_CONFIG names, ./aurora-restore.toml, or aurora-restore/config.toml in
    /// the user's configuration directory, whichever is found first.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Set a key of the configuration, such as `--set limits.copy=48h`
    ///
    /// Goes before the environment and the file. Lists are written with commas, maps as name=value with commas.
    #[arg(long, global = true, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,

    /// Work on the operations of this deployed stack
    ///
    /// The journal, the secrets and the notices are those of the stack; its Region is target.region, else AWS_REGION.
    /// Whoever starts, resumes, undoes or retires has the stack do it.
    #[cfg(feature = "stack")]
    #[arg(long, global = true, value_name = "NAME", env = "AURORA_RESTORE_STACK", hide_env_values = true)]
    pub(crate) stack: Option<String>,

    /// Write data as JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// Say nothing on stderr but warnings and errors
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,

    /// Tell on stderr, in the end, where the time went
    ///
    /// By steps, calls of AWS and statements of databases. What is left of the whole was spent waiting for RDS. Functions are
    /// traced by X-Ray and write the durations of their steps as metrics.
    #[arg(long, global = true)]
    pub(crate) profile: bool,

    /// Show progress as plain lines, not as bars
    #[arg(long, global = true)]
    pub(crate) no_progress: bool,

    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColourChoice,
}

/// When colours are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColourChoice {
    /// Where the stream is a terminal and NO_COLOR is not set
    Auto,
    /// Everywhere
    Always,
    /// Nowhere
    Never,
}

/// Answers a command line that is wrong, or that asks for help or the version.
pub(crate) fn answer(error: &clap::Error) -> ExitCode {
    match error.print() {
        // If the stream is gone there is nobody left to tell.
        Err(written) if written.kind() != std::io::ErrorKind::BrokenPipe && !error.use_stderr() => ExitCode::Failed,
        _ if error.use_stderr() => ExitCode::Usage,
        _ => ExitCode::Done,
    }
}

#[cfg(all(test, feature = "stack"))]
mod tests {
    use clap::{Parser as _, error::ErrorKind};

    use super::Cli;

    /// The page says that every command in it exists: each is typed as it stands there. What stands for a name is refused as a value and
    /// not as an argument.
    #[test]
    fn every_command_of_the_calendar_is_one() {
        let page = include_str!("../../../docs/operations/README.md");
        let commands: Vec<&str> = page.split('`').filter(|part| part.starts_with("aurora-restore ")).collect();
        assert!(commands.len() > 20, "{commands:?}");
        for command in commands {
            let refused = match Cli::try_parse_from(command.split_whitespace()) {
                Ok(_) => continue,
                Err(error) if matches!(error.kind(), ErrorKind::ValueValidation | ErrorKind::InvalidValue) => continue,
                Err(error) => error,
            };
            panic!("`{command}`: {refused}");
        }
    }
}
