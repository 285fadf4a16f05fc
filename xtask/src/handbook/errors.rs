//! The page of the error codes, from the catalogue and the runbooks.

use std::{fs, path::Path};

use aurora_restore_core::catalogue::ErrorCode;

use super::{Entry, Page};
use crate::docs::anchor;

const FILE: &str = "docs/operations/errors.md";

const HEAD: &str = "\
# Every error code

What an operator does about each code: the first lines of an entry are the catalogue's own, what follows is written by people.
`aurora-restore explain CODE` prints the same. A code that names a step is in the report of the operation,
`aurora-restore report latest`; what an operation can be stuck on has a runbook in [stuck.md](stuck.md).
";

pub(super) fn page(root: &Path) -> Result<Page, String> {
    let name = crate::runbooks::RUNBOOKS;
    let runbooks = fs::read_to_string(root.join(name)).map_err(|error| format!("{name}: {error}"))?;
    let entries = ErrorCode::ALL.iter().map(|code| entry(*code, &runbooks)).collect();
    Ok(Page { file: FILE, head: HEAD, entries, labels: &[] })
}

fn entry(code: ErrorCode, runbooks: &str) -> Entry {
    let runbook =
        runbooks.lines().filter_map(|line| line.strip_prefix("## ")).find(|title| title.starts_with(code.as_str()));
    let stuck =
        runbook.map(|title| format!("\n\nAn operation can be stuck on it: [the runbook](stuck.md#{}).", anchor(title)));
    Entry {
        name: code.as_str().to_owned(),
        generated: format!("{}\n\n{}{}", code.meaning(), code.action(), stuck.unwrap_or_default()),
        has_runbook: runbook.is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_an_entry_and_those_with_a_runbook_lead_to_it() {
        let page = page(&crate::root()).unwrap();
        assert_eq!(page.entries.len(), ErrorCode::ALL.len());
        let led = page.entries.iter().filter(|entry| entry.generated.contains("(stuck.md#")).count();
        assert_eq!(led, ErrorCode::ALL.iter().filter(|code| code.can_be_stuck_on()).count());
    }
}
