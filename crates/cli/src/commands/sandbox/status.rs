//! `sandbox status`: whether one runs, what there is in every account and Region, and how to use it.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use aurora_restore_app::sandbox::{
    client::Client,
    model::inventory::{ClusterLine, PlaceInventory},
    server::Status,
};
use clap::Args;
use serde::Serialize;

use super::place::{PlaceArgs, failure, running};
use crate::{
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
    render::printable::printable,
    render::words,
    ui::{FAINT, Format, HEADING, unless_gone},
};

/// Show whether the sandbox runs, what there is in it, and how to use it
///
/// Exit code 1 if none runs.
#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    place: PlaceArgs,
}

/// The screen's JSON form.
#[derive(Debug, Serialize)]
pub(super) struct Screen<'a> {
    version: u32,
    running: bool,
    data_directory: &'a Path,
    pid: u32,
    url: &'a str,
    ca_certificate: Option<&'a Path>,
    places: Vec<PlaceInventory>,
}

impl<'a> Screen<'a> {
    pub(super) fn of(directory: &'a Path, status: &'a Status, places: Vec<PlaceInventory>) -> Self {
        Self {
            version: 1,
            running: true,
            data_directory: directory,
            pid: status.pid,
            url: &status.url,
            ca_certificate: status.ca_certificate.as_deref(),
            places,
        }
    }
}

#[derive(Serialize)]
struct NotRunning<'a> {
    version: u32,
    running: bool,
    data_directory: &'a Path,
}

pub(super) fn run(context: &Context, args: &StatusArgs) -> CommandResult {
    let directory = args.place.directory()?;
    let ui = context.ui();
    let Some(status) = running(&directory)? else {
        if ui.format() == Format::Json {
            unless_gone(ui.json(&NotRunning { version: 1, running: false, data_directory: &directory }))?;
            return Ok(ExitCode::Failed);
        }
        return Err(CommandError::failed(format!("no sandbox runs in {}", directory.display()))
            .hint("Start one with `aurora-restore sandbox start`."));
    };
    let client = Client::of(&status, &directory).map_err(failure)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let places = runtime.block_on(client.inventory()).map_err(|error| CommandError::failed(error.to_string()))?;
    match ui.format() {
        Format::Json => ui.json(&Screen::of(&directory, &status, places))?,
        Format::Text => write(&mut ui.data(), &directory, &status, &places)?,
    }
    Ok(ExitCode::Done)
}

fn write(out: &mut impl Write, directory: &Path, status: &Status, places: &[PlaceInventory]) -> std::io::Result<()> {
    writeln!(out, "{HEADING}sandbox{HEADING:#} at {} (process {})", status.url, status.pid)?;
    writeln!(out, "  since      {}", words::time(status.started_at))?;
    writeln!(out, "  directory  {}", directory.display())?;
    if let Some(certificate) = &status.ca_certificate {
        writeln!(out, "  authority  {}", certificate.display())?;
    }
    for place in places {
        writeln!(out, "\n{HEADING}account {} in {}{HEADING:#}", place.account, place.region)?;
        for cluster in &place.clusters {
            write_cluster(out, cluster)?;
        }
        for snapshot in &place.snapshots {
            let age = snapshot.created_at.map_or_else(String::new, |at| format!(", {}", words::time(at)));
            let key = if snapshot.encrypted { ", encrypted" } else { "" };
            writeln!(
                out,
                "  snapshot  {:<40} {}, {} of {}{age}{key}",
                printable(&snapshot.name),
                snapshot.status,
                snapshot.kind,
                printable(&snapshot.cluster)
            )?;
        }
    }
    if places.is_empty() {
        writeln!(out, "\nThere are no clusters and no snapshots yet.")?;
    }
    write_use(out, status, places)
}

fn write_cluster(out: &mut impl Write, cluster: &ClusterLine) -> std::io::Result<()> {
    let endpoint = match &cluster.endpoint {
        Some(endpoint) => format!("{}:{}", endpoint.address, endpoint.port),
        None => "no endpoint yet".to_owned(),
    };
    let name = printable(&cluster.name);
    let members = words::plural(cluster.instances.len(), "instance");
    writeln!(out, "  cluster   {name:<40} {}, {members}, {endpoint}, {}", cluster.status, cluster.engine_version)
}

fn write_use(out: &mut impl Write, status: &Status, places: &[PlaceInventory]) -> std::io::Result<()> {
    let (account, region) =
        places.first().map_or(("111122223333", "eu-west-1"), |place| (&*place.account, &*place.region));
    writeln!(out, "\n{HEADING}How to use it{HEADING:#}")?;
    writeln!(out, "  {FAINT}# The access key is the account; any secret key will do.{FAINT:#}")?;
    writeln!(out, "  AWS_ACCESS_KEY_ID={account} AWS_SECRET_ACCESS_KEY=any AWS_REGION={region} \\")?;
    writeln!(out, "    aws rds describe-db-clusters --endpoint-url {}", status.url)?;
    let serving = places.iter().flat_map(|place| &place.clusters).find(|cluster| cluster.endpoint.is_some());
    if let Some((line, certificate)) = serving.and_then(database_line).zip(status.ca_certificate.as_ref()) {
        writeln!(out, "  psql \"{line} sslmode=verify-full sslrootcert={}\"", shell_word(certificate))?;
    }
    Ok(())
}

/// The beginning of a connection string for a cluster's writer, as its master user.
fn database_line(cluster: &ClusterLine) -> Option<String> {
    let endpoint = cluster.endpoint.as_ref()?;
    let database = cluster.database.as_deref().unwrap_or("postgres");
    Some(format!("host={} port={} dbname={database} user={}", endpoint.address, endpoint.port, cluster.master_username))
}

/// A path inside a connection string that stands in double quotes in a shell.
pub(crate) fn shell_word(path: &Path) -> String {
    let text = PathBuf::from(path).display().to_string();
    if text.contains([' ', '\'', '\\', '"', '$', '`']) {
        let quoted = text.replace('\\', "\\\\").replace('\'', "\\'");
        return format!(
            "'{}'",
            quoted.replace('\\', "\\\\").replace('"', "\\\"").replace('$', "\\$").replace('`', "\\`")
        );
    }
    text
}
