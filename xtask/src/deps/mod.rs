//! What this repository is made of besides its own code: known faults, licences, what nobody uses, and what is newer.

mod advisories;
mod exceptions;
mod lockfile;
mod metadata;
mod patches;
mod policy;
mod tokens;
mod unused;
mod update;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use crate::findings::{Findings, Form};

/// Look after the dependencies
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Look for known faults, licences and sources that are not allowed, and packages that are there twice
    Audit(AuditArguments),
    /// Look for dependencies that nobody uses
    Unused(Form),
    /// Bring the lockfile to the newest compatible versions, or leave it as it is if anything fails
    Update(update::Arguments),
}

/// Where the advisories come from
#[derive(Args)]
struct AuditArguments {
    /// A folder with the RustSec advisory database
    #[arg(long, value_name = "FOLDER", env = advisories::FOLDER)]
    advisories: Option<PathBuf>,

    /// Fetch the database with git first, or bring the one in the folder up to date
    #[arg(long)]
    fetch: bool,

    /// What to fetch it from
    #[arg(long, value_name = "URL", default_value = advisories::SOURCE)]
    from: String,

    /// Where no database is named, look at the rest and say so
    #[arg(long, conflicts_with = "fetch")]
    may_lack_advisories: bool,

    #[command(flatten)]
    form: Form,
}

pub(crate) fn run(root: &Path, arguments: &Arguments) -> Result<(), String> {
    match &arguments.chore {
        Chore::Audit(arguments) => audit(root, arguments),
        Chore::Unused(form) => {
            let metadata = metadata::of(root)?;
            let looked_at = format!("{} dependencies of our packages", metadata.own_dependencies().len());
            Findings::new("deps unused", looked_at, unused::findings(root, &metadata)?).tell(*form)
        }
        Chore::Update(arguments) => update::run(root, arguments),
    }
}

fn audit(root: &Path, arguments: &AuditArguments) -> Result<(), String> {
    let metadata = metadata::of(root)?;
    let mut findings = policy::findings(&policy::Policy::of(root)?, &metadata);
    let mut looked_at = format!("{} packages", metadata.packages.len());
    match folder(root, arguments)? {
        Some(folder) => {
            let database = advisories::Advisories::open(&folder)?;
            let lockfile = lockfile::load(&root.join("Cargo.lock"))?;
            findings.extend(database.findings(&lockfile, &exceptions::of(root)?, today()));
            looked_at = format!("{looked_at}, {} advisories", database.count());
        }
        None => looked_at = format!("{looked_at}, no advisories ({} names no database)", advisories::FOLDER),
    }
    Findings::new("deps audit", looked_at, findings).tell(arguments.form)
}

/// Where the database is, fetched if that was asked for. Nothing where it may be lacking.
fn folder(root: &Path, arguments: &AuditArguments) -> Result<Option<PathBuf>, String> {
    let folder = match (&arguments.advisories, arguments.fetch) {
        (Some(folder), _) => folder.clone(),
        (None, true) => root.join("target/advisory-db"),
        (None, false) if arguments.may_lack_advisories => return Ok(None),
        (None, false) => return Err(advisories::no_folder()),
    };
    if arguments.fetch {
        advisories::fetch(&arguments.from, &folder)?;
    }
    Ok(Some(folder))
}

/// Today, UTC.
fn today() -> jiff::civil::Date {
    jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date()
}
