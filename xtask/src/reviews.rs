//! Every check of the reviews has a section in the operator's handbook that names its period and its permissions, and every
//! section is about a check.

use std::{collections::BTreeSet, fs, path::Path};

use aurora_restore_ops::review::{CHECKS, Period};

/// Where they are described.
const PAGE: &str = "docs/operations/review.md";

/// What is missing.
pub(crate) fn findings(root: &Path) -> Result<Vec<String>, String> {
    let page = fs::read_to_string(root.join(PAGE)).map_err(|error| format!("{PAGE}: {error}"))?;
    Ok(look_at(&page))
}

fn look_at(page: &str) -> Vec<String> {
    let mut findings = Vec::new();
    let mut described = BTreeSet::new();
    for section in page.split("\n## ").skip(1) {
        let (name, text) = section.split_once('\n').unwrap_or((section, ""));
        let Some(check) = CHECKS.iter().find(|check| check.name == name) else {
            findings.push(format!("{PAGE}: there is no check `{name}`"));
            continue;
        };
        described.insert(name);
        if !text.trim_start().starts_with(word(check.period)) {
            findings.push(format!("{PAGE}: the section of {name} does not begin with {}", word(check.period)));
        }
        let unnamed = check.permissions.iter().filter(|permission| !text.contains(&format!("`{permission}`")));
        findings.extend(unnamed.map(|permission| format!("{PAGE}: the section of {name} does not name {permission}")));
    }
    let missing = CHECKS.iter().filter(|check| !described.contains(check.name));
    findings.extend(missing.map(|check| format!("{PAGE}: the check {} has no section", check.name)));
    findings
}

fn word(period: Period) -> &'static str {
    match period {
        Period::Weekly => "Weekly.",
        Period::Monthly => "Monthly.",
        Period::Quarterly => "Quarterly.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_without_a_section_and_a_section_without_a_check_are_found() {
        let section = |check: &&aurora_restore_ops::review::Check| {
            let permissions: Vec<String> = check.permissions.iter().map(|name| format!("`{name}`")).collect();
            format!("\n## {}\n\n{} Text. {}\n", check.name, word(check.period), permissions.join(" "))
        };
        let complete: String = CHECKS.iter().map(section).collect();
        assert_eq!(look_at(&complete), Vec::<String>::new());
        let [renamed, late, unnamed] = [
            complete.replacen("## logs", "## lgos", 1),
            complete.replacen("Weekly.", "Yearly.", 1),
            complete.replacen("`logs:FilterLogEvents`", "", 1),
        ]
        .map(|page| look_at(&page));
        assert_eq!(renamed.len(), 2, "{renamed:?}");
        assert_eq!((late.len(), unnamed.len()), (1, 1), "{late:?} {unnamed:?}");
    }
}
