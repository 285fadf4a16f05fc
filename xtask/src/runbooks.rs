//! Every reason for which an operation can be stuck has a runbook, and every runbook names tests that exist.

use std::{collections::BTreeSet, fs, path::Path};

use aurora_restore_core::catalogue::ErrorCode;

/// Where the runbooks are.
pub(crate) const RUNBOOKS: &str = "docs/operations/stuck.md";
/// Where the tests are that they name.
const TESTS: &str = "crates/core/tests/engine";
/// What stands before the name of a test.
const NAMES: &str = "Reached by the test";

/// What is missing.
pub(crate) fn findings(root: &Path) -> Result<Vec<String>, String> {
    let read = |path: &Path| fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()));
    let mut tests = String::new();
    for entry in fs::read_dir(root.join(TESTS)).map_err(|error| format!("{TESTS}: {error}"))? {
        tests.push_str(&read(&entry.map_err(|error| error.to_string())?.path())?);
    }
    Ok(look_at(&read(&root.join(RUNBOOKS))?, &tests))
}

fn look_at(runbooks: &str, tests: &str) -> Vec<String> {
    let mut findings = Vec::new();
    let mut covered = BTreeSet::new();
    for section in runbooks.split("\n## ").skip(1) {
        let code = section.split(':').next().unwrap_or_default();
        let known = ErrorCode::ALL.iter().find(|known| known.as_str() == code && known.can_be_stuck_on());
        match known {
            Some(known) => covered.extend([*known]),
            None => findings.push(format!("{RUNBOOKS}: no operation can be stuck on `{code}`")),
        }
        let named: Vec<&str> = section.split(NAMES).skip(1).filter_map(|rest| rest.split('`').nth(1)).collect();
        if named.is_empty() {
            findings.push(format!("{RUNBOOKS}: the runbook of {code} names no test"));
        }
        for name in named {
            match body_of(tests, name) {
                None => findings.push(format!("{RUNBOOKS}: there is no test `{name}` in {TESTS}")),
                Some(body) if !known.is_none_or(|code| body.contains(&format!("ErrorCode::{code:?}"))) => {
                    findings.push(format!("{RUNBOOKS}: the test `{name}` does not require {code}"));
                }
                Some(_) => {}
            }
        }
    }
    let without = ErrorCode::ALL.iter().filter(|code| code.can_be_stuck_on() && !covered.contains(*code));
    findings.extend(without.map(|code| format!("{RUNBOOKS}: {code} has no runbook")));
    findings
}

/// The text of a test, up to the next one.
fn body_of<'t>(tests: &'t str, name: &str) -> Option<&'t str> {
    let rest = tests.split("#[test]\n").skip(1);
    rest.into_iter().find(|test| test.starts_with(&format!("fn {name}(")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_without_a_runbook_and_a_test_that_does_not_exist_are_found() {
        let complete: String = ErrorCode::ALL
            .iter()
            .filter(|code| code.can_be_stuck_on())
            .map(|code| format!("\n## {code}: a reason\n\n{NAMES} `stuck_on_it`.\n"))
            .collect();
        let codes: Vec<String> = ErrorCode::ALL
            .iter()
            .filter(|code| code.can_be_stuck_on())
            .map(|code| format!("ErrorCode::{code:?}"))
            .collect();
        let tests = format!("#[test]\nfn stuck_on_it() {{ {} }}", codes.join(" "));
        assert_eq!(look_at(&complete, &tests), Vec::<String>::new());
        let elsewhere = tests.replace("ErrorCode::Quota", "");
        assert_eq!(look_at(&complete, &elsewhere).len(), 1, "a test that requires another code proves nothing");
        assert_eq!(
            look_at(&complete, &tests.replace("#[test]", "")).len(),
            codes.len(),
            "what is not run proves nothing"
        );
        let [lost, unnamed, unknown, untested] = [
            complete.replacen("ARP-QUOTA-001", "ARP-QUOTA-009", 1),
            complete.replacen(NAMES, "Not reached by", 1),
            format!("{complete}\n## ARP-PLAN-001: never stuck\n\n{NAMES} `stuck_on_it`.\n"),
            complete.replacen("stuck_on_it", "stuck_on_nothing", 1),
        ]
        .map(|text| look_at(&text, &tests));
        assert_eq!(lost.len(), 2, "{lost:?}");
        assert_eq!(unnamed.len(), 1, "{unnamed:?}");
        assert_eq!(unknown.len(), 1, "{unknown:?}");
        assert_eq!(untested.len(), 1, "{untested:?}");
    }
}
