//! `functions`: whether what is deployed is whole and of this version, and what each function serves: how old it is, what it runs
//! on, and whether a change of it was left in the middle or taken back.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::super::{
    check::{Check, Period},
    finding::{Finding, Seen, counted},
    serving::{Serving, not_asked, serving},
    site::{Deployed, Site},
};
use crate::{
    Level, Reach, Unlooked,
    condition::{Condition, condition},
    functions::ALIAS,
    ports::{Functions, Readiness},
};

/// The check.
pub(in crate::review) const CHECK: Check = Check {
    name: "functions",
    period: Period::Monthly,
    about: "a stack that a change left half made or that is of another version than this program; functions that serve code older \
            than a quarter, cannot be called, are in the middle of a change, or serve other code than they were given last",
    permissions: &[
        "cloudformation:DescribeStacks",
        "cloudformation:ListStackResources",
        "lambda:GetFunctionConfiguration",
        "lambda:GetAlias",
    ],
    look: |site| Box::pin(look(site)),
};

/// The functions are deployed anew at least this often, for the patches of what they are built from.
const OLD_AFTER: SignedDuration = SignedDuration::from_hours(24 * 90);
/// The version of this program, and of the package that belongs to it.
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// So many names are told.
const NAMES_MAX: usize = 5;

async fn look(site: &Site<'_>) -> Reach<Result<Seen, Unlooked>> {
    let both = site.functions.as_ref().and(site.deployed.as_ref());
    both.then(|(functions, deployed)| async move { Ok(audit(site, *functions, deployed).await) }).await
}

async fn audit(site: &Site<'_>, functions: &dyn Functions, deployed: &Deployed) -> Seen {
    let mut findings: Vec<Finding> =
        half_made(site, deployed).into_iter().chain(other_version(site, deployed)).collect();
    let mut all = Vec::new();
    for (name, found) in serving(functions, deployed).await {
        match found {
            Ok(Some(serving)) => {
                findings.extend(of_one(site, name, &serving));
                all.push((name, serving));
            }
            Ok(None) => {
                let what = format!("function {name}, its alias {ALIAS} or the version that it serves is not there");
                findings.push(Finding::new(Level::Error, what, site.command("stack status")));
            }
            // That one cannot be asked about keeps nobody from the others.
            Err(error) => findings.push(not_asked(name, error)),
        }
    }
    findings.extend(old(site, &all));
    Seen { looked_at: looked_at(deployed, &all), findings }
}

/// What is wrong with one function.
fn of_one(site: &Site<'_>, name: &str, serving: &Serving) -> Vec<Finding> {
    let Serving { latest, live, shift } = serving;
    let number = live.version.unwrap_or_default();
    let mut findings = Vec::new();
    if let Readiness::Failed { reason } = &live.readiness {
        let what = format!("version {number} of function {name} cannot be called");
        findings.push(Finding::new(Level::Error, what, site.command("functions list")).with("reason", reason));
    }
    if let Some(shift) = shift {
        let what = format!("a change of function {name} was left in the middle");
        let mend = site.command(&format!("functions rollback {name}"));
        let part = format!("{:.0} % of the calls go to version {}", shift.part * 100.0, shift.version);
        findings.push(Finding::new(Level::Warning, what, mend).with("alias", part));
    } else if live.code_sha256 != latest.code_sha256 {
        let what = format!("function {name} serves version {number}, which is not the code that it was given last");
        findings.push(Finding::new(Level::Note, what, site.command("functions list")));
    }
    if live.runtime != latest.runtime {
        let what = format!("function {name} serves on {}, and was given {}", live.runtime, latest.runtime);
        findings.push(Finding::new(Level::Warning, what, site.command("stack deploy")));
    }
    findings
}

/// One finding for all of them: they are deployed together.
fn old(site: &Site<'_>, all: &[(&str, Serving)]) -> Option<Finding> {
    let is_old = |at: &Timestamp| site.now.duration_since(*at) > OLD_AFTER;
    let old: Vec<(&str, Timestamp)> =
        all.iter().filter_map(|(name, it)| it.live.changed_at.filter(is_old).map(|at| (*name, at))).collect();
    let oldest = old.iter().map(|(_, at)| *at).min()?;
    let names: Vec<&str> = old.iter().map(|(name, _)| *name).take(NAMES_MAX).collect();
    let what = format!("{} not published anew for more than a quarter: patches wait", counted(old.len(), "function"));
    let finding = Finding::new(Level::Warning, what, site.command("functions deploy --all"));
    Some(finding.with("oldest", oldest).with("functions", names.join(", ")))
}

fn looked_at(deployed: &Deployed, all: &[(&str, Serving)]) -> String {
    let runtimes: BTreeSet<&str> = all.iter().map(|(_, serving)| serving.live.runtime.as_str()).collect();
    let bytes = all.iter().map(|(_, serving)| serving.live.code_bytes).max().unwrap_or_default();
    let served = match runtimes.into_iter().collect::<Vec<_>>().join(", ") {
        none if none.is_empty() => String::new(),
        runtimes => format!(" on {runtimes}, up to {:.1} MB each", bytes as f64 / 1e6),
    };
    let count = counted(all.len(), "function");
    format!("{count} of version {}{served}, stack {}", version_of(deployed), deployed.stack.status)
}

fn version_of(deployed: &Deployed) -> &str {
    deployed.stack.outputs.get("Version").map_or("not told", String::as_str)
}

fn other_version(site: &Site<'_>, deployed: &Deployed) -> Option<Finding> {
    let version = version_of(deployed);
    let what = format!("stack {} is of version {version}, and this program of {VERSION}", deployed.stack.name);
    (version != VERSION).then(|| Finding::new(Level::Warning, what, site.command("stack deploy")))
}

fn half_made(site: &Site<'_>, deployed: &Deployed) -> Option<Finding> {
    let stack = &deployed.stack;
    let (level, what) = match condition(&stack.status) {
        Condition::Usable => return None,
        Condition::Changing | Condition::Deleting | Condition::Reviewing => {
            (Level::Note, format!("stack {} is being changed", stack.name))
        }
        Condition::NeverMade | Condition::HalfTakenBack | Condition::HalfDeleted | Condition::Gone => {
            (Level::Error, format!("a change of stack {} did not come to a good end", stack.name))
        }
    };
    let finding = Finding::new(level, what, site.command("stack status")).with("status", &stack.status);
    Some(match &stack.reason {
        Some(reason) => finding.with("reason", reason),
        None => finding,
    })
}
