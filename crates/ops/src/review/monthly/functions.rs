//! `functions`: whether what is deployed is whole, of this version, and not so old that patches of what it is built from are
//! missing.

use jiff::SignedDuration;

use super::super::{
    check::{Check, Period},
    finding::{Finding, Level, Seen, Unlooked, counted},
    site::{Deployed, Reach, Site},
};
use crate::condition::{Condition, condition};

/// The check.
pub(in crate::review) const CHECK: Check = Check {
    name: "functions",
    period: Period::Monthly,
    about: "a stack that a change left half made, functions of another version than this program, and ones that were not \
            deployed for a quarter",
    permissions: &["cloudformation:DescribeStacks"],
    look: |site| Box::pin(look(site)),
};

/// The functions are deployed anew at least this often, for the patches of what they are built from.
const OLD_AFTER: SignedDuration = SignedDuration::from_hours(24 * 90);
/// The version of this program, and of the package that belongs to it.
const VERSION: &str = env!("CARGO_PKG_VERSION");

async fn look(site: &Site<'_>) -> Reach<Result<Seen, Unlooked>> {
    site.deployed.as_ref().map(|deployed| Ok(judge(site, deployed)))
}

fn judge(site: &Site<'_>, deployed: &Deployed) -> Seen {
    let stack = &deployed.stack;
    let deploy = site.command("stack deploy");
    let mut findings: Vec<Finding> = half_made(site, deployed).into_iter().collect();
    let version = stack.outputs.get("Version").map_or("not told", String::as_str);
    if version != VERSION {
        let what = format!("stack {} is of version {version}, and this program of {VERSION}", stack.name);
        findings.push(Finding::new(Level::Warning, what, &*deploy));
    }
    findings.extend(stack.changed_at.filter(|at| site.now.duration_since(*at) > OLD_AFTER).map(|at| {
        let what = format!("stack {} was not deployed for more than a quarter: patches wait", stack.name);
        Finding::new(Level::Warning, what, &*deploy).with("deployed", at)
    }));
    let count = deployed.names("AWS::Lambda::Function").count();
    Seen { looked_at: format!("{} of version {version}, stack {}", counted(count, "function"), stack.status), findings }
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
