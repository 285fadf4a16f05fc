//! Known faults: the lockfile held against the RustSec advisory database, which is a folder of files.

use std::{path::Path, process::Command};

use jiff::civil::Date;
use rustsec::{Database, Lockfile, Vulnerability, advisory::Informational, database::Query};

use super::{
    exceptions::{self, Exception},
    lockfile,
};
use crate::findings::{Finding, Level};

/// Names the folder of the database.
pub(crate) const FOLDER: &str = "AURORA_RESTORE_ADVISORIES";
/// Where RustSec publishes the database.
pub(super) const SOURCE: &str = "https://github.com/rustsec/advisory-db.git";

/// What to do where no folder was named.
pub(super) fn no_folder() -> String {
    format!(
        "no advisory database was named; give its folder with --advisories or in {FOLDER}, or fetch it with --fetch, which needs \
         git and the network"
    )
}

/// Brings the database into a folder.
pub(super) fn fetch(from: &str, folder: &Path) -> Result<(), String> {
    let mut git = Command::new("git");
    if folder.join(".git").is_dir() {
        git.arg("-C").arg(folder).args(["pull", "--quiet", "--ff-only"]);
    } else {
        git.args(["clone", "--quiet", "--depth", "1", "--", from]).arg(folder);
    }
    // Nobody sits there to be asked for a password.
    let done = git.env("GIT_TERMINAL_PROMPT", "0").output().map_err(|error| format!("git cannot be run: {error}"))?;
    if done.status.success() {
        return Ok(());
    }
    let told = String::from_utf8_lossy(&done.stderr);
    Err(format!("the advisory database cannot be fetched from {from}: {}", told.trim()))
}

/// The database.
pub(super) struct Advisories(Database);

impl Advisories {
    /// Opens the one in a folder.
    pub(super) fn open(folder: &Path) -> Result<Self, String> {
        let database = Database::open(folder).map_err(|error| {
            format!("{} is no advisory database (its advisories are under `crates/`): {error}", folder.display())
        })?;
        if database.iter().next().is_none() {
            return Err(format!("{} holds no advisory; fetch it anew with --fetch", folder.display()));
        }
        Ok(Self(database))
    }

    /// How many advisories there are.
    pub(super) fn count(&self) -> usize {
        self.0.iter().count()
    }

    /// What is known about the packages of a lockfile, less what may wait, and what is wrong with the exceptions.
    pub(super) fn findings(&self, lockfile: &Lockfile, exceptions: &[Exception], today: Date) -> Vec<Finding> {
        let query = Query::crate_scope();
        let mut known = self.0.query_vulnerabilities(lockfile, &query);
        known.extend(self.0.query_vulnerabilities(lockfile, &query.informational(true)));
        let may_wait = |one: &&Vulnerability| {
            exceptions.iter().any(|exception| exception.id == one.advisory.id.as_str() && counts(exception, today))
        };
        let mut findings: Vec<Finding> =
            known.iter().filter(|one| !may_wait(one)).map(|one| finding(lockfile, one)).collect();
        findings.extend(exceptions.iter().filter_map(|exception| of_exception(exception, &known, today)));
        findings
    }
}

fn counts(exception: &Exception, today: Date) -> bool {
    exception.grounds.as_ref().is_ok_and(|grounds| today <= grounds.until)
}

fn of_exception(exception: &Exception, known: &[Vulnerability], today: Date) -> Option<Finding> {
    let place = format!("{}: {}", exceptions::FILE, exception.id);
    match &exception.grounds {
        Err(what) => Some(Finding::fault(
            place,
            what,
            "write the reason, then `until YYYY-MM-DD`, the last day on which it counts",
        )),
        Ok(grounds) if today > grounds.until => Some(Finding::fault(
            place,
            format!("the exception ended on {} ({})", grounds.until, grounds.reason),
            "mend what the advisory says, or look at the reason anew and give another day",
        )),
        Ok(_) if known.iter().all(|one| one.advisory.id.as_str() != exception.id) => {
            Some(Finding::fault(place, "nothing here is affected by it any more", "take the exception away"))
        }
        Ok(_) => None,
    }
}

fn finding(lockfile: &Lockfile, known: &Vulnerability) -> Finding {
    let patched: Vec<String> = known.versions.patched().iter().map(ToString::to_string).collect();
    let name = &known.package.name;
    let mend = if patched.is_empty() {
        format!("no version mends it: replace {name}, or write an exception into {}", exceptions::FILE)
    } else {
        format!("{name} {}: `cargo xtask deps update`", patched.join(" or "))
    };
    let way = lockfile::way_to(lockfile, &known.package).join(" > ");
    Finding {
        level: level(known.advisory.informational.as_ref()),
        place: format!("{name} {}", known.package.version),
        what: format!("{}: {} (by way of {way})", known.advisory.id, known.advisory.title.trim_end_matches('.')),
        mend,
    }
}

/// What is no fault of the code, such as that nobody looks after it, is good to know; what is unsound is a fault.
fn level(informational: Option<&Informational>) -> Level {
    match informational {
        Some(Informational::Notice | Informational::Unmaintained) => Level::Warning,
        _ => Level::Fault,
    }
}

#[cfg(test)]
mod tests;
