//! `demo`: a whole restore on one machine, from a production-like cluster to the proof that it arrived.
//!
//! It plays the people around a restore: it runs two accounts in a sandbox, an application that never stops asking, and
//! the person who types commands. The restore itself is done by the very commands that a person would type, in processes
//! of their own.
//!
//! ```text
//! stage     directory, sandbox, configuration, secrets
//! scenario  production and staging: clusters, keys, snapshot
//! content   what is in their databases, and who may log in
//! audience  the application that keeps asking the staging name
//! proof     what is there afterwards, and who gets in
//! ```

mod audience;
mod content;
mod database;
mod narrator;
mod proof;
mod scenario;
mod secret_files;
mod stage;
mod summary;

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use clap::Args;

use self::{audience::Audience, narrator::Narrator, scenario::Scenario, stage::Stage, summary::Summary};
use super::sandbox::place::{absolute, usual_directory};
use crate::{
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
    ui::Format,
};

/// Show a whole restore on this machine, from snapshot to proof
///
/// Starts a sandbox with two accounts in two Regions, fills a production cluster, lets an application query a stale staging
/// cluster, and refreshes staging from yesterday's snapshot of production while it does. Ends with proof on the screen. The
/// servers stay, to be looked at; --clean ends them and removes what was made. Needs PostgreSQL's server programs.
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// End the servers of an earlier demo and remove everything that it made
    #[arg(long, conflicts_with_all = ["keep", "rows"])]
    clean: bool,

    /// Refresh staging once more in what an earlier demo left, instead of beginning anew
    #[arg(long)]
    keep: bool,

    /// How many orders production has
    #[arg(long, value_name = "N", default_value_t = 200_000, value_parser = clap::value_parser!(u32).range(1_000..=50_000_000))]
    rows: u32,

    /// Work in this directory
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,

    /// No colours, the same as --color never
    #[arg(long)]
    no_color: bool,
}

pub(super) fn run(context: &Context, args: &DemoArgs) -> CommandResult {
    if args.no_color {
        anstream::ColorChoice::Never.write_global();
    }
    let directory = match &args.dir {
        Some(directory) => absolute(directory)?,
        None => usual_directory("demo")?,
    };
    if args.clean {
        let told = match stage::clean(&directory)? {
            stage::Cleaned::Removed => format!("the demo in {} is removed.", directory.display()),
            stage::Cleaned::NothingThere => {
                format!("there is no demo in {}, and nothing to remove.", directory.display())
            }
        };
        context.ui().done(told);
        return Ok(ExitCode::Done);
    }
    if !args.keep {
        stage::clean(&directory)?;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let narrator = Narrator::new(context.ui().format(), args.no_color);
    let summary = runtime.block_on(play(&narrator, directory.clone(), args.rows)).map_err(|error| {
        error.hint(format!(
            "What the demo made is in {}; `aurora-restore demo --clean{}` removes it.",
            directory.display(),
            stage::dir_flag(&directory)
        ))
    })?;
    if context.ui().format() == Format::Json {
        context.ui().json(&summary)?;
    }
    Ok(if summary.holds() { ExitCode::Done } else { ExitCode::Failed })
}

/// The whole story.
async fn play(narrator: &Narrator, directory: PathBuf, orders: u32) -> Result<Summary, CommandError> {
    let began = Instant::now();
    narrator.chapter("The stage: two accounts, two Regions, one machine");
    let stage = Stage::open(directory)?;
    let scenario = Scenario::prepare(&stage, orders, narrator).await?;

    narrator.chapter("The application of staging begins to ask, every 50 ms, and does not stop");
    let audience = Audience::begin(scenario.staging_login(&stage).await?);
    let before = audience.first_answer(Duration::from_secs(10)).await?;
    narrator.say(format_args!("staging says: {before}"));

    narrator.chapter("The plan: what will be made, changed and deleted; nothing is changed yet");
    let plan = stage.fresh("plan.json")?;
    stage.command(narrator, &["plan", "--out", &plan]).await?;

    narrator.chapter("The restore: copied under another key, restored beside, proven, switched over");
    let restored = Instant::now();
    stage.command(narrator, &["run", "--plan", &plan, "--yes"]).await?;
    let run_took = restored.elapsed();

    narrator.chapter("The proof");
    let after = audience.latest_answer_other_than(&before, Duration::from_secs(10)).await;
    let answers = audience.end().await;
    let report = stage.report(narrator).await?;
    let proofs = proof::gather(&stage, &scenario).await?;
    let summary = Summary::of(summary::Findings {
        before,
        after,
        answers,
        report,
        proofs,
        run_took,
        total: began.elapsed(),
        stage: &stage,
        scenario: &scenario,
    });
    narrator.proof(&summary);
    Ok(summary)
}
