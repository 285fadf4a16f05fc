//! `sandbox start`: in the background, with a log, until it can be used; or in the foreground.

use std::{path::PathBuf, time::Duration};

use aurora_restore_app::sandbox::{
    model::config::Durations,
    postgres::EndpointPorts,
    server::{PostgresMode, PostgresOptions, SandboxConfig},
};
use clap::{Args, ValueEnum};

use super::{
    launch::{launch, log_file},
    place::{PlaceArgs, running},
    serve, status,
};
use crate::{
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
    ui::Format,
};

/// Start the sandbox, where it ended last time
///
/// Comes back once the API answers; the sandbox goes on in the background until `sandbox stop`. A sandbox that was killed
/// goes on where it was.
#[derive(Debug, Args)]
pub(crate) struct StartArgs {
    #[command(flatten)]
    place: PlaceArgs,

    /// Listen on this port of 127.0.0.1; 0 takes any free one, and the same one next time
    #[arg(long, default_value_t = 4510)]
    port: u16,

    /// How long things take: creating, copying, renaming …
    #[arg(long, value_name = "PRESET", default_value = "quick")]
    durations: Preset,

    /// Stay in the foreground and write the log to stderr
    #[arg(long)]
    foreground: bool,

    /// How many seconds it may take until the sandbox can be used
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    wait: u64,

    /// Where PostgreSQL's programs are; found by itself without it
    #[arg(long, value_name = "DIR")]
    postgres_bin: Option<PathBuf>,

    /// Who runs PostgreSQL when root starts the sandbox; `postgres` or `nobody` without it
    #[arg(long, value_name = "USER")]
    postgres_user: Option<String>,

    /// Give databases any free port instead of 15432 and the ones after it
    #[arg(long)]
    any_database_ports: bool,
}

/// How long things take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Preset {
    /// Nothing takes time
    None,
    /// About a second each: long enough to see, short enough to wait for
    Quick,
    /// Minutes to hours, as in a busy Region with a large database
    Realistic,
}

impl Preset {
    fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Quick => "quick",
            Self::Realistic => "realistic",
        }
    }
}

impl StartArgs {
    fn config(&self) -> Result<SandboxConfig, CommandError> {
        let mut config = SandboxConfig::new(self.place.directory()?);
        config.port = self.port;
        config.durations = match self.durations {
            Preset::None => Durations::zero(),
            Preset::Quick => Durations::quick(),
            Preset::Realistic => Durations::realistic(),
        };
        config.postgres = PostgresMode::Real(PostgresOptions {
            binaries: self.postgres_bin.clone(),
            user: self.postgres_user.clone(),
            ports: if self.any_database_ports { EndpointPorts::Any } else { EndpointPorts::default() },
            search_path: aurora_restore_app::config::Sources::of_process().environment.remove("PATH"),
            ..PostgresOptions::default()
        });
        Ok(config)
    }

    /// The same wishes for the process in the background.
    fn repeated(&self) -> Vec<String> {
        let mut arguments: Vec<String> =
            ["--port", &self.port.to_string(), "--durations", self.durations.word()].map(str::to_owned).into();
        if let Some(directory) = &self.postgres_bin {
            arguments.extend(["--postgres-bin".to_owned(), directory.to_string_lossy().into_owned()]);
        }
        if let Some(user) = &self.postgres_user {
            arguments.extend(["--postgres-user".to_owned(), user.clone()]);
        }
        arguments.extend(self.any_database_ports.then(|| "--any-database-ports".to_owned()));
        arguments
    }
}

pub(super) fn run(context: &Context, args: &StartArgs) -> CommandResult {
    let ui = context.ui();
    let directory = args.place.directory()?;
    if args.foreground {
        return serve::run(context, args.config()?, |status| {
            ui.say(format_args!("the sandbox answers at {} (process {})", status.url, status.pid));
        });
    }
    if let Some(status) = running(&directory)? {
        if args.port != 0 && !status.url.ends_with(&format!(":{}", args.port)) {
            ui.warning(format_args!("it was started on another port than {} and keeps it", args.port));
        }
        ui.say(format_args!("the sandbox runs already, at {} (process {}).", status.url, status.pid));
        return tell(context, &directory, &status);
    }
    let status = launch(&directory, &args.repeated(), Duration::from_secs(args.wait))?;
    ui.done(format_args!("the sandbox answers at {} (process {}).", status.url, status.pid));
    ui.say(format_args!("      log: {}", log_file(&directory).display()));
    tell(context, &directory, &status)
}

fn tell(
    context: &Context,
    directory: &std::path::Path,
    status: &aurora_restore_app::sandbox::server::Status,
) -> CommandResult {
    match context.ui().format() {
        Format::Json => context.ui().json(&status::Screen::of(directory, status, Vec::new()))?,
        Format::Text => context.ui().hint("`aurora-restore sandbox status` says what there is and how to use it."),
    }
    Ok(ExitCode::Done)
}
