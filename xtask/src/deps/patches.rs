//! The record of patches: what was brought in, when, and what proved it. Lines are only ever added.

use std::{fs::OpenOptions, io::Write as _, path::Path};

use super::update::Change;

/// Where they are recorded.
const FILE: &str = "docs/operations/patches.md";

/// Adds a line for what changed.
pub(super) fn record(root: &Path, changes: &[Change], proof: &str) -> Result<(), String> {
    let told = |error: std::io::Error| format!("{FILE}: {error}");
    let mut file = OpenOptions::new().append(true).open(root.join(FILE)).map_err(told)?;
    file.write_all(line(&super::today().to_string(), changes, proof).as_bytes()).map_err(told)
}

fn line(day: &str, changes: &[Change], proof: &str) -> String {
    let told: Vec<String> = changes.iter().map(ToString::to_string).collect();
    format!("| {day} | {} | {proof} |\n", told.join("; "))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_record_keeps_what_was_there() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join(FILE);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, "| a |\n").unwrap();
        let added = Change::Added { package: "thing".to_owned(), to: "1.1.0".parse().unwrap() };
        record(place.path(), &[added], "a test").unwrap();
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.starts_with("| a |\n| 20") && text.ends_with(" | added: thing 1.1.0 | a test |\n"), "{text}");
    }

    #[test]
    fn without_the_file_nothing_is_recorded_elsewhere() {
        let place = tempfile::tempdir().unwrap();
        assert!(record(place.path(), &[], "a test").unwrap_err().starts_with(FILE));
    }
}
