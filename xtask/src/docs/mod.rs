//! Whether the documents are true: generated ones current, every link going somewhere, the handbook whole, the maintenance
//! guide covered.

mod coverage;
mod links;
mod markdown;

use std::path::Path;

use clap::{Args, Subcommand};

use crate::{
    findings::{Finding, Findings, Form},
    generate, handbook,
};

pub(crate) use markdown::anchor;

/// Look after the documents
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Look whether generated documents are current, links go somewhere, and nothing is missing
    Check(Form),
}

pub(crate) fn run(root: &Path, arguments: &Arguments) -> Result<(), String> {
    match &arguments.chore {
        Chore::Check(form) => findings(root)?.tell(*form),
    }
}

/// Everything that is not true.
pub(crate) fn findings(root: &Path) -> Result<Findings, String> {
    let pages = links::pages(root)?;
    let mut findings = written(root, &pages)?;
    let stale = generate::stale(root)?;
    findings.extend(stale.into_iter().map(|name| Finding::fault(name, "is not current", "`cargo xtask generate`")));
    Ok(Findings::new("docs check", format!("{} pages", pages.len()), findings))
}

/// What people wrote, which needs no build to be looked at.
fn written(root: &Path, pages: &[String]) -> Result<Vec<Finding>, String> {
    let mut findings = links::findings(root, pages)?;
    findings.extend(handbook::findings(root)?);
    findings.extend(coverage::findings(root)?);
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_wrote_is_true() {
        let root = crate::root();
        let pages = links::pages(&root).unwrap();
        assert!(pages.len() > 15, "{pages:?}");
        assert_eq!(written(&root, &pages).unwrap(), []);
    }
}
