//! What must not be in the repository, and what must not be in a policy: secrets, and rights that are wider than they need be.

mod policies;
mod secrets;

use std::path::Path;

use crate::findings::{Findings, Form};

pub(crate) fn run(root: &Path, form: Form) -> Result<(), String> {
    findings(root)?.tell(form)
}

/// What both look at and find.
pub(crate) fn findings(root: &Path) -> Result<Findings, String> {
    let files = secrets::files(root)?;
    let mut findings = secrets::findings(root, &files)?;
    let statements = crate::stack::statements();
    findings.extend(policies::findings(&statements, policies::EXCEPTIONS));
    Ok(Findings::new("scan", format!("{} files, {} statements of policies", files.len(), statements.len()), findings))
}
