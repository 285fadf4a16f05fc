//! `stack status`: the stack as it is, and what runs on it.

use std::{collections::BTreeMap, io::Write as _};

use aurora_restore_app::JournalUse;
use aurora_restore_core::{
    ids::OperationId,
    operation::Status,
    ports::{JournalError, OperationFilter},
};
use aurora_restore_ops::status::{self as looking, Drift, StackReport};
use clap::Args;
use serde::Serialize;

use super::{PlaceArgs, material, show};
use crate::{
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
    render::{printable::printable, words},
    ui::{DONE, ERROR, Format, WARNING},
};

/// The most operations in progress that are named.
const NAMED_MAX: usize = 100;

/// Show the stack: state, parameters, outputs, what runs on it
///
/// Compares the code and the template that are deployed with those that are here. Ends with 3 if there is no such stack.
#[derive(Debug, Args)]
pub(super) struct StatusArgs {
    #[command(flatten)]
    place: PlaceArgs,
}

#[derive(Serialize)]
struct StatusDocument<'a> {
    version: u32,
    stack: &'a str,
    region: &'a str,
    status: &'a str,
    reason: Option<&'a str>,
    package: Drift,
    template: Drift,
    parameters: &'a BTreeMap<String, String>,
    outputs: &'a BTreeMap<String, String>,
    in_progress: Option<Vec<OperationId>>,
}

pub(super) fn run(context: &Context, args: &StatusArgs) -> CommandResult {
    let name = super::name(context);
    let region = context.stack_region(args.place.region.as_ref())?;
    context.block_on(async {
        let services = context.stack_services(&region).await?;
        let found = services.stacks().describe(name).await?;
        let architecture = material::architecture(&BTreeMap::new(), found.as_ref());
        let package = material::read_package(&material::usual_path(&architecture)).ok();
        let report = looking::look(services.stacks(), name, package.as_ref(), material::TEMPLATE).await?;
        let in_progress = in_progress(context, &services.as_deployed(&report.stack)).await;
        let stack = &report.stack;
        let ui = context.ui();
        match ui.format() {
            Format::Text => text(context, &report, region.as_str(), &in_progress)?,
            Format::Json => ui.json(&StatusDocument {
                version: 1,
                stack: name,
                region: region.as_str(),
                status: &stack.status,
                reason: stack.reason.as_deref(),
                package: report.package,
                template: report.template,
                parameters: &stack.parameters,
                outputs: &stack.outputs,
                in_progress: in_progress.ok(),
            })?,
        }
        Ok(ExitCode::Done)
    })
}

/// The operations in progress. That the tables cannot be read is no failure here: the stack may be half made.
pub(super) async fn in_progress(
    context: &Context,
    stack: &aurora_restore_app::config::DeployedStack,
) -> Result<Vec<OperationId>, CommandError> {
    let mut sources = context.sources()?;
    sources.stack = Some(stack.clone());
    let config = aurora_restore_app::config::Config::load(&sources)?;
    let journal = aurora_restore_app::open_journal(config.environment(), JournalUse::Read).await?;
    let filter = OperationFilter { status: Some(Status::InProgress), limit: NAMED_MAX, ..OperationFilter::default() };
    let page = journal.list(&filter).await.map_err(|error: JournalError| CommandError::from(error))?;
    let refused = page.refused.into_iter().map(|refused| refused.operation);
    Ok(page.items.into_iter().map(|item| item.operation_id).chain(refused).collect())
}

fn text(
    context: &Context,
    report: &StackReport,
    region: &str,
    in_progress: &Result<Vec<OperationId>, CommandError>,
) -> Result<(), CommandError> {
    let stack = &report.stack;
    let colour = if stack.status.contains("FAILED") || stack.status == "ROLLBACK_COMPLETE" {
        ERROR
    } else if stack.status.ends_with("_IN_PROGRESS") {
        WARNING
    } else {
        DONE
    };
    let mut out = context.ui().data();
    writeln!(out, "{} in {region}", stack.name)?;
    let reason = stack.reason.as_deref().map_or_else(String::new, |reason| format!(": {}", printable(reason)));
    writeln!(out, "  status     {colour}{}{colour:#}{reason}", stack.status)?;
    if let Some(at) = stack.changed_at {
        writeln!(out, "  changed    {}", words::time(at))?;
    }
    writeln!(out, "  package    {}", drift(report.package, "package"))?;
    writeln!(out, "  template   {}", drift(report.template, "template"))?;
    let running = match in_progress {
        Ok(ids) if ids.is_empty() => "no operation".to_owned(),
        Ok(ids) => ids.iter().map(OperationId::as_str).collect::<Vec<_>>().join(", "),
        Err(_) => "not known: the journal cannot be read".to_owned(),
    };
    writeln!(out, "  running    {running}")?;
    show::pairs(&mut out, "Parameters", &stack.parameters)?;
    show::pairs(&mut out, "Outputs", &stack.outputs)?;
    Ok(())
}

fn drift(drift: Drift, what: &str) -> String {
    match drift {
        Drift::Same => "the same as here".to_owned(),
        Drift::Other => "another than here: `aurora-restore stack diff` shows what would change".to_owned(),
        Drift::Unknown => format!("there is no {what} here to compare with"),
    }
}
